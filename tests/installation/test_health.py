"""What the check finds, and what it advises."""

import socket
from pathlib import Path

import pytest
from rich.console import Console

from installation import health
from installation.config import GalleryConfig, KioskConfig


@pytest.mark.parametrize(
    ("environment", "is_there"),
    [
        ({}, False),
        ({"DISPLAY": ":98765"}, False),
        ({"DISPLAY": "nonsense"}, False),
        ({"WAYLAND_DISPLAY": "wayland-9", "XDG_RUNTIME_DIR": "/nowhere"}, False),
        ({"QT_QPA_PLATFORM": "offscreen"}, True),
        ({"QT_QPA_PLATFORM": "xcb"}, False),
    ],
)
def test_a_screen_is_there_only_if_a_display_server_answers(environment: dict[str, str], is_there: bool) -> None:
    finding = health.find_screen(environment)
    assert finding.is_there == is_there
    assert bool(finding.advice) != is_there


def test_a_wayland_server_that_listens_is_a_screen(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-0"))
        server.listen()
        environment = {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)}
        assert health.find_screen(environment).state == "Wayland, wayland-0"


def table(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "Console", lambda: Console(width=300))


def test_an_empty_gallery_and_a_missing_model_are_not_ready(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = KioskConfig(model="/nowhere/at/all", gallery=GalleryConfig(folder=tmp_path))
    assert health.check(config, (), None) == 2
    printed = table(capsys)
    assert f"no gallery no pictures in {tmp_path} put JPEG, PNG, WebP or TIFF files there" in printed
    assert "no model model '/nowhere/at/all': there is no such folder" in printed
    assert "library" in printed
    assert "free for" in printed


def test_mistakes_in_the_configuration_are_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert health.check(None, ["kiosk.yaml:3: x: unknown key"], Path("kiosk.yaml")) == 2
    assert "no configuration kiosk.yaml:3: x: unknown key correct these lines" in table(capsys)


def test_no_camera_is_no_fault(tmp_path: Path) -> None:
    finding = health.find_camera(tmp_path)
    assert not finding.is_there
    assert not finding.is_needed


def test_a_camera_that_may_be_opened(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    assert health.find_camera(tmp_path).state == "video0"


def test_a_full_disk_is_no_place_for_a_library(tmp_path: Path) -> None:
    finding = health.find_room("library", tmp_path / "not" / "yet" / "there", needed_bytes=10**18)
    assert not finding.is_there
    assert finding.advice.startswith("make room")


def test_a_study_that_is_not_there_is_needed(tmp_path: Path) -> None:
    for name, is_there in (("absent.yaml", False), ("there.yaml", True)):
        (tmp_path / "there.yaml").touch()
        finding = health.find_study(tmp_path / name)
        assert (finding.is_there, bool(finding.advice), finding.is_needed) == (is_there, not is_there, True)
