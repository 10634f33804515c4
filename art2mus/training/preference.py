"""Which windows to learn from in the end: those that show best what is learned least."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from art2mus.data.windows import ATTRIBUTES, Windows
from art2mus.metrics.harmony import melody_moves, repetition

IntArray = NDArray[np.int64]

NUM_DENSITIES = 3
MIN_MOVES = 4
"""A melody that moves less often says nothing about its steps: it counts as an average one."""


def preferred(windows: Windows, share: float) -> IntArray:
    """Choose training windows whose melodies go by step, and whose bars come again.

    Within each kind of music, and each third of its densities, the share that ranks highest in both together, so that
    kinds and conditions stay as they were.

    Args:
        windows: All of them.
        share: How many to choose; 1 is all.

    Shape: result (about share * len(windows.train),), sorted.
    """
    if share >= 1.0:
        return windows.train
    figures = np.array([_figures(windows, int(index)) for index in windows.train])
    figures = np.where(np.isnan(figures), np.nanmean(figures, axis=0), figures)
    densities = windows.attributes[windows.train, ATTRIBUTES.index("density")]
    kinds = windows.kind[windows.train]
    chosen = []
    for kind in np.unique(kinds):
        of_kind = np.flatnonzero(kinds == kind)
        for group in np.array_split(of_kind[np.argsort(densities[of_kind], kind="stable")], NUM_DENSITIES):
            ranks = rankdata(figures[group], axis=0).sum(axis=1)
            chosen.append(group[np.argsort(-ranks, kind="stable")][: round(share * len(group))])
    return np.sort(windows.train[np.concatenate(chosen)])


def _figures(windows: Windows, index: int) -> tuple[float, float]:
    """Share of the melody's moves that are steps (nan without a melody), and repetition of bars."""
    score = windows.score(index)
    steps, moves = melody_moves(score)
    return steps / moves if moves >= MIN_MOVES else np.nan, repetition(score)
