"""A painting seen at an angle becomes the artwork: upright, without perspective, with its own proportions."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""A picture as OpenCV has it: (height, width, 3) BGR, or (height, width) grey."""

Corners = NDArray[np.float32]
"""(4, 2) pixels: top left, top right, bottom right, bottom left of the painting itself."""

FOCAL_LENGTHS = (0.6, 2.5)
"""What cameras in kiosks and tablets have, in picture widths: from 80° of view down to 23°."""
NOMINAL_FOCAL_LENGTH = 1.0
"""In picture widths (53° of view), where the perspective is too weak to tell."""
MAX_ASPECT = 8.0
MAX_FORESHORTENING = 2.0
"""One side of a painting for the other: more than perspective does at 40°, however near."""


def rectify(camera_frame: Pixels, corners: Corners, max_side: int = 1024) -> Pixels:
    """Cut the painting out of the camera's picture and undo the perspective.

    It comes out no larger than it is in the camera's picture, so nothing is invented.

    Args:
        camera_frame: What the camera saw.
        corners: Of the painting, in its pixels; they may lie outside.
        max_side: Longer sides are reduced to this (pixels).

    Shape: camera_frame (height, width, 3); result (h, w, 3).
    """
    aspect = aspect_ratio(corners, camera_frame.shape[1], camera_frame.shape[0])
    longest = float(np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1).max())
    side = float(np.clip(longest, 16, max_side))
    width, height = (side, side / aspect) if aspect >= 1 else (side * aspect, side)
    return flatten(camera_frame, corners, max(8, round(width)), max(8, round(height)))


def flatten(camera_frame: Pixels, corners: Corners, width: int, height: int) -> Pixels:
    """Cut the painting out at a given size; what it shows of the world outside the picture repeats the edge.

    Shape: camera_frame (height, width) or (height, width, 3); result likewise, of the size asked for.
    """
    target = rectangle(width, height)
    homography = cv2.getPerspectiveTransform(corners, target)
    flat = cv2.warpPerspective(
        camera_frame, homography, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flat, np.uint8)


def rectangle(width: float, height: float) -> Corners:
    """Give the corners of an upright rectangle with its top left at the origin."""
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)


def moved(points: Corners, homography: NDArray[Any]) -> Corners:
    """Put points through a homography.

    Shape: points and result (n, 2); homography (3, 3).
    """
    return np.asarray(cv2.perspectiveTransform(points[None].astype(np.float64), homography)[0], np.float32)


def is_plausible(corners: Corners) -> bool:
    """Say whether a painting hung on a wall can look like this: convex, not mirrored, not a sliver."""
    sides = np.roll(corners, -1, axis=0) - corners
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    lengths = np.linalg.norm(sides, axis=1)
    sines = turns / np.maximum(lengths * np.roll(lengths, -1), 1e-9)
    opposite = lengths[:2] / np.maximum(lengths[2:], 1e-9)
    is_even = bool((np.abs(np.log(np.maximum(opposite, 1e-9))) < np.log(MAX_FORESHORTENING)).all())
    return is_even and bool((sines > 0.35).all() and lengths.min() > 0.1 * lengths.max() and lengths.min() > 8)


def aspect_ratio(corners: Corners, picture_width: int, picture_height: int) -> float:
    """Say how wide a rectangle is for its height, from its picture in perspective.

    The camera has square pixels, and looks through the middle of its picture. The focal length follows from the
    vanishing points; where they lie too far away to tell, a nominal one serves, and then it matters little.

    Source: Zhang & He, "Whiteboard scanning and image enhancement", Digital Signal Processing 17 (2007).
    """
    centre = np.array([picture_width, picture_height]) / 2
    unit = float(max(picture_width, picture_height))
    points = np.column_stack([(corners - centre) / unit, np.ones(4)])
    top_left, top_right, bottom_right, bottom_left = points
    diagonal = np.cross(top_left, bottom_right)
    across, down = np.cross(top_right, bottom_right) @ bottom_left, np.cross(bottom_left, bottom_right) @ top_right
    if min(abs(across), abs(down)) < 1e-9:
        return 1.0  # three corners in a line: no rectangle
    wide = (diagonal @ bottom_left) / across * top_right - top_left
    high = (diagonal @ top_right) / down * bottom_left - top_left
    focal = _focal_length(wide, high)
    lengths = [np.hypot(np.hypot(side[0], side[1]) / focal, side[2]) for side in (wide, high)]
    return float(np.clip(lengths[0] / max(lengths[1], 1e-9), 1 / MAX_ASPECT, MAX_ASPECT))


def _focal_length(wide: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    """In units of the picture's longer side; the two sides of a rectangle are at right angles in space."""
    depth = float(wide[2] * high[2])
    if abs(depth) < 1e-4:
        return NOMINAL_FOCAL_LENGTH
    squared = -float(wide[:2] @ high[:2]) / depth
    if squared <= 0:
        return NOMINAL_FOCAL_LENGTH
    return float(np.clip(np.sqrt(squared), *FOCAL_LENGTHS))


def balance_white(artwork: Pixels) -> Pixels:
    """Take the light's colour out of an artwork: its brightest parts become neutral.

    A picture without anything bright and nearly neutral is a picture in that colour, and gains at most a third.

    Shape: artwork and result (height, width, 3).
    """
    brightest = np.percentile(artwork.reshape(-1, 3), 98, axis=0)
    gains = np.clip(brightest.max() / np.maximum(brightest, 1), 1, 4 / 3)
    return np.asarray(np.clip(artwork * gains, 0, 255), np.uint8)
