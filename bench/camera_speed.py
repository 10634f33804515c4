"""How long the camera takes: for a picture, from held still to handed over, and as a process before a stream."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import cv2
import numpy as np

from bench.camera_parts import Line, artworks, every_other, known_works
from installation.camera import VIEW_BYTES
from installation.camera.artworks import ArtworkFolder
from installation.camera.find import Finder
from installation.camera.rectify import Pixels
from installation.camera.trigger import Trigger
from installation.camera.watcher import main
from installation.channel import Channel
from installation.messages import (
    ArtworkSeen,
    CameraHeartbeat,
    CameraReady,
    FromCamera,
    KnowWorks,
    Shutdown,
    ToCamera,
)
from installation.settings import CameraSettings
from tests.camera_server import CameraServer, take_pictures
from tests.scenes import Conditions, render, render_wall
from tests.scenes_moving import held_still

MIN_FPS, MAX_HANDED_S = 25.0, 0.3
STREAM_FPS, NUM_STILL = 30.0, 30
HOLD_S = 1.0
WALL_S, PATIENCE_S = 2.5, 20.0
NUM_HELD_UP = 8
"""So many works are held up before the process; it knows none of them."""


def speed_lines(seed: int) -> list[Line]:
    """The processor's time for each camera frame, and from held still to an artwork in a file."""
    cv2.setNumThreads(1)
    times: list[float] = []
    handed: list[float] = []
    for number, artwork in enumerate(artworks().values()):
        finder, trigger = Finder(every_other()), Trigger()
        with tempfile.TemporaryDirectory(prefix="art2mus-bench") as folder:
            for count, frame in enumerate(held_still(np.random.default_rng((seed, number)), artwork, 40)):
                began_s = time.process_time()
                found = finder.find(frame)
                verdict = trigger.update(count / 25, frame, found)
                times.append(time.process_time() - began_s)
                if verdict.is_new and found is not None:
                    ArtworkFolder(Path(folder), has_white_balance=False).keep(frame, found)
                    handed.append(time.process_time() - began_s)
    milliseconds, worst_s = 1000 * np.array(times), max(handed, default=float("nan"))
    mean = float(milliseconds.mean())
    return [
        Line("pictures searched a second, 1280×720, one core", f"{1000 / mean:.0f}", "≥ 25", mean <= 1000 / MIN_FPS),
        Line("a picture: median", f"{np.median(milliseconds):.1f} ms"),
        Line("a picture: 99th percentile", f"{np.percentile(milliseconds, 99):.1f} ms"),
        Line(
            "held still and handed over",
            f"{len(handed)} of {len(artworks())}",
            str(len(artworks())),
            len(handed) == len(artworks()),
        ),
        Line("held still to handed over: longest", _ms(worst_s), "< 300 ms", worst_s < MAX_HANDED_S),
    ]


def process_lines(seed: int) -> list[Line]:
    """The camera's process itself on one core, before a stream: pictures shown, and how soon a work is answered."""
    wall = take_pictures([render_wall(np.random.default_rng(seed), Conditions()).camera_frame])
    names = list(artworks())[1 : 2 * NUM_HELD_UP : 2]
    works = [
        take_pictures(list(held_still(np.random.default_rng((seed, number)), artworks()[name], NUM_STILL)))
        for number, name in enumerate(names)
    ]
    late_s = []
    with CameraServer(np.full((720, 1280, 3), 170, np.uint8), STREAM_FPS) as server, _running(server.address) as camera:
        camera.hear_until(CameraReady, PATIENCE_S)
        camera.channel.send(KnowWorks(()))
        for pictures in works:
            server.play(wall)
            camera.hear_until(None, WALL_S)
            server.play(pictures)
            shown_s = time.monotonic()
            camera.hear_until(ArtworkSeen, PATIENCE_S)
            late_s.append(time.monotonic() - shown_s - HOLD_S)
            camera.hear_until(None, HOLD_S)
    fps = float(np.median(camera.fps))
    name = f"preview of a stream with {STREAM_FPS:.0f} pictures a second, with detection, one core"
    return [
        Line(name, f"{fps:.1f} a second", "≥ 25", fps >= MIN_FPS),
        Line("shown in the stream to handed over, beyond the second it is held: median", _ms(np.median(late_s))),
        Line("  longest", _ms(max(late_s))),
    ]


class _Camera:
    """The director's end of the process.

    Attributes:
        channel: To it.
        fps: What it said of the pictures it had taken in the last second, again and again.
    """

    def __init__(self, channel: Channel[ToCamera, FromCamera]) -> None:
        self.channel = channel
        self.fps: list[float] = []

    def hear_until(self, kind: type[FromCamera] | None, seconds: float) -> None:
        """Hear what it says until there is a message of this kind, or for so long where none is named.

        Raises: TimeoutError when the message does not come.
        """
        until_s = time.monotonic() + seconds
        while (rest_s := until_s - time.monotonic()) > 0:
            message = self.channel.receive(rest_s)
            if isinstance(message, CameraHeartbeat) and message.frames_per_s:
                self.fps.append(message.frames_per_s)
            if kind is not None and isinstance(message, kind):
                return
        if kind is not None:
            raise TimeoutError(f"the camera's process gave no {kind.__name__} within {seconds} s")


@contextlib.contextmanager
def _running(address: str) -> Iterator[_Camera]:
    """The camera's process, on one core."""
    spawn = get_context("spawn")
    here, there = spawn.Pipe(duplex=True)
    view = SharedMemory(create=True, size=VIEW_BYTES)
    with tempfile.TemporaryDirectory(prefix="art2mus-bench") as folder:
        settings = CameraSettings(address, view.name, Path(folder), hold_s=HOLD_S)
        process = spawn.Process(target=_run, args=(there, settings), daemon=True)
        process.start()
        there.close()
        camera = _Camera(Channel(here))
        try:
            yield camera
            camera.channel.send(Shutdown())
            process.join(PATIENCE_S)
        finally:
            process.kill()
            view.close()
            view.unlink()


def _run(connection: Connection, settings: CameraSettings) -> None:
    os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    main(Channel(connection), settings)


def many_lines(seed: int, num_looks: int = 60) -> list[Line]:
    """Recognition among some hundreds: the ninths of the artworks, as they are and mirrored."""
    pieces = dict(_ninths())
    began = time.process_time()
    known = known_works(pieces)
    learning_s = time.process_time() - began
    rng, times, num_right, num_wrong = np.random.default_rng(seed), [], 0, 0
    for name in rng.choice(list(pieces), num_looks, replace=False):
        conditions = Conditions(
            yaw_deg=rng.uniform(-30, 30), roll_deg=rng.uniform(-20, 20), share=rng.uniform(0.3, 0.8)
        )
        scene = render(rng, pieces[name], conditions)
        began = time.process_time()
        match = known.recognise(scene.camera_frame, scene.corners)
        times.append(time.process_time() - began)
        num_right += match is not None and match.artwork_id == name
        num_wrong += match is not None and match.artwork_id != name
    return [
        Line(f"among {len(known)} works: recognised", f"{num_right} of {num_looks}"),
        Line(f"among {len(known)} works: taken for another", str(num_wrong), "0", num_wrong == 0),
        Line(f"among {len(known)} works: median time", _ms(np.median(times))),
        Line(f"learning {len(known)} works", f"{learning_s:.1f} s"),
    ]


def _ninths() -> Iterator[tuple[str, Pixels]]:
    for name, artwork in artworks().items():
        height, width = (size // 3 for size in artwork.shape[:2])
        for row, column in np.ndindex(3, 3):
            piece = artwork[row * height : (row + 1) * height, column * width : (column + 1) * width]
            larger = np.asarray(cv2.resize(piece, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
            yield f"{name}-{row}{column}", larger
            yield f"{name}-{row}{column}-mirrored", np.ascontiguousarray(larger[:, ::-1])


def _ms(seconds: float | np.floating) -> str:
    return f"{1000 * float(seconds):.0f} ms"
