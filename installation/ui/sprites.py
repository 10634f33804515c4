"""Brush strokes and halos, painted once and then only copied: what keeps the flowing music cheap.

An antialiased polygon takes Qt's software painter some 60 µs, a copy of its image 3 µs (measured on one core of a
Zen 5 server CPU).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPolygonF, QRadialGradient

from installation.ui.palette import Rgb

MAX_SPRITES = 1200
NUM_SHINES = 6
"""Steps from a stroke's own colour to its brightest."""
_BRIGHTEST = 0.40
_WARM_WHITE = (255, 250, 238)
_MARGIN = 1
_HEAD = tuple((-math.sin(math.pi * k / 8), -math.cos(math.pi * k / 8)) for k in range(9))
"""The round beginning of a stroke, from above to below, for a radius of 1."""
_THINNING = 0.62
"""How much of its thickness a long stroke loses towards its end."""
_FULL_LENGTH = 12.0
"""From this length on, in thicknesses, a stroke is long."""


class Sprites:
    """Paints strokes and halos from a store of images that is emptied when it grows too large."""

    def __init__(self) -> None:
        """An empty store."""
        self._images: dict[tuple[Rgb, int, int], QImage] = {}

    def stroke(
        self,
        painter: QPainter,
        colour: Rgb,
        shine: float,
        left: float,
        right: float,
        y: float,
        thick: float,
        *,
        stop: float,
    ) -> None:
        """A brush stroke: full where it begins, thin where it ends.

        Args:
            painter: Antialiased, its opacity set.
            colour: Of the stroke.
            shine: 0 to 1, towards warm white.
            left: Where it begins.
            right: Where it ends.
            y: The height of its middle.
            thick: Its thickness where it begins.
            stop: It is painted only as far as here.
        """
        step = round(min(1.0, max(0.0, shine)) * NUM_SHINES)
        lighter = towards_white(colour, _BRIGHTEST * step / NUM_SHINES)
        length, across = max(round(right - left), 1), max(2, round(thick))
        image = self._stored((lighter, length, across), lambda: _stroke_image(lighter, length, across))
        shown = min(float(image.width()), stop - left + 2 * _MARGIN)
        height = image.height()
        target = QRectF(left - _MARGIN, y - height / 2, shown, height)
        painter.drawImage(target, image, QRectF(0, 0, shown, height))

    def halo(self, painter: QPainter, colour: Rgb, x: float, y: float, radius: float) -> None:
        """A soft round light."""
        side = max(8, round(radius / 4) * 8)
        image = self._stored((colour, side, 0), lambda: _halo_image(colour, side))
        painter.drawImage(QPointF(round(x - side / 2), round(y - side / 2)), image)

    def _stored(self, key: tuple[Rgb, int, int], paint: Callable[[], QImage]) -> QImage:
        if key not in self._images:
            if len(self._images) >= MAX_SPRITES:
                self._images.clear()
            self._images[key] = paint()
        return self._images[key]


def towards_white(colour: Rgb, share: float) -> Rgb:
    """Between a colour and a warm white (in sRGB: `palette.mix` is exact, and slow)."""
    red, green, blue = (round(c + share * (w - c)) for c, w in zip(colour, _WARM_WHITE, strict=True))
    return red, green, blue


def _stroke_image(colour: Rgb, length: int, thick: int) -> QImage:
    image = _empty(length + 2 * _MARGIN, thick + 2 * _MARGIN)
    half = thick / 2
    middle = half + _MARGIN
    thinning = _THINNING * min(1.0, length / (_FULL_LENGTH * thick))
    end = half * (1.0 - thinning)
    far = max(half, length - end) + _MARGIN
    points = [QPointF(_MARGIN + half + half * dx, middle + half * dy) for dx, dy in _HEAD]
    points += [QPointF(far - end * dx, middle - end * dy) for dx, dy in _HEAD]
    gradient = QLinearGradient(0, 0, length, 0)
    gradient.setColorAt(0.0, QColor(*colour))
    gradient.setColorAt(1.0, QColor(*colour, 255 - round(150 * thinning)))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawPolygon(QPolygonF(points))
    painter.end()
    return image


def _halo_image(colour: Rgb, side: int) -> QImage:
    image = _empty(side, side)
    gradient = QRadialGradient(QPointF(side / 2, side / 2), side / 2)
    for place, alpha in ((0.0, 0.62), (0.10, 0.40), (0.28, 0.17), (0.55, 0.05), (0.8, 0.012), (1.0, 0.0)):
        tone = towards_white(colour, 0.5 * max(0.0, 0.3 - place))
        gradient.setColorAt(place, QColor(*tone, round(255 * alpha)))
    painter = QPainter(image)
    painter.fillRect(0, 0, side, side, gradient)
    painter.end()
    return image


def _empty(width: int, height: int) -> QImage:
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    return image
