"""The pad on which the PIN is entered, or chosen."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from installation.messages import MAX_PIN_DIGITS, MIN_PIN_DIGITS, PinAsked
from installation.ui.buttons import Style, make_button, make_text

_ENTER = "PIN"
_CHOOSE = "Choose a PIN"
_AGAIN = "Once more, to be sure"
_RULE = f"{MIN_PIN_DIGITS} to {MAX_PIN_DIGITS} digits"
_DIFFERENT = "These were two different ones. Choose again."
_WRONG = "Not the PIN."


class PinPad(QWidget):
    """Twelve large buttons. A PIN that is chosen is entered twice.

    Attributes:
        entered: Emitted with a PIN that was asked for.
        chosen: Emitted with a new one.
        left: Emitted by whoever gives up.
    """

    entered = pyqtSignal(str)
    chosen = pyqtSignal(str)
    left = pyqtSignal()

    def __init__(self, style: Style, clock: Callable[[], float]) -> None:
        """Ask for nothing yet.

        Args:
            style: Of the page.
            clock: Monotonic seconds.
        """
        super().__init__()
        self._clock = clock
        self._digits, self._first_time = "", ""
        self._is_choosing = False
        self._open_at_s = 0.0
        self._remark = ""
        self.title = make_text(_ENTER, style, 44)
        self.dots = make_text("", style, 54)
        self.remark = make_text("", style, is_quiet=True)
        for text in (self.title, self.dots, self.remark):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.keys = {name: self._make_key(name, style) for name in (*"123456789", "⌫", "0", "OK")}
        grid = QGridLayout()
        grid.setSpacing(style.px(14))
        for index, key in enumerate(self.keys.values()):
            grid.addWidget(key, index // 3, index % 3)
        leave = make_button("back to the show", style, is_quiet=True)
        leave.clicked.connect(self.left)
        column = QVBoxLayout(self)
        column.setSpacing(style.px(18))
        column.addStretch()
        for part in (self.title, self.dots, self.remark):
            column.addWidget(part)
        column.addLayout(grid)
        column.addWidget(leave)
        column.addStretch()
        column.setAlignment(grid, Qt.AlignmentFlag.AlignHCenter)
        self._wait = QTimer(self)
        self._wait.setInterval(200)
        self._wait.timeout.connect(self._refresh)

    def ask(self, asked: PinAsked) -> None:
        """Ask for the PIN, or for a new one."""
        self._is_choosing, self._digits, self._first_time = asked.is_first, "", ""
        self._open_at_s = self._clock() + asked.wait_s
        self._remark = _WRONG if asked.is_wrong else (_RULE if asked.is_first else "")
        self._wait.start()
        self._refresh()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """A keyboard does as well."""
        if event is None:
            return
        names = {Qt.Key.Key_Backspace: "⌫", Qt.Key.Key_Return: "OK", Qt.Key.Key_Enter: "OK"}
        name = names.get(Qt.Key(event.key()), event.text())
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif name in self.keys and self.keys[name].isEnabled():
            self.keys[name].click()

    def _make_key(self, name: str, style: Style) -> QPushButton:
        key = make_button(name, style)
        key.setFixedSize(style.px(150), style.px(104))
        key.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        key.setAccessibleName({"⌫": "delete", "OK": "enter"}.get(name, name))
        key.clicked.connect(partial(self._press, name))
        return key

    def _press(self, name: str) -> None:
        if name == "OK":
            self._finish()
        elif name == "⌫":
            self._digits = self._digits[:-1]
        elif len(self._digits) < MAX_PIN_DIGITS:
            self._digits += name
        self._refresh()

    def _finish(self) -> None:
        digits, self._digits = self._digits, ""
        if not self._is_choosing:
            self.entered.emit(digits)
        elif not self._first_time:
            self._first_time = digits
        elif digits == self._first_time:
            self.chosen.emit(digits)
        else:
            self._first_time, self._remark = "", _DIFFERENT

    def _refresh(self) -> None:
        wait_s = self._open_at_s - self._clock()
        if wait_s <= 0:
            self._wait.stop()
        self.title.setText((_AGAIN if self._first_time else _CHOOSE) if self._is_choosing else _ENTER)
        self.dots.setText("•" * len(self._digits) or " ")
        again_in = f"Again in {math.ceil(wait_s)} s." if wait_s > 0 else ""
        self.remark.setText(" ".join(filter(None, [self._remark, again_in])) or " ")
        for name, key in self.keys.items():
            has_enough = name != "OK" or len(self._digits) >= MIN_PIN_DIGITS
            key.setEnabled(wait_s <= 0 and has_enough)
