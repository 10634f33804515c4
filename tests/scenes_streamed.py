"""Scenes as they come out of a network camera: compressed, sent, received, decoded by the camera's own reader."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import numpy as np

from installation.camera.reader import Reader
from installation.camera.source import Source
from installation.settings import CameraSettings
from tests.camera_server import CameraServer, as_jpeg
from tests.scenes import HEIGHT, WIDTH
from tests.scenes_parts import Pixels

PATIENCE_S = 20.0
SAME = 9.0
"""Grey values, on average, by which a picture and what JPEG leaves of it differ at most; two scenes differ by more."""
_EVERY = 8
"""So much of it, in both directions, is enough to know it by."""


class Stream:
    """A server on loopback with a real `cv2.VideoCapture` before it; runs while the context is entered."""

    def __enter__(self) -> Stream:
        with contextlib.ExitStack() as stack:
            self._server = stack.enter_context(CameraServer(np.zeros((HEIGHT, WIDTH, 3), np.uint8)))
            # A scene stands still and has its noise in it once: the same bytes again are the same scene.
            settings = CameraSettings(self._server.address, "", Path(), may_repeat=True)
            self._reader = Reader(Source(settings), settings.stalled_after_s, lambda *_: None)
            stack.callback(self._reader.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def see(self, picture: Pixels) -> Pixels:
        """Hold a picture before the camera; returns what has come of it.

        Shape: picture and result (HEIGHT, WIDTH, 3) BGR.
        Raises: TimeoutError.
        """
        self._server.play([as_jpeg(picture)])
        deadline_s, number = time.monotonic() + PATIENCE_S, 0
        while time.monotonic() < deadline_s:
            taken = self._reader.wait_for(number, 1.0)
            if taken is not None:
                number = taken.number
                if _difference(taken.pixels, picture) < SAME:
                    return taken.pixels
        raise TimeoutError(f"the picture did not come within {PATIENCE_S} s: {self._reader.reason}")


def _difference(one: Pixels, other: Pixels) -> float:
    if one.shape != other.shape:
        return float("inf")
    few = [picture[::_EVERY, ::_EVERY].astype(np.int16) for picture in (one, other)]
    return float(np.abs(few[0] - few[1]).mean())
