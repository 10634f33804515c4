"""The newest picture of the camera, and whether there is one: a thread that drains the source all the time.

A slow reader would get old pictures, and a camera that has died often gives its last one for ever, or never comes
back from `read()`. So pictures are taken as fast as they come; one that equals the last to the byte is none, for
sensors have noise; and whether the thread still moves is seen from outside it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from installation.camera.source import Capture, Source, SourceError

Pixels = npt.NDArray[np.uint8]
ResultT = TypeVar("ResultT")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
STEADY_S = 5.0
"""After so long with pictures, the next loss begins with a short pause again."""
LOOK_FOR_IT_S = 0.5
"""A device that was unplugged is taken again as soon as it is back: looking costs nothing."""
_COMPARED_ROWS = 16
"""Every so many rows are compared with the last picture's; noise is in all of them."""
_HISTORY = 50

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Taken:
    """A picture as it was taken.

    Attributes:
        number: Counted from 1.
        pixels: (height, width, 3) BGR; nobody writes to it any more.
        taken_at_s: Monotonic.
    """

    number: int
    pixels: Pixels
    taken_at_s: float


class Reader:
    """Keeps the newest picture of a source, and opens it again whenever it gives none."""

    def __init__(self, source: Source, stalled_after_s: float, show: Callable[[Pixels, float], None]) -> None:
        """Begin to read.

        Args:
            source: Where pictures come from.
            stalled_after_s: So long without a new picture, and it is opened again.
            show: Called on the reader's thread with every new picture and its time.
        """
        self._source, self._stalled_after_s, self._show = source, stalled_after_s, show
        self._news = threading.Condition()
        self._newest: Taken | None = None
        self._taken_s: deque[float] = deque(maxlen=_HISTORY)
        self._reason = "no picture yet"
        self._called_at_s: float | None = None
        self._last_rows: Pixels | None = None
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------ for the other threads

    def wait_for(self, after: int, timeout_s: float) -> Taken | None:
        """The newest picture with a number above `after`, as soon as there is one; None if none came in time."""
        with self._news:
            self._news.wait_for(lambda: self._newest is not None and self._newest.number > after, timeout_s)
            return self._newest if self._newest is not None and self._newest.number > after else None

    def age_s(self, now_s: float) -> float:
        """Of the newest picture; infinite before the first."""
        newest = self._newest
        return now_s - newest.taken_at_s if newest is not None else float("inf")

    def frames_per_s(self, now_s: float) -> float:
        """How many new pictures have come in the last second."""
        with self._news:
            return float(sum(now_s - taken_s <= 1.0 for taken_s in self._taken_s))

    @property
    def num_taken(self) -> int:
        """New pictures so far."""
        return self._newest.number if self._newest is not None else 0

    @property
    def is_alive(self) -> bool:
        """Whether it still reads; if not, only a new one will."""
        return self._thread.is_alive()

    @property
    def reason(self) -> str:
        """What was wrong last, in a few words."""
        return "it hangs" if self.hangs_for_s(time.monotonic()) > self._stalled_after_s else self._reason

    def hangs_for_s(self, now_s: float) -> float:
        """How long the source has not come back from being opened or read; 0 if it was not called."""
        called_at_s = self._called_at_s
        return now_s - called_at_s if called_at_s is not None else 0.0

    def close(self, timeout_s: float = 0.5) -> bool:
        """Read no more; returns whether the thread has ended. It has not if the source hangs."""
        self._is_over.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._is_over.is_set():
            began_s = time.monotonic()
            try:
                self._reason = self._read()
            except SourceError as error:
                self._reason = str(error)
            except (cv2.error, OSError, MemoryError, ValueError) as error:
                _log.exception("camera %s", self._source.name)
                self._reason = f"{type(error).__name__} from OpenCV"
            newest = self._newest
            if newest is not None and newest.taken_at_s - began_s > STEADY_S:
                pause_s = FIRST_PAUSE_S
            self._pause(pause_s)
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)

    def _read(self) -> str:
        """Take pictures until there are no new ones; returns why. Whatever happens, the source is let go of."""
        capture = self._call(self._source.open)
        try:
            return self._drain(capture)
        finally:
            self._call(capture.close)

    def _call(self, function: Callable[[], ResultT]) -> ResultT:
        """Call what may block, with the clock running."""
        self._called_at_s = time.monotonic()
        try:
            return function()
        finally:
            self._called_at_s = None

    def _drain(self, capture: Capture) -> str:
        changed_at_s = time.monotonic()
        while not self._is_over.is_set() and (pixels := self._call(capture.read)) is not None:
            now_s = time.monotonic()
            if self._is_new(pixels):
                changed_at_s = now_s
                self._take(Taken(self.num_taken + 1, pixels, now_s))
            elif now_s - changed_at_s > self._stalled_after_s:
                return "it gives the same picture again and again"
        return "it gives no pictures"

    def _is_new(self, pixels: Pixels) -> bool:
        """Whether it is another picture than the last one, that before a loss included."""
        if not self._source.can_freeze:
            return True
        rows, last = pixels[::_COMPARED_ROWS], self._last_rows
        self._last_rows = rows.copy()
        return last is not None and not np.array_equal(rows, last)

    def _take(self, taken: Taken) -> None:
        self._show(taken.pixels, taken.taken_at_s)
        with self._news:
            self._newest = taken
            self._taken_s.append(taken.taken_at_s)
            self._news.notify_all()

    def _pause(self, pause_s: float) -> None:
        """Wait before the next attempt; a device that comes back ends it."""
        until_s = time.monotonic() + pause_s
        was_away = self._source.is_away()
        while (rest_s := until_s - time.monotonic()) > 0:
            if self._is_over.wait(min(rest_s, LOOK_FOR_IT_S)) or (was_away and not self._source.is_away()):
                return
