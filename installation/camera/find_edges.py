"""From the outline of a frame to the painting in it: where the frame ends, to a fraction of a pixel.

A frame and a passe-partout look the same all along each side; a painting does not. So whatever is the same all along
its sides, ring after ring, is peeled off.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from installation.camera.rectify import Corners, Pixels, aspect_ratio, flatten, is_plausible, moved, rectangle

VIEW_SIDE = 400
"""The framed painting is looked at from the front at this size (longer side, pixels)."""
MARGIN = 16
"""And so many pixels around it."""
MAX_BORDER = 0.34
"""Of the shorter side: the widest frame and passe-partout together."""
EDGE = 2.5
"""What counts as a change inwards: from one pixel to the next, in grey values."""
MIN_COVER = 0.65
"""Share of a border along which there has to be one."""
MIN_CLEARNESS = 1.6
"""By what a border has to be stronger than what is usual inside the painting."""
MIN_DRIFT_CLEARNESS = 2.0
"""Or so many times as strong, when changes to and fro are left out."""
MAX_VARIETY, MAX_RELATIVE_VARIETY = 6.0, 0.33
"""How much may change along the side of a frame: in grey values, and beside what changes along the painting's."""
NOISE = 1.5
"""What changes along a side anyway, in grey values."""

Strip = NDArray[np.float32]
"""One side of the view, turned so that it is the left one: (along, inwards, 3)."""
Profile = NDArray[np.float32]
Line = tuple[float, float]
"""An edge of a strip: its distance where the side begins, and how much that grows along it."""


class _Front(NamedTuple):
    """Something four-cornered from the front: its left, top, right and bottom, its size, and the way back."""

    strips: tuple[Strip, Strip, Strip, Strip]
    size: tuple[int, int]
    to_frame: NDArray[np.float64]


class _Profiles(NamedTuple):
    """For each distance from the edge: how often something changes there inwards, how much, and how much along it.

    `drift` is what is left of the changes when those to and fro cancel each other: little within a painting, much where
    one colour ends all along.
    """

    cover: Profile
    step: Profile
    drift: Profile
    variety: Profile


def find_painting(camera_frame: Pixels, outline: Corners) -> Corners:
    """Find the painting within something that has four corners.

    Shape: camera_frame (height, width, 3); outline and result (4, 2) pixels.
    """
    for _ in range(2):
        front = _from_the_front(camera_frame, outline)
        outline = _bounded(front, [_outermost(strip) for strip in front.strips], outline)
    front = _from_the_front(camera_frame, outline)
    border = _border(front)
    outline = _bounded(front, [_nearest(strip, border, 9, 3.5) for strip in front.strips], outline)
    front = _from_the_front(camera_frame, outline)
    return _bounded(front, [_nearest(strip, MARGIN, 5, 2.0) for strip in front.strips], outline)


def _from_the_front(camera_frame: Pixels, outline: Corners) -> _Front:
    aspect = aspect_ratio(outline, camera_frame.shape[1], camera_frame.shape[0])
    width, height = round(VIEW_SIDE * min(1.0, aspect)), round(VIEW_SIDE * min(1.0, 1 / aspect))
    size = (width + 2 * MARGIN, height + 2 * MARGIN)
    to_frame = cv2.getPerspectiveTransform(rectangle(width, height) + np.float32(MARGIN), outline)
    flat = flatten(camera_frame, moved(rectangle(*size), to_frame), *size)
    view = np.asarray(cv2.GaussianBlur(flat.astype(np.float32), (0, 0), 1.0), np.float32)
    strips = (view, view.transpose(1, 0, 2), view[:, ::-1], view[::-1].transpose(1, 0, 2))
    return _Front(strips, size, np.asarray(to_frame, np.float64))


