"""How much a score behaves like music: figures for real, generated and scrambled scores.

Measured on scores as they are, before any cleaning. All figures are shares between 0 and 1 but for the
number of notes. ``python -m art2mus.metrics.harmony WINDOWS`` prints held-out music beside chance.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from art2mus.arguments import at_least_1
from art2mus.codec.score import MELODY, NUM_ROWS, ROWS_PER_OCTAVE, STEPS_PER_BAR, Note, Score
from art2mus.exit_codes import exit_code

BoolArray = NDArray[np.bool_]

NEAR_EMPTY_BELOW = 8
CHANCE_ROWS = 4
_PHRASE_BARS = 4
# Distances between rows, within an octave, that count as consonant: all but seconds and sevenths. The
# fourth is one of them: between upper voices it is part of every triad in close order.
_CONSONANT = np.isin(np.arange(ROWS_PER_OCTAVE), (0, 2, 3, 4, 5))
_TRIADS = frozenset(frozenset((root, (root + 2) % 7, (root + 4) % 7)) for root in range(7))
_TONIC_OR_DOMINANT = (frozenset((0, 2, 4)), frozenset((4, 6, 1)))


@dataclass(frozen=True)
class HarmonyFigures:
    """What ``measure`` finds in a set of scores.

    Attributes:
        consonant_dyads: Share of the pairs of rows sounding together that are consonant.
        triads: Share of the steps with three or more different degrees whose degrees are one triad.
        stepwise_melody: Share of the melody's moves that go by one row.
        repetition: Likeness of the bars to earlier bars; see ``repetition``.
        on_half_beats: Share of the notes struck on an eighth note of the bar.
        cadences: Share of the phrases of four bars whose end is part of the tonic or dominant chord.
        near_empty: Share of the scores with fewer than 8 notes.
        mean_notes: Notes per score.
    """

    consonant_dyads: float
    triads: float
    stepwise_melody: float
    repetition: float
    on_half_beats: float
    cadences: float
    near_empty: float
    mean_notes: float


def measure(scores: Sequence[Score]) -> HarmonyFigures:
    """Measure a set of scores; shares are taken over all of them together, repetition as a mean.

    Raises: ValueError if there are no scores.
    """
    if not scores:
        raise ValueError("there is nothing to measure: no scores were given")
    counts = np.zeros((5, 2))
    for score in scores:
        sounding = _sounding(score)
        counts += np.array(
            [
                _count_consonant(sounding),
                _count_triads(sounding),
                melody_moves(score),
                _count_half_beats(score),
                _count_cadences(sounding),
            ]
        )
    share = counts[:, 0] / np.maximum(counts[:, 1], 1)
    return HarmonyFigures(
        consonant_dyads=float(share[0]),
        triads=float(share[1]),
        stepwise_melody=float(share[2]),
        repetition=float(np.mean([repetition(score) for score in scores])),
        on_half_beats=float(share[3]),
        cadences=float(share[4]),
        near_empty=float(np.mean([len(score.notes) < NEAR_EMPTY_BELOW for score in scores])),
        mean_notes=float(np.mean([len(score.notes) for score in scores])),
    )


def scramble(score: Score, rng: np.random.Generator) -> Score:
    """Move every pitch by up to four rows, up or down, and leave the rhythm: the chance level.

    Moves that leave the rows are turned back into them.
    """
    moves = rng.integers(-CHANCE_ROWS, CHANCE_ROWS + 1, size=len(score.notes))
    rows = np.array([note.row for note in score.notes], dtype=np.int64) + moves
    rows = np.where(rows < 0, -rows, rows)
    rows = np.where(rows >= NUM_ROWS, 2 * (NUM_ROWS - 1) - rows, rows)
    moved = (replace(note, row=row) for note, row in zip(score.notes, rows.tolist(), strict=True))
    return Score(tuple(moved), score.num_steps)


def scrambled(scores: Iterable[Score]) -> list[Score]:
    """Scramble each score; the same scores come out alike every time. What is measured on them is chance."""
    rng = np.random.default_rng(0)
    return [scramble(score, rng) for score in scores]


def share_of_the_way(generated: HarmonyFigures, chance: HarmonyFigures, real: HarmonyFigures) -> dict[str, float]:
    """Say for each figure how far it has come from chance (0) to real music (1).

    Figures that chance and real music share, such as the rhythm's, have no way to go and are left out.
    """
    way = {}
    for field, ours, low, high in zip(
        fields(HarmonyFigures), astuple(generated), astuple(chance), astuple(real), strict=True
    ):
        if abs(high - low) > 0.01 and field.name != "mean_notes":
            way[field.name] = (ours - low) / (high - low)
    return way


def repetition(score: Score) -> float:
    """Likeness of each bar to the most alike bar one, two or four before it, averaged over the bars.

    Likeness is the cosine of the notes struck, so that a bar that comes again exactly counts 1.
    """
    num_bars = score.num_steps // STEPS_PER_BAR
    struck = np.zeros((num_bars, STEPS_PER_BAR, NUM_ROWS), dtype=np.float64)
    for note in score.notes:
        bar, step = divmod(note.onset, STEPS_PER_BAR)
        if bar < num_bars and not note.is_held:
            struck[bar, step, note.row] = 1.0
    bars = struck.reshape(num_bars, STEPS_PER_BAR * NUM_ROWS)
    bars /= np.maximum(np.linalg.norm(bars, axis=1, keepdims=True), 1e-9)
    likeness = bars @ bars.T
    later = [max(likeness[i, i - lag] for lag in (1, 2, 4) if lag <= i) for i in range(1, num_bars)]
    return float(np.mean(later)) if later else 0.0


def melody_moves(score: Score) -> tuple[float, float]:
    """Count the moves of the melody's highest voice, by one row and in all; a rest of over a quarter note breaks it."""
    line: dict[int, Note] = {}
    for note in score.notes:
        if note.layer == MELODY and (note.onset not in line or line[note.onset].row < note.row):
            line[note.onset] = note
    voice = [line[onset] for onset in sorted(line)]
    moves = [abs(b.row - a.row) for a, b in pairwise(voice) if b.onset - a.end <= 4]
    return float(sum(move == 1 for move in moves)), float(len(moves))


