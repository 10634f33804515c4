"""What is touched: buttons and a slider in the colours of the painting that hangs."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtWidgets import QPushButton, QSizePolicy

from installation.ui.lettering import make_font
from installation.ui.palette import Palette, Rgb

MIN_TARGET = 52
"""Units a finger needs, at least; 44 pixels in any case (WCAG 2.2, success criterion 2.5.5)."""
FONT = 23.0


@dataclass(frozen=True, slots=True)
class Touch:
    """The look of everything that is touched.

    Attributes:
        unit: Pixels of one unit.
        type_unit: Pixels of one unit of type.
        palette: Of the painting.
    """

    unit: float
    type_unit: float
    palette: Palette

    def target(self) -> int:
        """The height of what is touched, in pixels."""
        return max(44, round(MIN_TARGET * self.type_unit))

    def sheet(self) -> str:
        """Qt's style sheet."""
        palette, thin = self.palette, max(1, round(1.5 * self.unit))
        ground, text, quiet = css(palette.ground, 0.82), css(palette.text), css(palette.quiet_text)
        accent, dark, radius = css(palette.accent), css(palette.ground), round(6 * self.unit)
        knob, groove = round(26 * self.unit), max(2, round(4 * self.unit))
        return f"""
            QPushButton {{
                background: {ground}; color: {text}; border: {thin}px solid {css(palette.quiet_text, 0.7)};
                border-radius: {radius}px; padding: 0 {round(16 * self.unit)}px;
            }}
            QPushButton:pressed, QPushButton:checked {{ background: {accent}; color: {dark}; border-color: {accent}; }}
            QPushButton:disabled {{ color: {css(palette.quiet_text, 0.6)}; }}
            QPushButton[isQuiet="true"] {{ background: transparent; border: none; color: {quiet}; padding: 0; }}
            QPushButton[isQuiet="true"]:checked {{ color: {text}; text-decoration: underline; }}
            QLabel {{ background: transparent; color: {text}; }}
            QLabel[isQuiet="true"] {{ color: {quiet}; }}
            QSlider::groove:horizontal {{ height: {groove}px; background: {css(palette.quiet_text, 0.5)}; }}
            QSlider::sub-page:horizontal {{ height: {groove}px; background: {accent}; }}
            QSlider::handle:horizontal {{
                width: {knob}px; margin: -{(knob - groove) // 2}px 0; border-radius: {knob // 2}px; background: {text};
            }}
        """

    def button(self, text: str, *, is_quiet: bool = False, size: float = FONT) -> QPushButton:
        """A button for fingers."""
        button = QPushButton(text)
        button.setProperty("isQuiet", is_quiet)
        button.setFont(make_font(size * self.type_unit))
        button.setMinimumHeight(self.target())
        button.setMinimumWidth(self.target())
        button.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        return button


def css(colour: Rgb, alpha: float = 1.0) -> str:
    """A colour as Qt's style sheets want it."""
    red, green, blue = colour
    return f"rgba({red}, {green}, {blue}, {round(255 * alpha)})"
