"""Gains of a crossfade."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

MIN_CORRELATION = -0.5
"""Opposed signals are not raised by more than 3 dB in the middle of a fade."""


def equal_power_gains(progress: FloatArray, correlation: float = 0.0) -> tuple[FloatArray, FloatArray]:
    """Gains (outgoing, incoming) that keep the power constant through a fade.

    Args:
        progress: Position of every frame in the fade; 0 is only outgoing, 1 only incoming.
        correlation: Of the two signals over the fade. 0 is different music and gives cos and sin;
            1 is the same music twice and gives gains that sum to one in the middle.

    Shape: progress and both results (audio_frames,).
    Source: cos² + sin² = 1; with correlation r the power is 1 + r·sin 2θ (Fink, Holters, Zölzer,
        "Signal-matched power-complementary cross-fading and dry-wet mixing", DAFx 2016).

    >>> outgoing, incoming = equal_power_gains(np.array([0.0, 0.5], dtype=np.float32), correlation=1.0)
    >>> (outgoing + incoming).round(6).tolist()
    [1.0, 1.0]
    """
    angle = progress.astype(np.float64) * (math.pi / 2)
    outgoing, incoming = np.cos(angle), np.sin(angle)
    power = 1.0 + max(correlation, MIN_CORRELATION) * 2.0 * outgoing * incoming
    # The gains at 0.5 of r=1: cos 45° / sqrt(2) = 0.5 each.
    scale = 1.0 / np.sqrt(power)
    return (outgoing * scale).astype(np.float32), (incoming * scale).astype(np.float32)


def fold(gains: Sequence[float], num_kept: int) -> tuple[float, ...]:
    """The gains with which so few voices have the power of all: the loudest go on alone, the others at 0.

    Returns: As many gains as there are voices; none if all may stay as they are.

    >>> [round(gain, 3) for gain in fold([0.6, 0.48, 0.64], 2)]
    [0.684, 0.0, 0.73]
    """
    if len(gains) <= num_kept:
        return ()
    kept = sorted(range(len(gains)), key=lambda index: gains[index])[-num_kept:]
    louder = math.hypot(*gains) / math.hypot(*(gains[index] for index in kept))
    return tuple(gain * louder if index in kept else 0.0 for index, gain in enumerate(gains))


def folding_gains(gains: Sequence[float], folded: Sequence[float], shares: FloatArray) -> FloatArray:
    """The gains on their way from `gains` to those of `fold`, with the same power at every frame.

    Args:
        gains: Of each voice at the beginning.
        folded: And at the end.
        shares: How far on the way every frame is, 0 to 1.

    Shape: shares (audio_frames,); result (num_voices, audio_frames).
    """
    first, last = np.asarray(gains, np.float32)[:, None], np.asarray(folded, np.float32)[:, None]
    between = first + (last - first) * shares
    louder = np.float32(math.hypot(*gains)) / np.linalg.norm(between, axis=0)
    return np.asarray(between * louder, np.float32)


def correlation(first: FloatArray, second: FloatArray) -> float:
    """How alike two stretches are: 1 the same, 0 unrelated (or one of them silent), -1 opposed.

    Shape: both (audio_frames, channels); the shorter length counts.

    >>> tone = np.ones((4, 2), dtype=np.float32)
    >>> correlation(tone, -tone)
    -1.0
    """
    num_frames = min(len(first), len(second))
    a, b = first[:num_frames].ravel(), second[:num_frames].ravel()
    energy = math.sqrt(float(np.dot(a, a)) * float(np.dot(b, b)))
    if energy < 1e-9:
        return 0.0
    return min(1.0, max(-1.0, float(np.dot(a, b)) / energy))
