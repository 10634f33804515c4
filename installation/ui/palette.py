"""Colours of a painting: found in CIELAB, and made legible on a wall of the same family.

No Qt here. Colours are sRGB triples of 0 to 255.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

FloatArray = npt.NDArray[np.float64]
Rgb = tuple[int, int, int]

NUM_CLUSTERS = 8
MAX_HUES = 4
MIN_TEXT_CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3 (AA): text."""
MIN_GRAPHIC_CONTRAST = 3.0
"""WCAG 2.2, success criterion 1.4.11 (AA): graphical objects."""

_SAMPLE_SIDE = 72
_D65 = np.array([0.95047, 1.0, 1.08883])
# IEC 61966-2-1, linear sRGB to CIE XYZ.
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_FROM_XYZ = np.linalg.inv(_TO_XYZ)


@dataclass(frozen=True, slots=True)
class Palette:
    """What a painting lends to the room around it.

    Attributes:
        ground: The wall where no light falls.
        lit: The wall in the middle of the light.
        text: Titles; at least `MIN_TEXT_CONTRAST` against `lit`.
        quiet_text: Everything said in a lower voice, with the same contrast.
        accent: The painting's most telling colour, legible as text.
        melody: Colours of the melody from the lowest to the highest note.
        pad: Likewise for the voices below it, quieter; at least `MIN_GRAPHIC_CONTRAST`.
    """

    ground: Rgb
    lit: Rgb
    text: Rgb
    quiet_text: Rgb
    accent: Rgb
    melody: tuple[Rgb, ...]
    pad: tuple[Rgb, ...]

    @classmethod
    def of(cls, picture: Image.Image) -> Palette:
        """Read the palette of a picture; the same picture always gives the same palette.

        The melody takes the colours of the painting's lights, the pad those of its shadows, and the
        wall is a deep, quiet tone of the shadows.
        """
        centres, shares = _clusters(_sample(picture))
        hues = _telling_hues(centres, shares)
        lights, shadows = _divided(hues)
        wall_hue = _muted(shadows[0], max_chroma=9.0)
        ground = lab_to_rgb(np.array([4.5, *(0.6 * wall_hue)]))
        lit = lab_to_rgb(np.array([21.0, *wall_hue]))
        return cls(
            ground=ground,
            lit=lit,
            text=legible(np.array([92.0, *(0.4 * wall_hue)]), lit, MIN_TEXT_CONTRAST),
            quiet_text=legible(np.array([72.0, *(0.7 * wall_hue)]), lit, MIN_TEXT_CONTRAST),
            accent=legible(_at_light(lights[0], 74.0), lit, MIN_TEXT_CONTRAST),
            melody=_scale(lights, 70.0, 88.0, lit, MIN_TEXT_CONTRAST),
            pad=_scale(shadows, 52.0, 70.0, lit, MIN_GRAPHIC_CONTRAST),
        )

    @classmethod
    @cache
    def neutral(cls) -> Palette:
        """The room before any painting hangs in it: candlelight on grey."""
        warm = np.array([[[214, 168, 104], [150, 120, 92], [110, 126, 138], [196, 186, 170]]])
        return cls.of(Image.fromarray(warm.astype(np.uint8)).resize((64, 16), Image.Resampling.BOX))


