"""A work met again: from the moment the show asks until it is heard, through the real audio process."""

import time
from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np
import pytest
import soundfile

from installation import cues, messages
from installation.app import BED_PATH
from installation.audio import TAP_BYTES
from installation.audio.player import MIN_LATENCY_S
from installation.jobs import JobDesk, Order
from installation.library import Library, begin_clip, finish_clip
from installation.settings import AudioSettings
from installation.supervisor import ChildPlan, Said, Supervisor
from tests.busy import slowdown

RATE = 48000
LENGTH_S = 20
WITHIN_S = 0.3
"""From the wish to the first sound, with the latency of loudspeakers, which the silent device has not."""
NUM_WORKS = 6
SETTLED_S = 1.0


def put_music(folder: Path, artwork_id: str, seed: int) -> None:
    """A clip as long as mini's, with music's share of noise in it and as many notes."""
    noise = np.random.default_rng(seed).normal(0, 0.02, (LENGTH_S * RATE, 2))
    notes = tuple(messages.SoundingNote(0.05 * n, 0.4, 60 + n % 24, 80, n % 2) for n in range(400))
    clip = messages.ClipInfo(artwork_id, artwork_id, folder / f"{artwork_id}.flac", LENGTH_S, RATE, notes)
    unfinished = begin_clip(folder, clip.clip_id)
    soundfile.write(unfinished, noise, RATE, format="FLAC", subtype="PCM_16")
    finish_clip(folder, unfinished, clip, {})


@pytest.fixture
def audio(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """The audio process with a device that is silent, and plays in real time all the same."""
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    tap = SharedMemory(create=True, size=TAP_BYTES)
    settings = AudioSettings(tap.name, BED_PATH, sample_rate=RATE)
    supervisor = Supervisor([ChildPlan("audio", "installation.audio.player:main", (settings,), 60, 60)], 0.0)
    supervisor.note_work("audio")
    yield supervisor
    supervisor.close(grace_s=2.0)
    tap.close()
    tap.unlink()


def heard_at_s(audio: Supervisor, clip_id: str) -> float:
    """When the first sample of a clip is heard; known once everything there was to do about it is done."""
    at_s: float | None = None
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        for news in audio.wait(0.05):
            match news:
                case Said("audio", messages.ClipStarted(started, started_at_s)) if started == clip_id:
                    at_s = started_at_s
                case Said("audio", messages.AudioHeartbeat(clip_id=sounding, position_s=position_s)):
                    if at_s is not None and sounding == clip_id and position_s > SETTLED_S:
                        return at_s
    raise AssertionError(f"{clip_id} is not heard")


@pytest.mark.alone
@pytest.mark.slow
def test_a_work_met_again_is_heard_within_300_ms(audio: Supervisor, tmp_path: Path) -> None:
    """At the best of several times: the machine may be busy with something else."""
    for number in range(NUM_WORKS):
        put_music(tmp_path, f"work-{number}", number)
    desk = JobDesk(Library(tmp_path, 10**9), lambda _message: True, 30.0, is_replaying=True)
    desk.sample_rate = RATE
    heard_at_s(audio, messages.BED_CLIP_ID)
    waits_s = []
    for number in range(NUM_WORKS):
        asked_s = time.monotonic()
        job = cues.Compose(f"job-{number}", f"work-{number}", is_awaited=True)
        outcome = desk.submit(Order(job, tmp_path / "picture.jpg", 1), asked_s)
        assert outcome is not None
        assert outcome.clip is not None
        audio.send("audio", messages.PlayClip(outcome.clip, crossfade_s=0.1))
        waits_s.append(heard_at_s(audio, outcome.clip.clip_id) - asked_s)
    print(" ".join(f"{1000 * wait_s:.0f} ms" for wait_s in waits_s))
    assert min(waits_s) < slowdown() * (WITHIN_S - MIN_LATENCY_S)
