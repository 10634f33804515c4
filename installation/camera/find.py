"""Where the painting is: a ladder from what is certain to what is likely.

Corners fixed by the technician; else a known work, by its features; else what has four corners, like a frame; else the
middle of the picture. Wherever it is, there has to be a picture in it (`evidence`): a door has four corners, too. What
was found is followed from one picture of the camera to the next, and the searches take turns, so that no picture waits
for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from installation.camera.evidence import shows_picture
from installation.camera.find_edges import find_painting
from installation.camera.find_frames import MIN_SUPPORT, find_candidates, outline_support, prominence
from installation.camera.find_track import Tracker
from installation.camera.match import KnownWorks, Match, reduced
from installation.camera.rectify import Corners, Pixels, flatten, rectangle

Rung = Literal["fixed", "known", "frame", "centre"]

SEARCH_SIDE = 640
"""Frames are looked for at this size (longer side, pixels)."""
NUM_TURNS = 5
FRAME_TURN, PATCH_TURN, WHOLE_TURN = 0, 1, 3
"""Of every five pictures, the first is searched for frames, the second for known works where a frame is, the fourth
for known works anywhere. In the others, what was found is only followed."""
MAX_MISSES = 3
"""A known work is given up when it is not recognised so many times in a row."""
SAME_PLACE = 0.03
"""Corners nearer to each other than this, as a share of the diagonal, are the same."""
MAX_CANDIDATES = 3
"""So many things with four corners are looked into, the likeliest first."""
FIXED_REACH = 6
"""Corners that were set by hand may be off by so many pixels of the size at which frames are looked for."""
CENTRE_SHARE = 0.7
"""Of the picture's width and height: what is taken for the painting when nothing says where it is."""
MIN_DETAIL = 0.35
"""Share of the middle that has to show something."""


@dataclass(frozen=True, eq=False)
class Found:
    """A painting in the camera's picture.

    Attributes:
        corners: Of the painting itself, in pixels: top left, top right, bottom right, bottom left.
        confidence: 0 to 1: how sure it is that a painting is there.
        rung: What found it.
        artwork_id: Which known work it is, or None.
    """

    corners: Corners
    confidence: float
    rung: Rung
    artwork_id: str | None


class Finder:
    """Looks for the painting, picture after picture."""

    def __init__(self, known: KnownWorks, fixed: Corners | None = None) -> None:
        """Start without knowing what is before the camera.

        Args:
            known: Works to recognise; may be added to at any time.
            fixed: Where the painting is, in pixels, if somebody has said so.
        """
        self.known = known
        self.fixed = fixed
        self._found: Found | None = None
        self._is_filled = False
        self._rival: Corners | None = None
        self._tracker: Tracker | None = None
        self._turn = self._num_misses = 0

    def find(self, camera_frame: Pixels) -> Found | None:
        """Find the painting, or follow it; None where there is none, as on an empty wall.

        Shape: camera_frame (height, width, 3) BGR.
        """
        turn = self._turn
        self._turn = (turn + 1) % NUM_TURNS
        if self.fixed is not None:
            return self._find_fixed(camera_frame, self.fixed, turn)
        self._follow(camera_frame)
        if turn == FRAME_TURN and not self._is_known:
            self._consider_frame(camera_frame)
        elif turn == PATCH_TURN and self._found is not None:
            self._consider_match(camera_frame, self.known.recognise(camera_frame, self._found.corners))
        elif turn == WHOLE_TURN and not self._is_known:
            self._consider_match(camera_frame, self.known.recognise(camera_frame))
        return self._found or find_centre(camera_frame)

    def look(self, camera_frame: Pixels) -> Found | None:
        """Find the painting in a picture by itself, with all there is, however long it takes.

        Shape: camera_frame (height, width, 3) BGR.
        """
        if self.fixed is not None:
            self._find_fixed(camera_frame, self.fixed, FRAME_TURN)
            return self._find_fixed(camera_frame, self.fixed, PATCH_TURN)
        frame = find_frame(camera_frame)
        if frame is not None and (match := self.known.recognise(camera_frame, frame.corners)):
            return _known(match)
        match = self.known.recognise(camera_frame)
        if match is not None and (frame is None or _is_rather(camera_frame, match.corners, frame.corners)):
            return _known(match)
        return frame or find_centre(camera_frame)

    @property
    def _is_known(self) -> bool:
        return self._found is not None and self._found.rung == "known"

    def _find_fixed(self, camera_frame: Pixels, corners: Corners, turn: int) -> Found | None:
        """What hangs where somebody has said it hangs, unless it was taken away, or somebody stands before it."""
        artwork_id = self._found.artwork_id if self._found else None
        if turn == FRAME_TURN:
            self._is_filled = is_filled(camera_frame, corners)
        elif turn == PATCH_TURN:
            match = self.known.recognise(camera_frame, corners)
            self._num_misses = 0 if match else self._num_misses + 1
            if match or self._num_misses >= MAX_MISSES:
                artwork_id = match.artwork_id if match else None
        is_there = self._is_filled or artwork_id is not None
        self._found = Found(corners, 1.0, "fixed", artwork_id) if is_there else None
        return self._found

    def _follow(self, camera_frame: Pixels) -> None:
        if self._found is None or self._tracker is None:
            return
        corners = self._tracker.follow(camera_frame)
        self._take(camera_frame, None if corners is None else replace(self._found, corners=corners), is_followed=True)

    def _take(self, camera_frame: Pixels, found: Found | None, is_followed: bool = False) -> None:
        self._found = found
        if found is None:
            self._tracker = self._rival = None
        elif not is_followed:
            self._tracker, self._num_misses = Tracker(camera_frame, found.corners), 0

    def _consider_frame(self, camera_frame: Pixels) -> None:
        """A frame elsewhere than the last is believed when it is seen twice."""
        frame = find_frame(camera_frame)
        if frame is None or (self._found is not None and _is_same(frame.corners, self._found.corners)):
            return
        if self._found is None or (self._rival is not None and _is_same(frame.corners, self._rival)):
            self._take(camera_frame, frame)
        self._rival = frame.corners

    def _consider_match(self, camera_frame: Pixels, match: Match | None) -> None:
        if match is None:
            self._num_misses += 1
            if self._is_known and self._num_misses >= MAX_MISSES:
                self._take(camera_frame, None)
        elif self._found is None or _is_rather(camera_frame, match.corners, self._found.corners):
            is_there = self._is_known and _is_same(match.corners, self._found.corners) if self._found else False
            if is_there and self._found and self._found.artwork_id == match.artwork_id:
                self._num_misses = 0
            else:
                self._take(camera_frame, _known(match))


