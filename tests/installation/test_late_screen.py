"""A display server that comes later than the kiosk: the real ui process, and a socket where the server is to be."""

import socket
import time
from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import pytest

from installation.audio import TAP_BYTES
from installation.messages import UiReady
from installation.settings import UiSettings
from installation.supervisor import ChildPlan, Lost, Said, Supervisor

pytestmark = pytest.mark.alone


@pytest.fixture
def server_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the environment says that a display server listens."""
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    tmp_path.chmod(0o700)
    return tmp_path / "wayland-0"


@pytest.fixture
def ui(server_path: Path) -> Iterator[Supervisor]:
    tap = SharedMemory(create=True, size=TAP_BYTES)
    plan = ChildPlan("ui", "installation.app:run_ui", (UiSettings(tap.name),), 60, 60)
    supervisor = Supervisor([plan], time.monotonic())
    yield supervisor
    supervisor.close(grace_s=2.0)
    tap.close()
    tap.unlink()


def wait_for(ui: Supervisor, kind: type[Any], timeout_s: float) -> Any:
    """The first news of this kind, or the first message of it."""
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        for news in ui.wait(0.1):
            heard = news.message if isinstance(news, Said) else news
            if isinstance(heard, kind):
                return heard
    raise AssertionError(f"no {kind.__name__} within {timeout_s} s")


def test_a_show_that_began_unseen_is_begun_anew_when_there_is_a_screen(ui: Supervisor, server_path: Path) -> None:
    assert wait_for(ui, UiReady, 30.0).platform == "offscreen"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(server_path))
        server.listen()
        wait_for(ui, Lost, 20.0)
    server_path.unlink()
    assert wait_for(ui, UiReady, 30.0).platform == "offscreen"
