"""Music made worse on purpose: what the negative prompt "Low quality." means to `mini`."""

from dataclasses import replace

import numpy as np

from art2mus.codec.score import NUM_ROWS, Score

MAX_ROWS = 4


def spoil(score: Score, rng: np.random.Generator) -> Score:
    """Move the pitches and onsets of many notes, each by a little.

    Between a fifth and all of the notes go up or down by up to four rows, as in the chance level of
    `metrics.harmony`; half of the time, some notes also come up to three steps too late.
    """
    share = rng.uniform(0.2, 1.0)
    late_share = rng.uniform(0.0, 0.5) * rng.integers(2)
    notes = []
    for note in score.notes:
        if rng.random() < share:
            row = note.row + int(rng.choice([step for step in range(-MAX_ROWS, MAX_ROWS + 1) if step]))
            note = replace(note, row=int(np.clip(row, 0, NUM_ROWS - 1)))
        if rng.random() < late_share:
            onset = min(note.onset + int(rng.integers(1, 4)), score.num_steps - 1)
            note = replace(note, onset=onset, duration=min(note.duration, score.num_steps - onset), is_held=False)
        notes.append(note)
    return Score(tuple(notes), score.num_steps)
