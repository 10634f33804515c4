"""The camera process as the director knows it: spawned, before a real stream, spoken to over a real pipe."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import psutil
import pytest

from art2mus.images import load_artwork
from installation.camera import watcher as watcher_module
from installation.camera.reader import Reader
from installation.camera.source import Source
from installation.camera.view import FrameReader
from installation.camera.watcher import Presence, Watcher, main
from installation.channel import Channel
from installation.memory_folder import memory_folder
from installation.messages import (
    ArtworkSeen,
    CameraHeartbeat,
    CameraLost,
    CameraReady,
    CameraView,
    FindMarkers,
    FixCorners,
    FromCamera,
    KnowWorks,
    MarkersFound,
    Shutdown,
    ToCamera,
    VisitorCame,
    VisitorLeft,
)
from installation.settings import CameraSettings
from tests.camera_server import CameraServer
from tests.installation.camera.cameras import PICTURES, painting_on_wall, view_memory, wall
from tests.installation.camera.test_markers import scene as painting_between_markers

pytestmark = pytest.mark.alone

PATIENCE_S = 60.0
KNOWN, UNKNOWN, ANOTHER = 3, 5, 7
MessageT = TypeVar("MessageT", bound=FromCamera)


class Camera:
    """A camera process before a stream, and the director's end of its pipe."""

    def __init__(self, stack: ExitStack) -> None:
        self.server = stack.enter_context(CameraServer(wall()))
        self.folder = stack.enter_context(memory_folder())
        self.view_name = stack.enter_context(view_memory())
        here, there = multiprocessing.Pipe(duplex=True)
        self.channel: Channel[ToCamera, FromCamera] = Channel(here)
        settings = CameraSettings(
            self.server.address, self.view_name, self.folder, stalled_after_s=1.0, hold_s=0.4, gone_after_s=0.6
        )
        spawn = multiprocessing.get_context("spawn")
        self.process = spawn.Process(target=run_main, args=(there, settings))
        self.process.start()
        there.close()
        self._heard: list[FromCamera] = []

    def has_said(self, kind: type[FromCamera]) -> bool:
        """Whether there was a message of this kind so far."""
        return any(isinstance(message, kind) for message in self._heard)

    def hear(self, kind: type[MessageT]) -> MessageT:
        """The next message of this kind."""
        deadline_s = time.monotonic() + PATIENCE_S
        while (rest_s := deadline_s - time.monotonic()) > 0:
            message = self.channel.receive(rest_s)
            if message is not None:
                self._heard.append(message)
            if isinstance(message, kind):
                return message
        raise TimeoutError(f"no {kind.__name__} came")

    def hold_up(self, index: int) -> ArtworkSeen:
        """Hold a work up until it is seen."""
        self.server.show(painting_on_wall(index))
        return self.hear(ArtworkSeen)

    def take_away(self) -> None:
        self.server.show(wall())
        self.hear(VisitorLeft)


def run_main(connection: Any, settings: CameraSettings) -> None:
    main(Channel(connection), settings)


@pytest.fixture(scope="module")
def camera() -> Iterator[Camera]:
    with ExitStack() as stack:
        camera = Camera(stack)
        assert camera.hear(CameraReady) == CameraReady(camera.server.address, 640, 360)
        camera.server.show(painting_on_wall(UNKNOWN))
        camera.hear(CameraHeartbeat)
        camera.hear(CameraHeartbeat)
        assert not camera.has_said(ArtworkSeen), "it does not know the gallery yet"
        camera.channel.send(KnowWorks(()))
        yield camera
        camera.channel.send(Shutdown())
        camera.process.join(10.0)
        assert camera.process.exitcode == 0


