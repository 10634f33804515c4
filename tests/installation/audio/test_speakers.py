"""Real loudspeakers, as far as software goes: PortAudio into a PulseAudio null sink, its monitor recorded."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from installation.messages import (
    AppendClip,
    AudioHeartbeat,
    AudioReady,
    ClipStarted,
    PlayClip,
)
from installation.settings import AudioSettings
from tests.installation.audio.process import AudioProcess
from tests.installation.audio.sounds import RATE, clip_file, longest_zeros, noise, power_db, tone
from tests.sound_server import SoundServer, missing

BACK_WITHIN_S = 4.0
"""Alone on the machine 0.6 s."""

pytestmark = [pytest.mark.alone, pytest.mark.skipif(missing() != "", reason=missing() or "everything is there")]


@pytest.fixture
def server() -> Iterator[SoundServer]:
    with tempfile.TemporaryDirectory(prefix="snd") as folder, SoundServer(Path(folder)) as server:
        yield server


def test_heard_without_a_gap(server: SoundServer, tmp_path: Path) -> None:
    bed = clip_file(tmp_path, "bed", noise(4.0, seed=1)).audio_path
    first, second = noise(3.0, seed=2), noise(2.0, seed=3)
    with server.listening() as listener:
        asked_frame = len(listener.samples())
        with AudioProcess(lambda name: AudioSettings(name, bed), server.environment) as audio:
            sound = listener.wait_for_sound(5.0)
            print(f"time to first sound {(sound - asked_frame) / RATE:.2f} s")
            ready = audio.wait_for(AudioReady)
            assert not ready.is_silent, ready.reason
            assert ready.sample_rate == RATE
            audio.channel.send(PlayClip(clip_file(tmp_path, "first", first), crossfade_s=1.0))
            audio.channel.send(AppendClip(clip_file(tmp_path, "second", second, continues="first")))
            asked_at_s = time.monotonic()
            started = audio.wait_for(ClipStarted, where=lambda message: message.clip_id == "first")
            print(f"a clip is heard after {started.heard_at_s - asked_at_s:.2f} s")
            audio.wait_for(AudioHeartbeat, 20.0, where=lambda beat: beat.tier == 2)
            beat = audio.wait_for(AudioHeartbeat, where=lambda beat: beat.position_s > 0.5)
            peak_mb = psutil.Process(audio.process.pid).memory_info().rss / 1e6
            print(f"audio process {peak_mb:.0f} MB")
            assert (beat.num_underruns, beat.silence_s) == (0, 0)
            assert peak_mb < 120
            assert audio.leave() < 2.0  # alone on the machine 0.4 s
        heard = listener.samples()
    sounding = np.flatnonzero(heard.any(axis=1))
    heard = heard[sounding[0] : sounding[-1] + 1]
    assert longest_zeros(heard) == 0
    levels = [power_db(part) for part in np.array_split(heard[RATE // 2 : -RATE // 4], 60)]
    assert max(levels) - min(levels) < 1.5  # no dip in any fade, loop or joint
    joint = np.round(np.concatenate([first[-500:], second[:500]]) * 32768) / 32768
    agreement = np.correlate(heard[:, 0], joint[:, 0], mode="valid")
    at = int(np.argmax(agreement))
    assert np.abs(heard[at : at + 1000] - joint).max() < 1e-6  # bit for bit in the room


def test_comes_back_after_the_sound_server_died(server: SoundServer, tmp_path: Path) -> None:
    bed = clip_file(tmp_path, "bed", tone(4.0)).audio_path
    with AudioProcess(lambda name: AudioSettings(name, bed, devices=("alsa: pulse",)), server.environment) as audio:
        assert not audio.wait_for(AudioReady).is_silent
        with server.listening() as listener:
            listener.wait_for_sound(5.0)
            server.kill()
        gone = audio.wait_for(AudioReady)
        assert gone.is_silent
        assert gone.reason
        before = audio.wait_for(AudioHeartbeat)
        assert audio.wait_for(AudioHeartbeat).samples_played > before.samples_played  # the show goes on
        server.start()
        assert not audio.wait_for(AudioReady, BACK_WITHIN_S).is_silent
        with server.listening() as listener:
            listener.wait_for_sound(5.0)
        audio.leave()


def test_comes_back_after_the_sound_server_vanished_with_everything_it_had(tmp_path: Path) -> None:
    """ALSA's plugin aborts the process that asks for devices now: that must be another one."""
    bed = clip_file(tmp_path, "bed", tone(4.0)).audio_path
    with (
        tempfile.TemporaryDirectory(prefix="snd") as parent,
        SoundServer(Path(parent, "run")) as server,
        AudioProcess(lambda name: AudioSettings(name, bed), server.environment) as audio,
    ):
        assert not audio.wait_for(AudioReady).is_silent
        server.vanish()
        assert audio.wait_for(AudioReady).is_silent
        beat = audio.wait_for(AudioHeartbeat)
        audio.wait_for(AudioHeartbeat, where=lambda later: later.samples_played > beat.samples_played + 2 * RATE)
        server.start()
        with server.listening() as listener:
            assert not audio.wait_for(AudioReady, BACK_WITHIN_S).is_silent
            listener.wait_for_sound(5.0)
        audio.leave()


def test_the_dearest_loudspeakers_that_are_there_play_also_when_they_come_late(
    server: SoundServer, tmp_path: Path
) -> None:
    bed = clip_file(tmp_path, "bed", tone(4.0)).audio_path
    settings = {"devices": ("alsa: usb", "alsa: pulse")}
    with AudioProcess(lambda name: AudioSettings(name, bed, **settings), server.environment) as audio:
        assert audio.wait_for(AudioReady).device == "ALSA: pulse"
        server.plug("usb")
        assert audio.wait_for(AudioReady).is_silent
        assert audio.wait_for(AudioReady).device == "ALSA: usb"
        audio.leave()
