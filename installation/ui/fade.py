"""How far a crossfade of pictures is: in step with the sound, and never backwards. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

_CATCH_UP_PER_S = 1.6
"""A picture that was ready late follows the sound this much faster than a fade of one second."""


@dataclass(slots=True)
class Fade:
    """One crossfade.

    Attributes:
        start_at_s: Monotonic time of its beginning.
        length_s: How long it takes by the clock.
        progress: 0 is only what leaves, 1 only what comes.
    """

    start_at_s: float
    length_s: float
    progress: float = 0.0

    def advance(self, now_s: float, passed_s: float, outgoing_gain: float, incoming_gain: float) -> None:
        """Move on.

        Args:
            now_s: Monotonic time.
            passed_s: Since the last call.
            outgoing_gain: Of everything else that is heard, 0 to 1.
            incoming_gain: Of the coming work's music, 0 to 1. While both sound, they say how far
                the fade is; else the clock does.

        Source: equal power, tan(π/2 · progress) = incoming / outgoing.
        """
        if self.length_s <= 0:
            self.progress = 1.0
            return
        by_clock = (now_s - self.start_at_s) / self.length_s
        both = min(outgoing_gain, incoming_gain) > 0.01
        target = math.atan2(incoming_gain, outgoing_gain) * 2 / math.pi if both else by_clock
        fastest = passed_s * max(_CATCH_UP_PER_S, 2.0 / self.length_s)
        self.progress = min(1.0, max(self.progress, min(target, self.progress + fastest)))

    @property
    def opacity(self) -> float:
        """Of the picture that comes: eased, so that neither end of the fade is seen."""
        return self.progress * self.progress * (3.0 - 2.0 * self.progress)
