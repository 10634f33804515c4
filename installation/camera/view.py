"""What the camera sees now, in shared memory: the camera process writes, the ui reads.

The director makes the block and unlinks it; so it outlives the camera process. Neither side ever waits: pictures are
written in turn into a few slots, each with a mark that is odd while it is written, and a reader that finds the mark
changed has read nothing.

Layout: header | slot | slot | slot.
"""

from __future__ import annotations

from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np
import numpy.typing as npt

from installation.camera import VIEW_BYTES, VIEW_HEADER_BYTES, VIEW_PIXELS, VIEW_SLOTS
from installation.messages import CameraFrame

Pixels = npt.NDArray[np.uint8]

SLOT = np.dtype(
    [("mark", np.int64), ("height", np.int64), ("width", np.int64), ("taken_at_s", np.float64)]
)  # an even mark above 0: there is a picture
HEADER = np.dtype([("newest", np.int64), ("slots", SLOT, VIEW_SLOTS)])
_MAX_TRIES = 3

assert HEADER.itemsize <= VIEW_HEADER_BYTES


class _Block:
    """The parts of the shared memory as arrays."""

    def __init__(self, name: str) -> None:
        self.memory = SharedMemory(name=name)
        if self.memory.size < VIEW_BYTES:
            self.memory.close()
            raise ValueError(f"shared memory {name} is smaller than the {VIEW_BYTES} bytes of a view")
        buffer: Any = self.memory.buf
        self.header = np.ndarray((1,), HEADER, buffer, 0)
        self.pixels = np.ndarray((VIEW_SLOTS, VIEW_PIXELS * 3), np.uint8, buffer, VIEW_HEADER_BYTES)

    @property
    def slots(self) -> npt.NDArray[np.void]:
        """Shape: (VIEW_SLOTS,)."""
        slots: npt.NDArray[np.void] = self.header["slots"][0]
        return slots

    def close(self) -> None:
        """Drop every array first: memory with views into it cannot be let go."""
        self.header, self.pixels = np.zeros(1, HEADER), np.zeros((VIEW_SLOTS, 0), np.uint8)
        self.memory.close()


class FrameWriter:
    """The camera process's side; one thread writes."""

    def __init__(self, name: str) -> None:
        """Attach to the block and take over from a predecessor, if there was one.

        Raises: FileNotFoundError if there is no such block; ValueError if it is too small.
        """
        self._block = _Block(name)
        marks = self._block.slots["mark"]
        marks += marks % 2  # it may have been killed while it wrote

    def write(self, picture: Pixels, taken_at_s: float) -> None:
        """Show a picture to whoever looks.

        Shape: picture (height, width, 3) RGB, of `VIEW_PIXELS` pixels at most.
        Raises: ValueError if it is larger.
        """
        height, width = picture.shape[:2]
        if height * width > VIEW_PIXELS:
            raise ValueError(f"a picture of {width} × {height} is too large for the view")
        index = (int(self._block.header["newest"][0]) + 1) % VIEW_SLOTS
        slots = self._block.slots
        slots["mark"][index] += 1
        slots["height"][index], slots["width"][index], slots["taken_at_s"][index] = height, width, taken_at_s
        self._block.pixels[index, : picture.size] = picture.reshape(-1)
        slots["mark"][index] += 1
        self._block.header["newest"] = index

    def close(self) -> None:
        """Let go of the shared memory."""
        self._block.close()


class FrameReader:
    """Reads the newest picture: the `CameraEye` of the messages. Never waits."""

    def __init__(self, name: str) -> None:
        """Attach to the block the director made.

        Raises: FileNotFoundError if there is no such block; ValueError if it is too small.
        """
        self._block = _Block(name)
        self._read: tuple[int, int] | None = None
        self._frame: CameraFrame | None = None

    def newest(self) -> CameraFrame | None:
        """The newest picture; the same object until there is another. None before the first.

        A picture that was overwritten while it was read is left; then the one before it is still the newest.
        """
        for _ in range(_MAX_TRIES):
            index = int(self._block.header["newest"][0])
            slot = self._block.slots[index].copy()
            mark = int(slot["mark"])
            if self._read == (index, mark) or mark == 0:
                break
            shape = (int(slot["height"]), int(slot["width"]), 3)
            if mark % 2 or not 0 < shape[0] * shape[1] <= VIEW_PIXELS:
                continue
            pixels = self._block.pixels[index, : shape[0] * shape[1] * 3].reshape(shape).copy()
            if int(self._block.slots["mark"][index]) == mark:
                self._read, self._frame = (index, mark), CameraFrame(pixels, float(slot["taken_at_s"]))
                break
        return self._frame

    def close(self) -> None:
        """Let go of the shared memory."""
        self._block.close()