def test_an_unknown_work_is_seen_once_and_known_the_next_time(camera: Camera) -> None:
    camera.server.show(painting_on_wall(UNKNOWN))
    camera.hear(VisitorCame)
    seen = camera.hear(ArtworkSeen)
    assert seen.artwork_id.startswith("visitor-")
    assert seen.picture_path == camera.folder / f"{seen.artwork_id}.png"
    artwork, original = load_artwork(seen.picture_path), load_artwork(PICTURES[UNKNOWN])
    assert artwork.width / artwork.height == pytest.approx(original.width / original.height, rel=0.15)
    camera.take_away()
    assert camera.hold_up(UNKNOWN) == seen
    assert camera.hold_up(ANOTHER).artwork_id != seen.artwork_id, "another work, without a pause between them"
    camera.take_away()


def test_a_work_of_the_gallery_is_recognised(camera: Camera) -> None:
    camera.channel.send(KnowWorks((("of the gallery", PICTURES[KNOWN]),)))
    for _ in range(10):  # while it is being learned, it is a visitor's
        if camera.hold_up(KNOWN).artwork_id == "of the gallery":
            break
        camera.take_away()
    camera.take_away()
    camera.server.show(painting_on_wall(KNOWN))
    while (view := camera.hear(CameraView)).outline is None:
        pass
    assert all(0.0 < share < 1.0 for corner in view.outline for share in corner)
    assert camera.hear(ArtworkSeen) == ArtworkSeen("of the gallery", None)
    camera.take_away()


def test_fixed_corners_are_where_the_work_is(camera: Camera) -> None:
    corners = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
    camera.channel.send(FixCorners(corners))
    camera.server.show(painting_on_wall(ANOTHER))
    camera.hear(VisitorCame)
    while camera.hear(CameraView).outline != corners:
        pass
    camera.channel.send(FixCorners(None))
    camera.take_away()


def test_markers_say_where_the_painting_hangs_and_which_are_missing(camera: Camera) -> None:
    camera.channel.send(FindMarkers())
    assert camera.hear(MarkersFound) == MarkersFound(None, (1, 2, 3, 4))
    scene, corners = painting_between_markers()
    camera.server.show(cv2.resize(scene, (640, 360), interpolation=cv2.INTER_AREA))
    camera.channel.send(FindMarkers())
    found = camera.hear(MarkersFound)
    assert found.missing == ()
    assert np.array(found.corners) == pytest.approx(corners / (scene.shape[1], scene.shape[0]), abs=0.004)
    camera.server.show(wall())


def test_the_view_shows_what_the_camera_sees_now(camera: Camera) -> None:
    eye = FrameReader(camera.view_name)
    camera.hear(CameraHeartbeat)
    frame = eye.newest()
    assert frame is not None
    assert frame.pixels.shape == (360, 640, 3)
    red, _green, blue = frame.pixels.reshape(-1, 3).mean(axis=0)
    assert red > blue, "the wall is warm; what comes from OpenCV is BGR"
    assert time.monotonic() - frame.taken_at_s < 1.0
    eye.close()


def test_a_camera_that_freezes_is_lost_and_comes_back(camera: Camera) -> None:
    camera.hear(CameraHeartbeat)
    camera.server.fault = "frozen"
    frozen_at_s = time.monotonic()
    assert camera.hear(CameraLost).source == camera.server.address
    assert time.monotonic() - frozen_at_s < 2.0
    camera.server.fault = ""
    camera.hear(CameraReady)


def test_pictures_are_never_written_to_disk(camera: Camera) -> None:
    """What the kernel has put on a disk for the process, in bytes: nothing, however many works are held up."""
    process = psutil.Process(camera.process.pid)
    before = process.io_counters().write_bytes
    num_works = len(list(camera.folder.iterdir()))
    camera.hold_up(9)
    camera.take_away()
    camera.hold_up(11)
    camera.take_away()
    assert process.io_counters().write_bytes == before
    assert len(list(camera.folder.iterdir())) == num_works + 2
    assert not [file for file in process.open_files() if file.mode != "r" and not file.path.startswith("/dev/shm/")]


def test_a_source_that_hangs_is_lost_and_the_heartbeat_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher_module, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(watcher_module, "HANGING_S", 0.2)
    pipe = tmp_path / "camera"
    os.mkfifo(pipe)
    here, there = multiprocessing.Pipe(duplex=True)
    settings = dataclasses.replace(CameraSettings(str(pipe), "", tmp_path), stalled_after_s=0.2)
    reader = Reader(Source(settings), settings.stalled_after_s, lambda *_: None)
    watcher = Watcher(Channel(there), settings, reader)
    while reader.hangs_for_s(time.monotonic()) < 1.0:
        watcher.watch()
    said = []
    while here.poll():
        said.append(here.recv())
    assert CameraLost(str(pipe), "it hangs") in said
    assert 1 <= sum(isinstance(message, CameraHeartbeat) for message in said) <= 10
    pipe.open("wb").close()  # lets the thread go
    assert reader.close(timeout_s=5.0)


def test_markers_that_were_seen_are_not_missing_because_the_pictures_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_module, "MARKERS_WITHIN_S", 0.5)
    scene, _corners = painting_between_markers()
    scene[100:210, 830:940] = wall((110, 110))  # the second is not held up
    here, there = multiprocessing.Pipe(duplex=True)
    said: Channel[ToCamera, FromCamera] = Channel(here)
    with CameraServer(cv2.resize(scene, (640, 360), interpolation=cv2.INTER_AREA)) as server:
        settings = CameraSettings(server.address, "", tmp_path, stalled_after_s=1.0)
        reader = Reader(Source(settings), settings.stalled_after_s, lambda *_: None)
        watcher = Watcher(Channel(there), settings, reader)
        assert reader.wait_for(0, 10.0) is not None
        watcher.take(FindMarkers())
        watcher.watch()
        server.fault = "stalled"
        while not isinstance(message := said.receive(), MarkersFound):
            watcher.watch()
    assert message == MarkersFound(None, (2,))
    assert reader.close(timeout_s=5.0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_reader_that_has_died_earns_no_heartbeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(watcher_module, "HEARTBEAT_S", 0.05)
    here, there = multiprocessing.Pipe(duplex=True)
    settings = CameraSettings(str(tmp_path / "nowhere.avi"), "", tmp_path, stalled_after_s=0.2)
    source = Source(settings)
    monkeypatch.setattr(source, "is_away", refuse)
    reader = Reader(source, settings.stalled_after_s, lambda *_: None)
    reader._thread.join(5.0)
    watcher = Watcher(Channel(there), settings, reader)
    began_s = time.monotonic()
    while time.monotonic() < began_s + 0.5:
        watcher.watch()
    assert here.recv() == CameraLost(str(tmp_path / "nowhere.avi"), "there is no such file")
    assert not here.poll()


def test_of_galleries_that_follow_fast_only_the_newest_is_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder into which twenty pictures are copied changes twenty times."""
    learned: list[int] = []
    has_begun, may_go_on = threading.Event(), threading.Event()

    def learn(works: dict[str, Path]) -> None:
        learned.append(len(works))
        has_begun.set()
        may_go_on.wait(10.0)

    monkeypatch.setattr(watcher_module, "_learn", learn)
    settings = CameraSettings(str(tmp_path / "nowhere.avi"), "", tmp_path)
    reader = Reader(Source(settings), settings.stalled_after_s, lambda *_: None)
    watcher = Watcher(Channel(multiprocessing.Pipe()[0]), settings, reader)
    for num_works in (1, 2, 3, 4):
        watcher.take(KnowWorks(tuple((str(number), PICTURES[number]) for number in range(num_works))))
        has_begun.wait(10.0)
    may_go_on.set()
    watcher._learner.shutdown(wait=True)
    assert learned == [1, 4]
    assert reader.close(timeout_s=5.0)


def test_somebody_is_there_after_a_moment_and_gone_after_a_longer_one() -> None:
    presence = Presence(coming_s=0.3, gone_after_s=2.0)
    seen = [(0.0, True), (0.1, False), (0.2, True), (0.4, True), (0.6, True), (1.0, False), (1.5, True), (2.0, False)]
    assert [at_s for at_s, is_seen in seen if presence.update(at_s, is_seen)] == [0.6]
    assert presence.is_here
    assert not presence.update(3.9, False)
    assert presence.update(4.0, False)
    assert not presence.is_here
