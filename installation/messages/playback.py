"""What is heard at this moment, as the screen reads it from shared memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class HeardClip:
    """A clip that is heard at a moment; two of them during a crossfade.

    Attributes:
        clip_id: Which.
        position_s: Where in it.
        gain: Its part of the mix, 0 to 1.
    """

    clip_id: str
    position_s: float
    gain: float


class PlaybackTap(Protocol):
    """Reads what is really played. Never blocks; survives a restart of the audio process."""

    def heard(self, now_s: float) -> tuple[HeardClip, ...]:
        """What comes out of the speakers at `now_s` (monotonic), latency taken into account.

        Empty when nothing was played in the last half second.
        """
        ...

    def samples(self, num_frames: int, now_s: float) -> npt.NDArray[np.float32]:
        """The most recent mixed audio frames, the last of them heard at about `now_s`.

        Shape: (num_frames, 2), zeros where nothing was played.
        """
        ...

    def sample_rate(self) -> int:
        """Of `samples`, in Hz; 0 before there is a device."""
        ...

    def close(self) -> None:
        """Let go of the shared memory."""
        ...
