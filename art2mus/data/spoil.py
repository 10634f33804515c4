"""Music made worse on purpose: what the negative prompt "Low quality." means to `mini`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from art2mus.codec.score import MELODY, NUM_ROWS, STEPS_PER_BAR, Note, Score

MAX_ROWS = 4


def spoil(score: Score, rng: np.random.Generator) -> Score:
    """Make music worse in one of four ways: out of tune twice as often as a wandering melody or forgotten bars."""
    way = _WAYS[int(rng.integers(len(_WAYS)))]
    return Score(tuple(way(score, rng)), score.num_steps)


def out_of_tune(score: Score, rng: np.random.Generator) -> list[Note]:
    """Move the pitches and onsets of many notes, each by a little.

    Between a fifth and all of the notes go up or down by up to four rows, as in the chance level of
    `metrics.harmony`; half of the time, some notes also come up to three steps too late.
    """
    share = rng.uniform(0.2, 1.0)
    late_share = rng.uniform(0.0, 0.5) * rng.integers(2)
    notes = []
    for note in score.notes:
        if rng.random() < share:
            note = _moved(note, int(rng.choice([step for step in range(-MAX_ROWS, MAX_ROWS + 1) if step])))
        if rng.random() < late_share:
            onset = min(note.onset + int(rng.integers(1, 4)), score.num_steps - 1)
            note = replace(note, onset=onset, duration=min(note.duration, score.num_steps - onset), is_held=False)
        notes.append(note)
    return notes


def wandering(score: Score, rng: np.random.Generator) -> list[Note]:
    """Let the melody leap: its notes go a third or a fifth up or down, each by itself, so that chords stay chords."""
    share = rng.uniform(0.4, 1.0)
    return [
        _moved(note, int(rng.choice([-4, -2, 2, 4]))) if note.layer == MELODY and rng.random() < share else note
        for note in score.notes
    ]


def forgetful(score: Score, rng: np.random.Generator) -> list[Note]:
    """Move every bar by a few rows of its own: nothing comes again as it was, and no chord leads to the next."""
    moves = rng.integers(-3, 4, size=-(-score.num_steps // STEPS_PER_BAR))
    return [_moved(note, int(moves[note.onset // STEPS_PER_BAR])) for note in score.notes]


_WAYS: tuple[Callable[[Score, np.random.Generator], list[Note]], ...] = (
    out_of_tune,
    out_of_tune,
    wandering,
    forgetful,
)


def _moved(note: Note, num_rows: int) -> Note:
    return replace(note, row=int(np.clip(note.row + num_rows, 0, NUM_ROWS - 1)))
