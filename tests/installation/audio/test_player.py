"""The real process with the silent device: it needs no sound card, and takes as long as one that has."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from installation.audio import player as player_module
from installation.audio.mixer import VOLUME_TIME_S
from installation.audio.player import AHEAD_AT_START_S, FIRST_FADE_S, Player
from installation.channel import Channel
from installation.messages import (
    AppendClip,
    AudioHeartbeat,
    AudioReady,
    ClipFailed,
    ClipInfo,
    ClipStarted,
    PlayClip,
    SetVolume,
)
from installation.settings import AudioSettings
from tests.installation.audio.process import AudioProcess
from tests.installation.audio.sounds import RATE, clip, clip_file, longest_zeros, noise, tone

pytestmark = pytest.mark.alone

LATER = round((AHEAD_AT_START_S + 12 * VOLUME_TIME_S + 1.0) * RATE)
"""After so many frames a volume of nothing has been nothing for a while."""


@pytest.fixture
def bed(tmp_path: Path) -> Path:
    return clip_file(tmp_path, "bed", noise(6.0, seed=1)).audio_path


def silent(bed: Path, **changes: Any) -> Callable[[str], AudioSettings]:
    """Settings of a process that finds no device."""
    return lambda tap_name: AudioSettings(tap_name, bed, devices=("no such device",), **changes)


def test_plays_appends_and_leaves(bed: Path, tmp_path: Path) -> None:
    recording = tmp_path / "given.wav"
    first, second = tone(2.0, 440), tone(2.0, 660)
    with AudioProcess(silent(bed, record_path=recording)) as audio:
        ready = audio.wait_for(AudioReady)
        assert ready.is_silent
        assert ready.sample_rate == RATE
        assert "sound device" in ready.reason
        assert "\n" not in ready.reason
        assert audio.heard == [ready]
        assert audio.wait_for(ClipStarted).clip_id == "bed"
        audio.channel.send(PlayClip(clip_file(tmp_path, "first", first), crossfade_s=0.5))
        audio.channel.send(AppendClip(clip_file(tmp_path, "second", second, continues="first")))
        one = audio.wait_for(ClipStarted)
        two = audio.wait_for(ClipStarted)
        assert (one.clip_id, two.clip_id) == ("first", "second")
        assert two.heard_at_s - one.heard_at_s == pytest.approx(2.0, abs=0.05)
        beat = audio.wait_for(AudioHeartbeat, where=lambda beat: beat.clip_id == "second" and beat.position_s > 0.3)
        assert beat.tier == 1
        assert beat.remaining_s == pytest.approx(2.0 - beat.position_s, abs=0.03)
        assert (beat.num_underruns, beat.silence_s) == (0, 0)
        assert audio.leave() < 2.0  # alone on the machine 0.3 s
    given, rate = soundfile.read(recording, dtype="float32")
    assert rate == RATE
    sound = given[np.flatnonzero(given.any(axis=1))[0] : np.flatnonzero(given.any(axis=1))[-1]]
    assert longest_zeros(sound) == 0
    # The joint between the two clips is there sample by sample.
    joint = np.concatenate([first[-2000:], second[:2000]])
    joint = np.round(joint * 32768) / 32768
    found = [
        at
        for at in np.flatnonzero(np.abs(given[:, 0] - joint[0, 0]) < 1e-4)
        if at + 4000 <= len(given) and np.abs(given[at : at + 4000] - joint).max() < 1e-4
    ]
    assert len(found) == 1


def test_time_passes_as_it_does_for_a_listener(bed: Path) -> None:
    with AudioProcess(silent(bed)) as audio:
        first = audio.wait_for(AudioHeartbeat)
        began_s = time.monotonic()
        last = audio.wait_for(AudioHeartbeat, where=lambda beat: beat.samples_played > first.samples_played + RATE)
        elapsed_s = time.monotonic() - began_s
        assert (last.samples_played - first.samples_played) / RATE == pytest.approx(elapsed_s, abs=0.5)


def test_tap_tells_what_is_heard(bed: Path, tmp_path: Path) -> None:
    with AudioProcess(silent(bed)) as audio:
        audio.wait_for(AudioHeartbeat, where=lambda beat: beat.position_s > FIRST_FADE_S)
        audio.channel.send(PlayClip(clip_file(tmp_path, "work", tone(5.0, 440, 0.4)), crossfade_s=0.4))
        started = audio.wait_for(ClipStarted, where=lambda message: message.clip_id == "work")
        audio.wait_for(AudioHeartbeat, where=lambda beat: beat.clip_id == "work" and beat.position_s > 0.6)
        now_s = time.monotonic()
        (heard,) = audio.tap.heard(now_s)
        assert heard.clip_id == "work"
        assert heard.gain == 1.0
        assert heard.position_s == pytest.approx(now_s - started.heard_at_s, abs=0.03)
        spectrum = np.abs(np.fft.rfft(audio.tap.samples(4800, now_s)[:, 0]))
        assert np.argmax(spectrum) == 44
        (bed_heard, work_heard) = audio.tap.heard(started.heard_at_s + 0.2)
        assert (bed_heard.clip_id, work_heard.clip_id) == ("bed", "work")
        assert bed_heard.gain**2 + work_heard.gain**2 == pytest.approx(1.0, abs=0.05)
        audio.kill()
        assert audio.tap.heard(time.monotonic() + 0.6) == ()


def test_the_highest_rate_is_played_and_its_last_second_is_remembered(bed: Path, tmp_path: Path) -> None:
    rate = 192_000
    with AudioProcess(silent(bed, sample_rate=rate)) as audio:
        assert audio.wait_for(AudioReady).sample_rate == rate
        beat = audio.wait_for(AudioHeartbeat, where=lambda beat: beat.samples_played > 1.5 * rate)
        assert (beat.num_underruns, beat.silence_s) == (0, 0)
        now_s = time.monotonic()
        assert longest_zeros(audio.tap.samples(rate, now_s)) < 0.01 * rate
        assert [heard.clip_id for heard in audio.tap.heard(now_s - 1.0)] == ["bed"]


def test_what_cannot_be_played_is_reported_and_the_sound_goes_on(bed: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.flac"
    broken.write_bytes(b"fLaC is what it begins with")
    with AudioProcess(silent(bed)) as audio:
        audio.channel.send(PlayClip(ClipInfo("broken", "work", broken, 1.0, RATE), crossfade_s=0.1))
        failed = audio.wait_for(ClipFailed)
        assert failed.clip_id == "broken"
        assert str(broken) in failed.reason
        assert audio.wait_for(AudioHeartbeat).clip_id == "bed"


def test_a_part_that_dies_ends_the_process_which_is_then_replaced(bed: Path) -> None:
    """Without its loader it would seem to be well, and play nothing new for ever."""
    with AudioProcess(silent(bed)) as audio:
        audio.wait_for(AudioHeartbeat)
        no_clip: Any = None
        audio.channel.send(PlayClip(no_clip, crossfade_s=0.1))
        audio.process.join(5.0)
        assert audio.process.exitcode == 1


def test_a_clip_whose_seam_needs_too_much_memory_is_no_reason_to_stop(
    bed: Path, memory: SharedMemory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError

    player = Player(Channel(multiprocessing.Pipe()[0]), silent(bed)(memory.name))
    monkeypatch.setattr(player_module, "find_beat", refuse)
    player._to_examine.put(clip("work", tone(1.0)))
    player._to_examine.put(None)
    player._examine()
    assert "no seam of work was found" in caplog.text
    player._tap.close()


def test_killed_it_goes_on_where_it_was(bed: Path, tmp_path: Path) -> None:
    recording = tmp_path / "given.wav"
    work = clip_file(tmp_path, "work", tone(20.0))
    with AudioProcess(silent(bed, record_path=recording)) as audio:
        audio.channel.send(PlayClip(work, crossfade_s=0.1))
        audio.wait_for(AudioHeartbeat, where=lambda beat: beat.clip_id == "work" and beat.position_s > 1.0)
        audio.kill()
        killed_at_s = time.monotonic()
        audio.heard.clear()
        audio.start(PlayClip(work, crossfade_s=0.3, start_s=1.5))
        started = audio.wait_for(ClipStarted)
        assert started.clip_id == "work"
        assert started.heard_at_s - killed_at_s < 5.0  # alone on the machine 0.3 s
        beat = audio.wait_for(AudioHeartbeat)
        assert 1.5 <= beat.position_s < 8.0
        audio.leave()
    given, _ = soundfile.read(recording, dtype="float32")
    sounding = np.flatnonzero(given.any(axis=1))
    # One gap, as long as there was nothing to be heard.
    gaps = np.diff(sounding)
    assert np.count_nonzero(gaps > 1) == 1
    assert gaps.max() / RATE < 6.0


def test_volume_and_gain_known_at_the_start_count_from_the_first_sound(bed: Path) -> None:
    with AudioProcess(silent(bed), first=[SetVolume(0.5, gain_db=-20.0)]) as audio:
        audio.wait_for(AudioHeartbeat, where=lambda beat: beat.samples_played > 1.5 * RATE)
        heard = audio.tap.samples(RATE // 2, time.monotonic())
    assert heard.std() == pytest.approx(0.05 * noise(6.0, seed=1).std(), rel=0.1)


def test_volume_is_a_glide(bed: Path, tmp_path: Path) -> None:
    recording = tmp_path / "given.wav"
    with AudioProcess(silent(bed, record_path=recording)) as audio:
        beat = audio.wait_for(AudioHeartbeat)
        audio.channel.send(SetVolume(0.0))
        beat = audio.wait_for(AudioHeartbeat, where=lambda later: later.samples_played > beat.samples_played + LATER)
        assert beat.silence_s == 0.0  # asked for
        audio.leave()
    given, _ = soundfile.read(recording, dtype="float32")
    assert not given[-RATE // 2 :].any()


def test_leaves_when_the_director_is_gone(bed: Path) -> None:
    with AudioProcess(silent(bed)) as audio:
        audio.wait_for(AudioHeartbeat)
        audio.channel.close()
        audio.process.join(2.0)
        assert audio.process.exitcode == 0
