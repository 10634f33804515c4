"""Real sources, read by the real OpenCV: an MJPEG server that breaks in every way, and a file."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from installation.camera import probe
from installation.camera import reader as reader_module
from installation.camera.reader import Reader
from installation.camera.source import Source, SourceError, oriented
from installation.settings import CameraSettings
from tests.camera_server import CameraServer
from tests.installation.camera.cameras import painting_on_wall, wall

pytestmark = pytest.mark.alone

STALLED_S = 0.5
Read = Callable[..., Reader]


def settings(source: str, **changes: object) -> CameraSettings:
    return dataclasses.replace(CameraSettings(source, "", Path(), stalled_after_s=STALLED_S), **changes)


@pytest.fixture
def read() -> Iterator[Read]:
    """Begins to read a source; ends with the test."""
    readers: list[Reader] = []

    def begin(source: str, show: Callable[[object, float], None] = lambda *_: None, **changes: object) -> Reader:
        readers.append(Reader(Source(settings(source, **changes)), STALLED_S, show))
        return readers[-1]

    yield begin
    for reader in readers:
        assert reader.close(timeout_s=5.0)


def until(is_so: Callable[[], bool], reader: Reader, timeout_s: float = 10.0) -> float:
    """Wait until it is so, at the pace of the reader; returns how long that took."""
    began_s = time.monotonic()
    while not is_so():
        assert time.monotonic() - began_s < timeout_s, reader.reason
        reader.wait_for(10**9, 0.02)
    return time.monotonic() - began_s


@pytest.fixture
def server() -> Iterator[CameraServer]:
    with CameraServer(wall()) as server:
        yield server


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "FIRST_PAUSE_S", 0.2)


def test_pictures_come_in_order_and_the_newest_is_kept(read: Read, server: CameraServer) -> None:
    shown: list[float] = []
    reader = read(server.address, show=lambda _pixels, at_s: shown.append(at_s))
    first = reader.wait_for(0, 10.0)
    assert first is not None
    assert first.pixels.shape == (360, 640, 3)
    later = reader.wait_for(first.number + 10, 10.0)
    assert later is not None
    assert later.number > first.number + 10
    assert reader.age_s(time.monotonic()) < 0.5
    assert reader.wait_for(later.number + 100, 0.0) is None
    assert shown == sorted(shown)
    assert 5 <= reader.frames_per_s(time.monotonic()) <= 30


@pytest.mark.parametrize("fault", ["frozen", "stalled"])
def test_a_source_that_hangs_is_noticed_and_taken_again(read: Read, server: CameraServer, fault: str) -> None:
    reader = read(server.address)
    assert reader.wait_for(3, 10.0) is not None
    server.fault = fault  # type: ignore[assignment]
    until(lambda: reader.age_s(time.monotonic()) > STALLED_S, reader)
    until(lambda: server.num_connections >= 2, reader)
    number = reader.num_taken
    server.fault = ""
    assert reader.wait_for(number + 3, 10.0) is not None


def test_the_last_picture_sent_again_by_a_server_that_came_back_is_not_news(read: Read, server: CameraServer) -> None:
    reader = read(server.address)
    assert reader.wait_for(3, 10.0) is not None
    server.fault = "frozen"
    until(lambda: server.num_connections >= 3, reader)
    assert reader.age_s(time.monotonic()) > 2 * STALLED_S
    assert "same picture" in reader.reason


def test_a_source_that_may_repeat_itself_is_not_frozen(read: Read, server: CameraServer) -> None:
    server.fault = "frozen"
    reader = read(server.address, may_repeat=True)
    assert reader.wait_for(25, 10.0) is not None
    assert server.num_connections == 1


def test_a_server_that_dies_is_tried_until_it_is_back(read: Read, server: CameraServer) -> None:
    reader = read(server.address)
    assert reader.wait_for(3, 10.0) is not None
    server.die()
    until(lambda: "cannot be opened" in reader.reason, reader)
    number = reader.num_taken
    server.come_back()
    assert reader.wait_for(number, 10.0) is not None


def test_pauses_between_attempts_grow_and_end_at_half_a_minute(
    read: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pauses: list[float] = []

    def note(reader: Reader, pause_s: float) -> None:
        pauses.append(pause_s)
        if len(pauses) == 9:
            reader._is_over.set()

    monkeypatch.setattr(reader_module, "FIRST_PAUSE_S", 1.0)
    monkeypatch.setattr(Reader, "_pause", note)
    reader = read(str(tmp_path / "nowhere.avi"))
    until(lambda: len(pauses) == 9, reader)
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30, 30]
    assert reader.reason == "there is no such file"


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second at 20 pictures a second: a wall that becomes brighter."""
    path = tmp_path_factory.mktemp("video") / "wall.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, (320, 180))
    for brightness in range(20):
        writer.write(np.full((180, 320, 3), 40 + 8 * brightness, np.uint8))
    writer.release()
    return path


def test_a_file_is_played_again_and_again_as_fast_as_it_was_taken(read: Read, video: Path) -> None:
    reader = read(str(video))
    first = reader.wait_for(0, 10.0)
    assert first is not None
    later = reader.wait_for(first.number + 29, 10.0)
    assert later is not None
    rate = (later.number - first.number) / (later.taken_at_s - first.taken_at_s)
    assert rate == pytest.approx(20, rel=0.15)


