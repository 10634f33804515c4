"""What a picture shows that people feel: light, colour, contrast, edges, texture and layout, measured in CIELAB.

The features are plain measurements; `PICTURE_RELATIONS` says which of them raise or lower which dimension of affect,
and who found that. `art2mus.metrics.affect` turns both into standardised scores.

Source:
    V&M: Valdez & Mehrabian 1994, J. Exp. Psychol.: General 123: pleasure = .69 brightness + .22 saturation, arousal =
        -.31 brightness + .60 saturation, dominance = -.76 brightness + .32 saturation.
    Ou: Ou, Luo, Woodcock & Wright 2004, Color Res. Appl. 29: the warmth of single colours as a formula in CIELAB.
    Palmer: Palmer, Schloss, Xu & Prado-León 2013, PNAS 110: happy music goes with lighter, more saturated, yellower
        colours.
    Spence: Spence 2011, Atten. Percept. Psychophys. 73: high pitch goes with bright and small.
    Machado: Machado et al. 2015, Acta Psychologica 160: edges and detail carry most of the perceived visual complexity.
    Redies: Redies, Brachmann & Wagemans 2017, Vision Research 133: entropy of edge orientations.
    Berlyne: Berlyne 1971, Aesthetics and Psychobiology: complexity, contrast and surprise raise arousal.
    Arnheim: Arnheim 1974, Art and Visual Perception: diagonals move, dark and low is heavy.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

FloatArray = NDArray[np.float64]

LONGEST_SIDE = 256
"""Pictures are measured at this size (pixels), so that detail means the same in a photograph of any resolution."""
SHORTEST_SIDE = 16

PICTURE_FEATURES = (
    "lightness",
    "darkness",
    "chroma",
    "yellowness",
    "heat",
    "contrast",
    "edge_density",
    "edge_entropy",
    "diagonals",
    "detail",
    "coarseness",
    "colour_variety",
    "asymmetry",
    "bottom_weight",
)

PICTURE_RELATIONS: Mapping[str, Mapping[str, float]] = {
    # V&M pleasure (.69, .22), and Palmer: happier is more saturated and yellower as well.
    "valence": {"lightness": 0.69, "chroma": 0.22 + 0.20, "yellowness": 0.40},
    # V&M arousal; much to see excites (Berlyne), so contrast and edges do; diagonals move (Arnheim).
    "arousal": {"lightness": -0.31, "chroma": 0.60, "contrast": 0.15, "edge_density": 0.40, "diagonals": 0.25},
    # Light itself, and Spence: what is bright in sound is small as well.
    "brightness": {"lightness": 0.85, "darkness": -0.25, "coarseness": -0.15},
    # Ou heat.
    "warmth": {"heat": 1.0},
    # Machado: edges and detail; Redies: orientations; variety of colours; a mirrored half says nothing new.
    "complexity": {
        "edge_density": 0.40,
        "detail": 0.35,
        "edge_entropy": 0.25,
        "colour_variety": 0.40,
        "asymmetry": 0.15,
    },
    # V&M dominance; Arnheim: dark below is heavy; Spence: large is low.
    "weight": {"lightness": -0.76, "chroma": 0.32, "bottom_weight": 0.30, "coarseness": 0.20},
}


def picture_features(image: Image.Image) -> FloatArray:
    """Measure every feature of `PICTURE_FEATURES`, in that order.

    Shape: (len(PICTURE_FEATURES),).
    """
    lab = to_lab(image)
    lightness, a, b = lab
    chroma = np.hypot(a, b)
    values = {
        "lightness": lightness.mean(),
        "darkness": (lightness < 30.0).mean(),
        "chroma": chroma.mean(),
        "yellowness": b.mean(),
        "heat": _heat(a, b, chroma).mean(),
        "contrast": lightness.std(),
        "colour_variety": _colour_variety(lab),
        **_edge_features(lightness),
        **_texture_features(lightness),
        **_layout_features(lightness),
    }
    return np.array([values[name] for name in PICTURE_FEATURES], dtype=np.float64)


def to_lab(image: Image.Image) -> FloatArray:
    """Shrink a picture and give its CIELAB planes (D65); transparency is seen against white.

    Shape: (3, height, width); L* in [0, 100], a* and b* about [-110, 110].
    Source: IEC 61966-2-1 (sRGB) and CIE 15 (CIELAB).
    """
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGBA", layer.size, "white")
        image.alpha_composite(layer)
    scale = LONGEST_SIDE / max(image.size)
    size = tuple(max(SHORTEST_SIDE, round(side * scale)) for side in image.size)
    small = image.convert("RGB").resize((size[0], size[1]), Image.Resampling.BICUBIC, reducing_gap=2.0)
    encoded = np.asarray(small, dtype=np.float64).transpose(2, 0, 1) / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = np.tensordot(matrix / matrix.sum(axis=1, keepdims=True), linear, axes=1)
    root = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def _heat(a: FloatArray, b: FloatArray, chroma: FloatArray) -> FloatArray:
    """Source: Ou, warm–cool: -0.5 + 0.02 C*^1.07 cos(h - 50°)."""
    result: FloatArray = -0.5 + 0.02 * chroma**1.07 * np.cos(np.arctan2(b, a) - np.deg2rad(50.0))
    return result


def _colour_variety(lab: FloatArray) -> float:
    """Entropy of the colours (bits) in boxes of 20 units, about what is told apart at a glance."""
    boxes = np.floor((lab + np.array([0.0, 120.0, 120.0])[:, None, None]) / 20.0).astype(np.int64)
    codes = np.clip(boxes[0], 0, 15) * 256 + np.clip(boxes[1], 0, 15) * 16 + np.clip(boxes[2], 0, 15)
    return _entropy(np.bincount(codes.ravel()).astype(np.float64))


def _edge_features(lightness: FloatArray) -> dict[str, float]:
    smooth = ndimage.gaussian_filter(lightness, 1.0)
    down, right = ndimage.sobel(smooth, axis=0) / 8.0, ndimage.sobel(smooth, axis=1) / 8.0
    strength = np.hypot(down, right)
    strength[strength < 1.0] = 0.0  # L* per pixel: below this is grain of paper, canvas and JPEG
    angles = np.mod(np.arctan2(down, right), np.pi)
    histogram, _ = np.histogram(angles, bins=16, range=(0.0, np.pi), weights=strength)
    total = histogram.sum()
    if total <= 0.0:
        return {"edge_density": 0.0, "edge_entropy": 0.0, "diagonals": 0.0}
    diagonal = (np.abs(np.mod(angles, np.pi / 2) - np.pi / 4) < np.pi / 8) * strength
    return {
        "edge_density": float((strength > 4.0).mean()),
        "edge_entropy": _entropy(histogram),
        "diagonals": float(diagonal.sum() / total),
    }


def _texture_features(lightness: FloatArray) -> dict[str, float]:
    """Energy of lightness in octaves of size: how much detail, and how large the shapes are (mean octave)."""
    blurred = [
        lightness,
        *(ndimage.gaussian_filter(lightness, sigma, truncate=3.0) for sigma in (1.0, 2.0, 4.0, 8.0, 16.0)),
    ]
    bands = np.array([(fine - coarse).std() for fine, coarse in pairwise(blurred)])
    total = bands.sum()
    coarseness = float((bands * np.arange(len(bands))).sum() / total) if total > 1e-6 else len(bands) - 1.0
    return {"detail": float(bands[:3].sum()), "coarseness": coarseness}


def _layout_features(lightness: FloatArray) -> dict[str, float]:
    """Compare halves and ends of the picture reduced to 16 × 16 fields."""
    plane = Image.fromarray(lightness.astype(np.float32))
    fields = np.asarray(plane.resize((16, 16), Image.Resampling.BOX), dtype=np.float64)
    mirrored = fields[:, ::-1]
    spread = fields.std()
    asymmetry = float(np.abs(fields - mirrored).mean() / (2.0 * spread)) if spread > 1e-6 else 0.0
    return {"asymmetry": asymmetry, "bottom_weight": float(fields[:5].mean() - fields[-5:].mean())}


def _entropy(weights: FloatArray) -> float:
    shares = weights[weights > 0] / weights.sum()
    return float(-(shares * np.log2(shares)).sum())
