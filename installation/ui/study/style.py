"""How the study's pages look: the kiosk's typeface, and the colours that the painting lends."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtGui import QFont

from installation.ui.layout import Layout, Rect, fit
from installation.ui.lettering import make_font
from installation.ui.palette import Palette, Rgb

MIN_TARGET = 62
"""Units: the least height of what is touched. WCAG 2.2 (2.5.5) asks for 44 px; a unit may be less than one."""


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes and colours of one page.

    Attributes:
        unit: Pixels of one unit.
        palette: The painting's.
    """

    unit: float
    palette: Palette

    def px(self, units: float) -> int:
        """A length in pixels."""
        return max(1, round(units * self.unit))

    def target(self) -> int:
        """The height of what is touched, in pixels."""
        return max(44, self.px(MIN_TARGET))

    def font(self, units: float, *, is_italic: bool = False) -> QFont:
        """The typeface at a size, never too small to read; with figures as high as capitals: 1 is no letter."""
        font = make_font(max(15.0, units * self.unit), is_italic=is_italic)
        font.unsetFeature(QFont.Tag("onum"))
        font.setFeature(QFont.Tag("lnum"), 1)
        return font

    def sheet(self) -> str:
        """Qt's style sheet for the controls of a page.

        A chosen button is the painting's accent with the dark of the wall on it; what has the keyboard has a
        light rim; what cannot be used yet is quiet.
        """
        palette, ground = self.palette, _css(self.palette.ground)
        return f"""
            QWidget {{ background: transparent; color: {_css(palette.text)}; }}
            QLabel[isQuiet="true"] {{ color: {_css(palette.quiet_text)}; }}
            QPushButton {{
                background: {_css(palette.ground, 0.72)}; color: {_css(palette.text)};
                border: {self.px(1.5)}px solid {_css(palette.quiet_text, 0.8)}; border-radius: {self.px(5)}px;
                padding: 0 {self.px(18)}px;
            }}
            QPushButton:hover {{ border-color: {_css(palette.text)}; }}
            QPushButton:pressed, QPushButton:checked {{
                background: {_css(palette.accent)}; color: {ground}; border-color: {_css(palette.accent)};
            }}
            QPushButton:focus {{ border: {self.px(3)}px solid {_css(palette.text)}; }}
            QPushButton:disabled {{
                color: {_css(palette.quiet_text, 0.55)}; border-color: {_css(palette.quiet_text, 0.3)};
                background: {_css(palette.ground, 0.35)};
            }}
            QPushButton[isQuiet="true"] {{ border-color: transparent; background: transparent; }}
            QPushButton[isQuiet="true"]:focus {{ border: {self.px(2)}px solid {_css(palette.quiet_text)}; }}
            QScrollArea {{ border: none; }}
        """


def _css(colour: Rgb, alpha: float = 1.0) -> str:
    red, green, blue = colour
    return f"rgba({red}, {green}, {blue}, {round(255 * alpha)})"


def hang_beside_questions(width: int, height: int, aspect: float) -> Layout:
    """Hang the painting left of the questions, or above them on an upright screen.

    `label` is where the questions stand.
    """
    unit = min(width, height) / 1080
    margin, floor = round(64 * unit), round(110 * unit)
    music = Rect(0, height - floor, width, floor)
    if width >= height:
        panel_width = min(round(780 * unit), round(0.5 * width))
        room = Rect(margin, margin, width - panel_width - 3 * margin, height - floor - margin)
        label = Rect(width - panel_width - margin, round(36 * unit), panel_width, height - round(72 * unit))
    else:
        panel_height = round(1010 * unit)
        room = Rect(margin, margin, width - 2 * margin, height - panel_height - 2 * margin)
        label = Rect(margin, height - panel_height, width - 2 * margin, panel_height - round(36 * unit))
    picture_width, picture_height = fit(room.width, room.height, aspect)
    x, y = room.x + (room.width - picture_width) // 2, room.y + (room.height - picture_height) // 2
    picture = Rect(x, y, picture_width, picture_height)
    return Layout(Rect(0, 0, width, height), unit, picture, label, False, music, picture.centre_x)
