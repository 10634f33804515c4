"""`python -m bench.screen`: how fast every scene is painted, and how long the screen's thread is ever held up.

The window is shown on a screen in memory (Xvfb) and painted by software, as on a kiosk without a graphics card. What
is counted is what counts for the eye: frames painted in a second, and the longest pause between two turns of the
window's event loop, while works change, the camera's picture runs, and the bundled model composes one piece after the
other, on as many threads as in the kiosk.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from art2mus.arguments import positive
from installation.config import ComposerConfig
from installation.labels import Work, read_gallery
from installation.messages import (
    CameraFrame,
    CameraView,
    ComposeProgress,
    CueClip,
    HeardClip,
    Hint,
    SceneChanged,
    ShowWork,
    ToUi,
)
from installation.settings import UiSettings
from installation.works import BUNDLED_GALLERY
from tests.screen import missing, virtual_screen

SIZES = ((1920, 1080), (1080, 1920), (3840, 2160))
MIN_FPS, MAX_PAUSE_MS = 30.0, 50.0
_CAMERA_SIZE = (720, 1280, 3)
_TURN_MS = 5
_OUTLINE = ((0.3, 0.2), (0.7, 0.25), (0.68, 0.8), (0.31, 0.78))


class MovingEye:
    """A camera whose picture moves, thirty times a second."""

    def __init__(self) -> None:
        """Two pictures in turn."""
        noise = np.random.default_rng(1)
        self._pictures = [noise.integers(0, 255, _CAMERA_SIZE, dtype=np.uint8) for _ in range(2)]

    def newest(self) -> CameraFrame | None:
        """A new one every thirtieth of a second."""
        number = int(30 * time.monotonic())
        return CameraFrame(self._pictures[number % 2], number / 30)

    def close(self) -> None:
        """Nothing to let go."""


class EvenTap:
    """Plays one clip, and a chord for the spectrum."""

    def __init__(self) -> None:
        """Silence."""
        self.clip_id, self.start_s = "", 0.0

    def heard(self, now_s: float) -> tuple[HeardClip, ...]:
        """The clip."""
        return (HeardClip(self.clip_id, now_s - self.start_s, 1.0),) if self.clip_id else ()

    def samples(self, num_frames: int, now_s: float) -> np.ndarray:
        """Noise that changes."""
        return np.random.default_rng(int(1000 * now_s)).normal(0, 0.05, (num_frames, 2)).astype(np.float32)

    def sample_rate(self) -> int:
        """As of a usual device."""
        return 48_000

    def close(self) -> None:
        """Nothing to let go."""


@dataclass(frozen=True)
class Measured:
    """What one scene took.

    Attributes:
        name: Of the scene.
        fps: Frames painted in a second.
        frame_ms: Of the processor, for one of them.
        longest_pause_ms: For which the event loop did not turn.
    """

    name: str
    fps: float
    frame_ms: float
    longest_pause_ms: float

    @property
    def is_reached(self) -> bool:
        """Whether both goals are."""
        return self.fps >= MIN_FPS and self.longest_pause_ms <= MAX_PAUSE_MS


def compose_for_ever() -> None:
    """What the composer process does, without a pause, until it is told to end."""
    from installation.composer import be_considerate

    is_over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: is_over.set())  # after the piece in work: nothing is left behind
    be_considerate(max(1, len(os.sched_getaffinity(0)) - 1), ComposerConfig().niceness)
    from art2mus.images import load_artwork
    from art2mus.models import BUNDLED, load_pipeline

    pipeline, artwork = load_pipeline(BUNDLED), load_artwork(read_gallery(BUNDLED_GALLERY)[0].path)
    pipeline.set_progress_bar_config(disable=True)
    while not is_over.is_set():
        pipeline(artwork)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns 1 where a goal was missed, 2 where there is no screen to measure on."""
    parser = argparse.ArgumentParser(prog="python -m bench.screen", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=positive, default=6.0, help="of every scene (default: 6)")
    options = parser.parse_args(arguments)
    if reason := missing():
        print(reason, file=sys.stderr)
        return 2
    console, is_reached = Console(soft_wrap=True), True
    for size in SIZES:
        measured = measure(size, options.seconds)
        console.print(table_of(measured, size))
        is_reached &= all(each.is_reached for each in measured)
    return 0 if is_reached else 1


