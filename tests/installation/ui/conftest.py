"""One Qt application for all tests of the ui, without a screen."""

from __future__ import annotations

import pytest
from PyQt6.QtWidgets import QApplication

from installation.ui.lettering import load_fonts


@pytest.fixture(scope="session")
def app() -> QApplication:
    application = QApplication.instance() or QApplication(["tests"])
    assert isinstance(application, QApplication)
    load_fonts()
    return application
