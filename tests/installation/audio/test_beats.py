"""Beats of which it is known where they are."""

from __future__ import annotations

import numpy as np
import pytest

from installation.audio.beats import Beat, find_beat
from installation.audio.clips import Clip
from installation.audio.mixer import Mixer
from tests.installation.audio.sounds import RATE, noise, tone

CLICK = RATE // 200
FADE_S = 4.0


def clicks(bpm: float, length_s: float, first_s: float = 0.0, hz: float = 1000.0) -> np.ndarray:
    """Short strokes of one pitch, steady as a metronome, over a quiet carpet."""
    samples = noise(length_s, seed=round(bpm), level=0.001)
    stroke = tone(CLICK / RATE, hz, 0.5)
    for at in np.arange(round(first_s * RATE), len(samples) - CLICK, 60 / bpm * RATE).round().astype(int):
        samples[at : at + CLICK] += stroke
    return samples


@pytest.mark.parametrize(("bpm", "first_s"), [(60, 0.0), (72.5, 0.3), (110, 0.11)])
def test_a_steady_beat_is_found(bpm: float, first_s: float) -> None:
    beat = find_beat(clicks(bpm, 20.0, first_s), RATE)
    assert beat is not None
    for number in (0, 20):  # near its beginning and near its end
        truth = (first_s + 60 / bpm * round(number * bpm / 60)) * RATE
        away = (truth - beat.first) / beat.period
        # It may be told in double or half time.
        assert abs((2 * away + 0.5) % 1.0 - 0.5) / 2 * beat.period / RATE < 0.03


def test_what_keeps_to_no_beat_has_none() -> None:
    chance = np.random.default_rng(1)
    samples = noise(20.0, seed=1, level=0.001)
    for at in chance.integers(0, len(samples) - CLICK, 40):
        samples[at : at + CLICK] += tone(CLICK / RATE, 1000, 0.5)
    assert find_beat(samples, RATE) is None
    assert find_beat(noise(20.0, seed=2), RATE) is None
    assert find_beat(tone(20.0, 200), RATE) is None
    assert find_beat(clicks(120, 3.0), RATE) is None, "too short to be sure"


def strokes(samples: np.ndarray, hz: float) -> np.ndarray:
    """When each stroke of this pitch begins, in seconds."""
    wave = np.exp(2j * np.pi * hz * np.arange(CLICK) / RATE) * np.hanning(CLICK)
    loudness = np.abs(np.correlate(samples[:, 0], wave, mode="valid"))
    peaks = np.flatnonzero(
        (loudness[1:-1] > loudness[:-2]) & (loudness[1:-1] >= loudness[2:]) & (loudness[1:-1] > 0.04 * CLICK)
    )
    return (peaks + 1) / RATE


@pytest.mark.parametrize(
    ("leaving_bpm", "arriving_bpm", "is_aligned"),
    [(100, 100, True), (100, 98, True), (100, 50, True), (60, 121, True), (100, 80, False)],
)
def test_beats_come_together_in_the_middle_of_a_fade(leaving_bpm: float, arriving_bpm: float, is_aligned: bool) -> None:
    """Measured in the mix: the two clips strike at different pitches."""
    leaving, arriving = clicks(leaving_bpm, 20.13, 0.2, hz=1000), clicks(arriving_bpm, 20.0, 0.07, hz=3000)
    sound = Mixer(RATE)
    clips = [Clip("leaving", leaving), Clip("arriving", arriving)]
    for clip in clips:
        clip.beat = find_beat(clip.samples, RATE)
    sound.play(clips[0], 0.0)
    sound.play(clips[1], FADE_S, is_at_end=True)
    mix = np.concatenate([sound.render(1024) for _ in range(round(22 * RATE / 1024))])
    began_s = next(event.at_frame for event in sound.take_events() if event.clip_id == "arriving") / RATE
    beat_s = 60 / leaving_bpm
    assert 20.13 - FADE_S - beat_s < began_s <= 20.13 - FADE_S + 1e-3
    middle_s = (began_s + 20.13) / 2
    old, new = (strokes(mix, hz) for hz in (1000.0, 3000.0))
    slower, faster = (old, new) if arriving_bpm >= leaving_bpm else (new, old)
    nearest = slower[np.abs(slower - middle_s) < 60 / min(leaving_bpm, arriving_bpm)]
    assert len(nearest) >= 1
    apart_s = max(np.abs(faster - stroke_s).min() for stroke_s in nearest)
    assert (apart_s < 0.04) == is_aligned
    if not is_aligned:
        assert began_s == pytest.approx(20.13 - FADE_S, abs=1e-3)


def test_without_a_beat_on_both_sides_a_fade_is_as_long_as_was_asked() -> None:
    sound = Mixer(RATE)
    sound.play(Clip("leaving", noise(8.0, 1), beat=Beat(RATE / 2, 0.0)), 0.0)
    sound.play(Clip("arriving", noise(8.0, 2)), 2.0, is_at_end=True)
    for _ in range(9):
        sound.render(RATE)
    assert [event.at_frame for event in sound.take_events()] == [0, 6 * RATE]
