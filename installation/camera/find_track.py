"""Where the painting has moved to since the last picture: cheap enough for every one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from installation.camera.match import reduced
from installation.camera.rectify import Corners, Pixels, is_plausible, moved

TRACK_SIDE = 480
"""Pictures are followed at this size (longer side, pixels)."""
MAX_POINTS = 80
MIN_POINTS = 10
MIN_SHARE = 0.5
"""Of the points that were followed at first: with fewer left, or fewer that move as one plane, the painting is lost."""


class Tracker:
    """Follows the plane that a painting lies in, by points on it and on its frame."""

    def __init__(self, camera_frame: Pixels, corners: Corners) -> None:
        """Start where the painting was found."""
        self._grey, self._scale = _small(camera_frame)
        self._corners = corners * self._scale
        mask = np.zeros(self._grey.shape, np.uint8)
        middle = self._corners.mean(axis=0)
        cv2.fillConvexPoly(mask, np.rint(middle + 1.15 * (self._corners - middle)).astype(np.int32), 255)
        points = cv2.goodFeaturesToTrack(self._grey, MAX_POINTS, 0.01, 5, mask=mask)
        self._start = np.empty((0, 2), np.float32) if points is None else points[:, 0].astype(np.float32)
        self._points = self._start
        self._num_at_first = len(self._start)

    def follow(self, camera_frame: Pixels) -> Corners | None:
        """Say where the painting's corners are now; None when it is lost.

        Shape: camera_frame (height, width, 3); result (4, 2) pixels.
        """
        if len(self._points) < MIN_POINTS:
            return None
        grey, _ = _small(camera_frame)
        if grey.shape != self._grey.shape:
            return None
        ahead, is_found, _ = cv2.calcOpticalFlowPyrLK(
            self._grey, grey, self._points[:, None], np.empty(0, np.float32), winSize=(17, 17), maxLevel=3
        )
        self._grey = grey
        return self._plane(np.asarray(ahead[:, 0], np.float32), is_found[:, 0] == 1)

    def _plane(self, points: NDArray[np.float32], is_found: NDArray[np.bool_]) -> Corners | None:
        if is_found.sum() < max(MIN_POINTS, MIN_SHARE * self._num_at_first):
            return None
        start, points = self._start[is_found], points[is_found]
        homography, mask = cv2.findHomography(start, points, cv2.RANSAC, 1.5, maxIters=200)
        if homography is None:
            return None
        agrees = mask[:, 0] == 1
        if agrees.sum() < max(MIN_POINTS, MIN_SHARE * self._num_at_first):
            return None
        self._start, self._points = start[agrees], points[agrees]
        corners = moved(self._corners, homography)
        return np.asarray(corners / self._scale, np.float32) if is_plausible(corners) else None


def _small(camera_frame: Pixels) -> tuple[Pixels, float]:
    small, scale = reduced(camera_frame, TRACK_SIDE)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8), scale
