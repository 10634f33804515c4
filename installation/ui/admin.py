"""The door to the admin screen: five taps in a corner, then the PIN. And what a kiosk's window does not let happen."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QColor, QKeyEvent, QMouseEvent, QPalette
from PyQt6.QtWidgets import QApplication, QVBoxLayout, QWidget

from installation.messages import (
    AdminLeft,
    AdminState,
    AdminWanted,
    CameraEye,
    FromUi,
    PinAsked,
    PinChosen,
    PinEntered,
    PlaybackTap,
)
from installation.settings import UiSettings
from installation.ui.admin_pad import PinPad
from installation.ui.admin_screen import AdminScreen
from installation.ui.buttons import Style
from installation.ui.later import later
from installation.ui.palette import Palette

NUM_TAPS = 5
WITHIN_S = 3.0
_CORNER_SHARE = 0.12  # of the short side
_PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)  # a quick second press is only the latter


class Knocks:
    """Counts taps in a corner of the screen."""

    def __init__(self, corner: str) -> None:
        """Nobody has knocked.

        Args:
            corner: "top left", "top right", "bottom left" or "bottom right".
        """
        self._is_right, self._is_bottom = "right" in corner, "bottom" in corner
        self._times_s: deque[float] = deque(maxlen=NUM_TAPS)

    def tap(self, x: float, y: float, width: int, height: int, now_s: float) -> bool:
        """Whether this tap is the last of five in time; one elsewhere begins anew.

        Args:
            x: Of the tap, in pixels from the left.
            y: Likewise from the top.
            width: Of the screen.
            height: Likewise.
            now_s: Of the tap; by any clock.
        """
        side = _CORNER_SHARE * min(width, height)
        from_side, from_end = width - x if self._is_right else x, height - y if self._is_bottom else y
        if max(from_side, from_end) > side:
            self._times_s.clear()
            return False
        self._times_s.append(now_s)
        if len(self._times_s) < NUM_TAPS or now_s - self._times_s[0] > WITHIN_S:
            return False
        self._times_s.clear()
        return True


class AdminDoor(QObject):
    """Watches a window for knocks, and lays the pad and the admin screen over it.

    In a kiosk it also keeps keys and window buttons from ending the show.
    """

    def __init__(
        self,
        window: QWidget,
        say: Callable[[FromUi], None],
        settings: UiSettings,
        tap: PlaybackTap,
        eye: CameraEye | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch the window from now on.

        Args:
            window: The show's.
            say: Sends to the director.
            settings: Of the ui.
            tap: What is heard.
            eye: What the camera sees, if there is one.
            clock: Monotonic seconds.
        """
        super().__init__(window)
        self.page: PinPad | AdminScreen | None = None
        self._window, self._say, self._tap, self._eye, self._clock = window, say, tap, eye, clock
        self._is_kiosk = settings.is_kiosk
        self._knocks = Knocks(settings.admin_corner)
        self._is_changing_pin = False
        self._cover: QWidget | None = None
        self._patience = later(self, settings.admin_leaves_after_s, self.leave)
        window.installEventFilter(self)

    def take(self, message: object) -> None:
        """Do what the director says; what is not about the admin screen is let be."""
        if isinstance(message, PinAsked):
            if not isinstance(self.page, PinPad):
                self._show(self._make_pad())
            assert isinstance(self.page, PinPad)
            self.page.ask(message)
        elif isinstance(message, AdminState) and self.page is None:
            self._say(AdminLeft())  # it was said before, and got lost
        elif isinstance(message, AdminState) and not self._is_changing_pin:
            if not isinstance(self.page, AdminScreen):
                self._show(self._make_screen())
            assert isinstance(self.page, AdminScreen)
            self.page.show_state(message)

    def leave(self) -> None:
        """Back to the show."""
        if self.page is not None:
            self._say(AdminLeft())
        self._lift_cover()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Qt's: True keeps an event from the window."""
        if event is None:
            return False
        if event.type() in _PRESSES and isinstance(event, QMouseEvent):
            self._patience.start() if self.page is not None else self._hear_knock(watched, event)
        elif watched is self._window and event.type() == QEvent.Type.Resize and self._cover is not None:
            self.leave()  # it was laid out for another size
        elif watched is self._window and self._is_kiosk and _would_end_the_show(event):
            event.ignore()
            return True
        return False

    def _hear_knock(self, watched: QObject | None, event: QMouseEvent) -> None:
        """The time that counts is that of the touch: on a busy machine we hear of it later."""
        place, touched_at_s = event.position(), event.timestamp() / 1000
        if watched is self._window and self._knocks.tap(
            place.x(), place.y(), self._window.width(), self._window.height(), touched_at_s
        ):
            self._say(AdminWanted())

    def _make_pad(self) -> PinPad:
        pad = PinPad(self._style(), self._clock)
        pad.entered.connect(lambda pin: self._say(PinEntered(pin)))
        pad.chosen.connect(self._choose)
        pad.left.connect(self.leave)
        return pad

    def _make_screen(self) -> AdminScreen:
        is_upright = self._window.height() > self._window.width()
        screen = AdminScreen(self._style(), self._tap, self._eye, is_upright=is_upright)
        screen.ordered.connect(self._say)
        screen.pin_wanted.connect(self._ask_for_new_pin)
        screen.left.connect(self.leave)
        return screen

    def _ask_for_new_pin(self) -> None:
        self._show(self._make_pad())
        self._is_changing_pin = True
        self.take(PinAsked(is_first=True))

    def _choose(self, pin: str) -> None:
        self._is_changing_pin = False
        self._say(PinChosen(pin))

    def _style(self) -> Style:
        return Style(min(self._window.width(), self._window.height()) / 1080, Palette.neutral())

    def _show(self, page: PinPad | AdminScreen) -> None:
        """Lay a page over the show, in place of the one that lies there."""
        self._lift_cover()
        style = self._style()
        page.setStyleSheet(style.sheet())
        self._cover = QWidget(self._window)
        self._cover.setPalette(QPalette(QColor(*style.palette.ground)))
        self._cover.setAutoFillBackground(True)  # and not by a style sheet: so Qt need not paint what lies under it
        self._cover.setCursor(Qt.CursorShape.ArrowCursor)
        self._cover.setGeometry(self._window.rect())
        QVBoxLayout(self._cover).addWidget(page)
        self.page = page
        self._cover.show()
        page.setFocus()
        self._patience.start()
        _application().installEventFilter(self)  # every touch counts, wherever it lands

    def _lift_cover(self) -> None:
        self._patience.stop()
        _application().removeEventFilter(self)
        if self._cover is not None:
            self._cover.hide()
            self._cover.deleteLater()
        self._cover = self.page = None
        self._is_changing_pin = False
        self._window.setFocus()


def _would_end_the_show(event: QEvent) -> bool:
    if event.type() == QEvent.Type.Close:
        return True
    if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
        return False
    is_quit = event.key() == Qt.Key.Key_Q and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    return is_quit or event.key() == Qt.Key.Key_Escape


def _application() -> QApplication:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return application
