"""Buttons and texts of the pages that people touch: the study, the admin screen. In the kiosk's typeface."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFont
from PyQt6.QtWidgets import QLabel, QPushButton, QSizePolicy

from installation.ui.lettering import make_font
from installation.ui.palette import Palette
from installation.ui.touch import css

FONT = 27
SMALL_FONT = 23
MIN_TARGET = 62
"""Units: the least height of what is touched. WCAG 2.2 (2.5.5) asks for 44 px; a unit may be less than one."""


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes and colours of one page of controls.

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
        palette, ground = self.palette, css(self.palette.ground)
        return f"""
            QWidget {{ background: transparent; color: {css(palette.text)}; }}
            QLabel[isQuiet="true"] {{ color: {css(palette.quiet_text)}; }}
            QPushButton {{
                background: {css(palette.ground, 0.72)}; color: {css(palette.text)};
                border: {self.px(1.5)}px solid {css(palette.quiet_text, 0.8)}; border-radius: {self.px(5)}px;
                padding: 0 {self.px(18)}px;
            }}
            QPushButton:hover {{ border-color: {css(palette.text)}; }}
            QPushButton:pressed, QPushButton:checked {{
                background: {css(palette.accent)}; color: {ground}; border-color: {css(palette.accent)};
            }}
            QPushButton:focus {{ border: {self.px(3)}px solid {css(palette.text)}; }}
            QPushButton:disabled {{
                color: {css(palette.quiet_text, 0.55)}; border-color: {css(palette.quiet_text, 0.3)};
                background: {css(palette.ground, 0.35)};
            }}
            QPushButton[isQuiet="true"] {{ border-color: transparent; background: transparent; }}
            QPushButton[isQuiet="true"]:focus {{ border: {self.px(2)}px solid {css(palette.quiet_text)}; }}
            QScrollArea {{ border: none; }}
        """


def make_button(text: str, style: Style, *, is_quiet: bool = False) -> QPushButton:
    """A button for fingers and keys; the style sheet of its page dresses it."""
    button = QPushButton(text)
    button.setProperty("isQuiet", is_quiet)
    button.setFont(style.font(SMALL_FONT if is_quiet else FONT))
    button.setMinimumHeight(style.target())
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return button


def make_text(
    text: str, style: Style, size: float = FONT, *, is_quiet: bool = False, is_italic: bool = False
) -> QLabel:
    """A text that breaks its lines."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("isQuiet", is_quiet)
    label.setFont(style.font(size, is_italic=is_italic))
    label.setWordWrap(True)
    return label
