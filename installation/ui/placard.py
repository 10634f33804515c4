"""The wall text: set once for each painting, like the card a museum puts beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QImage, QPainter, QPen

from installation.messages import WallLabel
from installation.ui.layout import Layout, Rect
from installation.ui.palette import Palette, Rgb
from installation.ui.words import ENGLISH, Words

FONT_FOLDER = Path(__file__).parent / "fonts"
FONT_FAMILY = "EB Garamond 12"
"""Bundled (SIL Open Font License); what it lacks, Qt takes from the system's fonts."""

_SMALLEST_SHRINK = 0.55


@cache
def load_fonts() -> str:
    """Make the bundled fonts known to Qt; needs a QGuiApplication.

    Returns: The family to use.
    """
    loaded = [QFontDatabase.addApplicationFont(str(path)) for path in sorted(FONT_FOLDER.glob("*.otf"))]
    families = [family for i in loaded if i >= 0 for family in QFontDatabase.applicationFontFamilies(i)]
    return families[0] if families else "DejaVu Serif"


def make_font(pixels: float, *, is_italic: bool = False, spacing: float = 0.0) -> QFont:
    """The installation's typeface.

    Args:
        pixels: Its size.
        is_italic: Instead of upright.
        spacing: Added between letters, in parts of the size.
    """
    font = QFont(load_fonts())
    font.setPixelSize(max(1, round(pixels)))
    font.setItalic(is_italic)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
    font.setFeature(QFont.Tag("onum"), 1)
    if spacing:
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, spacing * pixels)
    return font


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, by its baseline."""

    text: str
    font: QFont
    colour: Rgb
    x: float
    baseline: float


@dataclass(frozen=True, slots=True)
class Placard:
    """A wall text that has been set.

    Attributes:
        lines: Of artist, title and year.
        rule: The short line under them.
        progress: Where the progress of the next piece is shown.
        accent: The colour of the rule.
    """

    lines: tuple[Line, ...]
    rule: QRectF
    progress: Rect
    accent: Rgb

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
        lines, height = _set_lines(label, layout, palette, words, 1.0)
        room = layout.label.height - _reserve(layout)
        if label.text and height <= room:
            return _placed(lines, height, layout, palette)
        label, shrink = replace(label, text=""), 1.0
        while True:
            lines, height = _set_lines(label, layout, palette, words, shrink)
            if height <= room or shrink <= _SMALLEST_SHRINK:
                break
            shrink *= 0.92
        return _placed(lines, height, layout, palette)

    def image(self) -> tuple[QImage, Rect]:
        """The text on nothing, and its place on the screen."""
        bounds = self.rule.adjusted(0, 0, 0, 0)
        for line in self.lines:
            metrics = QFontMetricsF(line.font)
            ink = metrics.boundingRect(line.text).united(QRectF(0, 0, metrics.horizontalAdvance(line.text), 1))
            bounds = bounds.united(ink.translated(line.x, line.baseline))
        whole = bounds.toAlignedRect().adjusted(-4, -4, 4, 4)
        image = QImage(whole.size(), QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.translate(-whole.x(), -whole.y())
        painter.setRenderHints(QPainter.RenderHint.TextAntialiasing | QPainter.RenderHint.Antialiasing)
        for line in self.lines:
            painter.setFont(line.font)
            painter.setPen(QColor(*line.colour))
            painter.drawText(QPointF(line.x, line.baseline), line.text)
        painter.fillRect(self.rule, QColor(*self.accent))
        painter.end()
        return image, Rect(whole.x(), whole.y(), whole.width(), whole.height())

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
        painter.drawText(QPointF(place.x, place.y + 0.92 * size), ENGLISH.composing)
        y = place.y + 0.80 * place.height
        thin = max(1.0, place.height / 30)
        painter.setPen(QPen(_with_alpha(palette.quiet_text, 0.28 * strength), thin))
        painter.drawLine(QPointF(place.x, y), QPointF(place.right, y))
        painter.setPen(QPen(_with_alpha(palette.accent, strength), 1.6 * thin))
        painter.drawLine(QPointF(place.x, y), QPointF(place.x + share * place.width, y))


def _with_alpha(colour: Rgb, alpha: float) -> QColor:
    return QColor(*colour, round(255 * min(1.0, max(0.0, alpha))))


def _has_progress_below(layout: Layout) -> bool:
    """Under a painting on a wide screen there is no room for it under the text: there it stands at the right."""
    return layout.label_is_beside or layout.screen.height > layout.screen.width


def _reserve(layout: Layout) -> float:
    """What the text leaves free under itself, for rule and progress."""
    return (84.0 if _has_progress_below(layout) else 16.0) * layout.unit


def _set_lines(
    label: WallLabel, layout: Layout, palette: Palette, words: Words, shrink: float
) -> tuple[list[Line], float]:
    """The lines from the first one down, the first at height 0."""
    size = layout.unit * shrink * (1.0 if layout.label_is_beside else 1.08)
    width = layout.label.width
    artist_font = make_font(29 * size)
    title_font = make_font(43 * size, is_italic=True)
    year_font = make_font(25 * size)
    lines: list[Line] = []
    y = 0.0
    parts = (
        (label.artist or words.unknown_artist, artist_font, palette.text, 1.18, 8 * size),
        (label.title, title_font, palette.text, 1.06, 12 * size),
        ("  ·  ".join(part for part in (label.year, label.style) if part), year_font, palette.quiet_text, 1.2, 0.0),
    )
    for text, font, colour, leading, space_after in parts:
        metrics = QFontMetricsF(font)
        for line in balanced_lines(text, metrics, width):
            lines.append(Line(line, font, colour, 0.0, y + metrics.ascent()))
            y += leading * font.pixelSize()
        y += space_after if text else 0.0
    if label.text:
        text_font = make_font(23 * size)
        metrics = QFontMetricsF(text_font)
        y += 14 * size
        for line in _broken(label.text, metrics, width):
            lines.append(Line(line, text_font, palette.quiet_text, 0.0, y + metrics.ascent()))
            y += 1.32 * text_font.pixelSize()
    return lines, y


def _placed(lines: list[Line], height: float, layout: Layout, palette: Palette) -> Placard:
    """Move set lines to their place on the wall: upwards from the painting's foot, or under it."""
    unit, place = layout.unit, layout.label
    top = place.bottom - _reserve(layout) - height if layout.label_is_beside else place.y
    placed = tuple(Line(ln.text, ln.font, ln.colour, place.x, top + ln.baseline) for ln in lines)
    rule_y = top + height + 12 * unit
    rule = QRectF(place.x, rule_y, 44 * unit, max(1.0, round(1.5 * unit)))
    width, progress_height = min(place.width, round(300 * unit)), round(46 * unit)
    if _has_progress_below(layout):
        progress = Rect(place.x, round(rule_y + 22 * unit), width, progress_height)
    else:
        progress = Rect(place.right - width, round(rule_y - 0.8 * progress_height), width, progress_height)
    return Placard(placed, rule, progress, palette.accent)


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
    progress = Rect(round(layout.now_x - width / 2), round(y + 150 * unit), width, round(46 * unit))
    return Placard(tuple(lines), rule, progress, palette.accent)


def balanced_lines(text: str, metrics: QFontMetricsF, width: float) -> list[str]:
    """Break a text into as few lines as its width needs, all of nearly the same length."""
    lines = _broken(text, metrics, width)
    if len(lines) < 2:
        return lines
    narrow, wide = width / len(lines) * 0.8, width
    for _ in range(7):
        middle = (narrow + wide) / 2
        if len(_broken(text, metrics, middle)) > len(lines):
            narrow = middle
        else:
            wide = middle
    return _broken(text, metrics, wide)


def _broken(text: str, metrics: QFontMetricsF, width: float) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and metrics.horizontalAdvance(longer) <= width:
            lines[-1] = longer
        else:
            lines.extend(_pieces(word, metrics, width))
    return [line for line in lines if line]


def _pieces(word: str, metrics: QFontMetricsF, width: float) -> list[str]:
    """A word that is wider than its line (or a script without spaces), cut where it must be."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and metrics.horizontalAdvance(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces
