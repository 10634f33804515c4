"""What systemd hears, over a real socket."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import pytest

from installation.messages import AudioHeartbeat, AudioReady, UiHeartbeat, UiReady
from installation.service import Service


@dataclass
class Manager:
    """The other end of the line."""

    line: socket.socket
    address: str

    def heard(self) -> list[str]:
        states = []
        try:
            while True:
                states.append(self.line.recv(4096).decode())
        except BlockingIOError:
            return states


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    address = str(tmp_path / "notify") if request.param == "file" else f"@art2mus-test-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as line:
        line.bind("\0" + address[1:] if address.startswith("@") else address)
        yield Manager(line, address)


def beat(samples_played: int) -> AudioHeartbeat:
    return AudioHeartbeat(samples_played, 0, 0.0, 0.0, 0.0, 1, "clip", 0.0, 10.0)


def test_ready_is_said_once_when_sound_and_picture_are_there(manager: Manager) -> None:
    service = Service({"NOTIFY_SOCKET": manager.address})
    service.hear(AudioReady("speakers", 48000))
    assert manager.heard() == []
    service.hear(UiReady(1920, 1080, "wayland"))
    service.hear(UiReady(1920, 1080, "wayland"))
    assert manager.heard() == ["READY=1"]


def test_the_watchdog_is_fed_only_while_samples_go_out(manager: Manager) -> None:
    service = Service({"NOTIFY_SOCKET": manager.address})
    for samples_played in (24_000, 48_000, 48_000, 48_000):
        service.hear(beat(samples_played))
        service.hear(UiHeartbeat(1, 0))
    assert manager.heard() == ["WATCHDOG=1"] * 2
    service.hear(beat(24_000))  # of a new audio process
    assert manager.heard() == ["WATCHDOG=1"]


def test_without_a_manager_nothing_happens(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    Service({}).tell("STOPPING=1")
    assert not caplog.records
    Service({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("STOPPING=1")
    assert "the service manager does not hear" in caplog.text


def test_a_manager_that_does_not_read_is_not_waited_for(manager: Manager, caplog: pytest.LogCaptureFixture) -> None:
    service = Service({"NOTIFY_SOCKET": manager.address})
    for samples_played in range(5000):
        service.hear(beat(samples_played))
    assert "the service manager does not hear" in caplog.text
    assert manager.heard()


@pytest.mark.skipif(which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_unit_is_a_valid_one(repository: Path, tmp_path: Path) -> None:
    """As it is shipped, but for the program, which stands in the folder of a user whom this machine need not have."""
    text = (repository / "docs" / "art2mus-kiosk.service").read_text()
    unit = tmp_path / "art2mus-kiosk.service"
    unit.write_text(re.sub("^ExecStart=.*$", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    command = ["systemd-analyze", "--user", "verify", str(unit)]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    verified = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    complaints = [line for line in verified.stderr.splitlines() if unit.name in line]
    assert (verified.returncode, complaints) == (0, [])
