"""Whether there is a picture in a place, and not a wall, a door or an empty frame.

Light makes a plain thing brighter on one side; a texture looks the same all over; the reflection of a lamp, a hand or
a door's handle are in one place. A picture is none of these: most of its parts differ from each other, whatever the
light. So what counts is how far most parts of a place differ from what light that changes smoothly would make of one
colour.
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
MIN_COMPOSITION = 0.055
"""Of a painting; `tests/installation/camera/test_evidence.py` says of what."""
MOST = 0.75
"""Of the parts; the others may be in the reflection of a lamp, or behind a hand."""
_DARKEST = 12.0
"""Grey values; below them noise would count for much."""


def shows_picture(camera_frame: Pixels, corners: Corners) -> bool:
    """Whether what is seen between these corners is composed of parts that differ.

    Shape: camera_frame (height, width, 3); corners (4, 2) pixels.
    """
    view = flatten(camera_frame, corners, VIEW_SIDE, VIEW_SIDE)
    return composition(view[RIM:-RIM, RIM:-RIM]) >= MIN_COMPOSITION


def composition(view: Pixels) -> float:
    """How much most parts of a view differ from what smooth light explains: root mean square of relative changes.

    Shape: view (height, width, 3).
    """
    parts = cv2.resize(view, (NUM_PARTS, NUM_PARTS), interpolation=cv2.INTER_AREA).astype(np.float64)
    levels = np.log(parts.reshape(-1, 3) + _DARKEST)
    trust = np.ones((len(levels), 1))
    for _ in range(4):  # parts far from smooth light count little in finding it (Cauchy's weights)
        light = np.linalg.lstsq(_LIGHT * trust, levels * trust)[0]
        apart = np.sqrt(((levels - _LIGHT @ light) ** 2).mean(axis=1, keepdims=True))
        trust = 1 / np.hypot(1, apart / (2 * np.median(apart) + 1e-6))
    least = np.sort(apart, axis=0)[: round(MOST * len(apart))]
    return float(np.sqrt((least**2).mean()))


def _smooth_light() -> NDArray[np.float64]:
    """What light does that falls off smoothly, in logarithms: quadratic surfaces."""
    y, x = np.mgrid[-1 : 1 : NUM_PARTS * 1j, -1 : 1 : NUM_PARTS * 1j].reshape(2, -1)
    return np.stack([np.ones_like(x), x, y, x * y, x**2, y**2], axis=1)


_LIGHT = _smooth_light()
