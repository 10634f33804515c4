"""Four-cornered things in a picture: frames and what hangs in them, by their contours."""

from __future__ import annotations

import cv2
import numpy as np

from installation.camera.match import is_plausible
from installation.camera.rectify import Corners, Pixels

MIN_AREA = 0.012
"""Of the picture; smaller things are not looked at."""


def find_quadrilaterals(grey: Pixels) -> list[Corners]:
    """Find what has four corners and straight sides.

    Shape: grey (height, width).
    """
    smooth = cv2.GaussianBlur(grey, (5, 5), 0)
    found: list[Corners] = []
    for low in (20, 60):
        edges = cv2.dilate(cv2.Canny(smooth, low, 3 * low), np.ones((3, 3), np.uint8))
        contours, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        found += [corners for contour in contours if (corners := _corners(contour, grey.size)) is not None]
    return found


def _corners(contour: np.ndarray, picture_area: int) -> Corners | None:
    hull = cv2.convexHull(contour)
    if cv2.contourArea(hull) < MIN_AREA * picture_area:
        return None
    outline = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True)
    if len(outline) != 4:
        return None
    corners = in_order(outline[:, 0].astype(np.float32))
    return corners if is_plausible(corners) else None


def in_order(corners: Corners) -> Corners:
    """Sort four corners: top left first, then clockwise as they are seen."""
    centre = corners.mean(axis=0)
    angles = np.arctan2(corners[:, 1] - centre[1], corners[:, 0] - centre[0])
    clockwise = corners[np.argsort(angles)]
    start = int(clockwise.sum(axis=1).argmin())
    return np.roll(clockwise, -start, axis=0)
