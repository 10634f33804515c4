"""Whether there is a picture in a place, and not a wall, a door or an empty frame.

Light makes a plain thing brighter on one side, and a lamp reflected in it brighter around one spot; a texture looks
the same all over; a hand or a door's handle are in one place. A picture is none of these: most of its parts differ
from each other, whatever the light. So what counts is how far most parts of a place differ from what light that changes
smoothly, and one lamp, would make of one colour.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from installation.camera.rectify import Corners, Pixels, flatten

NUM_PARTS = 12
"""In both directions."""
VIEW_SIDE, RIM = 96, 12
"""A place is looked at from the front at this size, without so much of it on every side: there may be a frame."""
MIN_COMPOSITION = 0.045
"""Of a painting; `tests/installation/camera/test_evidence.py` says of what."""
MOST = 0.75
"""Of the parts; the others may be behind a hand."""
_DARKEST = 12.0
"""Grey values; below them noise would count for much."""
_BRIGHT_TRUST = 0.1
"""What is brighter counts so little, beside what is darker, in finding the light that a lamp comes on top of."""

FloatArray = NDArray[np.float64]


def shows_picture(camera_frame: Pixels, corners: Corners) -> bool:
    """Whether what is seen between these corners is composed of parts that differ.

    Shape: camera_frame (height, width, 3); corners (4, 2) pixels.
    """
    view = flatten(camera_frame, corners, VIEW_SIDE, VIEW_SIDE)
    return composition(view[RIM:-RIM, RIM:-RIM]) >= MIN_COMPOSITION


def composition(view: Pixels) -> float:
    """How much most parts of a view differ from what light explains: root mean square of relative changes.

    Shape: view (height, width, 3).
    """
    parts = cv2.resize(view, (NUM_PARTS, NUM_PARTS), interpolation=cv2.INTER_AREA).astype(np.float64)
    levels = np.log(parts.reshape(-1, 3) + _DARKEST)
    differences = _unexplained(levels, _LIGHT[:, :3], _BRIGHT_TRUST)
    brighter = np.maximum(differences.mean(axis=1) - 2 * np.median(_size(differences)), 0)
    light = np.hstack([_LIGHT, _rings(brighter)]) if brighter.any() else _LIGHT
    least = np.sort(_size(_unexplained(levels, light)))[: round(MOST * len(levels))]
    return float(np.sqrt((least**2).mean()))


def _unexplained(levels: FloatArray, light: FloatArray, bright_trust: float = 1.0) -> FloatArray:
    """What is left of the parts when as much as possible of most of them is explained by light.

    Parts far from what is explained count little in finding it (Cauchy's weights), brighter ones still less.

    Shape: levels and result (parts, 3); light (parts, ways to vary).
    """
    trust = np.ones((len(levels), 1))
    for _ in range(6):
        rest = levels - light @ np.linalg.lstsq(light * trust, levels * trust)[0]
        apart = _size(rest) * np.where(rest.mean(axis=1) > 0, 1 / bright_trust, 1.0)
        trust = 1 / np.hypot(1, apart / (2 * np.median(_size(rest)) + 1e-6))[:, None]
    return np.asarray(rest)


def _rings(brighter: FloatArray) -> FloatArray:
    """What the reflection of a lamp does: anything that depends on the distance from its middle alone, in its shape.

    Shape: brighter (parts,), by how much each is brighter than light explains; result (parts, ways to vary).
    """
    middle, spread = _PLACES[np.argmax(brighter)], 0.1 * np.eye(2)
    for _ in range(5):  # towards the mean and covariance of what is bright, near the brightest part
        weights = brighter * np.exp(-(_distances(middle, spread) ** 2) / 8)
        weights /= weights.sum()
        middle = weights @ _PLACES
        spread = np.einsum("n,ni,nj->ij", weights, _PLACES - middle, _PLACES - middle) + 0.003 * np.eye(2)
    return np.asarray(np.maximum(0, 1 - np.abs(_distances(middle, spread)[:, None] - _RING_RADII) / _RING_RADII[1]))


def _distances(middle: FloatArray, spread: FloatArray) -> FloatArray:
    """Mahalanobis distances of all parts."""
    offsets = _PLACES - middle
    return np.asarray(np.sqrt(np.einsum("ni,ij,nj->n", offsets, np.linalg.inv(spread), offsets)))


def _size(differences: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((differences**2).mean(axis=1)))


def _smooth_light() -> FloatArray:
    """What light does that falls off smoothly, in logarithms: quadratic surfaces."""
    y, x = _PLACES.T
    return np.stack([np.ones_like(x), x, y, x * y, x**2, y**2], axis=1)


_PLACES = np.mgrid[-1 : 1 : NUM_PARTS * 1j, -1 : 1 : NUM_PARTS * 1j].reshape(2, -1).T
_LIGHT = _smooth_light()
_RING_RADII = np.linspace(0, 3, 7)
