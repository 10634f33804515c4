"""A week in the life of the director, in minutes: does anything grow?

    python -m tests.week [--days 7]

The director, its show, its library, its gallery, its visitors and the mixer are the real ones. Time is told, the other
processes are played by the supervisor: the composer is done as soon as it is asked, and the camera sees somebody every
ten minutes, with a work of the gallery or one of their own.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile
from rich.console import Console
from rich.table import Table

from installation import messages
from installation.audio.clips import Clip
from installation.audio.mixer import Mixer, Started
from installation.config import load_config
from installation.director import Director, RunOptions
from installation.library import begin_clip, finish_clip
from installation.memory_folder import MEMORY
from installation.settings import ComposerSettings
from installation.supervisor import ChildPlan, Said
from installation.works import BUNDLED_GALLERY

RATE = 50
"""Of the sound, in Hz: nobody listens."""
LENGTH_S = 12
DAY_S = 86_400
VISITOR_EVERY_S = 600
MAX_GROWTH_MB = 8.0


@dataclass(frozen=True)
class Footprint:
    """What the process takes at the end of a day."""

    day: int
    memory_mb: float
    num_threads: int
    num_handles: int
    num_clips: int


class Children:
    """In the supervisor's place: plays every child, a second at a time."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 0.0
        self.num_clips = 0
        self._folder, self._sound = folder, _sound_file()
        self._mixer = Mixer(RATE, crossfade_s=2.0)
        self._news: deque[Said] = deque()
        self._random = np.random.default_rng(1)
        self._mixer.set_bed(self._clip(messages.BED_CLIP_ID))
        self._say("audio", messages.AudioReady("simulated", RATE))
        self._say("composer", messages.ComposerReady("simulated", 0.0))
        self._say("camera", messages.CameraReady("simulated", 1280, 720))

    def wait(self, timeout_s: float) -> Iterator[Said]:
        """A second passes."""
        self.now_s += 1.0
        self._mixer.render(RATE)
        for event in self._mixer.take_events():
            is_started = isinstance(event, Started)
            started = messages.ClipStarted(event.clip_id, self.now_s)
            self._say("audio", started if is_started else messages.ClipFailed(event.clip_id, "refused"))
        state = self._mixer.state()
        silence_s, loop_s, bed_s = state.silent_frames / RATE, state.tier_frames[1] / RATE, state.tier_frames[2] / RATE
        heartbeat = (state.frame, 0, silence_s, loop_s, bed_s, state.tier, state.clip_id, state.position / RATE, 0.0)
        self._say("audio", messages.AudioHeartbeat(*heartbeat))
        self._say("camera", messages.CameraHeartbeat(30.0, 0.03))
        while self._news:
            yield self._news.popleft()

    def hold_up(self, artwork_id: str, picture: Path | None) -> None:
        """The camera sees a visitor, and then the work."""
        centre = 0.5 + 0.01 * self._random.standard_normal()
        outline = tuple((centre + x, centre + y) for x, y in ((-0.2, -0.2), (0.2, -0.2), (0.2, 0.2), (-0.2, 0.2)))
        self._say("camera", messages.VisitorCame())
        self._say("camera", messages.CameraView(outline, messages.Hint.NONE, 1.0))
        self._say("camera", messages.ArtworkSeen(artwork_id, picture))

    def leave(self) -> None:
        """The camera sees nobody any more."""
        self._say("camera", messages.VisitorLeft())

    def send(self, name: str, message: Any) -> bool:
        """What the director says to a child."""
        match message:
            case messages.PlayClip(clip, fade_s, start_s, is_at_end):
                self._mixer.play(self._clip(clip.clip_id), fade_s, start_s=start_s, is_at_end=is_at_end)
            case messages.AppendClip(clip):
                self._mixer.append(self._clip(clip.clip_id), clip.continues)
            case messages.SetVolume(volume, gain_db):
                self._mixer.set_volume(volume, gain_db)
            case messages.Compose():
                self._say("composer", messages.ClipReady(message.job_id, self._compose(message), (("compose", 0.1),)))
        return True

    def offer(self, name: str, message: Any) -> bool:
        """What may get lost does not."""
        return self.send(name, message)

    def note_work(self, name: str) -> None:
        """The children always work."""

    def allow_idling(self, name: str, is_allowed: bool) -> None:
        """They do not idle."""

    names = ()
    """Nobody asks after one of them."""

    def num_deaths(self, name: str) -> int:
        """They do not die."""
        return 0

    def measure_memory(self) -> dict[str, float]:
        """They need none."""
        return {}

    def close(self, grace_s: float) -> None:
        """They leave."""

    def _say(self, child: str, message: Any) -> None:
        self._news.append(Said(child, message))

    def _clip(self, clip_id: str) -> Clip:
        samples = self._random.standard_normal((LENGTH_S * RATE, 2), np.float32) * np.float32(0.1)
        return Clip(clip_id, samples)

    def _compose(self, job: messages.Compose) -> messages.ClipInfo:
        self.num_clips += 1
        clip_id = f"clip-{self.num_clips}"
        audio_path = self._folder / f"{clip_id}.flac"
        clip = messages.ClipInfo(clip_id, job.artwork_id, audio_path, LENGTH_S, RATE, continues=job.continues)
        unfinished = begin_clip(self._folder, clip_id)
        unfinished.write_bytes(self._sound)
        finish_clip(self._folder, unfinished, clip, {})
        return clip