def measure(size: tuple[int, int], seconds: float) -> list[Measured]:
    """Show every scene for so long on a screen of this size, beside a composer."""
    spawn = get_context("spawn")
    composer = spawn.Process(target=compose_for_ever, daemon=True)
    composer.start()
    try:
        with virtual_screen(*size) as environment, ProcessPoolExecutor(1, spawn) as apart:
            return apart.submit(show_scenes, environment, seconds).result()
    finally:
        composer.terminate()
        composer.join()


def show_scenes(environment: dict[str, str], seconds: float) -> list[Measured]:
    """Show every scene on this screen; for a process of its own."""
    os.environ.update(environment)
    from PyQt6.QtCore import Qt, QTimer

    from installation.ui.application import start_application
    from installation.ui.window import ShowWindow

    app = start_application()
    tap = EvenTap()
    window = ShowWindow(UiSettings(tap_name="", max_fps=40), tap, lambda _message: None, eye=MovingEye())
    window.present(is_windowed=False)
    while window.room.wall.stage is None:
        app.processEvents()
    turns: list[float] = []
    clock = QTimer()
    clock.setTimerType(Qt.TimerType.PreciseTimer)
    clock.timeout.connect(lambda: turns.append(time.monotonic()))
    clock.start(_TURN_MS)
    measured = []
    for name, step in scenes(tap, window.take):
        step()
        began_s, used_s, num_frames = time.monotonic(), time.thread_time(), window.num_frames
        turns.clear()
        QTimer.singleShot(round(1000 * seconds), app.exit)
        app.exec()
        num_frames = window.num_frames - num_frames
        fps = num_frames / (time.monotonic() - began_s)
        frame_ms = 1000 * (time.thread_time() - used_s) / max(1, num_frames)
        measured.append(Measured(name, fps, frame_ms, 1000 * float(np.diff(turns).max()) - _TURN_MS))
    clock.stop()
    window.dismantle()
    return measured


def scenes(tap: EvenTap, tell: Callable[[ToUi], None]) -> list[tuple[str, Callable[[], None]]]:
    """Name, and what is said to the window at its beginning."""
    from tests.installation.ui.scripted_tap import make_clip

    works = read_gallery(BUNDLED_GALLERY)

    def show(work: Work) -> None:
        tell(CueClip(make_clip(work.artwork_id, work.artwork_id, 1, 600.0)))
        tap.clip_id, tap.start_s = work.artwork_id, time.monotonic()
        tell(ShowWork(work.artwork_id, Path(work.path), work.label, 4.0, time.monotonic()))

    def look() -> None:
        tell(SceneChanged("looking"))
        tell(CameraView(_OUTLINE, Hint.NONE, 0.5))

    def compose() -> None:
        tell(ShowWork(works[3].artwork_id, Path(works[3].path), works[3].label, 4.0, time.monotonic()))
        tell(SceneChanged("composing"))
        tell(ComposeProgress("job", 2, 20))

    def listen() -> None:
        show(works[3])
        tell(SceneChanged("listening"))

    def spectrum() -> None:
        tap.clip_id = "bed"

    return [
        ("attract: the first work comes", lambda: show(works[0])),
        ("attract: a work changes", lambda: show(works[1])),
        ("attract: pan and zoom", lambda: None),
        ("looking: the camera's picture", look),
        ("composing: a visitor's work comes", compose),
        ("listening", listen),
        ("listening, without a score", spectrum),
    ]


def table_of(measured: Sequence[Measured], size: tuple[int, int]) -> Table:
    """One row for each scene; what misses its goal is red."""
    table = Table(title="The screen, {} × {}".format(*size), title_justify="left")
    for heading in ("", "frames a second", "processor for a frame", "longest pause"):
        table.add_column(heading, justify="left" if not heading else "right")
    for each in measured:
        cells = (f"{each.fps:.1f}", f"{each.frame_ms:.1f} ms", f"{each.longest_pause_ms:.0f} ms")
        table.add_row(each.name, *cells, style=None if each.is_reached else "red")
    table.add_section()
    table.add_row("goal", f"≥ {MIN_FPS:g}", "", f"≤ {MAX_PAUSE_MS:g} ms")
    return table


if __name__ == "__main__":
    sys.exit(main())
