"""A keyboard on the screen, for a few words of a visitor's own."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from installation.ui.buttons import SMALL_FONT, Style, css, leave_keyboard, make_button, make_text
from installation.ui.later import later
from installation.ui.layout import Layout
from installation.ui.palette import Palette
from installation.ui.words import Words
from installation.word_filter import WordFilter

MAX_LETTERS = 60
CLOSES_AFTER_S = 45.0
"""Whoever walked away leaves no keyboard behind."""
_BACKSPACE = "⌫"


class Keyboard(QFrame):
    """Takes a line of words, tells them when they are fine, and closes itself when nobody writes any more.

    Attributes:
        written: Emitted with the words.
        closed: Emitted when nothing was written after all.
    """

    written = pyqtSignal(str)
    closed = pyqtSignal()

    def __init__(
        self, parent: QWidget, layout: Layout, palette: Palette, words: Words, word_filter: WordFilter
    ) -> None:
        """Lie over the lower part of the window.

        Args:
            parent: The window.
            layout: Of the wall.
            palette: In which colours.
            words: In which language; the letters are its own.
            word_filter: Knows what is not taken.
        """
        super().__init__(parent)
        self._words, self._filter = words, word_filter
        self._text = ""
        style = Style(layout.unit, palette, layout.text_size)
        self.setObjectName("keyboard")
        ground = f"QFrame#keyboard {{ background: {css(palette.ground)}; border: none; }}"
        self.setStyleSheet(ground + style.sheet())
        self._title = make_text(words.own_text_title, style, 25, is_quiet=True, is_italic=True)
        self._line = make_text(words.own_text_example, style, 38, is_quiet=True, is_italic=True)
        self._send = make_button(words.send, style, size=SMALL_FONT)
        self._send.clicked.connect(self._try_to_send)
        self._idle = later(self, CLOSES_AFTER_S, self.closed.emit)
        self._build(style, layout)
        leave_keyboard(self)
        self._show_text()

    def type(self, letter: str) -> None:
        """Add a letter, or take the last one away."""
        text = self._text[:-1] if letter == _BACKSPACE else (self._text + letter).lstrip()
        self._text = text[:MAX_LETTERS]
        self._title.setText(self._words.own_text_title)
        self._show_text()

    def _build(self, style: Style, layout: Layout) -> None:
        column = QVBoxLayout(self)
        margin = style.px(24)
        side = max(margin, (layout.screen.width - style.px(1120 * style.text_size)) // 2)
        column.setContentsMargins(side, margin, side, margin)
        column.setSpacing(style.px(8))
        column.addWidget(self._title)
        column.addWidget(self._line)
        key = self._key_size(style, layout)
        for letters in self._words.letters:
            last = [_BACKSPACE] if letters is self._words.letters[-1] else []
            column.addLayout(self._row([*letters, *last], style, key))
        foot = QHBoxLayout()
        foot.setSpacing(style.px(10))
        cancel = make_button(self._words.cancel, style, size=SMALL_FONT)
        cancel.clicked.connect(self.closed)
        space = make_button(" ", style)
        space.setAccessibleName("space")
        space.clicked.connect(lambda: self.type(" "))
        foot.addWidget(cancel, 2)
        foot.addWidget(space, 5)
        foot.addWidget(self._send, 2)
        column.addLayout(foot)
        self.setFixedWidth(layout.screen.width)
        self.adjustSize()
        self.move(0, layout.screen.bottom - self.height())

    def _key_size(self, style: Style, layout: Layout) -> int:
        num_keys = max(len(letters) for letters in self._words.letters) + 1
        return min(style.target() + style.px(14), (layout.screen.width - style.px(60)) // num_keys)

    def _row(self, keys: list[str], style: Style, width: int) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(max(2, width // 12))
        row.addStretch()
        for letter in keys:
            button = make_button(letter, style, size=28)
            button.setStyleSheet("padding: 0;")
            button.setMinimumWidth(0)
            button.setFixedWidth(width - max(2, width // 12))
            button.clicked.connect(lambda _checked, letter=letter: self.type(letter))
            row.addWidget(button)
        row.addStretch()
        return row

    def _show_text(self) -> None:
        self._line.setText(self._text or self._words.own_text_example)
        is_quiet = not self._text
        if self._line.property("isQuiet") != is_quiet:
            self._line.setProperty("isQuiet", is_quiet)
            style = self._line.style()
            if style is not None:
                style.polish(self._line)
        self._send.setEnabled(bool(self._text.strip()))
        self._idle.start()

    def _try_to_send(self) -> None:
        if self._filter.is_fine(self._text):
            self.written.emit(" ".join(self._text.split()))
        else:
            self._text = ""
            self._title.setText(self._words.refused)
            self._show_text()
