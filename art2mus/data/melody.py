"""Melodies over given chords: mostly steps, chord tones on strong beats, a motif that comes again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from art2mus.codec.score import STEPS_PER_BAR, FloatArray
from art2mus.data.voicing import triad

# Rhythms of one bar, from calm to lively: (onset, duration) in steps. Gaps are rests.
Rhythm = tuple[tuple[int, int], ...]
RHYTHMS: tuple[tuple[Rhythm, ...], ...] = (
    (((0, 16),), ((0, 12),), ((0, 8), (8, 8)), ((0, 12), (12, 4)), ((4, 12),)),
    (
        ((0, 8), (8, 4), (12, 4)), ((0, 4), (4, 4), (8, 8)), ((0, 6), (6, 2), (8, 8)), ((0, 12), (12, 4)),
        ((0, 8), (8, 6), (14, 2)), ((4, 4), (8, 8)), ((0, 8), (8, 8)),
    ),
    (
        ((0, 4), (4, 4), (8, 4), (12, 4)), ((0, 6), (6, 2), (8, 4), (12, 4)), ((0, 4), (4, 2), (6, 2), (8, 8)),
        ((0, 4), (4, 4), (8, 6), (14, 2)), ((2, 2), (4, 4), (8, 4), (12, 4)), ((0, 8), (8, 4), (12, 2), (14, 2)),
    ),
    (
        ((0, 2), (2, 2), (4, 2), (6, 2), (8, 4), (12, 4)), ((0, 4), (4, 2), (6, 2), (8, 4), (12, 2), (14, 2)),
        ((0, 6), (6, 2), (8, 2), (10, 2), (12, 4)), ((0, 2), (2, 2), (4, 4), (8, 2), (10, 2), (12, 4)),
    ),
    (
        tuple((i, 2) for i in range(0, 16, 2)), ((0, 4), *((i, 2) for i in range(4, 16, 2))),
        ((0, 2), (2, 1), (3, 1), (4, 2), (6, 2), (8, 2), (10, 1), (11, 1), (12, 4)),
    ),
    (
        (*((i, 1) for i in range(12)), (12, 4)), tuple((i, 1) for i in range(16)),
        ((0, 2), *((i, 1) for i in range(2, 8)), (8, 2), *((i, 1) for i in range(10, 16))),
    ),
)  # fmt: skip
_INTERVAL_COST = np.array([0.9, 0.0, 0.7, 1.4, 2.2, 3.2, 4.5, 4.0])
_LEAP_COST = 9.0


@dataclass(frozen=True)
class Tone:
    """One note that the melody needs: when, over which chord, and where it should lie."""

    onset: int
    duration: int
    root: int
    target_row: float
    must_be: tuple[int, ...] = ()

    @property
    def accent(self) -> float:
        """How much a listener expects a chord tone here."""
        if self.onset % 8 == 0 or self.duration >= 8:
            return 4.0
        return 2.0 if self.onset % 4 == 0 or self.duration >= 4 else 0.8


def sing(tones: Sequence[Tone], low: int, high: int, before: int | None, rng: np.random.Generator) -> list[int]:
    """Find the rows of a melody, the best path through all of them.

    A note outside the chord must be reached and left by step; leaps are few; the line follows the
    targets loosely.

    Args:
        tones: The notes to place.
        low: Lowest row.
        high: Highest row.
        before: Row of the note before the first, if there is one.
        rng: A little noise, so that the same frame is sung in different ways.
    """
    rows = np.arange(low, high + 1)
    cost = np.array([_cost_of_rows(tone, rows) for tone in tones])
    cost += rng.gumbel(0.0, 0.25, size=cost.shape)
    distance = np.abs(rows[:, None] - rows[None, :])
    move = np.where(distance < 8, _INTERVAL_COST[np.minimum(distance, 7)], _LEAP_COST)
    is_leap = distance > 1
    is_chord_tone = np.array([np.isin(rows % 7, triad(tone.root)) for tone in tones])
    total = cost[0].copy()
    if before is not None:
        total += _INTERVAL_COST[np.minimum(np.abs(rows - before), 7)]
    came_from = []
    for i in range(1, len(tones)):
        is_loose = ~(is_chord_tone[i - 1][:, None] & is_chord_tone[i][None, :])
        paths = total[:, None] + move + 4.0 * (is_leap & is_loose)
        # The same row twice in quick notes sounds like stammering.
        if tones[i - 1].duration <= 2:
            paths += 2.0 * np.eye(len(rows))
        came_from.append(paths.argmin(axis=0))
        total = paths.min(axis=0) + cost[i]
    path = [int(total.argmin())]
    for back in reversed(came_from):
        path.append(int(back[path[-1]]))
    return [int(rows[i]) for i in reversed(path)]


def _cost_of_rows(tone: Tone, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> FloatArray:
    is_outside = ~np.isin(rows % 7, triad(tone.root))
    cost = tone.accent * is_outside + 0.22 * np.abs(rows - tone.target_row)
    if tone.must_be:
        cost = cost + 8.0 * ~np.isin(rows % 7, tone.must_be)
    return cost.astype(np.float32)


def contour(num_bars: int, centre: float, swing: float, rng: np.random.Generator) -> FloatArray:
    """A smooth line for the melody to follow, one value per step: an arch, a wave, a rise or a fall.

    Shape: result (16 * num_bars,), float32.
    """
    position = np.linspace(0.0, 1.0, num_bars * STEPS_PER_BAR)
    shape = (
        np.sin(np.pi * position) - 0.5,
        np.sin(2 * np.pi * position),
        -np.sin(2 * np.pi * position),
        position - 0.5,
        0.5 - position,
        np.sin(3 * np.pi * position),
    )[int(rng.integers(6))]
    return np.asarray(centre + swing * shape, dtype=np.float32)
