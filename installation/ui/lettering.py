"""The installation's typeface, and text broken into lines and painted once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QImage, QPainter

from installation.ui.layout import Rect
from installation.ui.palette import Rgb

FONT_FOLDER = Path(__file__).parent / "fonts"
"""EB Garamond 12 (SIL Open Font License); what it lacks, Qt takes from the system's fonts."""


@cache
def load_fonts() -> str:
    """Make the bundled fonts known to Qt; needs a QGuiApplication.

    Returns: The family to use.
    """
    loaded = [QFontDatabase.addApplicationFont(str(path)) for path in sorted(FONT_FOLDER.glob("*.otf"))]
    families = [family for i in loaded if i >= 0 for family in QFontDatabase.applicationFontFamilies(i)]
    return families[0] if families else "DejaVu Serif"


def make_font(pixels: float, *, is_italic: bool = False, spacing: float = 0.0) -> QFont:
    """The installation's typeface, with figures as high as capitals: its old-style 1 is taken for a letter.

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
    font.setFeature(QFont.Tag("lnum"), 1)
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


def set_lines(
    text: str, font: QFont, colour: Rgb, width: float, y: float, leading: float, *, is_balanced: bool = False
) -> tuple[list[Line], float]:
    """Break a text into lines, from the height `y` down.

    Returns: The lines, and the height at which the next may begin.
    """
    metrics = QFontMetricsF(font)
    lines = []
    for line in (balanced_lines if is_balanced else broken_lines)(text, metrics, width):
        lines.append(Line(line, font, colour, 0.0, y + metrics.ascent()))
        y += leading * font.pixelSize()
    return lines, y


def moved(lines: Iterable[Line], x: float, y: float) -> tuple[Line, ...]:
    """Lines in another place."""
    return tuple(Line(line.text, line.font, line.colour, line.x + x, line.baseline + y) for line in lines)


def paint_lines(painter: QPainter, lines: Iterable[Line]) -> None:
    """Write lines."""
    painter.setRenderHints(QPainter.RenderHint.TextAntialiasing | QPainter.RenderHint.Antialiasing)
    for line in lines:
        painter.setFont(line.font)
        painter.setPen(QColor(*line.colour))
        painter.drawText(QPointF(line.x, line.baseline), line.text)


def bounds_of(lines: Iterable[Line]) -> QRectF:
    """All that the lines touch."""
    bounds = QRectF()
    for line in lines:
        metrics = QFontMetricsF(line.font)
        ink = metrics.boundingRect(line.text).united(QRectF(0, 0, metrics.horizontalAdvance(line.text), 1))
        bounds = bounds.united(ink.translated(line.x, line.baseline))
    return bounds


def blank(bounds: QRectF) -> tuple[QImage, Rect]:
    """An image of nothing for all that is in these bounds, and its place on the screen."""
    whole = bounds.toAlignedRect().adjusted(-4, -4, 4, 4)
    image = QImage(whole.size(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    return image, Rect(whole.x(), whole.y(), whole.width(), whole.height())


def balanced_lines(text: str, metrics: QFontMetricsF, width: float) -> list[str]:
    """Break a text into as few lines as its width needs, all of nearly the same length."""
    lines = broken_lines(text, metrics, width)
    if len(lines) < 2:
        return lines
    narrow, wide = width / len(lines) * 0.8, width
    for _ in range(7):
        middle = (narrow + wide) / 2
        if len(broken_lines(text, metrics, middle)) > len(lines):
            narrow = middle
        else:
            wide = middle
    return broken_lines(text, metrics, wide)


def broken_lines(text: str, metrics: QFontMetricsF, width: float) -> list[str]:
    """Break a text into lines that are full, but for the last."""
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
