"""The real audio process under the study: into a silent device, and into loudspeakers that are recorded."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from installation.messages import BED_CLIP_ID, AudioHeartbeat, FromAudio
from installation.service import Service
from installation.study.sitting import Track
from installation.study.sound import FADE_S, StudySound, study_sound
from tests.installation.audio.sounds import RATE, clip_file, tone
from tests.sound_server import SoundServer, missing

pytestmark = pytest.mark.alone

PATIENCE_S = 20.0


def a_track(folder: Path, name: str, length_s: float, frequency_hz: float) -> Track:
    clip = clip_file(folder, name, tone(length_s, frequency_hz))
    return Track(clip.audio_path, clip.length_s, clip.sample_rate)


def poll_until(sound: StudySound, is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s
        sound._take_in(0.02)
        sound.poll()


def test_without_a_device_it_says_so(tmp_path: Path) -> None:
    with study_sound("no such device", tmp_path / "silence.wav", Service({})) as sound:
        assert "sound device" in sound.trouble
        assert "\n" not in sound.trouble


def test_a_track_plays_to_its_end_and_a_killed_process_comes_back(tmp_path: Path) -> None:
    track = a_track(tmp_path, "track", 1.0, 440)
    with study_sound("no such device", tmp_path / "silence.wav", Service({}), may_be_silent=True) as sound:
        assert sound.trouble == ""
        assert sound.position_s is None
        sound.play(track)
        assert sound.position_s == 0.0
        poll_until(sound, lambda: (sound.position_s or 0.0) > 0.3)
        poll_until(sound, lambda: sound.position_s is None)
        sound.play(track)
        pid = sound._supervisor.pid("audio")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        poll_until(sound, lambda: sound.trouble != "")
        assert sound.position_s is None
        poll_until(sound, lambda: sound.trouble == "")


def test_a_file_that_is_gone_does_not_play(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with study_sound("no such device", tmp_path / "silence.wav", Service({}), may_be_silent=True) as sound:
        sound.play(Track(tmp_path / "gone.flac", 1.0, RATE))
        poll_until(sound, lambda: sound.position_s is None)
    assert "not played" in caplog.text


def test_the_track_before_does_not_go_on_under_one_that_does_not_play(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    with study_sound("no such device", tmp_path / "silence.wav", Service({}), may_be_silent=True) as sound:
        hear = sound._hear

        def listen(message: FromAudio) -> None:
            if isinstance(message, AudioHeartbeat):
                heard.append(message.clip_id)
            hear(message)

        monkeypatch.setattr(sound, "_hear", listen)
        sound.play(a_track(tmp_path, "long", 30.0, 440))
        poll_until(sound, lambda: heard[-1:] == ["track-0"])
        sound.play(Track(tmp_path / "gone.flac", 1.0, RATE))
        poll_until(sound, lambda: sound.position_s is None)
        poll_until(sound, lambda: heard[-1] == BED_CLIP_ID)


@pytest.mark.skipif(missing() != "", reason=missing() or "everything is there")
def test_start_switch_and_stop_are_fades_and_between_them_is_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    low, high = a_track(tmp_path, "low", 3.0, 300), a_track(tmp_path, "high", 5.0, 1500)
    with tempfile.TemporaryDirectory(prefix="snd") as folder, SoundServer(Path(folder)) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        with server.listening() as listener, study_sound(None, tmp_path / "silence.wav", Service({})) as sound:
            assert sound.trouble == ""
            asked_frame = len(listener.samples())
            sound.play(low)
            poll_until(sound, lambda: (sound.position_s or 0.0) > 0.7)
            sound.play(high)
            poll_until(sound, lambda: (sound.position_s or 0.0) > 0.7)
            sound.stop()
            stopped_frame = len(listener.samples())
            listener.wait_until(lambda heard: len(heard) > stopped_frame + 1.2 * RATE, PATIENCE_S)
            sound.play(a_track(tmp_path, "short", 1.0, 300))
            poll_until(sound, lambda: sound.position_s is None)
            ended_frame = len(listener.samples())
            listener.wait_until(lambda heard: len(heard) > ended_frame + 0.5 * RATE, PATIENCE_S)
        heard = np.abs(listener.samples()).max(axis=1)
    window = RATE // 100
    loud = heard[: len(heard) // window * window].reshape(-1, window).max(axis=1)
    sounding = np.flatnonzero(loud > 1e-3)
    first, last = np.split(sounding, np.flatnonzero(np.diff(sounding) > 50) + 1)  # with silence between
    print(f"heard {(first[0] * window - asked_frame) / RATE:.2f} s after it was asked for")
    for stretch in (first, last):
        assert loud[stretch[0] + 30 : stretch[-1] - 30].min() > 0.15  # the switch has no gap
        assert loud[stretch[:3]].max() < 0.1  # it rises, and does not begin at once
        fade_s = 0.01 * (loud[stretch[-25:]] < 0.18).sum()
        assert 0.5 * FADE_S < fade_s < 1.5 * FADE_S
    assert loud[first[-1] + 2 : last[0] - 1].max() < 1e-4
    assert 0.9 < 0.01 * len(last) < 1.2  # a track ends with its end: no loop
