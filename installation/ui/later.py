"""Things that are done once, a while after they were last asked for."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer


def later(owner: QObject, pause_s: float, do: Callable[[], object]) -> QTimer:
    """A timer that does something so long after it was started last; not started yet.

    Args:
        owner: Lives at least as long.
        pause_s: From `start` on.
        do: What is done.
    """
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(round(1000 * pause_s))
    timer.timeout.connect(do)
    return timer
