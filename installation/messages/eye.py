"""What the camera sees at this moment, as the screen reads it from shared memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class CameraFrame:
    """A picture of the camera.

    Attributes:
        pixels: RGB.
        taken_at_s: When it was taken, monotonic.

    Shape: pixels (height, width, 3) uint8.
    """

    pixels: npt.NDArray[np.uint8]
    taken_at_s: float


class CameraEye(Protocol):
    """Reads the camera's newest picture. Never blocks; survives a restart of the camera process."""

    def newest(self) -> CameraFrame | None:
        """The picture taken last; None before the first."""
        ...

    def close(self) -> None:
        """Let go of the shared memory."""
        ...
