"""What the camera sees at this moment, as the screen reads it from shared memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class CameraFrame:
    """A picture of the camera, upright and mirrored as configured.

    Attributes:
        pixels: (height, width, 3), RGB. The reader's own copy.
        taken_at_s: When, monotonic. One that is seconds old is the last there was before the camera was lost.
    """

    pixels: npt.NDArray[np.uint8]
    taken_at_s: float


class CameraEye(Protocol):
    """Reads the camera's newest picture. Never blocks; survives a restart of the camera process."""

    def newest(self) -> CameraFrame | None:
        """The newest picture; the same object until there is another. None before the first."""
        ...

    def close(self) -> None:
        """Let go of the shared memory."""
        ...
