"""Known truths of the limiter: what is soft passes untouched, what is loud stays below the ceiling."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from installation.audio.limiter import CEILING_DB, LATE_FRAMES, LOOK_AHEAD, TAPS, Limiter, true_peaks
from tests.installation.audio.sounds import RATE, FloatArray, noise, tone

CEILING = 10 ** (CEILING_DB / 20)


def limited(samples: FloatArray, block: int = 1024) -> FloatArray:
    """As late as it comes, in blocks."""
    limiter = Limiter(RATE)
    return np.concatenate([limiter.process(samples[at : at + block]) for at in range(0, len(samples), block)])


def measured_peak(samples: FloatArray) -> float:
    """By another oversampler than the limiter's."""
    return float(np.abs(soxr.resample(samples, RATE, 8 * RATE, quality="VHQ")).max())


def test_what_is_soft_passes_bit_for_bit_and_late() -> None:
    samples = noise(1.0, 1)
    np.testing.assert_array_equal(limited(samples, 333)[LATE_FRAMES:], samples[:-LATE_FRAMES])


def test_peaks_between_the_samples_are_seen() -> None:
    """A quarter of the sampling rate, sampled where it is at 0.7 of its height."""
    wave = np.sin(np.pi / 2 * np.arange(400) + np.pi / 4).astype(np.float32)
    assert np.abs(wave).max() == pytest.approx(0.707, abs=0.001)
    assert true_peaks(np.stack([wave, 0 * wave], axis=1)).max() == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("gain", [1.0, 2.0, 4.0])
def test_nothing_is_louder_than_the_ceiling_between_the_samples_neither(gain: float) -> None:
    loud = gain * (tone(1.5, 11_950, 0.6) + tone(1.5, 97, 0.4) + noise(1.5, 2, 0.05))
    out = limited(loud)
    assert measured_peak(out[2000:]) < CEILING * 1.03
    assert np.abs(out).max() <= CEILING * 1.001


def test_a_single_peak_is_met_in_time_and_let_go_slowly() -> None:
    samples = tone(1.0, 300, 0.5)
    samples[RATE // 2 : RATE // 2 + 3] *= 3.0
    out = limited(samples)[LATE_FRAMES:]
    gains = np.abs(out).sum(axis=1) / np.abs(samples[:-LATE_FRAMES]).sum(axis=1)
    assert gains[RATE // 2 - LOOK_AHEAD - 2 * TAPS - 1] == pytest.approx(1.0)
    assert gains[RATE // 2 + 1] * np.abs(samples).max() <= CEILING * 1.01
    assert np.abs(np.diff(20 * np.log10(gains))).max() < 0.11  # no step in the gain
    assert gains[-1] == pytest.approx(1.0, abs=1e-3)
    assert gains[RATE // 2 + RATE // 20] < 0.8


def test_blocks_make_no_difference() -> None:
    loud = noise(0.5, 3, level=0.5)
    np.testing.assert_allclose(limited(loud, 1024), limited(loud, 177), atol=1e-5)
