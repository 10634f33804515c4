"""The room when it is closed: dark, with a few quiet words."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from installation.ui.layout import Layout, Rect
from installation.ui.lettering import Line, blank, bounds_of, broken_lines, make_font, paint_lines
from installation.ui.palette import Palette, Rgb
from installation.ui.words import Words

DARK: Rgb = (7, 6, 6)
"""Nothing shines at night, and nothing is burnt into the screen."""


@dataclass(slots=True)
class Night:
    """Closed words on the dark.

    Attributes:
        note: Said under them, for instance when the room opens again.
        lines: What is said.
    """

    note: str = ""
    lines: tuple[Line, ...] = ()
    _image: QImage | None = None
    _place: Rect | None = None
    _set_for: tuple[object, ...] = ()

    def paint(self, painter: QPainter, layout: Layout, words: Words, strength: float) -> None:
        """Say it.

        Args:
            painter: Of the window.
            layout: Of the wall.
            words: In which language.
            strength: Opacity, 0 to 1.
        """
        if self._set_for != (layout.screen, layout.text_size, words):
            self._set_for = (layout.screen, layout.text_size, words)
            self._set(layout, words)
        if self._image is not None and self._place is not None:
            painter.setOpacity(strength)
            painter.drawImage(QPointF(self._place.x, self._place.y), self._image)
            painter.setOpacity(1.0)

    def _set(self, layout: Layout, words: Words) -> None:
        unit, palette = layout.type_unit, Palette.neutral()
        y, lines = 0.42 * layout.screen.height, []
        for text, size, colour, is_italic in (
            (words.name, 64.0, palette.quiet_text, False),
            (words.closed, 44.0, palette.quiet_text, True),
            (self.note, 34.0, palette.quiet_text, False),
        ):
            font = make_font(size * unit, is_italic=is_italic)
            metrics = QFontMetricsF(font)
            for line in broken_lines(text, metrics, 0.8 * layout.screen.width):
                x = layout.screen.centre_x - metrics.horizontalAdvance(line) / 2
                lines.append(Line(line, font, colour, x, y))
                y += 1.3 * size * unit
            y += 0.3 * size * unit
        self.lines = tuple(lines)
        self._image, self._place = blank(bounds_of(lines))
        painter = QPainter(self._image)
        painter.translate(-self._place.x, -self._place.y)
        paint_lines(painter, lines)
        painter.end()


def veil(strength: float) -> QColor:
    """The dark between the eye and the wall."""
    return QColor(*DARK, round(255 * strength))
