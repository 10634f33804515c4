"""From the outline of a frame to the painting in it: where the frame ends, to a fraction of a pixel.

A frame and a passe-partout look the same all along each side; a painting does not. So whatever is the same all along
its sides, ring after ring, is peeled off.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from installation.camera.rectify import Corners, Pixels, aspect_ratio, flatten, moved, rectangle

VIEW_SIDE = 400
"""The framed painting is looked at from the front at this size (longer side, pixels)."""
MARGIN = 16
"""And so many pixels around it."""
MAX_BORDER = 0.34
"""Of the shorter side: the widest frame and passe-partout together."""

Strip = NDArray[np.float32]
"""One side of the view, turned so that it is the left one: (along, inwards, 3)."""


def find_painting(camera_frame: Pixels, outline: Corners) -> Corners:
    """Find the painting within something that has four corners.

    Shape: camera_frame (height, width, 3); outline and result (4, 2) pixels.
    """
    for _ in range(2):
        outline = _peeled(camera_frame, outline, is_only_fitted=True)
    return _peeled(camera_frame, outline, is_only_fitted=False)


def _peeled(camera_frame: Pixels, outline: Corners, is_only_fitted: bool) -> Corners:
    aspect = aspect_ratio(outline, camera_frame.shape[1], camera_frame.shape[0])
    width, height = VIEW_SIDE * min(1.0, aspect), VIEW_SIDE * min(1.0, 1 / aspect)
    size = (round(width) + 2 * MARGIN, round(height) + 2 * MARGIN)
    within = rectangle(round(width), round(height)) + np.float32(MARGIN)
    to_frame = cv2.getPerspectiveTransform(within, outline)
    view = flatten(camera_frame, moved(rectangle(*size), to_frame), *size).astype(np.float32)
    view = cv2.GaussianBlur(view, (0, 0), 1.0)
    strips = [view, view.transpose(1, 0, 2), view[:, ::-1], view[::-1].transpose(1, 0, 2)]  # left, top, right, bottom
    border = MARGIN if is_only_fitted else _border(strips, min(size))
    reach = MARGIN // 2 if is_only_fitted else 5
    lines = [_line(strip, border, reach, is_only_fitted) for strip in strips]
    return moved(_crossings(lines, size), to_frame)


def _border(strips: list[Strip], side: int) -> int:
    """Where the painting begins, the same on all sides, counted from the edge of the view."""
    depth = MARGIN + int(MAX_BORDER * (side - 2 * MARGIN))
    cover, steps, variety = (
        np.stack(each) for each in zip(*(_profiles(strip, depth) for strip in strips), strict=True)
    )
    inside = variety[:, -depth // 4 :].mean(axis=1)
    cover = np.sort(cv2.dilate(cover, np.ones((1, 5), np.uint8)), axis=0)
    strength = np.minimum(steps, 12).mean(axis=0)
    near = np.minimum(cv2.dilate(steps, np.ones((1, 5), np.uint8)), 4 * steps.mean(axis=1, keepdims=True))
    clear = np.exp(
        np.log(1e-3 + near / np.maximum(np.median(steps[:, depth // 2 :], axis=1, keepdims=True), 0.5)).mean(axis=0)
    )
    is_edge = (cover[1] > 0.6) & (cover.mean(axis=0) > 0.65) & (clear > 1.6)
    peaks = [w for w in range(MARGIN + 3, depth - 2) if is_edge[w] and strength[w] == strength[w - 2 : w + 3].max()]
    border = MARGIN
    for peak in peaks:
        ring = variety[:, min(border + 2, peak - 1) : max(peak - 1, border + 3)].mean(axis=1)
        if np.sort(ring)[2] > 6 or np.sort((ring - 1.5) / inside)[2] > 0.33:
            break
        border = peak
    return border


def _profiles(strip: Strip, depth: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """For each distance from the edge: where there is an edge, how strong it is, how much changes along the side."""
    along = strip.shape[0]
    middle = strip[MARGIN + along // 6 : along - MARGIN - along // 6, : depth + 1]
    inwards = _strongest(np.diff(middle, axis=1))
    near = cv2.dilate(inwards, np.ones((1, 3), np.uint8))
    smooth = cv2.blur(middle, (1, 9))
    apart = _strongest(smooth[16:, :-1] - smooth[:-16, :-1])
    return (
        (near > 2.5).mean(axis=0).astype(np.float32),
        inwards.mean(axis=0).astype(np.float32),
        np.median(apart, axis=0).astype(np.float32),
    )


def _line(strip: Strip, border: int, reach: int, is_outermost: bool) -> tuple[float, float]:
    """Fit the edge near the border: its distance at the start of the side, and how much that grows along it."""
    along = strip.shape[0]
    first, last = border + 4, along - border - 4
    start = max(border - reach, 0)
    steps = _strongest(np.diff(strip[first:last, start : border + reach + 2], axis=1))
    places = np.arange(first, last) + 0.0
    near = cv2.dilate(steps, np.ones((1, 5), np.uint8))
    if is_outermost:
        is_peak = (steps == near) & (steps >= 0.5 * np.minimum(steps.max(axis=1, keepdims=True), 20))
        offsets = is_peak.argmax(axis=1) + start + 1.0
    else:
        nearness = np.exp(-0.5 * ((np.arange(steps.shape[1]) + start - border) / 2) ** 2)
        offsets = (steps * nearness).argmax(axis=1) + start + 1.0
    weights = steps.max(axis=1).clip(0, 30)
    slope, start = 0.0, float(np.median(offsets))
    for _ in range(6):
        distance = np.abs(offsets - start - slope * places)
        trust = weights / (1 + (distance / 1.0) ** 2) + 1e-6
        place, offset = np.average(places, weights=trust), np.average(offsets, weights=trust)
        slope = float((trust * (places - place) * (offsets - offset)).sum() / (trust * (places - place) ** 2).sum())
        start = float(offset - slope * place)
    return start, slope


def _strongest(changes: Strip) -> NDArray[np.float32]:
    """Of the three colours, the one that changes most."""
    blue, green, red = np.abs(changes).transpose(2, 0, 1)
    return np.maximum(np.maximum(blue, green), red)


def _crossings(lines: list[tuple[float, float]], size: tuple[int, int]) -> Corners:
    """Where the four fitted edges meet."""
    width, height = size
    (left, left_slope), (top, top_slope), (right, right_slope), (bottom, bottom_slope) = lines
    uprights = np.array([(1, -left_slope, -left), (1, right_slope, right - width)])  # x - slope·y - start = 0
    levels = np.array([(-top_slope, 1, -top), (bottom_slope, 1, bottom - height)])
    pairs = [(uprights[0], levels[0]), (uprights[1], levels[0]), (uprights[1], levels[1]), (uprights[0], levels[1])]
    crossings = np.array([np.cross(one, other) for one, other in pairs])
    return (crossings[:, :2] / crossings[:, 2:]).astype(np.float32)
