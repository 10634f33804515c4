"""The camera process: watches the newest picture, and says who came and what was held up."""

from __future__ import annotations

import logging
import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from installation.camera import VIEW_PIXELS
from installation.camera.artworks import ArtworkFolder
from installation.camera.devices import shown_name
from installation.camera.find import NUM_TURNS, Finder, Found
from installation.camera.markers import NUM_MARKERS, find_markers, painting_between
from installation.camera.match import KnownWorks
from installation.camera.reader import Reader, Taken
from installation.camera.rectify import Corners
from installation.camera.source import Source
from installation.camera.trigger import Trigger, TriggerSettings
from installation.camera.view import FrameWriter
from installation.messages import (
    ArtworkSeen,
    CameraChannel,
    CameraHeartbeat,
    CameraLost,
    CameraReady,
    CameraView,
    FindMarkers,
    FixCorners,
    FromCamera,
    Hint,
    KnowWorks,
    MarkersFound,
    Outline,
    Shutdown,
    ToCamera,
    VisitorCame,
    VisitorLeft,
)
from installation.settings import CameraSettings

Pixels = npt.NDArray[np.uint8]

HEARTBEAT_S = 0.25
WAIT_S = 0.05
HANGING_S = 4.0
"""A source that does not come back for so long beyond the stall keeps the heartbeat from being sent; the supervisor
then replaces the process, which is the only way to end a call that hangs."""
RESTING_S = 0.12
"""Between two looks while a work that was answered is still held up: its composer wants the processor."""
COMING_S = 0.3
"""Something is held up for so long before it is a visitor."""

MARKERS_WITHIN_S = 2.0
"""The four markers are looked for so long: a hand may hold one of them."""

_log = logging.getLogger(__name__)


def main(channel: CameraChannel, settings: CameraSettings) -> None:
    """Run the camera until the director says Shutdown or is gone."""
    cv2.setNumThreads(1)
    view = FrameWriter(settings.view_name)
    reader = Reader(
        Source(settings), settings.stalled_after_s, lambda pixels, at_s: view.write(_for_view(pixels), at_s)
    )
    watcher = Watcher(channel, settings, reader)
    while True:
        while (message := channel.receive()) is not None:
            if isinstance(message, Shutdown):
                watcher.close()
                return
            watcher.take(message)
        watcher.watch()


