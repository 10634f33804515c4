"""Loudness of finished clips: every piece equally loud in the room, no sample too high.

Used by the composer, where a clip is made; needs scipy through pyloudnorm, so the audio process does
not import it.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import numpy.typing as npt
import pyloudnorm
import soxr
from scipy.ndimage import minimum_filter1d, uniform_filter1d

FloatArray = npt.NDArray[np.float32]

TARGET_LUFS = -23.0
"""Source: EBU R 128."""

MAX_TRUE_PEAK_DB = -1.0
"""Source: EBU R 128."""

MAX_GAIN_DB = 12.0
"""What is more than this below the target is an almost empty clip; it stays quieter than the others,
because raised further it would be its noise and reverberation that one hears."""

OVERSAMPLING = 4
"""Source: ITU-R BS.1770, annex 2."""

LIMITER_S = 0.005
"""How long before a peak the limiter begins to turn down, and after it to let go."""


def normalise(
    waveform: FloatArray, sample_rate: int, *, target_lufs: float = TARGET_LUFS, gain_db: float | None = None
) -> tuple[FloatArray, float]:
    """Bring a clip to the target loudness and its true peak below -1 dBTP.

    Args:
        waveform: The clip.
        sample_rate: In Hz.
        target_lufs: Integrated loudness to reach.
        gain_db: None measures the clip. A clip that continues another is given the gain that came
            out of the first of its piece: the piece's dynamics stay, and there is no step at the seam.

    Returns:
        The levelled clip and the gain in dB. The few peaks that would be too high are turned down
        for some milliseconds, the rest of the clip is not touched by that.

    Shape: waveform and result (audio_frames, 2).
    Raises: ValueError if there is a sample that is not a number.
    """
    if not np.isfinite(waveform).all():
        raise ValueError("the waveform has samples that are not numbers")
    if gain_db is None:
        gain_db = gain_to(target_lufs, loudness(waveform, sample_rate))
    levelled = (waveform * np.float32(10 ** (gain_db / 20))).astype(np.float32, copy=False)
    return _limited(levelled, sample_rate), gain_db


def gain_to(target_lufs: float, measured_lufs: float) -> float:
    """The gain in dB that a clip gets: at most +12, down as far as it takes; silence gets none.

    >>> gain_to(-23.0, -20.0), gain_to(-23.0, -60.0), gain_to(-23.0, -math.inf)
    (-3.0, 12.0, 0.0)
    """
    if not math.isfinite(measured_lufs):
        return 0.0
    return min(MAX_GAIN_DB, target_lufs - measured_lufs)


def loudness(waveform: FloatArray, sample_rate: int) -> float:
    """Integrated loudness in LUFS; -inf for silence. What is shorter than a gating block is repeated.

    Shape: waveform (audio_frames, 2).
    Source: ITU-R BS.1770-4, by pyloudnorm.
    """
    if not waveform.any():
        return -math.inf
    meter = pyloudnorm.Meter(sample_rate)
    repeats = math.ceil((meter.block_size * sample_rate + 1) / len(waveform))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # log10(0) of silent blocks: they are gated
        return float(meter.integrated_loudness(np.tile(waveform, (repeats, 1)).astype(np.float64)))


def _peaks(waveform: FloatArray, sample_rate: int) -> FloatArray:
    """The highest level on either side around every frame.

    Shape: result (audio_frames,).
    """
    fine = np.abs(soxr.resample(waveform, sample_rate, OVERSAMPLING * sample_rate)).max(axis=1)
    rows = np.zeros((len(waveform), OVERSAMPLING), np.float32)
    rows.reshape(-1)[: min(fine.size, rows.size)] = fine[: rows.size]
    peaks: FloatArray = np.maximum(rows.max(axis=1), np.abs(waveform).max(axis=1, initial=0.0))
    return peaks


def _limited(waveform: FloatArray, sample_rate: int) -> FloatArray:
    # A hair below the ceiling: a gain that moves shifts the peaks between the samples a little.
    ceiling = 10 ** ((MAX_TRUE_PEAK_DB - 0.1) / 20)
    peaks = _peaks(waveform, sample_rate)
    if peaks.max(initial=0.0) <= 10 ** (MAX_TRUE_PEAK_DB / 20):
        return waveform
    needed = ceiling / np.maximum(peaks, ceiling)
    reach = 2 * round(LIMITER_S * sample_rate) + 1
    # The minimum over the reach, then its mean over the same reach, is nowhere above what is needed.
    gain = uniform_filter1d(minimum_filter1d(needed, reach, mode="nearest"), reach, mode="nearest")
    limited: FloatArray = waveform * gain[:, None].astype(np.float32)
    return limited
