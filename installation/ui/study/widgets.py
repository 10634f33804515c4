"""The controls of the study: a scale of five, a button that plays."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPolygonF
from PyQt6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from installation.ui.buttons import FONT, SMALL_FONT, Style, make_button, make_text


class Choice(QWidget):
    """A row of buttons of which one is chosen, by finger, by arrow keys or by its number.

    Attributes:
        chosen: Emitted with the number of the button, from 1, when a listener chooses.
    """

    chosen = pyqtSignal(int)

    def __init__(
        self, texts: Sequence[str], style: Style, name: str, ends: tuple[str, str] | None = None, gap: float = 8
    ) -> None:
        """Nothing is chosen yet.

        Args:
            texts: On the buttons.
            style: Of the page.
            name: What the choice is about, for screen readers.
            ends: What the first and the last of them mean, written below.
            gap: Units between the buttons.
        """
        super().__init__()
        self._buttons = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(style.px(gap))
        for number, text in enumerate(texts, start=1):
            button = make_button(text, style)
            button.setCheckable(True)
            button.setAccessibleName(f"{name}: {text}")
            self._buttons.addButton(button, number)
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.px(5))
        column.addLayout(row)
        if ends is not None:
            below = QHBoxLayout()
            for text, side in zip(ends, (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight), strict=True):
                label = make_text(text, style, SMALL_FONT, is_quiet=True, is_italic=True)
                label.setAlignment(side)
                label.setContentsMargins(0, 0, 0, style.px(5))  # the italics' tails are longer than Qt thinks
                below.addWidget(label)
            column.addLayout(below)
        self._buttons.idClicked.connect(self.chosen)

    def show_value(self, value: int | None) -> None:
        """Show an answer that was given earlier."""
        button = self._buttons.button(value or 0)
        if button is not None:
            button.setChecked(True)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """A number chooses while one of the buttons has the keyboard."""
        button = self._buttons.button(int(event.text())) if event and event.text().isdecimal() else None
        if button is None:
            super().keyPressEvent(event)
        elif button.isEnabled():
            button.setFocus()
            button.click()


class PlayButton(QPushButton):
    """Starts and stops a track, and shows how far it is."""

    def __init__(self, play: str, stop: str, style: Style) -> None:
        """Not playing.

        Args:
            play: Its text while the track does not play.
            stop: While it does.
            style: Of the page.
        """
        super().__init__(play)
        self._texts = (play, stop)
        self._style = style
        self._share: float | None = None
        self.setFont(style.font(FONT + 3))
        self.setMinimumHeight(style.px(84))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_share(self, share: float | None) -> None:
        """Show so much of the track as played; None while it does not play."""
        if share == self._share:
            return
        if (share is None) != (self._share is None):
            self.setText(self._texts[share is not None])
        self._share = share
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Qt's button, with a triangle or a square in front and the track's length along the bottom."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        is_dark = self.isDown()
        painter.setBrush(QColor(*(self._style.palette.ground if is_dark else self._style.palette.accent)))
        side, left, middle = self._style.px(24), self._style.px(34), self.height() / 2
        if self._share is None:
            corners = QPointF(left, middle - side / 2), QPointF(left, middle + side / 2), QPointF(left + side, middle)
            painter.drawPolygon(QPolygonF(corners))
        else:
            painter.drawRect(QRectF(left, middle - side / 2, side, side))
            thick, margin = self._style.px(5), self._style.px(4)
            width = (self.width() - 2 * margin) * min(1.0, self._share)
            painter.drawRect(QRectF(margin, self.height() - margin - thick, width, thick))
        painter.end()
