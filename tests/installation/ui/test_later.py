"""A timer that does something once."""

from __future__ import annotations

from PyQt6.QtCore import QObject
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from installation.ui.later import later
from tests.installation.ui.test_window import wait_until


def test_it_is_done_once_for_each_time_it_is_asked_for(app: QApplication) -> None:
    owner = QObject()
    done: list[float] = []
    timer = later(owner, 0.02, lambda: done.append(1.0))
    QTest.qWait(40)
    assert done == [], "nobody has asked for it"
    for number in (1, 2):
        timer.start()
        wait_until(app, lambda number=number: len(done) == number)
        assert not timer.isActive()


def test_what_is_asked_for_again_in_time_is_put_off(app: QApplication) -> None:
    owner = QObject()
    timer = later(owner, 5.0, lambda: None)
    timer.start()
    QTest.qWait(500)  # Qt may be off by a twentieth of the pause
    before_ms = timer.remainingTime()
    timer.start()
    assert timer.remainingTime() > before_ms
