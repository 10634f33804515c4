"""What the check finds, and what it advises."""

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from art2mus.residency import Machine
from installation import health
from installation.admin import PinFile
from installation.config import CameraConfig, GalleryConfig, KioskConfig, SamplingConfig, WebConfig
from installation.gpu import ask_now
from tests.camera_server import CameraServer
from tests.installation.camera.cameras import wall


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


@pytest.mark.parametrize(
    ("answer", "is_there", "state", "advice"),
    [
        ("""echo '{"name": "ALSA: usb", "sample_rate": 44100, "rank": 0}'""", True, "ALSA: usb, 44100 Hz", ""),
        ("""echo '{"error": "there is no sound device: connect one"}'""", False, "there is no sound device", "connect"),
        ("""echo '{"error": "nothing"}'""", False, "nothing", "until then the music plays into a silent device"),
        ("kill -ABRT $$", False, "the sound system crashes", "restart the sound server"),
    ],
)
def test_the_loudspeakers_are_asked_for(
    answer: str, is_there: bool, state: str, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    program.touch(0o755)
    program.write_text(f"#!/bin/sh\n{answer}\n")
    monkeypatch.setattr(sys, "executable", str(program))
    finding = health.find_sound(())
    assert (finding.is_there, finding.state) == (is_there, state)
    assert finding.advice.startswith(advice)


def test_mistakes_in_the_configuration_are_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert health.check(None, ["kiosk.yaml:3: x: unknown key"], Path("kiosk.yaml")) == 2
    assert "no configuration kiosk.yaml:3: x: unknown key correct these lines" in table(capsys)


def test_no_camera_is_no_fault_where_none_is_asked_for(tmp_path: Path) -> None:
    finding = health.find_camera(None, tmp_path)
    assert not finding.is_there
    assert not finding.is_needed


def test_cameras_are_listed_by_the_names_that_stay(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    assert health.find_camera(None, tmp_path).state == str(tmp_path / "video0")
    by_id = tmp_path / "v4l" / "by-id"
    by_id.mkdir(parents=True)
    (by_id / "usb-A-video-index0").symlink_to("../../video0")
    assert health.find_camera(None, tmp_path).state == str(by_id / "usb-A-video-index0")
    numbered = health.find_camera("0", tmp_path)
    assert numbered.is_there
    assert numbered.advice.startswith(f"better say {by_id}/usb-A-video-index0")
    assert health.find_camera(str(by_id / "usb-A-video-index0"), tmp_path).advice == ""
    missing = health.find_camera(f"{tmp_path}/v4l/by-id/usb-B-video-index0", tmp_path)
    assert not missing.is_there
    assert missing.is_needed
    assert "usb-A-video-index0" in missing.advice


def test_a_video_file_is_a_camera_and_a_missing_one_is_not(tmp_path: Path) -> None:
    video = tmp_path / "rehearsal.avi"
    assert not health.find_camera(str(video)).is_there
    video.touch()
    assert health.find_camera(str(video)).is_there


class _Camera(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response({"/video": 200, "/secret": 401}.get(self.path.split("?")[0], 404))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_camera_on_the_network_is_asked_whether_it_is_there() -> None:
    with HTTPServer(("127.0.0.1", 0), _Camera) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        address = f"127.0.0.1:{server.server_address[1]}"
        assert health.find_camera(f"http://{address}/video?fps=25").is_there
        assert "password" in health.find_camera(f"http://{address}/secret").advice
        known = health.find_camera(f"http://me:hush@{address}/secret")
        assert (known.is_there, known.advice) == (True, "")
        refused = health.look_through_camera(CameraConfig(source=f"http://me:hush@{address}/secret"))
        assert not refused.is_there
        assert "user and password right?" in refused.advice
        assert "hush" not in refused.state + refused.advice
        assert health.find_camera(f"http://{address}/").state.endswith("is not known there")
        assert health.find_camera(f"rtsp://me:hush@{address}/video").state == f"rtsp://{address}/video answers"
        server.shutdown()
    assert "switched on" in health.find_camera(f"http://{address}/video").advice
    assert not health.find_camera("gopher://somewhere").is_there


def test_a_camera_is_looked_through(tmp_path: Path) -> None:
    with CameraServer(wall()) as server:
        finding = health.look_through_camera(CameraConfig(source=server.address))
        assert finding.is_there
        assert f"{server.address} answers: 640 × 360, " in finding.state
        server.fault = "stalled"
        silent = health.look_through_camera(CameraConfig(source=server.address))
        assert not silent.is_there
        assert "VLC" in silent.advice
    (tmp_path / "notes.mp4").write_text("no video")
    text = health.look_through_camera(CameraConfig(source=str(tmp_path / "notes.mp4")))
    assert not text.is_there
    assert "MP4" in text.advice
    assert not health.look_through_camera(CameraConfig(source=str(tmp_path / "absent.mp4"))).is_there


def test_a_camera_whose_works_are_kept_needs_no_memory_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "MEMORY", tmp_path / "nowhere")
    with CameraServer(wall()) as server:
        assert health.look_through_camera(CameraConfig(source=server.address, keep_artworks=True)).is_there
    passing = health.look_through_camera(CameraConfig(source=server.address))
    assert (passing.is_there, passing.is_needed) == (False, True)
    assert "camera.keep_artworks" in passing.advice
    assert not health.look_through_camera(CameraConfig()).is_needed


def test_where_music_can_be_taken_home_from_is_in_the_table_if_it_can(capsys: pytest.CaptureFixture[str]) -> None:
    health.check(KioskConfig(web=WebConfig(enabled=True, address="kiosk.local", port=80)), (), None)
    assert "take home http://kiosk.local:80/" in table(capsys)
    health.check(KioskConfig(), (), None)
    assert "take home" not in table(capsys)


def test_a_full_disk_is_no_place_for_a_library(tmp_path: Path) -> None:
    finding = health.find_room("library", tmp_path / "not" / "yet" / "there", needed_bytes=10**18)
    assert not finding.is_there
    assert finding.advice.startswith("make room")


def test_a_pin_that_is_missing_or_can_be_read_by_others_is_told(tmp_path: Path) -> None:
    path = tmp_path / "admin-pin.json"
    assert "--set-pin" in health.find_pin(path).advice
    PinFile(path).choose("4711")
    assert health.find_pin(path).is_there
    path.chmod(0o644)
    assert health.find_pin(path).advice == f"chmod 600 {path}"


def test_a_study_that_is_not_there_is_needed(tmp_path: Path) -> None:
    for name, is_there in (("absent.yaml", False), ("there.yaml", True)):
        (tmp_path / "there.yaml").touch()
        finding = health.find_study(tmp_path / name)
        assert (finding.is_there, bool(finding.advice), finding.is_needed) == (is_there, not is_there, True)


def test_the_memory_that_the_model_needs_is_stated_before_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    fits = health.find_memory(KioskConfig(), Machine(8 * 10**9))
    assert (fits.is_there, fits.advice) == (True, "")
    assert fits.state == "0.7 GB for the model (float32 on cpu), 8.0 GB free"
    tight = health.find_memory(KioskConfig(sampling=SamplingConfig(candidates=64)), Machine(2 * 10**9))
    assert not tight.is_there
    assert tight.advice.startswith("mini needs ")
    full = health.find_memory(KioskConfig(), Machine(10**8))
    assert (full.is_there, full.is_needed) == (False, False)
    assert "are free" in full.state


def test_a_model_that_cannot_be_counted_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"unet": ["diffusers", "UNet"]}')
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "model.safetensors").write_bytes(b"cut off")
    finding = health.find_memory(KioskConfig(model=str(tmp_path)), Machine(8 * 10**9))
    assert (finding.is_there, finding.is_needed) == (False, False)
    assert f"model '{tmp_path}': damaged" in finding.state
    assert f"art2mus.models verify {tmp_path}" in finding.advice


def test_a_graphics_card_is_known_by_nvidias_tool(tmp_path: Path) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho '1000, 25000, 41'\n")
    tool.chmod(0o755)
    assert health.machine_of(1, ask_now(tool)).card_free_bytes == 24_000 * 2**20
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert ask_now(tool) == ()
    assert health.machine_of(1, ()).card_free_bytes is None
