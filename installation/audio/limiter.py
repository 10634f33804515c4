"""The limiter of the bus: it knows what is coming, and looks between the samples.

Levelled clips reach it only in the middle of a crossfade, or when a curator raises the gain; whatever
stays below the ceiling passes bit for bit, a few milliseconds later.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from installation.audio import CHANNELS

FloatArray = npt.NDArray[np.float32]

CEILING_DB = -1.0
"""No peak leaves the process above this, between the samples neither (dBTP)."""

LOOK_AHEAD = 240
"""Audio frames by which the sound is late, so that the gain can fall before a peak: 5 ms at 48 kHz."""

ATTACK_DB = 24.0 / LOOK_AHEAD
"""By so much the gain falls from one frame to the next: 24 dB within the look-ahead."""

RELEASE_DB_PER_S = 30.0

OVERSAMPLING = 4
TAPS = 12
"""Of the interpolator, on either side of a sample."""


def true_peaks(samples: FloatArray) -> FloatArray:
    """The highest magnitude of any channel around each frame, three points between each two included.

    Args:
        samples: With `TAPS` frames more at either end than are asked for.

    Shape: samples (audio_frames + 2 * TAPS, channels); result (audio_frames,).
    Source: ITU-R BS.1770-5, Annex 2 (four-fold oversampling), with a windowed sinc as interpolator.
    """
    num_frames = len(samples) - 2 * TAPS
    peaks: FloatArray = np.abs(samples[TAPS : TAPS + num_frames]).max(axis=1)
    for kernel in _KERNELS:
        for channel in samples.T:
            between = np.abs(np.convolve(channel, kernel, mode="valid"))
            # A point between two frames counts for both.
            np.maximum(peaks, between[:num_frames], out=peaks)
            np.maximum(peaks, between[1 : num_frames + 1], out=peaks)
    return peaks


def _interpolators() -> list[FloatArray]:
    """For the points a quarter, a half and three quarters of the way from one sample to the next."""
    taps = np.arange(-TAPS, TAPS) + 1
    kernels = []
    for step in range(1, OVERSAMPLING):
        distance = taps - step / OVERSAMPLING
        kernel = np.sinc(distance) * np.cos(np.pi * distance / (2 * TAPS + 1)) ** 2
        kernels.append((kernel / kernel.sum())[::-1].astype(np.float32))
    return kernels


_KERNELS = _interpolators()


LATE_FRAMES = LOOK_AHEAD + TAPS
"""How much later the sound leaves the limiter than it came."""


class Limiter:
    """Takes blocks and gives them back, `LATE_FRAMES` late. Belongs to one thread."""

    def __init__(self, sample_rate: int) -> None:
        self._release_db = RELEASE_DB_PER_S / sample_rate
        self._kept = np.zeros((LOOK_AHEAD + 2 * TAPS, CHANNELS), np.float32)
        self._gain_db = 0.0

    def process(self, block: FloatArray) -> FloatArray:
        """As many frames as there are in the block: those that came `LATE_FRAMES` before.

        Shape: block and result (audio_frames, 2).
        """
        samples = np.concatenate([self._kept, block])
        self._kept = samples[len(block) :]
        out = samples[TAPS : TAPS + len(block)]
        if self._gain_db == 0.0 and np.abs(samples).max(initial=0.0) < _SURELY_BELOW:
            return out
        gains_db = self._gains_db(true_peaks(samples), len(block))
        self._gain_db = float(gains_db[-1])
        return out * (10 ** (gains_db / 20)).astype(np.float32)[:, None] if gains_db.any() else out

    def _gains_db(self, peaks: FloatArray, num_frames: int) -> npt.NDArray[np.float64]:
        """At most what each peak allows, falling to it in time, and rising slowly from it.

        Straight lines in dB: with the slope taken off, a running minimum is all there is to them.
        """
        allowed_db = np.minimum(0.0, CEILING_DB - 20 * np.log10(np.maximum(peaks, 1e-9).astype(np.float64)))
        fall = ATTACK_DB * np.arange(len(allowed_db))
        falling_db = np.minimum.accumulate((allowed_db + fall)[::-1])[::-1] - fall
        rise = self._release_db * np.arange(1, num_frames + 1)
        rising_db = np.minimum.accumulate(np.minimum(falling_db[:num_frames], 0.0) - rise)
        gains_db: npt.NDArray[np.float64] = np.minimum(np.minimum(rising_db, self._gain_db) + rise, 0.0)
        return gains_db


_SURELY_BELOW = 10 ** (CEILING_DB / 20) / 2
"""What lies between samples of music is at most twice as high."""
