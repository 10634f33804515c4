"""The command, up to the window and out of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from art2mus.study.answers import Answers
from art2mus.study.settings import load_study
from installation.study.__main__ import main
from tests.art2mus.study.studies import TODAY, write_study
from tests.test_architecture import HEAVY, modules_loaded_by

pytestmark = pytest.mark.usefixtures("own_handlers")


def test_without_sound_no_answers_are_taken(tmp_path: Path, repository: Path) -> None:
    path = write_study(tmp_path, num_cards=1)
    command = [sys.executable, "-m", "art2mus.study", "run", str(path), "--device", "no such device"]
    finished = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    *_, what, advice = finished.stderr.strip().splitlines()
    assert what.startswith("no sound: ")
    assert "--silent" in advice
    with Answers(load_study(path).answers) as answers:
        assert answers.count_sessions() == {}


def test_a_session_is_left_and_can_be_gone_on_with(tmp_path: Path, repository: Path) -> None:
    """And a service manager hears that the study is there, and that samples go out."""
    path = write_study(tmp_path, num_cards=1)
    study = load_study(path)
    with Answers(study.answers, study.fingerprint) as answers:
        code = answers.begin(study.draw, "en", TODAY, is_silent=True)
    options = ["--silent", "--windowed", "--listener", code.lower(), "--device", "no such device"]
    command = [sys.executable, "-m", "installation.study", str(path), *options]
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    manager.settimeout(30)
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}
    with (
        manager,
        subprocess.Popen(
            command, cwd=repository, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stderr is not None
        try:
            assert any("screen: 1280 x 720" in line for line in process.stderr)
            heard: set[str] = set()
            while not heard >= {"EXTEND_TIMEOUT_USEC", "READY", "WATCHDOG"}:
                heard.add(manager.recv(4096).decode().partition("=")[0])
            os.kill(process.pid, signal.SIGTERM)
            printed, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0
    assert printed.endswith(f"--listener {code}\n")
    with Answers(study.answers) as answers:
        assert answers.unfinished(is_silent=True) == (code,)


def test_mistakes_are_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_study(tmp_path, num_cards=1)
    assert main([str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml: cannot be read" in capsys.readouterr().err
    assert main([str(path), "--listener", "NOBODY"]) == 2
    assert "no open session has this code" in capsys.readouterr().err
    (tmp_path / "cards" / "card-0.png").write_bytes(b"no picture")
    assert main([str(path)]) == 2
    assert "card-0.png" in capsys.readouterr().err.splitlines()[-1]
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert main([str(path)]) == 2
    assert capsys.readouterr().err.startswith("no screen")


def test_help_is_light() -> None:
    assert not modules_loaded_by("-m", "installation.study", "--help").intersection({*HEAVY, "scipy", "numpy"})
