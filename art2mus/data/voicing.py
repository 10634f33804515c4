"""Chords laid out in voices that move little and well.

A chord is the degree of its root, 0 to 6; a voicing is the rows of its voices from low to high.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations, pairwise

import numpy as np

from art2mus.codec.score import NUM_ROWS, ROWS_PER_OCTAVE

MAX_VOICES = 6
_MUDDY_BELOW_ROW = 7
_INVERSION_COST = {0: 0.0, 2: 3.0, 4: 8.0}
_PARALLEL_COST = 9.0

Voicing = tuple[int, ...]


def triad(root: int) -> tuple[int, int, int]:
    """Degrees of the triad on a root.

    >>> triad(4)
    (4, 6, 1)
    """
    return root % 7, (root + 2) % 7, (root + 4) % 7


def lead_voices(roots: Sequence[int], num_voices: int, low: int, high: int, rng: np.random.Generator) -> list[Voicing]:
    """Lay out chords one after another with small steps and without parallel fifths or octaves.

    Args:
        roots: Root degrees of the chords.
        num_voices: Voices of each chord, 1 to 6.
        low: Lowest row that may be used.
        high: Highest row; it is raised where the voices would not fit in.
        rng: Picks the first voicing among the good ones.
    """
    low = max(0, min(low, NUM_ROWS - 8 - 2 * num_voices))
    high = min(NUM_ROWS - 1, max(high, low + 5 + 3 * num_voices))
    first = _candidates(roots[0], num_voices, low, high)
    best = sorted(first, key=lambda v: _cost_alone(v, roots[0], low, high))[: max(1, min(4, len(first)))]
    voicing = best[int(rng.integers(len(best)))]
    led = [voicing]
    for root in roots[1:]:
        voicing = _next_voicing(voicing, root, low, high)
        led.append(voicing)
    return led


@cache
def _next_voicing(before: Voicing, root: int, low: int, high: int) -> Voicing:
    return min(
        _candidates(root, len(before), low, high),
        key=lambda v: _cost_of_move(before, v) + _cost_alone(v, root, low, high),
    )


@cache
def _candidates(root: int, num_voices: int, low: int, high: int) -> tuple[Voicing, ...]:
    degrees = triad(root)
    rows = [row for row in range(low, high + 1) if row % ROWS_PER_OCTAVE in degrees]
    complete = [v for v in combinations(rows, num_voices) if _is_complete(v, root) and _is_well_spaced(v)]
    return tuple(complete) or tuple(v for v in combinations(rows, num_voices) if _is_complete(v, root))


def _is_complete(voicing: Voicing, root: int) -> bool:
    degrees = {(row - root) % ROWS_PER_OCTAVE for row in voicing}
    if len(voicing) == 1:
        return degrees == {0}
    return 0 in degrees and (len(voicing) == 2 or 2 in degrees) and (len(voicing) < 4 or 4 in degrees)


def _is_well_spaced(voicing: Voicing) -> bool:
    for i, (lower, upper) in enumerate(pairwise(voicing)):
        gap = upper - lower
        if gap > (12 if i == 0 else ROWS_PER_OCTAVE):
            return False
        if gap < (4 if lower < _MUDDY_BELOW_ROW else 2):
            return False
    return True


def _cost_alone(voicing: Voicing, root: int, low: int, high: int) -> float:
    degrees = [(row - root) % ROWS_PER_OCTAVE for row in voicing]
    middle = abs(sum(voicing) / len(voicing) - (low + high) / 2)
    doubled_third = max(0, degrees.count(2) - 1)
    bare = 1.5 if 2 not in degrees and len(voicing) > 1 else 0.0
    return _INVERSION_COST[degrees[0]] + 0.5 * middle + 1.5 * doubled_third + bare


@cache
def _cost_of_move(before: Voicing, after: Voicing) -> float:
    moves = [b - a for a, b in zip(before, after, strict=True)]
    cost = 0.4 * abs(moves[0]) + sum(abs(move) + (3.0 if abs(move) > 3 else 0.0) for move in moves[1:])
    for i, j in combinations(range(len(moves)), 2):
        interval = (after[j] - after[i]) % ROWS_PER_OCTAVE
        is_same = (before[j] - before[i]) % ROWS_PER_OCTAVE == interval
        if is_same and interval in (0, 4) and moves[i] * moves[j] > 0:
            cost += _PARALLEL_COST
    return cost
