"""One Qt application for all tests of the ui, without a screen; an error in a slot fails the test, not the process."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from PyQt6.QtCore import QCoreApplication, QEvent
from PyQt6.QtWidgets import QApplication

from installation.ui.lettering import load_fonts


@pytest.fixture(scope="session")
def app() -> QApplication:
    application = QApplication.instance() or QApplication(["tests"])
    assert isinstance(application, QApplication)
    load_fonts()
    return application


@pytest.fixture(autouse=True)
def errors_in_slots(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Left to itself Qt ends the whole process; and what was to be deleted later is deleted now."""
    errors: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: errors.append(error))
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    if errors:
        raise errors[0]
