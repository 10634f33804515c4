"""Look up whether a score copies one of the scores it was learned from.

Two scores are as alike as the notes they strike in common, once one is moved by rows and by whole bars so
that as many as possible agree. ``python -m art2mus.metrics.copying WINDOWS`` prints how alike held-out
music is to the music learned from: what a model that copies nothing would reach.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from art2mus.arguments import at_least_1
from art2mus.codec.score import NUM_ROWS, STEPS_PER_BAR, FloatArray, Score
from art2mus.data.windows import IntArray, Windows, load_windows, pack_notes
from art2mus.exit_codes import exit_code

NUM_CANDIDATES = 96
# Fingerprint: how often a note is followed, as one of the next few, by one so many steps later and so
# many rows away, on so much of the beat.
_NUM_FOLLOWERS = 5
_MAX_STEPS, _MAX_ROWS, _NUM_PHASES = 8, 7, 4
_BLOCK = 2048
_NUM_FEATURES = (_MAX_STEPS + 1) * (2 * _MAX_ROWS + 1) * _NUM_PHASES

Packed = NDArray[np.uint8]


@dataclass(frozen=True)
class Nearest:
    """The most alike window: its index, and the likeness, 1 for a copy."""

    index: int
    likeness: float


def likeness(a: Score, b: Score) -> float:
    """Share of the notes struck in common after the best move by rows and by whole bars.

    The share is of the geometric mean of both numbers of notes: 1 for a transposed copy, 0 if either
    score is empty.

    >>> from art2mus.codec.score import Note
    >>> tune = Score((Note(0, 4, 14, 0), Note(4, 4, 16, 0)), 32)
    >>> moved = Score((Note(16, 4, 9, 0), Note(20, 4, 11, 0)), 32)
    >>> likeness(tune, moved)
    1.0
    """
    num_steps = max(a.num_steps, b.num_steps)
    one, other = _struck([pack_notes(a)], num_steps), _struck([pack_notes(b)], num_steps)
    return float(_likeness(one[0], other)[0])


class CopyingLookup:
    """Finds the training window nearest to a score, among a hundred thousand in a fraction of a second.

    Fingerprints that no move changes choose the candidates, which are then compared exactly.

    Raises: ValueError if there are no training windows.
    """

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.indices = windows.train
        if not len(self.indices):
            raise ValueError("there is nothing to compare with: no training windows")
        self._fingerprints = _fingerprints([_packed(windows, index) for index in windows.train.tolist()])

    def nearest(self, score: Score) -> Nearest:
        """Find the training window most alike to a score."""
        packed = pack_notes(score)
        alike = self._fingerprints @ _fingerprints([packed])[0]
        num_candidates = min(NUM_CANDIDATES, len(alike))
        chosen = self.indices[np.argpartition(alike, -num_candidates)[-num_candidates:]]
        struck = _struck([_packed(self.windows, index) for index in chosen.tolist()], score.num_steps)
        found = _likeness(_struck([packed], score.num_steps)[0], struck)
        best = int(found.argmax())
        return Nearest(int(chosen[best]), float(found[best]))


def _packed(windows: Windows, index: int) -> Packed:
    return windows.notes[windows.starts[index] : windows.starts[index + 1]]


def _fingerprints(scores: Sequence[Packed]) -> FloatArray:
    """One unit vector for each score.

    Shape: result (scores, features), float32.
    """
    blocks = [_counts(scores[i : i + _BLOCK]) for i in range(0, len(scores), _BLOCK)]
    counts = np.concatenate(blocks)
    return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)


def _counts(scores: Sequence[Packed]) -> FloatArray:
    notes = np.concatenate(scores).astype(np.int64)
    owner = np.repeat(np.arange(len(scores)), [len(packed) for packed in scores])
    counts = np.zeros(len(scores) * _NUM_FEATURES, dtype=np.float32)
    for follower in range(1, _NUM_FOLLOWERS + 1):
        is_same = owner[follower:] == owner[:-follower]
        first, later = notes[:-follower][is_same], notes[follower:][is_same]
        steps = np.minimum(later[:, 0] - first[:, 0], _MAX_STEPS)
        rows = np.clip(later[:, 2] - first[:, 2], -_MAX_ROWS, _MAX_ROWS) + _MAX_ROWS
        feature: IntArray = (steps * (2 * _MAX_ROWS + 1) + rows) * _NUM_PHASES + first[:, 0] % _NUM_PHASES
        counts += np.bincount(owner[:-follower][is_same] * _NUM_FEATURES + feature, minlength=len(counts))
    return counts.reshape(len(scores), _NUM_FEATURES)


def _struck(scores: Sequence[Packed], num_steps: int) -> FloatArray:
    """Maps of the notes struck, with room for every move around them.

    Shape: result (scores, bars doubled, 16, rows doubled), float32.
    """
    num_bars = -(-num_steps // STEPS_PER_BAR)
    struck = np.zeros((len(scores), 2 * num_bars, STEPS_PER_BAR, 2 * NUM_ROWS), dtype=np.float32)
    for cells, packed in zip(struck, scores, strict=True):
        onset, row = packed[:, 0].astype(np.int64), packed[:, 2]
        is_inside = onset < num_steps
        cells[onset[is_inside] // STEPS_PER_BAR, onset[is_inside] % STEPS_PER_BAR, row[is_inside]] = 1.0
    return struck


def _likeness(one: FloatArray, others: FloatArray) -> FloatArray:
    """Correlate one map with many over all moves by bars and rows, and take the best.

    Shape: one (bars, 16, rows); others (scores, bars, 16, rows); result (scores,), float32.
    """
    axes = (-3, -1)
    spectrum = np.fft.rfft2(others, axes=axes) * np.conj(np.fft.rfft2(one, axes=axes))
    common = np.fft.irfft2(spectrum.sum(axis=-2), s=(one.shape[0], one.shape[-1]), axes=(-2, -1))
    best = np.round(common.max(axis=(-2, -1)))
    size = np.sqrt(one.sum() * others.sum(axis=(1, 2, 3)))
    return np.asarray(np.divide(best, size, out=np.zeros_like(best), where=size > 0), dtype=np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m art2mus.metrics.copying", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("windows", type=Path, help="what python -m art2mus.data.scores wrote")
    parser.add_argument("--limit", type=at_least_1, default=100, help="held-out windows to look up (default 100)")
    options = parser.parse_args(arguments)
    return exit_code(lambda: _run(options), ValueError, goes_on=False)


def _run(options: argparse.Namespace) -> int:
    windows = load_windows(options.windows)
    lookup = CopyingLookup(windows)
    chosen = windows.some_held_out(options.limit)
    found = [lookup.nearest(windows.score(int(index))).likeness for index in chosen]
    print(f"likeness of held-out windows to the nearest training window: mean {np.mean(found):.3f}, ", end="")
    print(f"95 % below {np.percentile(found, 95):.3f}, highest {max(found):.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
