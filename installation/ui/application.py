"""Qt as every window here needs it started: platform, fonts, and what is done with errors."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import MutableMapping
from types import TracebackType

from PyQt6.QtCore import QMessageLogContext, Qt, QtMsgType, qInstallMessageHandler
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication, QWidget

from installation.ui.lettering import load_fonts
from installation.ui.words import ENGLISH

_log = logging.getLogger(__name__)


def start_application() -> QApplication:
    """The one application of this process."""
    choose_platform(os.environ)
    sys.excepthook = _log_exception
    sys.setswitchinterval(0.002)  # the thread that paints must not wait for the one that prepares
    qInstallMessageHandler(_log_qt)
    app = QApplication([ENGLISH.name])
    load_fonts()
    return app


def fill_screen(window: QWidget) -> None:
    """Show a window on all of the screen, and keep it there."""
    window.setWindowFlag(Qt.WindowType.FramelessWindowHint)
    screen = QGuiApplication.primaryScreen()
    if screen is not None:
        # Without a window manager nobody enlarges the window for us.
        window.setGeometry(screen.geometry())
        screen.geometryChanged.connect(window.setGeometry)
    window.showFullScreen()


def choose_platform(environment: MutableMapping[str, str]) -> None:
    """Set what Qt reads from the environment before it starts."""
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):  # left behind by OpenCV
        environment.pop(name, None)
    environment["QT_ENABLE_HIGHDPI_SCALING"] = "0"  # we lay out in the screen's own pixels
    has_screen = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not has_screen:
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")


def _log_qt(kind: QtMsgType, _context: QMessageLogContext, text: str | None) -> None:
    """Qt's own messages, most of which concern nobody, go where ours go."""
    is_grave = kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
    _log.log(logging.ERROR if is_grave else logging.DEBUG, "Qt: %s", text)


def _log_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Instead of Qt's way with an exception in a slot, which is to end the process."""
    _log.error("in the ui: %s", error, exc_info=(kind, error, trace))
