"""Four-cornered things in a picture that could be a painting in its frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from installation.camera.rectify import Corners, Pixels, is_plausible

MIN_AREA = 0.008
"""Of the picture; smaller things are not looked at."""
THRESHOLDS = (15, 40, 90)
"""Of the edge detector, from faint to strong: each shows other outlines whole."""
MIN_SUPPORT = 0.6
"""Share of the outline along which there has to be an edge."""
MIN_STRAIGHT = 0.5
"""Of an outline that is partly covered: the share that four straight sides have to make up. A head has less."""
REACH = 2
"""And so many pixels beside it, at most."""
EDGE = 3.0
"""What counts as one: grey values from one pixel to the next, after smoothing."""

Gradient = NDArray[np.float32]
Contour = NDArray[np.int32]
Side = tuple[NDArray[np.float64], NDArray[np.float64], float]
"""A straight part of an outline: its line (a unit normal and a distance), its middle, its length."""


class Candidate(NamedTuple):
    """Something four-cornered.

    Attributes:
        corners: In pixels, top left first, clockwise.
        support: Share of its outline that is an edge.
        score: How likely it is what the camera is held up to: its outline is clear, it is large, and in the middle.
    """

    corners: Corners
    support: float
    score: float


def find_candidates(picture: Pixels) -> list[Candidate]:
    """Find what has four corners and straight sides; the likeliest first.

    A gilded frame on a grey wall may be no darker than the wall, so colour is searched as well as brightness.

    Shape: picture (height, width, 3) BGR.
    """
    candidates = [
        _judged(corners, across, down) for plane, across, down in _planes(picture) for corners in _quadrilaterals(plane)
    ]
    return sorted((each for each in candidates if each.support >= MIN_SUPPORT), key=lambda each: -each.score)


def outline_support(picture: Pixels, corners: Corners, reach: int) -> float:
    """Along what share of an outline something ends, give or take so many pixels; the worst side counts double.

    Shape: picture (height, width, 3) BGR.
    """
    return max(_edge_support(corners, across, down, reach) for _, across, down in _planes(picture))


def prominence(corners: Corners, size: tuple[int, ...]) -> float:
    """Say how large and how much in the middle something is, of a picture of that height and width."""
    height, width = size[:2]
    offset = float(np.linalg.norm((corners.mean(axis=0) - (width / 2, height / 2)) / (width, height)))
    return float((cv2.contourArea(corners) / (width * height)) ** 0.5 * (1 - 0.7 * offset))


def in_order(corners: Corners) -> Corners:
    """Sort four corners: top left first, then clockwise as they are seen.

    Shape: corners and result (4, 2).
    """
    centre = corners.mean(axis=0)
    angles = np.arctan2(corners[:, 1] - centre[1], corners[:, 0] - centre[0])
    clockwise = corners[np.argsort(angles)]
    start = int(clockwise.sum(axis=1).argmin())
    return np.roll(clockwise, -start, axis=0)


def _planes(picture: Pixels) -> Iterator[tuple[Pixels, Gradient, Gradient]]:
    """Brightness and colour, smoothed, and how much they change across and down."""
    smooth = cv2.GaussianBlur(picture, (5, 5), 0)
    for each in (cv2.cvtColor(smooth, cv2.COLOR_BGR2GRAY), cv2.absdiff(smooth[..., 2], smooth[..., 0])):
        plane = np.asarray(each, np.uint8)
        across, down = (cv2.Scharr(plane, cv2.CV_32F, *along, scale=1 / 32) for along in ((1, 0), (0, 1)))
        yield plane, np.asarray(across, np.float32), np.asarray(down, np.float32)


def _judged(corners: Corners, across: Gradient, down: Gradient) -> Candidate:
    support = _edge_support(corners, across, down, REACH)
    return Candidate(corners, support, support**2 * prominence(corners, across.shape))


def _edge_support(corners: Corners, across: Gradient, down: Gradient, reach: int) -> float:
    """Along what share of the outline the picture changes from inside to outside; the worst side counts double."""
    height, width = across.shape
    sides = np.roll(corners, -1, axis=0) - corners
    normals = np.stack([-sides[:, 1], sides[:, 0]], axis=1) / np.maximum(np.linalg.norm(sides, axis=1), 1e-6)[:, None]
    places = corners[:, None] + sides[:, None] * np.linspace(0.04, 0.96, 32)[:, None]
    strongest = np.zeros(places.shape[:2])
    for shift in range(-reach, reach + 1):
        x, y = (places + shift * normals[:, None]).round().astype(int).transpose(2, 0, 1)
        is_inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
        change = np.abs(across[y, x] * normals[:, :1] + down[y, x] * normals[:, 1:])
        strongest = np.maximum(strongest, np.where(is_inside, change, 0))
    shares = (strongest > EDGE).mean(axis=1)
    return float(shares.mean() + shares.min()) / 2


def _quadrilaterals(plane: Pixels) -> list[Corners]:
    found: list[Corners] = []
    for low in THRESHOLDS:
        edges = cv2.morphologyEx(cv2.Canny(plane, low, 2 * low), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        contours, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            _, _, width, height = cv2.boundingRect(contour)
            if width * height < MIN_AREA * plane.size:
                continue
            corners = _corners(np.asarray(contour, np.int32), MIN_AREA * plane.size)
            if corners is not None and all(np.abs(corners - other).max() > 1.5 for other in found):
                found.append(corners)
    return found


def _corners(contour: Contour, min_area: float) -> Corners | None:
    hull = cv2.convexHull(contour)
    if cv2.contourArea(hull) < min_area:
        return None
    outline = cv2.approxPolyDP(hull, 0.02 * cv2.arcLength(hull, True), True)
    corners = outline[:, 0].astype(np.float32) if len(outline) == 4 else _from_sides(contour)
    if corners is None:
        return None
    corners = in_order(corners)
    return corners if is_plausible(corners) else None


def _from_sides(contour: Contour) -> Corners | None:
    """Four corners from the four longest straight parts of an outline: a hand may cover the rest of it."""
    outline = cv2.approxPolyDP(contour, 0.008 * cv2.arcLength(contour, True), True)[:, 0].astype(np.float64)
    sides = _longest_sides(outline)
    if len(sides) < 4:
        return None
    if sum(length for _, _, length in sides) < MIN_STRAIGHT * cv2.arcLength(cv2.convexHull(contour), True):
        return None
    middles = np.array([middle for _, middle, _ in sides])
    around = middles - middles.mean(axis=0)
    lines = np.array([line for line, _, _ in sides])[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]
    crossings = np.cross(np.roll(lines, 1, axis=0), lines)
    if np.abs(crossings[:, 2]).min() < 0.2:  # neighbours nearly parallel
        return None
    return (crossings[:, :2] / crossings[:, 2:]).astype(np.float32)


def _longest_sides(outline: NDArray[np.float64]) -> list[Side]:
    """Up to four of them; parts of one line count once."""
    parts = np.roll(outline, -1, axis=0) - outline
    lengths = np.linalg.norm(parts, axis=1)
    sides: list[Side] = []
    for index in np.argsort(-lengths)[:12]:
        normal = np.array([-parts[index, 1], parts[index, 0]]) / max(lengths[index], 1e-6)
        middle = outline[index] + parts[index] / 2
        is_other = [
            abs(normal @ line[:2]) < 0.97 or abs(line[:2] @ middle + line[2]) > 0.1 * lengths.max()
            for line, _, _ in sides
        ]
        if all(is_other):
            sides.append((np.array([*normal, -normal @ outline[index]]), middle, float(lengths[index])))
        if len(sides) == 4:
            break
    return sides
