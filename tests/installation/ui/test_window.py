"""The ui process as the director knows it: spawned, spoken to over a real pipe, killed and gone."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from PyQt6.QtCore import QEvent, Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QKeyEvent
from PyQt6.QtWidgets import QApplication

from installation.channel import Channel
from installation.labels import read_gallery
from installation.messages import (
    ComposeProgress,
    CueClip,
    FromUi,
    QuitRequested,
    SceneChanged,
    ShowWork,
    Shutdown,
    ToUi,
    UiHeartbeat,
    UiReady,
    WallLabel,
)
from installation.settings import UiSettings
from installation.ui.window import ShowWindow, main
from installation.works import BUNDLED_GALLERY
from tests.installation.ui.scripted_tap import ScriptedTap, make_clip

PATIENCE_S = 60.0
MAX_MEMORY_MB = 250


class Ui:
    """A ui process on a screen of 1920 × 1080, and the director's end of its pipe."""

    def __init__(self) -> None:
        here, there = multiprocessing.Pipe(duplex=True)
        self.channel: Channel[ToUi, FromUi] = Channel(here)
        spawn = multiprocessing.get_context("spawn")
        tap = ScriptedTap([("clip", time.monotonic(), 1.0)])
        arguments = (there, UiSettings(tap_name="", is_windowed=False), tap)
        self.process: BaseProcess = spawn.Process(target=run_main, args=arguments)
        self.process.start()
        there.close()

    def hear(self, kind: type[FromUi]) -> FromUi:
        """The next message of this kind."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            message = self.channel.receive(timeout_s=1.0)
            if isinstance(message, kind):
                return message
        raise AssertionError(f"no {kind.__name__} in {PATIENCE_S} s")

    def num_frames(self) -> int:
        """As the next heartbeat says."""
        beat = self.hear(UiHeartbeat)
        assert isinstance(beat, UiHeartbeat)
        return beat.num_frames

    def peak_memory_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


def run_main(connection: Connection, settings: UiSettings, tap: ScriptedTap) -> None:
    main(Channel(connection), settings, tap)
    if not tap.is_closed:
        raise AssertionError("the tap was not let go")


@pytest.fixture
def ui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ui]:
    screen = {"name": "screen", "x": 0, "y": 0, "width": 1920, "height": 1080, "logicalDpi": 96, "dpr": 1}
    (tmp_path / "screens.json").write_text(json.dumps({"screens": [screen]}))
    monkeypatch.setenv("QT_QPA_PLATFORM", f"offscreen:configfile={tmp_path / 'screens.json'}")
    running = Ui()
    yield running
    if running.process.is_alive():
        running.process.kill()
    running.process.join(PATIENCE_S)


def test_it_comes_up_shows_works_stays_small_and_leaves_when_told(ui: Ui) -> None:
    ready = ui.hear(UiReady)
    assert ready == UiReady(1920, 1080, "offscreen")
    works = read_gallery(BUNDLED_GALLERY)
    ui.channel.send(SceneChanged("listening"))
    for index, work in enumerate(works[:4]):
        ui.channel.send(CueClip(make_clip("clip", work.artwork_id, index, 60.0)))
        ui.channel.send(ShowWork(work.artwork_id, work.path, work.label, 0.5, time.monotonic()))
        ui.channel.send(ComposeProgress(f"job{index}", 5, 20))
        num_frames = ui.num_frames()
        assert any(ui.num_frames() > num_frames for _ in range(30)), "it paints on"
    assert ui.peak_memory_mb() < MAX_MEMORY_MB
    ui.channel.send(Shutdown())
    ui.process.join(PATIENCE_S)
    assert ui.process.exitcode == 0


def test_it_leaves_when_the_director_is_gone(ui: Ui) -> None:
    ui.hear(UiReady)
    ui.channel.close()
    ui.process.join(PATIENCE_S)
    assert ui.process.exitcode == 0


def test_an_exception_in_a_slot_does_not_end_it(ui: Ui) -> None:
    ui.hear(UiReady)
    ui.channel.send(CueClip(None))  # type: ignore[arg-type]
    beats = [ui.hear(UiHeartbeat) for _ in range(3)]
    assert isinstance(beats[2], UiHeartbeat)
    assert beats[2].num_frames > 0
    assert ui.process.is_alive()


# ---------------------------------------------------------------- the window, in this process


@pytest.fixture
def window(app: QApplication) -> Iterator[tuple[ShowWindow, list[FromUi]]]:
    said: list[FromUi] = []
    shown = ShowWindow(UiSettings(tap_name=""), ScriptedTap([("bed", time.monotonic(), 1.0)]), said.append)
    shown.present(is_windowed=True)
    yield shown, said
    shown.dismantle()
    shown.hide()
    shown.deleteLater()


def wait_until(app: QApplication, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        app.processEvents()


def test_a_picture_that_cannot_be_read_leaves_the_last_one_hanging(
    app: QApplication,
    window: tuple[ShowWindow, list[FromUi]],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    shown, _ = window
    good = read_gallery(BUNDLED_GALLERY)[0]
    shown.take(ShowWork(good.artwork_id, good.path, good.label, 0.0, time.monotonic()))
    wait_until(app, lambda: shown.room.wall.stage is not None and shown.room.wall.stage.artwork_id == good.artwork_id)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(good.path.read_bytes()[:3000])
    with caplog.at_level(logging.WARNING):
        for path in (broken, tmp_path / "missing.jpg"):
            caplog.clear()
            shown.take(ShowWork("other", path, WallLabel("Other"), 0.0, time.monotonic()))
            wait_until(app, lambda: bool(caplog.records))
            assert len(caplog.records) == 1
            assert "\n" not in caplog.records[0].getMessage()
    assert shown.room.wall.stage is not None
    assert shown.room.wall.stage.artwork_id == good.artwork_id
    frames = shown.num_frames
    wait_until(app, lambda: shown.num_frames > frames + 5)


def test_another_label_comes_without_a_new_fade(app: QApplication, window: tuple[ShowWindow, list[FromUi]]) -> None:
    shown, _ = window
    work = read_gallery(BUNDLED_GALLERY)[0]
    show = ShowWork(work.artwork_id, work.path, work.label, 0.0, time.monotonic())
    shown.take(show)
    wall = shown.room.wall
    wait_until(app, lambda: wall.stage is not None and wall.stage.artwork_id == work.artwork_id)
    wait_until(app, lambda: wall.fade is None)
    stage, frames = wall.stage, shown.num_frames
    assert stage is not None
    before = stage.text.copy()
    shown.take(replace(show, picture_path=Path("renamed.jpg"), label=WallLabel("A longer title than before", "Nobody")))
    wait_until(app, lambda: shown.num_frames > frames + 5)
    assert wall.stage is stage, "the painting itself is not hung again"
    assert wall.fade is None
    assert stage.text != before


def test_of_many_works_wanted_the_newest_hangs(app: QApplication, window: tuple[ShowWindow, list[FromUi]]) -> None:
    shown, _ = window
    works = read_gallery(BUNDLED_GALLERY)
    hung: list[str] = []
    shown._prepared.connect(lambda stage, _: hung.append(stage.artwork_id))
    for work in works[:8]:
        shown.take(ShowWork(work.artwork_id, work.path, work.label, 0.0, time.monotonic()))
    newest = works[7].artwork_id
    wait_until(app, lambda: newest in hung)
    assert shown.room.wall.stage is not None
    assert shown.room.wall.stage.artwork_id == newest
    assert len(hung) <= 3, "the room before any work, the one in work, and the newest"


def test_a_new_size_is_hung_anew(app: QApplication, window: tuple[ShowWindow, list[FromUi]]) -> None:
    shown, _ = window
    wait_until(app, lambda: shown.room.wall.stage is not None)
    shown.resize(640, 900)
    wait_until(app, lambda: shown.room.wall.stage is not None and shown.room.wall.stage.layout.screen.height == 900)
    grabbed = shown.grab().toImage()
    assert (grabbed.width(), grabbed.height()) == (640, 900)


def test_dismantled_while_it_is_resized_it_does_nothing_more(
    app: QApplication, window: tuple[ShowWindow, list[FromUi]]
) -> None:
    shown, _ = window
    shown.resize(640, 900)
    app.processEvents()
    assert sum(timer.isActive() for timer in shown.findChildren(QTimer)) == 2
    shown.dismantle()
    assert not any(timer.isActive() for timer in shown.findChildren(QTimer))


def test_leaving_is_asked_for_and_left_to_the_director(
    app: QApplication, window: tuple[ShowWindow, list[FromUi]]
) -> None:
    shown, said = window
    modifiers = Qt.KeyboardModifier
    for key, modifier in ((Qt.Key.Key_A, modifiers.NoModifier), (Qt.Key.Key_Escape, modifiers.NoModifier)):
        app.sendEvent(shown, QKeyEvent(QEvent.Type.KeyPress, key, modifier))
    assert said.count(QuitRequested()) == 1
    app.sendEvent(shown, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Q, modifiers.ControlModifier))
    app.sendEvent(shown, QCloseEvent())
    assert said.count(QuitRequested()) == 3
    assert shown.isVisible()


def test_no_screen_is_no_crash() -> None:
    from installation.ui.application import choose_platform

    environment = os.environ.copy()
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        environment.pop(name, None)
    environment["QT_QPA_PLATFORM_PLUGIN_PATH"] = "/somewhere/cv2/qt/plugins"
    choose_platform(environment)
    assert environment["QT_QPA_PLATFORM"] == "offscreen"
    assert "QT_QPA_PLATFORM_PLUGIN_PATH" not in environment
