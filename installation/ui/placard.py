"""The wall text: set once for each painting, like the card a museum puts beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from installation.labels import UNKNOWN, UNTITLED
from installation.messages import WallLabel
from installation.ui.layout import Layout, Rect
from installation.ui.lettering import Line, blank, bounds_of, make_font, moved, paint_lines, set_lines
from installation.ui.palette import Palette, Rgb
from installation.ui.words import ENGLISH, Words

_SMALLEST_SHRINK = 0.42


@dataclass(frozen=True, slots=True)
class Placard:
    """A wall text that has been set.

    Attributes:
        lines: Of artist, title and year.
        rule: The short line under them.
        progress: Where the progress of the next piece is shown.
        accent: The colour of the rule.
        words: Of the language it is in.
    """

    lines: tuple[Line, ...]
    rule: QRectF
    progress: Rect
    accent: Rgb
    words: Words

    @classmethod
    def set(
        cls, label: WallLabel, layout: Layout, palette: Palette, *, is_alone: bool = False, words: Words = ENGLISH
    ) -> Placard:
        """Set a label so that it fits its place: without its longer text, then in smaller type, if it must.

        Args:
            label: What to say.
            layout: Where.
            palette: In which colours.
            is_alone: No painting hangs: say who we are instead.
            words: Of the visitor's language.
        """
        if is_alone:
            return _title_page(layout, palette, words)
        lines, height = _set_label(label, layout, palette, words, 1.0)
        room = layout.label.height - _reserve(layout) - layout.kept_free
        if label.text and height <= room:
            return _placed(lines, height, layout, palette, words)
        label, shrink = replace(label, text=""), 1.0
        while True:
            lines, height = _set_label(label, layout, palette, words, shrink)
            if height <= room or shrink <= _SMALLEST_SHRINK:
                break
            shrink *= 0.92
        return _placed(lines, height, layout, palette, words)

    @property
    def top(self) -> float:
        """Where the text begins."""
        return bounds_of(self.lines[:1]).top()

    def image(self) -> tuple[QImage, Rect]:
        """The text on nothing, and its place on the screen."""
        image, place = blank(self.rule.united(bounds_of(self.lines)))
        painter = QPainter(image)
        painter.translate(-place.x, -place.y)
        paint_lines(painter, self.lines)
        painter.fillRect(self.rule, QColor(*self.accent))
        painter.end()
        return image, place

    def paint_progress(self, painter: QPainter, share: float, strength: float, palette: Palette) -> None:
        """Show how far the next piece is.

        Args:
            painter: Of the window.
            share: Done, 0 to 1.
            strength: Opacity of the whole, 0 to 1.
            palette: Of the painting.
        """
        place, size = self.progress, 0.42 * self.progress.height
        font = make_font(size, is_italic=True)
        painter.setFont(font)
        painter.setPen(_with_alpha(palette.quiet_text, strength))
        painter.drawText(QPointF(place.x, place.y + 0.92 * size), self.words.composing)
        y = place.y + 0.80 * place.height
        thin = max(1.0, place.height / 30)
        painter.setPen(QPen(_with_alpha(palette.quiet_text, 0.28 * strength), thin))
        painter.drawLine(QPointF(place.x, y), QPointF(place.right, y))
        painter.setPen(QPen(_with_alpha(palette.accent, strength), 1.6 * thin))
        painter.drawLine(QPointF(place.x, y), QPointF(place.x + share * place.width, y))


def _with_alpha(colour: Rgb, alpha: float) -> QColor:
    return QColor(*colour, round(255 * min(1.0, max(0.0, alpha))))


def _reserve(layout: Layout) -> float:
    """What the text leaves free under itself, for rule and progress."""
    return 92.0 * layout.type_unit


def _set_label(
    label: WallLabel, layout: Layout, palette: Palette, words: Words, shrink: float
) -> tuple[list[Line], float]:
    """The lines from the first one down, the first at height 0."""
    size = layout.type_unit * shrink * (1.0 if layout.label_is_beside else 1.08)
    title = {"": words.unknown_work, UNKNOWN: words.unknown_work, UNTITLED: words.untitled}.get(
        label.title, label.title
    )
    year = "  ·  ".join(part for part in (label.year, label.style) if part)
    lines: list[Line] = []
    y = 0.0
    for text, font, colour, leading, space_after in (
        (label.artist or words.unknown_artist, make_font(32 * size), palette.text, 1.18, 8 * size),
        (title, make_font(46 * size, is_italic=True), palette.text, 1.06, 12 * size),
        (year, make_font(28 * size), palette.quiet_text, 1.2, 0.0),
    ):
        more, y = set_lines(text, font, colour, layout.label.width, y, leading, is_balanced=True)
        lines += more
        y += space_after if text else 0.0
    if label.text:
        font = make_font(26 * size)
        more, y = set_lines(label.text, font, palette.quiet_text, layout.label.width, y + 14 * size, 1.32)
        lines += more
    return lines, y


def _placed(lines: list[Line], height: float, layout: Layout, palette: Palette, words: Words) -> Placard:
    """Move set lines to their place on the wall: upwards from the painting's foot, or under it."""
    unit, place = layout.type_unit, layout.label
    top = place.bottom - _reserve(layout) - height if layout.label_is_beside else place.y
    rule_y = top + height + 12 * unit
    rule = QRectF(place.x, rule_y, 44 * unit, max(1.0, round(1.5 * unit)))
    width = min(place.width, round(300 * unit))
    progress = Rect(place.x, round(rule_y + 22 * unit), width, round(54 * unit))
    return Placard(moved(lines, place.x, top), rule, progress, palette.accent, words)


def _title_page(layout: Layout, palette: Palette, words: Words) -> Placard:
    unit, screen = layout.unit, layout.screen
    name_font = make_font(92 * unit, spacing=0.045)
    motto_font = make_font(34 * unit, is_italic=True, spacing=0.03)
    y = 0.40 * screen.height
    lines = []
    for text, font, colour, baseline in (
        (words.name, name_font, palette.text, y),
        (words.motto, motto_font, palette.quiet_text, y + 86 * unit),
    ):
        x = layout.now_x - QFontMetricsF(font).horizontalAdvance(text) / 2
        lines.append(Line(text, font, colour, x, baseline))
    rule = QRectF(layout.now_x - 22 * unit, y + 34 * unit, 44 * unit, max(1.0, round(1.5 * unit)))
    width = round(300 * unit)
    progress = Rect(round(layout.now_x - width / 2), round(y + 150 * unit), width, round(54 * unit))
    return Placard(tuple(lines), rule, progress, palette.accent, words)
