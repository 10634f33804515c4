import math
from collections.abc import Callable

import numpy as np
import pytest

from installation.loudness import MAX_GAIN_DB, gain_to, loudness, normalise
from tests.installation.audio.sounds import RATE, noise, tone, true_peak_db


def test_a_tone_of_known_loudness_measures_it() -> None:
    """997 Hz at -20 dBFS peak on both sides is -20 LUFS.

    Source: ITU-R BS.1770: one side at 0 dBFS reads -3.01.
    """
    assert loudness(tone(5.0, 997, level=0.1), RATE) == pytest.approx(-20.0, abs=0.1)


@pytest.mark.parametrize("level", [0.04, 0.1, 0.4])
@pytest.mark.parametrize("make", [lambda level: tone(5.0, 440, level), lambda level: noise(5.0, 1, level / 3)])
def test_every_clip_becomes_as_loud(make: Callable[[float], np.ndarray], level: float) -> None:
    levelled, gain_db = normalise(make(level), RATE)
    assert gain_db <= MAX_GAIN_DB
    assert loudness(levelled, RATE) == pytest.approx(-23.0, abs=0.1)
    assert true_peak_db(levelled) <= -1.0


def test_quiet_material_is_not_blown_up() -> None:
    levelled, gain_db = normalise(tone(5.0, level=0.001), RATE)
    assert gain_db == MAX_GAIN_DB
    assert loudness(levelled, RATE) < -40


def test_silence_stays_silence() -> None:
    levelled, gain_db = normalise(np.zeros((RATE, 2), np.float32), RATE)
    assert gain_db == 0.0
    assert not levelled.any()
    assert gain_to(-23, -math.inf) == 0.0


def test_a_continuing_clip_gets_the_gain_of_its_piece() -> None:
    piece = noise(8.0, 1, level=0.02)
    piece[4 * RATE :] *= 0.5
    first, gain_db = normalise(piece[: 4 * RATE], RATE)
    second, same = normalise(piece[4 * RATE :], RATE, gain_db=gain_db)
    assert same == gain_db
    np.testing.assert_allclose(np.concatenate([first, second]), piece * 10 ** (gain_db / 20), rtol=1e-5)


def test_peaks_are_turned_down_and_the_rest_is_left_alone() -> None:
    waveform = noise(4.0, 1, level=0.01)
    waveform[2 * RATE : 2 * RATE + 3] = [[0.9, -0.9], [-0.9, 0.9], [0.9, 0.9]]
    levelled, gain_db = normalise(waveform, RATE)
    assert true_peak_db(levelled) <= -1.0
    away = np.abs(np.arange(len(waveform)) - 2 * RATE) > 0.02 * RATE
    np.testing.assert_allclose(levelled[away], waveform[away] * np.float32(10 ** (gain_db / 20)), rtol=1e-6)


def test_a_peak_between_the_samples_is_turned_down() -> None:
    """A quarter of the rate, 45 degrees off: samples at 0.707 of the wave's height."""
    wave = np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4)
    waveform = np.stack([wave, wave], axis=1).astype(np.float32)
    middle = waveform * np.hanning(RATE)[:, None].astype(np.float32)
    assert 20 * np.log10(np.abs(middle).max()) < -2.9
    levelled, _ = normalise(middle, RATE, gain_db=0.0)
    assert true_peak_db(levelled) <= -1.0


def test_short_clips_can_be_measured() -> None:
    assert loudness(tone(0.2, 997, level=0.1), RATE) == pytest.approx(-20.0, abs=0.3)


def test_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not numbers"):
        normalise(np.full((RATE, 2), np.nan, np.float32), RATE)
