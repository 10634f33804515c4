"""What the room says to a visitor: one line of large words where the music flows, and how far its answer is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from installation.ui.glide import Glide
from installation.ui.layout import Layout, Rect
from installation.ui.lettering import Line, blank, bounds_of, make_font, paint_lines
from installation.ui.palette import Palette
from installation.ui.sprites import Sprites

MIN_DWELL_S = 0.9
"""Words stay at least so long: a hint that changes faster cannot be read, and flickers."""
_SIZE = 54.0
_BREATH_S = 2.4


@dataclass(slots=True)
class Voice:
    """One line at a time; words come and go softly, unless it is urgent.

    Attributes:
        said: The words on the screen.
        strength: Their opacity.
        answer: Opacity of the line that shows how far the answer is.
    """

    said: str = ""
    strength: Glide = field(default_factory=lambda: Glide(time_s=0.10))
    answer: Glide = field(default_factory=lambda: Glide(time_s=0.12))
    _wanted: str = ""
    _said_at_s: float = -math.inf
    _drawn_for: tuple[str, Layout, Palette] | None = None
    _image: QImage = field(default_factory=QImage)
    _place: Rect = field(default_factory=lambda: Rect(0, 0, 0, 0))
    _sprites: Sprites = field(default_factory=Sprites)

    def say(self, text: str, now_s: float, *, is_urgent: bool = False) -> None:
        """Want these words said; urgent ones are there at once, empty ones end it."""
        self._wanted = text
        if is_urgent:
            self._take(now_s)
            self.strength.value = max(self.strength.value, 0.5)

    def advance(self, now_s: float, passed_s: float) -> None:
        """Move on."""
        if self._wanted != self.said:
            if not self.said or self.strength.value == 0.0:
                self._take(now_s)
            elif now_s - self._said_at_s >= MIN_DWELL_S or not self._wanted:
                self.strength.target = 0.0
        self.strength.advance(passed_s)
        self.answer.advance(passed_s)

    def _take(self, now_s: float) -> None:
        self.said, self._said_at_s = self._wanted, now_s
        self.strength.target = 1.0 if self.said else 0.0

    def paint(self, painter: QPainter, layout: Layout, palette: Palette, share: float, now_s: float) -> None:
        """Write the words, and the line under them.

        Args:
            painter: Of the window, antialiased.
            layout: Where.
            palette: In which colours.
            share: How far the answer is, 0 to 1.
            now_s: Monotonic time, for the light's breath; at 0 it holds its breath.
        """
        if self.said and self.strength.value > 0.0:
            self._draw(layout, palette)
            painter.setOpacity(self.strength.value)
            painter.drawImage(QPointF(self._place.x, self._place.y), self._image)
        if self.answer.value > 0.0:
            painter.setOpacity(self.answer.value)
            self._paint_answer(painter, layout, palette, share, now_s)
        painter.setOpacity(1.0)

    def _draw(self, layout: Layout, palette: Palette) -> None:
        """Write the words once; later they are only copied."""
        if self._drawn_for == (self.said, layout, palette):
            return
        self._drawn_for = (self.said, layout, palette)
        size, width = _SIZE * layout.type_unit, 0.9 * layout.screen.width
        while QFontMetricsF(make_font(size, is_italic=True)).horizontalAdvance(self.said) > width:
            size *= 0.94
        font = make_font(size, is_italic=True)
        x = layout.screen.centre_x - QFontMetricsF(font).horizontalAdvance(self.said) / 2
        line = Line(self.said, font, palette.text, x, words_baseline(layout))
        self._image, self._place = blank(bounds_of([line]))
        painter = QPainter(self._image)
        painter.translate(-self._place.x, -self._place.y)
        paint_lines(painter, [line])
        painter.end()

    def _paint_answer(self, painter: QPainter, layout: Layout, palette: Palette, share: float, now_s: float) -> None:
        unit = layout.unit
        width = min(900 * unit, 0.7 * layout.screen.width)
        left, y = layout.screen.centre_x - width / 2, words_baseline(layout) + 52 * unit
        head = left + share * width
        painter.setPen(QPen(_faint(palette), 2.0 * unit, cap=Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(left, y), QPointF(left + width, y))
        painter.setPen(QPen(QColor(*palette.accent), 4.0 * unit, cap=Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(left, y), QPointF(head, y))
        breath = 0.5 - 0.5 * math.cos(2 * math.pi * now_s / _BREATH_S)
        strength = painter.opacity()
        painter.setOpacity(strength * (0.55 + 0.45 * breath))
        self._sprites.halo(painter, palette.accent, head, y, 84 * unit)
        painter.setOpacity(strength)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*palette.text))
        painter.drawEllipse(QRectF(head - 5 * unit, y - 5 * unit, 10 * unit, 10 * unit))


def words_baseline(layout: Layout) -> float:
    """The line the words stand on."""
    return layout.music.y + 0.52 * layout.music.height


def _faint(palette: Palette) -> QColor:
    return QColor(*palette.text, 70)
