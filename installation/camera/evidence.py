"""Whether there is a picture in a place, and not a wall, a door or an empty frame.

Light makes a plain thing brighter on one side; a texture looks the same all over. A picture is neither: its parts
differ from each other, whatever the light. So what counts is how far the parts of a place differ from what light that
changes smoothly would make of one colour.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from installation.camera.rectify import Corners, Pixels, flatten

NUM_PARTS = 12
"""In both directions."""
VIEW_SIDE = 96
MIN_COMPOSITION = 0.1
"""Of a painting. Measured by `python -m bench.camera` on the works of the gallery, and on rooms without any."""
_DARKEST = 12.0
"""Grey values; below them noise would count for much."""


def shows_picture(camera_frame: Pixels, corners: Corners) -> bool:
    """Whether what is seen between these corners is composed of parts that differ.

    Shape: camera_frame (height, width, 3); corners (4, 2) pixels.
    """
    return composition(flatten(camera_frame, corners, VIEW_SIDE, VIEW_SIDE)) >= MIN_COMPOSITION


def composition(view: Pixels) -> float:
    """How much the parts of a view differ beyond what smooth light explains: the root mean square of relative changes.

    Shape: view (height, width, 3).
    """
    parts = cv2.resize(view, (NUM_PARTS, NUM_PARTS), interpolation=cv2.INTER_AREA).astype(np.float64)
    levels = np.log(parts.reshape(-1, 3) + _DARKEST)
    unexplained = levels - _LIGHT @ (_LIGHT.T @ levels)
    return float(np.sqrt((unexplained**2).mean()))


def _smooth_light() -> NDArray[np.float64]:
    """All that light does that falls off smoothly, in logarithms: an orthonormal basis of the quadratic surfaces."""
    y, x = np.mgrid[-1 : 1 : NUM_PARTS * 1j, -1 : 1 : NUM_PARTS * 1j].reshape(2, -1)
    return np.asarray(np.linalg.qr(np.stack([np.ones_like(x), x, y, x * y, x**2, y**2], axis=1))[0], np.float64)


_LIGHT = _smooth_light()