def find_frame(camera_frame: Pixels) -> Found | None:
    """Find what has four corners like a painting in its frame: the likeliest there is.

    Shape: camera_frame (height, width, 3) BGR.
    """
    small, scale = reduced(camera_frame, SEARCH_SIDE)
    for candidate in find_candidates(small)[:MAX_CANDIDATES]:
        corners = find_painting(camera_frame, np.asarray(candidate.corners / scale, np.float32))
        if shows_picture(camera_frame, corners):
            return Found(corners, candidate.support, "frame", None)
    return None


def is_filled(camera_frame: Pixels, corners: Corners) -> bool:
    """Say whether a painting hangs in a place that somebody has fixed: it ends there, and shows a picture.

    Shape: camera_frame (height, width, 3) BGR.
    """
    if not shows_picture(camera_frame, corners):
        return False
    small, scale = reduced(camera_frame, SEARCH_SIDE)
    return outline_support(small, np.asarray(corners * scale, np.float32), FIXED_REACH) >= MIN_SUPPORT


def find_centre(camera_frame: Pixels) -> Found | None:
    """Take the middle of the picture, if it shows more than a wall would.

    Shape: camera_frame (height, width, 3) BGR.
    """
    height, width = camera_frame.shape[:2]
    corners = middle_of(width, height)
    view = cv2.cvtColor(flatten(camera_frame, corners, 160, 90), cv2.COLOR_BGR2GRAY).astype(np.float32)
    spread = cv2.blur(view**2, (9, 9)) - cv2.blur(view, (9, 9)) ** 2
    detail = float((spread > 15**2).mean())
    is_there = detail >= MIN_DETAIL and shows_picture(camera_frame, corners)
    return Found(corners, 0.5 * detail, "centre", None) if is_there else None


def middle_of(width: int, height: int) -> Corners:
    """Give the corners of the middle of a picture of this size."""
    margin = np.array([width, height]) * (1 - CENTRE_SHARE) / 2
    return np.asarray(rectangle(CENTRE_SHARE * width, CENTRE_SHARE * height) + margin, np.float32)


def _known(match: Match) -> Found:
    return Found(match.corners, match.score, "known", match.artwork_id)


def _is_same(one: Corners, other: Corners) -> bool:
    diagonal = float(np.linalg.norm(np.ptp(other, axis=0)))
    return float(np.linalg.norm(one - other, axis=1).max()) < SAME_PLACE * diagonal


def _is_rather(camera_frame: Pixels, corners: Corners, others: Corners) -> bool:
    """Whether the visitor means this rather than the other: it is in the same place, or more prominent."""
    covered, _ = cv2.intersectConvexConvex(corners, others)
    smaller = min(cv2.contourArea(corners), cv2.contourArea(others))
    size = camera_frame.shape[:2]
    return covered > 0.5 * smaller or prominence(corners, size) > prominence(others, size)
