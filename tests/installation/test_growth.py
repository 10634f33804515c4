"""What the parts of a kiosk keep while work follows work: nothing more after many of them than after half as many.

The director's part is `tests/week.py`; here are the parts in which pictures and samples pass through. Each is used as
its process uses it, in this process and as fast as it goes.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import psutil
import pytest
import soundfile
from PyQt6.QtWidgets import QApplication

from installation.audio import BLOCK_FRAMES, TAP_BYTES
from installation.audio.ahead import MixAhead
from installation.audio.beats import find_beat
from installation.audio.clips import load_clip
from installation.audio.limiter import Limiter
from installation.audio.mixer import Mixer
from installation.audio.seam import find_loop
from installation.audio.tap import TapWriter
from installation.camera.artworks import ArtworkFolder
from installation.camera.find import Finder
from installation.camera.match import KnownWorks
from installation.camera.trigger import Trigger
from installation.cues import Scene
from installation.labels import read_gallery
from installation.messages import CameraReady, CameraView, ComposeProgress, CueClip, Hint, TakeHome
from installation.ui.lettering import load_fonts
from installation.ui.room import Room
from installation.ui.stage import prepare_stage
from installation.works import BUNDLED_GALLERY
from tests.installation.audio.sounds import noise
from tests.installation.camera.cameras import wall
from tests.installation.ui.scripted_tap import ScriptedTap, make_clip
from tests.installation.ui.seen import StillEye, as_shown, grab, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MAX_GROWTH_MB = 8.0
RATE = 48_000
SIZE = (640, 360)
OUTLINE = ((0.3, 0.2), (0.7, 0.2), (0.7, 0.8), (0.3, 0.8))


def assert_nothing_grows(do: Callable[[int], None], num_times: int) -> None:
    """Do it so often, and compare what the process holds at the end with what it held halfway."""
    process, footprints = psutil.Process(), []
    for number in range(num_times):
        do(number)
        if number + 1 in (num_times // 2, num_times):
            gc.collect()
            footprints.append((process.memory_info().rss / 2**20, process.num_threads(), process.num_fds()))
    (before_mb, *before), (after_mb, *after) = footprints
    assert after_mb - before_mb < MAX_GROWTH_MB
    assert after == before


def clouds(seed: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """A picture that nobody has seen before, with shapes of every size; (height, width, 3)."""
    rng, sky = np.random.default_rng(seed), np.full((height, width, 3), 128.0)
    for size in (2, 5, 12, 30, 70):
        shapes = rng.normal(0.0, 120 / size**0.4, (size, size, 3))
        sky += cv2.resize(shapes, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(sky + rng.normal(0.0, 15.0, sky.shape), 0, 255).astype(np.uint8)


def test_sound(tmp_path: Path) -> None:
    """Clips are decoded, examined, faded to, and skipped."""
    path = tmp_path / "clip.flac"
    soundfile.write(path, noise(4.0, 1), RATE, subtype="PCM_16")
    memory = SharedMemory(create=True, size=TAP_BYTES)
    tap = TapWriter(memory.name, RATE)
    ahead, block = MixAhead(Mixer(RATE, crossfade_s=1.0), Limiter(RATE), tap), np.empty((BLOCK_FRAMES, 2), np.float32)

    def play(number: int) -> None:
        clip = load_clip(path, f"clip-{number}", RATE)
        samples = clip.frames(0, len(clip))
        clip.beat, clip.loop_length = find_beat(samples, RATE), find_loop(samples, RATE)
        ahead.do(lambda mixer: mixer.play(clip, 1.0), is_urgent=True)
        for _ in range(10 if number % 3 else 60):
            ahead.fill(16 * BLOCK_FRAMES)
            tap.ring.read_into(block)
        ahead.take_events()

    assert_nothing_grows(play, 120)
    tap.close()
    memory.close()
    memory.unlink()


def test_camera(tmp_path: Path) -> None:
    """Works that nobody knows are held up one after the other, found, cut out, and remembered for a while."""
    finder, trigger, folder = Finder(KnownWorks()), Trigger(), ArtworkFolder(tmp_path, has_white_balance=True)
    num_threads, num_seen = cv2.getNumThreads(), 0
    cv2.setNumThreads(1)  # as in its process

    def hold_up(number: int) -> None:
        nonlocal num_seen
        scene = wall()
        cv2.rectangle(scene, (170, 60), (470, 300), (30, 40, 60), -1)
        scene[75:285, 185:455] = clouds(number, 270, 210)
        for index in range(10):
            found = finder.find(scene)
            if trigger.update(10 * number + index / 5, scene, found).is_new and found is not None:
                artwork_id, path, artwork = folder.keep(scene, found)
                finder.known.add(artwork_id, artwork)
                path.unlink()
                num_seen += 1

    assert_nothing_grows(hold_up, 70)
    cv2.setNumThreads(num_threads)
    assert num_seen >= 63


def test_screen() -> None:
    """Works come and go, with visitors and without, in every scene."""
    app = QApplication.instance() or QApplication(["tests"])
    load_fonts()
    works = read_gallery(BUNDLED_GALLERY)
    tap = ScriptedTap([])
    room = Room(tap, 0.0, eye=StillEye())
    room.see(CameraReady("camera", *SIZE))

    def show(number: int) -> None:
        work, at_s = works[number % len(works)], 10.0 * number
        stage = prepare_stage(work.artwork_id, work.path, work.label, *SIZE)
        room.enter(Scene.LOOKING if number % 2 else Scene.ATTRACT)
        room.see(CameraView(OUTLINE, Hint.NONE, 0.5))
        run(room, at_s, at_s + 0.2)
        if number % 2:
            room.enter(Scene.COMPOSING)
            room.tell_progress(ComposeProgress("job", 2, 20))
        room.hang(stage, as_shown(stage, at_s), at_s + 0.2)
        room.wall.cue(CueClip(make_clip(f"clip-{number}", work.artwork_id, 1, 60.0)))
        room.wall.offer(TakeHome(f"clip-{number}", f"http://kiosk/{number}", time.monotonic() + 10.0))
        tap.script = [(f"clip-{number}", at_s, 1.0)]
        room.enter(Scene.LISTENING if number % 2 else Scene.ATTRACT)
        run(room, at_s + 0.2, at_s + 1.0)
        grab(room, SIZE)
        app.processEvents()

    assert_nothing_grows(show, 80)