def contrast(one: Rgb, other: Rgb) -> float:
    """Contrast ratio of two colours, 1 to 21.

    Source: WCAG 2.2, definitions of contrast ratio and relative luminance.
    """
    lights = sorted(float(_TO_XYZ[1] @ _linear(np.array(c, dtype=np.float64))) for c in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def legible(lab: FloatArray, ground: Rgb, min_contrast: float) -> Rgb:
    """The colour, lightened as far as it must be to stand out from a dark ground."""
    lab = lab.copy()
    colour = lab_to_rgb(lab)
    while contrast(colour, ground) < min_contrast and lab[0] < 100.0:
        lab[0] = min(100.0, lab[0] + 1.0)
        colour = lab_to_rgb(lab)
    return colour


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Between two colours, in CIELAB; share 0 is the first."""
    first, second = rgb_to_lab(np.array([one, other], dtype=np.float64))
    return lab_to_rgb(first + share * (second - first))


def rgb_to_lab(rgb: FloatArray) -> FloatArray:
    """CIELAB under D65.

    Shape: (..., 3), 0 to 255, to (..., 3).
    Source: CIE 15:2004; IEC 61966-2-1.
    """
    xyz = _linear(rgb) @ _TO_XYZ.T / _D65
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_to_rgb(lab: FloatArray) -> Rgb:
    """The nearest sRGB colour of the same lightness and hue: chroma gives way.

    Shape: lab (3,).
    """
    for keep in np.linspace(1.0, 0.0, 21):
        linear = _linear_of(np.array([lab[0], keep * lab[1], keep * lab[2]]))
        if linear.min() >= -1e-4 and linear.max() <= 1.0 + 1e-4:
            break
    linear = np.clip(linear, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (round(255 * float(c)) for c in encoded)
    return red, green, blue


def _linear(rgb: FloatArray) -> FloatArray:
    unit = rgb / 255.0
    return np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)


def _linear_of(lab: FloatArray) -> FloatArray:
    y = (lab[0] + 16) / 116
    f = np.array([y + lab[1] / 500, y, y - lab[2] / 200])
    xyz = np.where(f**3 > 216 / 24389, f**3, (116 * f - 16) * 27 / 24389) * _D65
    linear: FloatArray = _FROM_XYZ @ xyz
    return linear


def _sample(picture: Image.Image) -> FloatArray:
    small = picture.convert("RGB").resize((_SAMPLE_SIDE, _SAMPLE_SIDE), Image.Resampling.BOX)
    return rgb_to_lab(np.asarray(small, dtype=np.float64).reshape(-1, 3))


def _clusters(pixels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """k-means, begun at the mean and then always at the pixel farthest from what is there."""
    centres = pixels.mean(axis=0, keepdims=True)
    while len(centres) < NUM_CLUSTERS:
        distance = ((pixels[:, None] - centres) ** 2).sum(axis=2).min(axis=1)
        centres = np.concatenate([centres, pixels[distance.argmax()][None]])
    for _ in range(12):
        nearest = ((pixels[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        counts = np.bincount(nearest, minlength=NUM_CLUSTERS)
        sums = np.stack([np.bincount(nearest, weights=c, minlength=NUM_CLUSTERS) for c in pixels.T], axis=1)
        centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
    return centres, counts / counts.sum()


def _telling_hues(centres: FloatArray, shares: FloatArray) -> FloatArray:
    """Up to `MAX_HUES` clusters that an eye would name, the most telling first."""
    chroma = np.hypot(centres[:, 1], centres[:, 2])
    telling = np.sqrt(shares) * (6.0 + chroma)
    chosen: list[int] = []
    for index in np.argsort(-telling):
        is_new = all(np.hypot(*(centres[index] - centres[i])[1:]) > 14.0 for i in chosen)
        if shares[index] > 0.004 and is_new:
            chosen.append(int(index))
    hues: FloatArray = centres[chosen[:MAX_HUES]]
    return hues


def _divided(hues: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The two lightest hues and the two darkest, each from dark to light; a lone hue is both."""
    by_light = hues[np.argsort(hues[:, 0])]
    half = max(1, len(by_light) // 2)
    return by_light[-half:], by_light[:half]


def _muted(lab: FloatArray, max_chroma: float) -> FloatArray:
    chroma = float(np.hypot(lab[1], lab[2]))
    muted: FloatArray = lab[1:] * min(1.0, max_chroma / max(chroma, 1e-6))
    return muted


def _at_light(lab: FloatArray, lightness: float) -> FloatArray:
    """The hue at another lightness; a dark colour's chroma grows a little with its light."""
    chroma = float(np.hypot(lab[1], lab[2]))
    wanted = min(72.0, 1.25 * chroma + 4.0) if chroma > 5.0 else chroma
    return np.array([lightness, *(lab[1:] * wanted / max(chroma, 1e-6))])


def _scale(
    hues: FloatArray, low: float, high: float, ground: Rgb, min_contrast: float, num_steps: int = 32
) -> tuple[Rgb, ...]:
    """A flowing scale through the hues while the light rises from `low` to `high`."""
    place = np.linspace(0.0, len(hues) - 1.0, num_steps)
    colours = []
    for index, lightness in zip(place, np.linspace(low, high, num_steps), strict=True):
        left = min(int(index), len(hues) - 1)
        right = min(left + 1, len(hues) - 1)
        hue = hues[left] + (index - left) * (hues[right] - hues[left])
        colours.append(legible(_at_light(hue, lightness), ground, min_contrast))
    return tuple(colours)
