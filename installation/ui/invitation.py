"""When the room invites to its camera: now and then while nobody is there, and soon after it can. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

FIRST_S, FOR_S, EVERY_S = 2.0, 9.0, 45.0
"""Said for the first time after so long, for so long, and again and again: the music wants to be seen, too."""


@dataclass(slots=True)
class Invitation:
    """Invites for as long as it may.

    Attributes:
        is_camera_there: There are pictures to hold something up for.
        is_said: At this moment.
    """

    is_camera_there: bool = False
    is_said: bool = False
    _since_s: float = math.inf

    def begin(self, now_s: float) -> None:
        """From this moment on somebody could be invited."""
        self._since_s = now_s

    def end(self) -> None:
        """Nobody is to be invited any more."""
        self._since_s = math.inf

    def advance(self, now_s: float) -> bool:
        """Move on.

        Returns: Whether it is said or unsaid from now on.
        """
        waited_s = now_s - self._since_s - FIRST_S
        is_said = self.is_camera_there and waited_s >= 0.0 and waited_s % EVERY_S < FOR_S
        has_changed, self.is_said = is_said != self.is_said, is_said
        return has_changed
