"""Scores for tests: a chorale phrase, and well-formed notes at random."""

import numpy as np

from art2mus.codec.score import MELODY, PAD, STEPS_PER_BAR, Note, Score

_MELODY = (
    *((14, 4), (16, 4), (18, 4), (16, 4), (17, 4), (15, 4), (13, 4), (15, 4), (16, 6), (15, 2), (17, 4), (18, 4)),
    *((18, 4), (13, 4), (14, 8), (19, 4), (18, 4), (16, 8), (17, 4), (15, 4), (14, 8), (13, 8), (14, 16)),
)
_ROOTS = (0, 5, 3, 4, 0, 3, 4, 0, 5, 2, 3, 0, 1, 4, 0, 0)


def chorale() -> Score:
    """Eight bars in four parts: two chords a bar, with dominants and a close."""
    notes, onset = [], 0
    for row, duration in _MELODY:
        notes.append(Note(onset, duration, row, MELODY))
        onset += duration
    for index, root in enumerate(_ROOTS):
        rows = {root, *(7 + (root + third) % 7 for third in (0, 2, 4))}
        notes.extend(Note(8 * index, 8, row, PAD) for row in rows)
    return Score(tuple(notes), 8 * STEPS_PER_BAR)


def random_score(seed: int, num_steps: int = 128) -> Score:
    """A wandering melody over held and repeated pad notes in every register."""
    random = np.random.default_rng(seed)
    notes, onset, row = [], 0, 16
    while onset < num_steps:
        duration = min(int(random.choice([1, 2, 2, 4, 4, 6, 8])), num_steps - onset)
        row = int(np.clip(row + random.integers(-3, 4), 0, 31))
        if random.random() < 0.85:
            notes.append(Note(onset, duration, row, MELODY))
        onset += duration
    for row in range(15):
        onset = int(random.integers(0, 30))
        while onset < num_steps:
            duration = min(int(random.choice([4, 8, 12, 16, 20])), num_steps - onset)
            if random.random() < 0.3:
                notes.append(Note(onset, duration, row, PAD))
            onset += duration + int(random.choice([0, 0, 4]))
    return Score(tuple(notes), num_steps)