def _border(front: _Front) -> int:
    """Where the painting begins, the same on all sides, counted from the edge of the view."""
    depth = MARGIN + int(MAX_BORDER * (min(front.size) - 2 * MARGIN))
    profiles = [_profiles(strip, depth) for strip in front.strips]
    variety = np.stack([each.variety for each in profiles])
    inside = variety[:, -depth // 4 :].mean(axis=1)
    border = MARGIN
    for edge in _edges(profiles, depth):
        ring = variety[:, min(border + 2, edge - 1) : max(edge - 1, border + 3)].mean(axis=1)
        # The worst of the four sides does not count: a hand may be there.
        is_even, is_evener = ring <= MAX_VARIETY, ring - NOISE <= MAX_RELATIVE_VARIETY * inside
        if min(np.count_nonzero(is_even), np.count_nonzero(is_evener)) >= 3:
            border = edge
    return border


def _profiles(strip: Strip, depth: int) -> _Profiles:
    along = strip.shape[0]
    middle = strip[MARGIN + along // 6 : along - MARGIN - along // 6, : depth + 1]
    changes = np.diff(middle, axis=1)
    inwards = _strongest(changes)
    smooth = np.asarray(cv2.blur(middle, (1, 9)), np.float32)
    apart = _strongest(smooth[16:, :-1] - smooth[:-16, :-1])
    return _Profiles(
        cover=np.asarray((_spread(inwards, 3) > EDGE).mean(axis=0), np.float32),
        step=np.asarray(inwards.mean(axis=0), np.float32),
        drift=np.asarray(np.abs(changes.mean(axis=0)).max(axis=1), np.float32),
        variety=np.asarray(np.median(apart, axis=0), np.float32),
    )


def _edges(profiles: list[_Profiles], depth: int) -> list[int]:
    """Distances at which something runs all around, from the outside in."""
    step = np.stack([each.step for each in profiles])
    cover = np.sort(_spread(np.stack([each.cover for each in profiles]), 5), axis=0)
    is_clear = _clearness(step) > MIN_CLEARNESS
    is_one_way = _clearness(np.stack([each.drift for each in profiles])) > MIN_DRIFT_CLEARNESS
    is_covered = (cover[1] > MIN_COVER - 0.05) & (cover.mean(axis=0) > MIN_COVER)
    is_edge = (is_covered & is_clear) | ((cover[0] > MIN_COVER) & is_one_way)
    strength = np.minimum(step, 12).mean(axis=0)
    is_peak = strength == _spread(strength[None], 5)[0]
    return [at for at in range(MARGIN + 3, depth - 2) if is_edge[at] and is_peak[at]]


def _clearness(strength: NDArray[np.float32]) -> Profile:
    """By how many times something is stronger at each distance than is usual deep inside, all four sides together."""
    usual = np.maximum(np.median(strength[:, strength.shape[1] // 2 :], axis=1, keepdims=True), 0.5)
    bounded = np.minimum(_spread(strength, 5), 4 * strength.mean(axis=1, keepdims=True))
    return np.asarray(np.exp(np.log(1e-3 + bounded / usual).mean(axis=0)), np.float32)


def _outermost(strip: Strip) -> Line:
    """The edge of what is in the view: where, coming from outside, something first changes."""
    start, reach = MARGIN // 2, MARGIN + 2
    first, last = MARGIN + 4, strip.shape[0] - MARGIN - 4
    steps = _strongest(np.diff(strip[first:last, start : start + reach], axis=1))
    is_high = steps >= 0.5 * np.minimum(steps.max(axis=1, keepdims=True), 20)
    offsets = ((steps == _spread(steps, 5)) & is_high).argmax(axis=1)
    return _fit(np.arange(first, last), offsets + start + 1.0, steps.max(axis=1))


def _nearest(strip: Strip, border: int, reach: int, sigma: float) -> Line:
    """The edge nearest to the border."""
    start = max(border - reach, 0)
    first, last = border + 4, strip.shape[0] - border - 4
    steps = _strongest(np.diff(strip[first:last, start : border + reach + 2], axis=1))
    nearness = np.exp(-0.5 * ((np.arange(steps.shape[1]) + start - border) / sigma) ** 2)
    return _fit(np.arange(first, last), (steps * nearness).argmax(axis=1) + start + 1.0, steps.max(axis=1))


def _fit(places: NDArray[np.int_], offsets: NDArray[np.float64], strengths: Profile) -> Line:
    """Draw a straight line through most of the points: those far from it count little (Cauchy's weights)."""
    weights = np.minimum(strengths, 30)
    slope, start = 0.0, float(np.median(offsets))
    for _ in range(6):
        trust = weights / (1 + (offsets - start - slope * places) ** 2) + 1e-6
        place, offset = np.average(places, weights=trust), np.average(offsets, weights=trust)
        slope = float((trust * (places - place) * (offsets - offset)).sum() / (trust * (places - place) ** 2).sum())
        start = float(offset - slope * place)
    return start, slope


def _bounded(front: _Front, lines: list[Line], outline: Corners) -> Corners:
    """Where the four edges meet, in pixels of the camera's picture; the outline as it was if they do not."""
    width, height = front.size
    (left, left_slope), (top, top_slope), (right, right_slope), (bottom, bottom_slope) = lines
    west, east = (1, -left_slope, -left), (1, right_slope, right - width)  # x - slope · y - start = 0
    north, south = (-top_slope, 1, -top), (bottom_slope, 1, bottom - height)
    crossings = np.cross(np.array([west, east, east, west]), np.array([north, north, south, south]))
    corners = moved((crossings[:, :2] / crossings[:, 2:]).astype(np.float32), front.to_frame)
    return corners if is_plausible(corners) else outline


def _strongest(changes: Strip) -> NDArray[np.float32]:
    """Of the three colours, the one that changes most."""
    blue, green, red = np.abs(changes).transpose(2, 0, 1)
    return np.asarray(np.maximum(np.maximum(blue, green), red), np.float32)


def _spread(values: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """The largest value within so many columns."""
    return np.asarray(cv2.dilate(values, np.ones((1, width), np.uint8)), np.float32)
