"""What is touched and read on pages and on the wall: buttons, texts and sliders, in the kiosk's typeface."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFont, QMouseEvent
from PyQt6.QtWidgets import QLabel, QPushButton, QSizePolicy, QSlider, QStyle, QWidget

from installation.ui.lettering import make_font
from installation.ui.palette import Palette, Rgb

FONT = 27
SMALL_FONT = 23
MIN_TARGET = 58
"""Units: the least height of what is touched. WCAG 2.2 (2.5.5) asks for 44 px; a unit may be less than one."""


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes and colours of what is touched.

    Attributes:
        unit: Pixels of one unit.
        palette: The painting's.
        text_size: How much larger than usual all type is.
    """

    unit: float
    palette: Palette
    text_size: float = 1.0

    def px(self, units: float) -> int:
        """A length in pixels."""
        return max(1, round(units * self.unit))

    def target(self) -> int:
        """The height of what is touched, in pixels."""
        return max(44, self.px(MIN_TARGET * self.text_size))

    def font(self, units: float, *, is_italic: bool = False) -> QFont:
        """The typeface at a size, never too small to read."""
        return make_font(max(15.0, units * self.unit * self.text_size), is_italic=is_italic)

    def sheet(self) -> str:
        """Qt's style sheet.

        A chosen button is the painting's accent with the dark of the wall on it; what has the keyboard has a
        light rim; what cannot be used yet is quiet.
        """
        palette, ground, accent = self.palette, css(self.palette.ground), css(self.palette.accent)
        knob, groove = self.px(36), self.px(6)
        return f"""
            QWidget {{ background: transparent; color: {css(palette.text)}; }}
            QLabel[isQuiet="true"] {{ color: {css(palette.quiet_text)}; }}
            QPushButton {{
                background: {css(palette.ground, 0.8)}; color: {css(palette.text)};
                border: {self.px(1.5)}px solid {css(palette.quiet_text, 0.8)}; border-radius: {self.px(6)}px;
                padding: 0 {self.px(16)}px;
            }}
            QPushButton:hover {{ border-color: {css(palette.text)}; }}
            QPushButton:pressed, QPushButton:checked {{
                background: {accent}; color: {ground}; border-color: {accent};
            }}
            QPushButton:focus {{ border: {self.px(3)}px solid {css(palette.text)}; }}
            QPushButton:disabled {{
                color: {css(palette.quiet_text, 0.55)}; border-color: {css(palette.quiet_text, 0.3)};
                background: {css(palette.ground, 0.35)};
            }}
            QPushButton[isQuiet="true"] {{
                border-color: transparent; background: transparent; color: {css(palette.quiet_text)};
            }}
            QPushButton[isQuiet="true"]:checked {{ color: {css(palette.text)}; text-decoration: underline; }}
            QPushButton[isQuiet="true"]:focus {{ border: {self.px(2)}px solid {css(palette.quiet_text)}; }}
            QScrollArea {{ border: none; }}
            QSlider::groove:horizontal {{ height: {groove}px; background: {css(palette.quiet_text, 0.5)}; }}
            QSlider::sub-page:horizontal {{ background: {accent}; }}
            QSlider::handle:horizontal {{
                width: {knob}px; margin: -{(knob - groove) // 2}px 0; border-radius: {knob // 2}px;
                background: {css(palette.text)};
            }}
        """


class Slider(QSlider):
    """Goes at once to where it is touched."""

    def __init__(self) -> None:
        """Lie, with nothing to choose from yet."""
        super().__init__(Qt.Orientation.Horizontal)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Bring the knob under the finger; Qt's own way is a step towards it."""
        if event is not None:
            place, width = round(event.position().x()), self.width()
            self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), place, width))
        super().mousePressEvent(event)


def css(colour: Rgb, alpha: float = 1.0) -> str:
    """A colour as Qt's style sheets want it."""
    red, green, blue = colour
    return f"rgba({red}, {green}, {blue}, {round(255 * alpha)})"


def make_button(text: str, style: Style, *, is_quiet: bool = False, size: float | None = None) -> QPushButton:
    """A button for fingers and keys; the style sheet of its page dresses it."""
    button = QPushButton(text)
    button.setProperty("isQuiet", is_quiet)
    button.setFont(style.font(size or (SMALL_FONT if is_quiet else FONT)))
    button.setMinimumHeight(style.target())
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return button


def leave_keyboard(page: QWidget) -> None:
    """Let nothing on a page have the keyboard: what is only touched needs no rim."""
    for part in page.findChildren(QWidget):
        part.setFocusPolicy(Qt.FocusPolicy.NoFocus)


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