def test_a_source_that_blocks_for_ever_is_seen_to_hang(read: Read, tmp_path: Path) -> None:
    """A pipe that nobody writes to: opening it does not come back, as with some drivers."""
    pipe = tmp_path / "camera"
    os.mkfifo(pipe)
    reader = read(str(pipe))
    until(lambda: reader.hangs_for_s(time.monotonic()) > STALLED_S, reader)
    assert reader.reason == "it hangs"
    pipe.open("wb").close()  # lets the thread go


def test_a_device_that_is_not_plugged_in_is_away(tmp_path: Path) -> None:
    for name in (f"{tmp_path}/v4l/by-id/usb-A-video-index0", "3"):
        source = Source(settings(name), tmp_path)
        assert source.is_away()
        with pytest.raises(SourceError, match="not there"):
            source.open()
    (tmp_path / "video3").touch()
    source = Source(settings("3"), tmp_path)
    assert not source.is_away()
    with pytest.raises(SourceError, match="cannot be opened"):
        source.open()


def test_a_password_is_not_told() -> None:
    assert Source(settings("http://me:hush@camera.example/video?fps=25")).name == "http://camera.example/video?fps=25"


class Driver:
    """A video device as OpenCV shows it, with the controls that it has; none is at hand where tests run."""

    def __init__(self, controls: dict[int, tuple[float, ...]]) -> None:
        self.controls, self.values = controls, dict[int, float]()

    def set(self, control: int, value: float) -> bool:
        is_taken = value in self.controls.get(control, ())
        if is_taken:
            self.values[control] = value
        return is_taken

    def read(self) -> tuple[bool, np.ndarray]:
        return True, wall()

    def get(self, control: int) -> float:
        return self.values.get(control, 0.0)

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def release(self) -> None:
        pass


@pytest.mark.parametrize(
    ("modes", "exposure", "expected"),
    [((1, 3), 156.0, (1, 156.0)), ((1, 3), None, (3, None)), ((0, 1), None, (0, None)), ((), 156.0, (None, None))],
)
def test_the_exposure_is_locked_and_given_back(
    modes: tuple[float, ...],
    exposure: float | None,
    expected: tuple[float | None, float | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    driver = Driver({cv2.CAP_PROP_AUTO_EXPOSURE: modes, cv2.CAP_PROP_EXPOSURE: (156.0,) if modes else ()})
    monkeypatch.setattr("installation.camera.source.cv2.VideoCapture", lambda *_: driver)
    (tmp_path / "video0").touch()
    source = Source(settings("0", exposure=exposure), tmp_path)
    source.open().close()
    assert source.takes_exposure == bool(modes)
    assert (driver.values.get(cv2.CAP_PROP_AUTO_EXPOSURE), driver.values.get(cv2.CAP_PROP_EXPOSURE)) == expected
    assert ("it does not take exposure 156" in caplog.text) == (not modes)


def test_a_look_through_a_camera_says_that_it_takes_no_exposure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("installation.camera.source.cv2.VideoCapture", lambda *_: Driver({}))
    monkeypatch.setattr(probe, "LOOK_S", 0.01)
    monkeypatch.setattr(probe, "Source", lambda asked: Source(asked, tmp_path))
    (tmp_path / "video0").touch()
    assert probe.describe(settings("0", exposure=156.0)).endswith("; it does not take exposure 156")
    assert probe.describe(settings("0")).endswith(" a second")


class OneClient(Driver):
    """A camera that nobody else can open while it is open, and whose first picture brings the decoder down."""

    held_by: OneClient | None = None
    num_opened = 0

    def __init__(self) -> None:
        super().__init__({})
        if OneClient.held_by is None:
            OneClient.held_by, OneClient.num_opened = self, OneClient.num_opened + 1

    def isOpened(self) -> bool:  # noqa: N802
        return OneClient.held_by is self

    def read(self) -> tuple[bool, np.ndarray]:
        if OneClient.num_opened == 1:
            raise cv2.error("(-215:Assertion failed) !buf.empty()")
        return super().read()

    def release(self) -> None:
        if OneClient.held_by is self:
            OneClient.held_by = None


def test_a_camera_whose_picture_cannot_be_decoded_is_let_go_of_and_taken_again(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("installation.camera.source.cv2.VideoCapture", lambda *_: OneClient())
    reader = read("http://camera.example/video", may_repeat=True)
    assert reader.wait_for(3, 5.0) is not None, reader.reason
    assert OneClient.num_opened == 2


@pytest.mark.parametrize("name", ["3", "{dev}/video3"])
def test_a_device_that_is_known_by_its_number_comes_back_under_another(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        "installation.camera.source.cv2.VideoCapture", lambda path, _: opened.append(path) or Driver({})
    )
    lasting = tmp_path / "v4l" / "by-id" / "usb-A-video-index0"
    lasting.parent.mkdir(parents=True)
    source = Source(settings(name.format(dev=tmp_path)), tmp_path)
    for number in (3, 5):
        device = tmp_path / f"video{number}"
        device.touch()
        lasting.symlink_to(device)
        source.open().close()
        lasting.unlink()
        device.unlink()
        assert source.is_away()
    assert opened == [f"{tmp_path}/video3", f"{tmp_path}/video5"]


def test_pictures_are_turned_mirrored_and_made_smaller() -> None:
    picture = painting_on_wall(0, (640, 360))
    turned = oriented(picture, settings("0", rotate=90))
    np.testing.assert_array_equal(turned, np.rot90(picture, -1))
    np.testing.assert_array_equal(oriented(picture, settings("0", mirror=True)), picture[:, ::-1])
    assert oriented(picture, settings("0", width=320, height=180, rotate=270)).shape == (320, 180, 3)
