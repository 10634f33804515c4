"""Windows of eight bars: what they are measured by, and how a hundred thousand of them are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from art2mus.codec.score import LAYERS, MELODY, NUM_ROWS, STEPS_PER_BAR, FloatArray, Note, Score
from art2mus.data.arrays import read_arrays
from art2mus.whole_files import whole_file

WINDOW_BARS = 8
MIN_NOTES = 8
WINDOW_STEPS = WINDOW_BARS * STEPS_PER_BAR
ATTRIBUTES = ("density", "register", "polyphony", "balance")
_HELD_BIT = 2

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Window:
    """Eight bars of music.

    Attributes:
        score: The notes.
        kind: What it is: chorale, quartet, tune, or the texture it was composed in.
        source: The score it was cut from; composed windows have one each.
        is_minor: Whether its harmony is that of the minor mode.
    """

    score: Score
    kind: str
    source: str
    is_minor: bool


def measure_attributes(score: Score) -> FloatArray:
    """Measure the conditions a window is composed under, in the order of ``ATTRIBUTES``.

    density: moments at which something is struck, per quarter note, 0 to 4 (a chord is one moment).
    register: mean row of the sounding cells. polyphony: mean number of sounding rows per step, silent
    steps included. balance: share of the melody in the sounding cells. All are 0 for silence.

    Shape: result (4,), float32.
    """
    roll = score.to_roll()
    sustain = roll[0::2]
    num_cells = float(sustain.sum())
    if num_cells == 0.0:
        return np.zeros(len(ATTRIBUTES), dtype=np.float32)
    register = float((sustain.sum(axis=(0, 1)) * np.arange(NUM_ROWS)).sum()) / num_cells
    polyphony = float(sustain.any(axis=0).sum()) / score.num_steps
    balance = float(sustain[MELODY].sum()) / num_cells
    return np.array([score.events_per_quarter, register, polyphony, balance], dtype=np.float32)


@dataclass(frozen=True)
class Windows:
    """Many windows, packed.

    Attributes:
        notes: Rows of (onset, duration, row, layer + 2 if held), all windows one after another.
        starts: Where each window's notes begin in ``notes``, and where the last one's end.
        attributes: Measured conditions, in the order of ``ATTRIBUTES``.
        kind: What each window is.
        source: The score each window comes from.
        is_minor: Whether its harmony is minor.
        train: Indices of the windows to learn from.
        held_out: Indices of the windows of other scores, to measure on.

    Shape: notes (all_notes, 4) uint8; starts (n + 1,); attributes (n, 4) float32; kind, source,
        is_minor (n,).
    """

    notes: NDArray[np.uint8]
    starts: IntArray
    attributes: FloatArray
    kind: NDArray[np.str_]
    source: NDArray[np.str_]
    is_minor: NDArray[np.bool_]
    train: IntArray
    held_out: IntArray

    def __len__(self) -> int:
        return len(self.starts) - 1

    @classmethod
    def pack(cls, windows: Sequence[Window], held_out_sources: Collection[str] = ()) -> Windows:
        """Pack windows; those of the given sources are held out."""
        packed = [pack_notes(window.score) for window in windows]
        is_held_out = np.array([window.source in held_out_sources for window in windows], dtype=bool)
        return cls(
            notes=np.concatenate(packed) if packed else np.zeros((0, 4), np.uint8),
            starts=np.cumsum([0, *map(len, packed)]).astype(np.int64),
            attributes=np.array([measure_attributes(w.score) for w in windows], np.float32).reshape(-1, 4),
            kind=np.array([window.kind for window in windows], dtype=np.str_),
            source=np.array([window.source for window in windows], dtype=np.str_),
            is_minor=np.array([window.is_minor for window in windows], dtype=bool),
            train=np.nonzero(~is_held_out)[0].astype(np.int64),
            held_out=np.nonzero(is_held_out)[0].astype(np.int64),
        )

    @classmethod
    def merge(cls, packs: Sequence[Windows]) -> Windows:
        """Put packed windows together, in order."""
        num_notes = np.cumsum([0, *(len(pack.notes) for pack in packs)])
        num_windows = np.cumsum([0, *map(len, packs)])
        starts = [pack.starts[:-1] + first for pack, first in zip(packs, num_notes, strict=False)]
        return cls(
            notes=np.concatenate([pack.notes for pack in packs]),
            starts=np.concatenate([*starts, num_notes[-1:]]),
            attributes=np.concatenate([pack.attributes for pack in packs]),
            kind=np.concatenate([pack.kind for pack in packs]),
            source=np.concatenate([pack.source for pack in packs]),
            is_minor=np.concatenate([pack.is_minor for pack in packs]),
            train=np.concatenate([p.train + first for p, first in zip(packs, num_windows, strict=False)]),
            held_out=np.concatenate([p.held_out + first for p, first in zip(packs, num_windows, strict=False)]),
        )

    def score(self, index: int) -> Score:
        """Unpack one window."""
        packed = self.notes[self.starts[index] : self.starts[index + 1]].tolist()
        num_layers = len(LAYERS)
        notes = (Note(o, d, r, flags % num_layers, flags >= num_layers) for o, d, r, flags in packed)
        return Score(tuple(notes), WINDOW_STEPS)

    def rolls(self, indices: IntArray) -> FloatArray:
        """Draw a batch of windows as ``Score.to_roll`` would, all at once.

        Shape: indices (B,); result (B, 4, 128, 32), float32.
        """
        counts = self.starts[indices + 1] - self.starts[indices]
        batch = np.repeat(np.arange(len(indices)), counts)
        offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        chosen = self.notes[np.repeat(self.starts[indices], counts) + offset].astype(np.int64)
        onset, duration, row, flags = chosen.T
        layer, is_struck = flags % _HELD_BIT, flags < _HELD_BIT
        change = np.zeros((len(indices), len(LAYERS), WINDOW_STEPS + 1, NUM_ROWS), dtype=np.int8)
        np.add.at(change, (batch, layer, onset, row), 1)
        np.subtract.at(change, (batch, layer, onset + duration, row), 1)
        rolls = np.zeros((len(indices), 2 * len(LAYERS), WINDOW_STEPS, NUM_ROWS), dtype=np.float32)
        np.greater(np.cumsum(change, axis=2, dtype=np.int8)[:, :, :-1], 0, out=rolls[:, 0::2], casting="unsafe")
        rolls[batch[is_struck], 2 * layer[is_struck] + 1, onset[is_struck], row[is_struck]] = 1.0
        return rolls

    def some_held_out(self, num_windows: int) -> IntArray:
        """Choose held-out windows to measure on; everybody who measures chooses the same first ones.

        Shape: result (at most num_windows,).
        """
        return np.random.default_rng(0).permutation(self.held_out)[:num_windows]

    def save(self, path: Path) -> None:
        """Write one compressed file, whole or not at all."""
        with whole_file(path) as partial, partial.open("wb") as file:
            np.savez_compressed(file, **vars(self))


def pack_notes(score: Score) -> NDArray[np.uint8]:
    """Notes as rows of (onset, duration, row, layer + 2 if held).

    Shape: result (notes, 4), uint8.
    """
    rows = [(n.onset, n.duration, n.row, n.layer + _HELD_BIT * n.is_held) for n in score.notes]
    return np.array(rows, dtype=np.uint8).reshape(-1, 4)


def load_windows(path: Path | str) -> Windows:
    """Read what ``Windows.save`` wrote.

    Raises: FileNotFoundError, naming the command that makes the file, if there is none; OSError if it is damaged.
    """
    return read_arrays(Path(path), Windows, "windows", "python -m art2mus.data.scores configs/train/mini-data.yaml")