def _sound_file() -> bytes:
    """A FLAC file as large as a clip of music, about."""
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).uniform(-1, 1, (50_000, 2))
    soundfile.write(buffer, noise, 48_000, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


class _Calendar:
    """In the place of the interruption: a visitor now and then, and the end after so many days."""

    def __init__(self, children: Children, folder: Path, num_days: int) -> None:
        self._children, self._folder = children, folder
        self._end_s = num_days * DAY_S
        self._random = random.Random(1)
        self.director: Director
        self.footprints: list[Footprint] = []

    @property
    def has_come(self) -> bool:
        now_s = self._children.now_s
        if now_s % VISITOR_EVERY_S == 1:
            self._children.hold_up(*self._choose(round(now_s)))
        elif now_s % VISITOR_EVERY_S == 120:
            self._children.leave()
        if now_s and now_s % (DAY_S / 4) == 0:
            self.footprints.append(_footprint(now_s / DAY_S, self._children.num_clips))
        return now_s >= self._end_s

    def _choose(self, number: int) -> tuple[str, Path | None]:
        """A work of the gallery, or, every second time, one that nobody knows: cut out, as the camera does it."""
        work = self._random.choice(list(self.director._gallery.works.values()))
        if number % (2 * VISITOR_EVERY_S) > VISITOR_EVERY_S:
            return work.artwork_id, None
        picture = self._folder / f"visitor-{number}{work.path.suffix}"
        shutil.copyfile(work.path, picture)
        return picture.stem, picture

    def take_hangup(self) -> bool:
        return False


def _footprint(day: float, num_clips: int) -> Footprint:
    process = psutil.Process()
    memory_mb = process.memory_info().rss / 2**20
    return Footprint(day, memory_mb, threading.active_count(), process.num_fds(), num_clips)


def live(num_days: int) -> list[Footprint]:
    """Live so many days, with ART2MUS_HOME as it is; returns what was needed at the end of each quarter of them."""
    with a_folder() as name:
        gallery = Path(name, "gallery")
        shutil.copytree(BUNDLED_GALLERY, gallery)
        library = Path(name, "library")
        children = Children(library)
        config = load_config(
            None, [f"gallery.folder={gallery}", f"library.folder={library}", "library.max_gb=0.05", "sampling.seed=1"]
        )
        plans = [ChildPlan("composer", "nobody", (ComposerSettings("mini", library),), 1.0, 1.0)]
        calendar = _Calendar(children, Path(name), num_days)
        calendar.director = Director(
            config, RunOptions(0.0), lambda _: plans, lambda *_: children, lambda: children.now_s
        )
        calendar.director.run(calendar)  # type: ignore[arg-type]
    return calendar.footprints


def a_folder() -> tempfile.TemporaryDirectory[str]:
    """In memory: on a disk, most of the time would be waited for it."""
    return tempfile.TemporaryDirectory(prefix="week", dir=MEMORY if MEMORY.is_dir() else None)


def growth_mb(footprints: list[Footprint]) -> float:
    """By how much the memory of the last quarter exceeds that of the first whole day, or of the first half."""
    settled = footprints[min(3, len(footprints) // 2)]
    return footprints[-1].memory_mb - settled.memory_mb


def main() -> int:
    """Returns the exit code: 1 if something has grown."""
    parser = argparse.ArgumentParser(prog="python -m tests.week", description="A simulated week of the director.")
    parser.add_argument("--days", type=int, default=7)
    days: int = parser.parse_args().days
    logging.disable(logging.WARNING)
    began_s = time.monotonic()
    with a_folder() as home:
        os.environ["ART2MUS_HOME"] = home  # this process is the week's own
        footprints = live(days)
    table = Table(title=f"{days} days in {time.monotonic() - began_s:.0f} s", title_justify="left")
    for heading in ("day", "memory", "threads", "file handles", "clips"):
        table.add_column(heading, justify="right")
    for one in footprints[3::4] or footprints:
        handles, threads = str(one.num_handles), str(one.num_threads)
        table.add_row(f"{one.day:.0f}", f"{one.memory_mb:.1f} MB", threads, handles, str(one.num_clips))
    Console().print(table)
    first, last = footprints[0], footprints[-1]
    is_same = (first.num_threads, first.num_handles) == (last.num_threads, last.num_handles)
    return 0 if is_same and growth_mb(footprints) < MAX_GROWTH_MB else 1


if __name__ == "__main__":
    sys.exit(main())
