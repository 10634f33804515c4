"""A number that goes where it is wanted without a jump. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

_CLOSE = 0.004


@dataclass(slots=True)
class Glide:
    """A value on its way, faster at first.

    Attributes:
        value: Where it is.
        target: Where it goes.
        time_s: After so long two thirds of the way are done.
    """

    value: float = 0.0
    target: float = 0.0
    time_s: float = 0.25

    def advance(self, passed_s: float) -> bool:
        """Go on.

        Returns: Whether it moved.
        """
        if self.value == self.target:
            return False
        self.value += (1.0 - math.exp(-passed_s / self.time_s)) * (self.target - self.value)
        if abs(self.value - self.target) < _CLOSE:
            self.value = self.target
        return True
