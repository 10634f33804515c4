"""Two tracks of one artwork are equally loud, whatever they were."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile

from art2mus.study.answers import StudyError
from installation.loudness import loudness
from installation.study.levelling import SAMPLE_RATE, level_artwork, level_together
from tests.art2mus.study.studies import small_study
from tests.installation.audio.sounds import tone


def levels(paths: list[Path]) -> list[float]:
    return [loudness(soundfile.read(path, dtype="float32", always_2d=True)[0], SAMPLE_RATE) for path in paths]


def test_the_tracks_of_an_artwork_are_equally_loud(tmp_path: Path) -> None:
    study = small_study(tmp_path, num_cards=1)
    before = levels(list(study.tracks.values()))
    assert before[0] - before[1] > 6
    tracks = level_artwork(study, "card-0.png", tmp_path / "cache")
    assert levels([track.path for track in tracks.values()]) == pytest.approx([-23.0, -23.0], abs=0.1)
    assert {model: track.length_s for model, track in tracks.items()} == {"mini": 1.0, "mini-4": 1.0}
    assert not any("mini" in str(track.path.name) for track in tracks.values())


def test_a_track_too_quiet_to_be_raised_takes_the_other_down_with_it() -> None:
    quiet, loud = tone(2.0, level=0.003), tone(2.0, level=0.3)
    levelled = [loudness(waveform, SAMPLE_RATE) for waveform in level_together([quiet, loud], -23.0, "card")]
    assert levelled[0] == pytest.approx(levelled[1], abs=0.1)
    assert levelled[0] == pytest.approx(loudness(quiet, SAMPLE_RATE) + 12.0, abs=0.1)


def test_peaks_that_keep_a_track_down_are_said(caplog: pytest.LogCaptureFixture) -> None:
    clicks = np.zeros((2 * SAMPLE_RATE, 2), np.float32)
    clicks[::2400] = 0.9
    with caplog.at_level(logging.WARNING):
        level_together([clicks, tone(2.0)], -14.0, "card")
    assert "card: the tracks differ by" in caplog.text


def test_what_is_levelled_once_is_kept(tmp_path: Path) -> None:
    study = small_study(tmp_path, num_cards=1)
    first = level_artwork(study, "card-0.png", tmp_path / "cache")
    times = {track.path: track.path.stat().st_mtime_ns for track in first.values()}
    assert level_artwork(study, "card-0.png", tmp_path / "cache") == first
    assert {path: path.stat().st_mtime_ns for path in times} == times
    other = small_study(tmp_path, num_cards=1, loudness_lufs=-30.0)
    assert not set(times).intersection(
        track.path for track in level_artwork(other, "card-0.png", tmp_path / "cache").values()
    )


def test_a_track_without_music_is_named(tmp_path: Path) -> None:
    study = small_study(tmp_path, num_cards=1)
    soundfile.write(tmp_path / "mini" / "card-0.flac", np.zeros((48000, 2)), SAMPLE_RATE)
    with pytest.raises(StudyError, match=r"card-0\.flac: digital silence"):
        level_artwork(study, "card-0.png", tmp_path / "cache")


def test_a_track_that_nobody_hears_is_named_and_does_not_silence_the_other(tmp_path: Path) -> None:
    study = small_study(tmp_path, num_cards=1)
    soundfile.write(tmp_path / "mini" / "card-0.flac", tone(1.0, level=1e-4), SAMPLE_RATE)
    with pytest.raises(StudyError, match=r"card-0\.flac: too quiet"):
        level_artwork(study, "card-0.png", tmp_path / "cache")
