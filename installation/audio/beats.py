"""The steady beat of a clip, where it has one, and how the beats of two clips are brought together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from installation.audio.seam import HOP, WINDOW, spectra

FloatArray = npt.NDArray[np.float32]

SLOWEST_BPM, FASTEST_BPM = 45.0, 150.0
MIN_STRENGTH = 0.25
"""Of the line in the spectrum: 1 where everything falls on the beat, 0 where nothing does."""
MIN_BEYOND_CHANCE = 4.0
"""Strokes that fall anywhere make a line, too: of 1 over the root of their number, seldom of more than thrice that."""
MAX_TEMPO_DIFFERENCE = 0.03
"""Beats that come together in the middle of a fade of 4 s are then 60 ms apart at its ends, at most."""

MIN_BEATS = 6
"""Of the slowest; what is shorter says nothing for sure."""
FINENESS = 8
"""So many lines of the spectrum for each that the length of a clip can tell apart."""
LATE_FRAMES = (WINDOW - HOP) // 2
"""A stroke shows in the first window whose middle it comes near."""
STEP_S = 0.001
"""To so much beats are brought together."""


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat every `period` frames, one of them at frame `first` of the clip."""

    period: float
    first: float


def find_beat(samples: FloatArray, sample_rate: int) -> Beat | None:
    """The beat of a clip, if all of it keeps to one.

    What begins to sound, moment by moment, is a curve; a steady beat is a line in its spectrum, whose phase says
    where the beats are.

    Args:
        samples: The clip.
        sample_rate: In Hz.

    Shape: samples (audio_frames, channels).
    Source: P. Grosche, M. Müller: "Extracting predominant local pulse information from music recordings", IEEE
        Transactions on Audio, Speech, and Language Processing 19 (2011): the Fourier tempogram, here of a whole clip.
    """
    mono = samples.mean(axis=1, dtype=np.float32)
    if len(mono) < MIN_BEATS * 60 / SLOWEST_BPM * sample_rate:
        return None
    onsets = _onsets(mono)
    size = FINENESS * (1 << len(onsets).bit_length())
    lines = np.fft.rfft(onsets, size) / max(float(onsets.sum()), 1e-12)
    slowest, fastest = (round(bpm / 60 * HOP / sample_rate * size) for bpm in (SLOWEST_BPM, FASTEST_BPM))
    strongest = slowest + int(np.argmax(np.abs(lines[slowest:fastest])))
    strength = float(np.abs(lines[strongest]))
    num_strokes = float(onsets.sum() ** 2 / max(float(np.square(onsets).sum()), 1e-12))
    if strength < MIN_STRENGTH or strength * math.sqrt(num_strokes) < MIN_BEYOND_CHANCE:
        return None
    period = HOP * size / strongest
    return Beat(period, LATE_FRAMES + float(-np.angle(lines[strongest]) / (2 * np.pi) % 1.0) * period)


def _onsets(mono: FloatArray) -> FloatArray:
    """By how much more sounds than a moment before; what is less than usual counts as nothing.

    Shape: mono (audio_frames,); result (moments,), one every `HOP` frames.
    """
    sounding = spectra(mono, 0, (len(mono) - WINDOW) // HOP + 1)
    rises = np.maximum(np.diff(sounding, axis=0, prepend=sounding[:1]), 0.0).sum(axis=1)
    onsets: FloatArray = np.maximum(rises - rises.mean(), 0.0)
    return onsets


@lru_cache(maxsize=8)
def frames_earlier(
    leaving: Beat, arriving: Beat, leaving_at: int, arriving_at: int, fade: int, sample_rate: int
) -> int:
    """How much earlier a fade begins, so that the beats of both clips come together in its middle.

    Args:
        leaving: Of the clip that fades away.
        arriving: Of the clip that comes.
        leaving_at: Frame of the clip that fades away, at which the fade would begin.
        arriving_at: Frame that the other clip begins with.
        fade: Length of the fade; it ends where it would have ended.
        sample_rate: In Hz.

    Returns: Less than a beat of the clip that fades away; 0 if neither tempo is nearly the other's, its double or half.
    """
    unit = _common_beat(leaving.period, arriving.period)
    if unit is None:
        return 0
    earlier = np.arange(0.0, unit[0], STEP_S * sample_rate)
    leaving_beats = (leaving_at + (fade - earlier) / 2 - leaving.first) / unit[0]
    arriving_beats = (arriving_at + (fade + earlier) / 2 - arriving.first) / unit[1]
    apart = (leaving_beats - arriving_beats + 0.5) % 1.0 - 0.5
    return int(earlier[np.argmin(np.abs(apart))])


def _common_beat(leaving: float, arriving: float) -> tuple[float, float] | None:
    """The beat that both have in common, as the one and as the other plays it: the faster of them.

    >>> _common_beat(24000, 48400), _common_beat(24000, 24500), _common_beat(24000, 30000)
    ((24000, 24200.0), (24000, 24500), None)
    """
    for unit in ((leaving, arriving), (leaving, arriving / 2), (leaving / 2, arriving)):
        if abs(unit[0] / unit[1] - 1.0) <= MAX_TEMPO_DIFFERENCE:
            return unit
    return None