class Watcher:
    """What is made of the pictures, and said about them. One thread uses it."""

    def __init__(self, channel: CameraChannel, settings: CameraSettings, reader: Reader) -> None:
        """Begin with nobody there; nothing is looked for until the director has told which works there are."""
        self._channel, self._settings, self._reader = channel, settings, reader
        self._name = shown_name(settings.source)
        self._finder = Finder(KnownWorks())
        self._fixed: Outline | None = None
        self._trigger = Trigger(TriggerSettings(hold_s=settings.hold_s))
        self._artworks = ArtworkFolder(settings.artworks_dir, settings.white_balance)
        self._visitor = Presence(COMING_S, settings.gone_after_s)
        self._number = self._num_held = 0
        self._rests_until_s = 0.0
        self._is_ready = self._is_lost = self._is_taught = False
        self._began_s = self._beaten_at_s = time.monotonic()
        self._view: CameraView | None = None
        self._markers_until_s: float | None = None
        self._markers: dict[int, Corners] = {}
        self._learner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="learner")
        self._learning: Future[KnownWorks | None] | None = None

    def take(self, message: ToCamera) -> None:
        """Do what the director says."""
        match message:
            case KnowWorks(works):
                # Features of many pictures take a while, and meanwhile the camera goes on with what it knows.
                if self._learning is not None:
                    self._learning.cancel()
                self._learning = self._learner.submit(_learn, dict(works))
            case FixCorners(corners):
                self._fixed, self._finder = corners, Finder(self._finder.known)
            case FindMarkers():
                self._markers_until_s, self._markers = time.monotonic() + MARKERS_WITHIN_S, {}

    def watch(self) -> None:
        """Look at the next picture, and at the camera's health."""
        if self._learning is not None and self._learning.done():
            known, self._learning, self._is_taught = self._learning.result(), None, True
            if known is not None:
                self._finder.known = known
        rest_s = self._rests_until_s - time.monotonic()
        if rest_s > 0:
            time.sleep(rest_s)
        taken = self._reader.wait_for(self._number, WAIT_S)
        if taken is not None:
            self._number = taken.number
            if not self._is_ready:
                self._come_back(taken)
            self._look(taken)
        if self._markers_until_s is not None:
            self._look_for_markers(taken, self._markers_until_s)
        self._judge_health(time.monotonic())

    def close(self) -> None:
        """Look no more; ends the process where a source that hangs would keep it from ending in good order."""
        self._learner.shutdown(wait=False, cancel_futures=True)
        if not self._reader.close():
            os._exit(0)

    # ------------------------------------------------------------ the picture

    def _look(self, taken: Taken) -> None:
        height, width = taken.pixels.shape[:2]
        self._finder.fixed = _in_pixels(self._fixed, width, height)
        # Before it knows the gallery, it would take every work for an unknown one.
        found = self._finder.find(taken.pixels) if self._is_taught else None
        verdict = self._trigger.update(taken.taken_at_s, taken.pixels, found)
        self._num_held = self._num_held + 1 if verdict.held else 0
        if verdict.held == 1.0:
            self._rests_until_s = taken.taken_at_s + RESTING_S
        self._greet(taken.taken_at_s, verdict.is_present)
        if verdict.is_new and found is not None:
            self._hand_over(taken.pixels, found)
        self._tell_view(found if verdict.is_present else None, (width, height), verdict.hint, verdict.held)

    def _look_for_markers(self, taken: Taken | None, until_s: float) -> None:
        """Say where they are when one picture shows all; when the time is over, which the last one did not show."""
        if taken is not None:
            self._markers = find_markers(taken.pixels)
            if (corners := painting_between(self._markers)) is not None:
                height, width = taken.pixels.shape[:2]
                self._say(MarkersFound(_as_shares(corners, width, height), ()))
                self._markers_until_s = None
                return
        if time.monotonic() >= until_s:
            missing = tuple(number + 1 for number in range(NUM_MARKERS) if number not in self._markers)
            self._say(MarkersFound(None, missing))
            self._markers_until_s = None

    def _greet(self, now_s: float, is_present: bool) -> None:
        if self._visitor.update(now_s, is_present):
            if self._visitor.is_here:
                self._say(VisitorCame())
            else:
                self._trigger.forget()  # the same work, held up again, counts again
                self._say(VisitorLeft())

    def _hand_over(self, pixels: Pixels, found: Found) -> None:
        if found.artwork_id is None and self._num_held < 2 * NUM_TURNS:
            # On a busy machine so few pictures were looked at that the finder has not come to ask.
            match = self._finder.known.recognise(pixels, found.corners)
            found = replace(found, artwork_id=match.artwork_id if match else None)
        if found.artwork_id is not None and not self._artworks.holds(found.artwork_id):
            self._say(ArtworkSeen(found.artwork_id, None))
            return
        try:
            artwork_id, path, artwork = self._artworks.keep(pixels, found)
        except OSError as error:
            _log.warning("a visitor's work is lost: %s", error)
            return
        self._say(ArtworkSeen(artwork_id, path))
        if found.artwork_id is None:
            self._finder.known.add(artwork_id, artwork)

    def _tell_view(self, found: Found | None, size: tuple[int, int], hint: Hint, held: float) -> None:
        if found is None:
            view = CameraView(None, hint, 0.0)
        else:
            outline = _as_shares(found.corners, *size)
            view = CameraView(outline, hint, round(held, 2))
        if view != self._view:
            self._view = view
            self._say(view)

    # ------------------------------------------------------------ health

    def _come_back(self, taken: Taken) -> None:
        height, width = taken.pixels.shape[:2]
        self._is_ready, self._is_lost = True, False
        self._say(CameraReady(self._name, width, height))

    def _judge_health(self, now_s: float) -> None:
        age_s = min(self._reader.age_s(now_s), now_s - self._began_s)
        if age_s > self._settings.stalled_after_s and not self._is_lost:
            self._is_ready, self._is_lost = False, True
            self._say(CameraLost(self._name, self._reader.reason))
            self._visitor, self._view = Presence(COMING_S, self._settings.gone_after_s), None
            self._trigger.forget()
        hangs = self._reader.hangs_for_s(now_s) > self._settings.stalled_after_s + HANGING_S
        if now_s - self._beaten_at_s >= HEARTBEAT_S and self._reader.is_alive and not hangs:
            self._beaten_at_s = now_s
            self._say(CameraHeartbeat(self._reader.frames_per_s(now_s), age_s))

    def _say(self, message: FromCamera) -> None:
        self._channel.send(message)


class Presence:
    """Whether somebody is there, without flicker: time is an argument."""

    def __init__(self, coming_s: float, gone_after_s: float) -> None:
        """Nobody is there.

        Args:
            coming_s: So long something must be seen.
            gone_after_s: So long nothing must be seen.
        """
        self.is_here = False
        self._after_s = {True: coming_s, False: gone_after_s}
        self._otherwise_since_s: float | None = None

    def update(self, now_s: float, is_seen: bool) -> bool:
        """Take in whether something is seen at this moment; returns whether somebody came or left."""
        if is_seen == self.is_here:
            self._otherwise_since_s = None
            return False
        if self._otherwise_since_s is None:
            self._otherwise_since_s = now_s
        if now_s - self._otherwise_since_s < self._after_s[is_seen]:
            return False
        self.is_here, self._otherwise_since_s = is_seen, None
        return True


def _learn(works: dict[str, Path]) -> KnownWorks | None:
    """The works by sight; None when that fails, which must not end the camera."""
    try:
        return KnownWorks.from_pictures(works)
    except (cv2.error, OSError, MemoryError, ValueError):
        _log.exception("the works of the gallery are not recognised")
        return None


def _for_view(pixels: Pixels) -> Pixels:
    """As the ui shows it: RGB, no larger than the view has room for."""
    scale = (VIEW_PIXELS / (pixels.shape[0] * pixels.shape[1])) ** 0.5
    if scale < 1.0:
        size = (int(pixels.shape[1] * scale), int(pixels.shape[0] * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def _in_pixels(outline: Outline | None, width: int, height: int) -> npt.NDArray[np.float32] | None:
    return None if outline is None else np.array(outline, np.float32) * np.array((width, height), np.float32)


def _as_shares(corners: npt.NDArray[np.float32], width: int, height: int) -> Outline:
    top_left, top_right, bottom_right, bottom_left = ((float(x) / width, float(y) / height) for x, y in corners)
    return top_left, top_right, bottom_right, bottom_left
