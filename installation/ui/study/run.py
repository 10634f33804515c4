"""The study's window from its start to its end."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QGuiApplication

from installation.messages import UiReady
from installation.ui.application import start_application
from installation.ui.study.window import Mode, Sources, StudyWindow

_log = logging.getLogger(__name__)


def run_window(
    sources: Sources,
    mode: Mode,
    on_shown: Callable[[UiReady], None],
    *,
    is_windowed: bool,
    listener: str | None = None,
) -> str | None:
    """Show the window until it is left.

    Args:
        sources: What it works with.
        mode: How it behaves.
        on_shown: Called when it is on the screen.
        is_windowed: Instead of full screen.
        listener: Code of an open session to go on with at once.

    Returns: The code of the session that was left open, if any.
    """
    app = start_application()
    window = StudyWindow(sources, mode)
    window.left.connect(app.exit)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: QTimer.singleShot(0, app.exit))  # also before the loop has begun
    window.present(is_windowed=is_windowed)
    shown = UiReady(window.width(), window.height(), QGuiApplication.platformName())
    _log.info("screen: %d x %d, %s", shown.width, shown.height, shown.platform)
    on_shown(shown)
    if listener is not None:
        window.resume(listener)
    app.exec()
    window.dismantle()
    return window.open_session