def _sounding(score: Score) -> BoolArray:
    sounding = np.zeros((score.num_steps, NUM_ROWS), dtype=bool)
    for note in score.notes:
        sounding[note.onset : note.end, note.row] = True
    return sounding


def _count_consonant(sounding: BoolArray) -> tuple[float, float]:
    cells = sounding.astype(np.float64)
    pairs = cells.T @ cells
    lower, upper = np.triu_indices(NUM_ROWS, k=1)
    together = pairs[lower, upper]
    return float(together[_CONSONANT[(upper - lower) % ROWS_PER_OCTAVE]].sum()), float(together.sum())


def _degrees(sounding: BoolArray) -> BoolArray:
    folded = [sounding[:, degree::ROWS_PER_OCTAVE].any(axis=1) for degree in range(ROWS_PER_OCTAVE)]
    return np.stack(folded, axis=1)


def _count_triads(sounding: BoolArray) -> tuple[float, float]:
    degrees = _degrees(sounding)
    full = degrees[degrees.sum(axis=1) >= 3]
    kinds, counts = np.unique(full, axis=0, return_counts=True)
    is_triad = [frozenset(np.nonzero(kind)[0].tolist()) in _TRIADS for kind in kinds]
    return float(counts[np.array(is_triad, dtype=bool)].sum()), float(len(full))


def _count_half_beats(score: Score) -> tuple[float, float]:
    struck = [note.onset for note in score.notes if not note.is_held]
    return float(sum(onset % 2 == 0 for onset in struck)), float(len(struck))


def _count_cadences(sounding: BoolArray) -> tuple[float, float]:
    """Look at the last quarter note of every phrase; silence is no cadence and no phrase."""
    degrees = _degrees(sounding)
    phrase = _PHRASE_BARS * STEPS_PER_BAR
    found = num_phrases = 0
    for end in range(phrase, len(sounding) + 1, phrase):
        last = frozenset(np.nonzero(degrees[end - 4 : end].any(axis=0))[0].tolist())
        if last:
            num_phrases += 1
            found += any(last <= chord for chord in _TONIC_OR_DOMINANT)
    return float(found), float(num_phrases)


def table(columns: dict[str, HarmonyFigures]) -> str:
    """Lay figures out side by side, one line for each figure."""
    lines = [f"{'':18s}" + "".join(f"{name:>12s}" for name in columns)]
    for field in fields(HarmonyFigures):
        values = "".join(f"{getattr(figures, field.name):12.3f}" for figures in columns.values())
        lines.append(f"{field.name.replace('_', ' '):18s}{values}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m art2mus.metrics.harmony", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("windows", type=Path, help="what python -m art2mus.data.scores wrote")
    parser.add_argument("--limit", type=at_least_1, default=2000, help="held-out windows to measure (default 2000)")
    options = parser.parse_args(arguments)
    return exit_code(lambda: _print_held_out(options.windows, options.limit), ValueError, goes_on=False)


def _print_held_out(path: Path, limit: int) -> int:
    from art2mus.data.windows import load_windows

    windows = load_windows(path)
    scores = [windows.score(int(index)) for index in windows.some_held_out(limit)]
    print(table({"chance": measure(scrambled(scores)), "held out": measure(scores)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
