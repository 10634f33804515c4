"""Where the painting is: a ladder from what is certain to what is likely.

Corners fixed by the technician; else a known work, by its features; else what has four corners, like a frame; else the
middle of the picture, if there is anything to see in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from installation.camera.find_frames import find_quadrilaterals
from installation.camera.match import KnownWorks, Match, reduced
from installation.camera.rectify import Corners, Pixels, flatten, rectangle

Rung = Literal["fixed", "known", "frame", "centre"]

SEARCH_SIDE = 640
"""Frames are looked for at this size (longer side, pixels)."""
CENTRE_SHARE = 0.7
"""Of the picture's width and height: what is taken for the painting when nothing says where it is."""
MIN_DETAIL = 0.25
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
            known: Works to recognise.
            fixed: Where the painting is, in pixels, if somebody has said so.
        """
        self.known = known
        self.fixed = fixed

    def find(self, camera_frame: Pixels) -> Found | None:
        """Find the painting; None where there is none, as on an empty wall.

        Shape: camera_frame (height, width, 3) BGR.
        """
        if self.fixed is not None:
            match = self.known.recognise(camera_frame, self.fixed)
            return Found(self.fixed, 1.0, "fixed", match.artwork_id if match else None)
        frames = find_frames(camera_frame)
        for corners in frames[:1]:
            if match := self.known.recognise(camera_frame, corners):
                return _known(match)
        if match := self.known.recognise(camera_frame):
            return _known(match)
        if frames:
            return Found(frames[0], 0.7, "frame", None)
        return find_centre(camera_frame)


def find_frames(camera_frame: Pixels) -> list[Corners]:
    """Find what has four corners like a painting; the likeliest first."""
    small, scale = reduced(camera_frame, SEARCH_SIDE)
    found = find_quadrilaterals(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8))
    found.sort(key=lambda corners: -cv2.contourArea(corners))
    return [np.asarray(corners / scale, np.float32) for corners in found]


def find_centre(camera_frame: Pixels) -> Found | None:
    """Take the middle of the picture, if it shows more than a wall would."""
    height, width = camera_frame.shape[:2]
    corners = rectangle(CENTRE_SHARE * width, CENTRE_SHARE * height)
    corners += np.float32([width, height]) * (1 - CENTRE_SHARE) / 2
    view = cv2.cvtColor(flatten(camera_frame, corners, 160, 90), cv2.COLOR_BGR2GRAY).astype(np.float32)
    spread = cv2.blur(view**2, (9, 9)) - cv2.blur(view, (9, 9)) ** 2
    detail = float((spread > 15**2).mean())
    return Found(corners, 0.5 * detail, "centre", None) if detail >= MIN_DETAIL else None


def _known(match: Match) -> Found:
    return Found(match.corners, match.score, "known", match.artwork_id)
