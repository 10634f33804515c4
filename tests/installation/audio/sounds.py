"""Signals whose truth is known, as clips and as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from installation.audio.clips import Clip
from installation.audio.limiter import TAPS, true_peaks
from installation.messages import ClipInfo

FloatArray = npt.NDArray[np.float32]
RATE = 48000


def tone(length_s: float, frequency_hz: float = 440.0, level: float = 0.2, rate: int = RATE) -> FloatArray:
    """Shape: (audio_frames, 2); the sides differ in phase, so that no two neighbours are ever both zero."""
    angle = 2 * np.pi * frequency_hz * np.arange(round(length_s * rate)) / rate
    return (level * np.stack([np.sin(angle + 0.1), np.cos(angle + 0.1)], axis=1)).astype(np.float32)


def noise(length_s: float, seed: int, level: float = 0.1, rate: int = RATE) -> FloatArray:
    """Shape: (audio_frames, 2)."""
    return (level * np.random.default_rng(seed).standard_normal((round(length_s * rate), 2))).astype(np.float32)


def clip(clip_id: str, samples: FloatArray) -> Clip:
    return Clip(clip_id, samples)


def clip_file(
    folder: Path, clip_id: str, samples: FloatArray, rate: int = RATE, continues: str | None = None
) -> ClipInfo:
    """A clip on disk, as the composer leaves it."""
    path = folder / f"{clip_id}.flac"
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return ClipInfo(clip_id, "work", path, len(samples) / rate, rate, continues=continues)


def power_db(samples: FloatArray) -> float:
    return 10 * float(np.log10(np.mean(np.square(samples.astype(np.float64))) + 1e-20))


def true_peak_db(samples: FloatArray) -> float:
    """The highest level between the samples, in dBTP, as the limiter sees it.

    Shape: samples (audio_frames, 2).
    """
    return 20 * float(np.log10(true_peaks(np.pad(samples, ((TAPS, TAPS), (0, 0)))).max()))


def longest_zeros(samples: FloatArray) -> int:
    """The longest run of frames in which both sides are exactly zero."""
    is_sound = np.flatnonzero(samples.any(axis=1))
    edges = np.concatenate([[-1], is_sound, [len(samples)]])
    return int(np.diff(edges).max()) - 1
