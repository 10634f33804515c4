"""What the tests of the camera share: pictures to hold up, and shared memory to look into."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory

import cv2
import numpy as np
import numpy.typing as npt

from installation.camera import VIEW_BYTES
from installation.works import BUNDLED_GALLERY

Pixels = npt.NDArray[np.uint8]

SIZE = (640, 360)
PICTURES = sorted(BUNDLED_GALLERY.glob("*.jpg"))


def wall(size: tuple[int, int] = SIZE) -> Pixels:
    """A plain wall (width, height)."""
    return np.full((size[1], size[0], 3), (168, 176, 182), np.uint8)


def painting_on_wall(index: int, size: tuple[int, int] = SIZE) -> Pixels:
    """A work of the bundled gallery in a dark frame, straight before the camera."""
    scene = wall(size)
    artwork = cv2.imread(str(PICTURES[index]))
    assert artwork is not None
    scale = min(0.7 * size[1] / artwork.shape[0], 0.7 * size[0] / artwork.shape[1])
    artwork = cv2.resize(artwork, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = artwork.shape[:2]
    x, y, edge = (size[0] - width) // 2, (size[1] - height) // 2, max(4, size[1] // 40)
    cv2.rectangle(scene, (x - edge, y - edge), (x + width + edge, y + height + edge), (30, 40, 60), -1)
    scene[y : y + height, x : x + width] = artwork
    return scene


@contextlib.contextmanager
def view_memory() -> Iterator[str]:
    """The block that the director makes; gives its name."""
    memory = SharedMemory(create=True, size=VIEW_BYTES)
    try:
        yield memory.name
    finally:
        memory.close()
        memory.unlink()
