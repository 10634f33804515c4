"""Chords for a tune that has none: a small dynamic programme over half bars or bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from art2mus.codec.score import MELODY, STEPS_PER_BAR, FloatArray, Note, Score
from art2mus.data.texture import MIN_VOICES, TEXTURES, Span
from art2mus.data.voicing import lead_voices

_NUM_ROOTS = 7
# How well a melody note sits over a chord, by its distance above the root.
_FIT = np.array([1.0, -1.0, 1.0, -1.0, 0.8, -1.0, -0.4])
# How welcome a chord is in itself: I IV V and vi lead in major, i VI VII and v in minor;
# the diminished triad stays out.
_PRIOR = {
    False: np.array([0.5, 0.0, -0.5, 0.35, 0.4, 0.15, -4.0]),
    True: np.array([0.5, -4.0, 0.0, 0.25, 0.3, 0.2, 0.2]),
}
# By how many degrees the root rises: falling fifths and thirds are strong, rising ones weaker.
_PROGRESSION = np.array([0.0, 0.15, -0.35, 0.4, 0.2, 0.1, 0.0])
_STYLES = (
    *("held", "held", "staggered", "blocks", "arpeggio", "arpeggio"),
    *("broken", "bass_and_chord", "ostinato", "drone"),
)


def find_chords(
    melody: Sequence[Note], num_steps: int, steps_per_chord: int, is_minor: bool, rng: np.random.Generator
) -> list[int]:
    """Choose a root for every stretch of ``steps_per_chord`` steps.

    Chord tones of the melody count by length and by weight in the bar; roots move by preference;
    every fourth bar wants to end on the dominant or the tonic, the last on the tonic. The random
    generator tilts the choice, so that a tune may be harmonised in several ways.
    """
    num_chords = -(-num_steps // steps_per_chord)
    weights = np.zeros((num_chords, _NUM_ROOTS))
    for note in melody:
        for step in range(note.onset, note.end):
            accent = 2.0 if step == note.onset and step % 8 == 0 else 1.0
            weights[step // steps_per_chord, note.row % 7] += accent
    weights *= 4.0 / np.maximum(weights.sum(axis=1, keepdims=True), 4.0)
    fit = np.array([[_FIT[(degree - root) % 7] for root in range(_NUM_ROOTS)] for degree in range(7)])
    score = weights @ fit + _PRIOR[is_minor] + rng.normal(0.0, 0.35, size=(num_chords, _NUM_ROOTS))
    chords_per_phrase = max(1, 4 * STEPS_PER_BAR // steps_per_chord)
    for last in range(chords_per_phrase - 1, num_chords, chords_per_phrase):
        score[last] += np.array([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0])
    score[-1, 0] += 1.5
    return _best_path(score, steps_per_chord)


def _best_path(score: FloatArray | np.ndarray[tuple[int, int], np.dtype[np.float64]], length: int) -> list[int]:
    rise = (np.arange(_NUM_ROOTS)[None, :] - np.arange(_NUM_ROOTS)[:, None]) % 7
    move = _PROGRESSION[rise]
    best = np.asarray(score[0], dtype=np.float64)
    came_from = []
    for i in range(1, len(score)):
        is_bar_line = (i * length) % STEPS_PER_BAR == 0
        # Standing still over a bar line is a little dull, changing inside a bar a little restless.
        stay = np.eye(_NUM_ROOTS) * (-0.3 if is_bar_line else 0.6)
        total = best[:, None] + move + stay
        came_from.append(total.argmax(axis=0))
        best = total.max(axis=0) + score[i]
    path = [int(best.argmax())]
    for back in reversed(came_from):
        path.append(int(back[path[-1]]))
    return path[::-1]


def accompany(tune: Score, is_minor: bool, rng: np.random.Generator) -> tuple[Score, str]:
    """Put an accompaniment under a tune, its style, density and voices drawn at random.

    Returns: The tune with its pad, and the name of the style.
    """
    melody = [note for note in tune.notes if note.layer == MELODY]
    steps_per_chord = int(rng.choice([8, 8, 16]))
    roots = find_chords(melody, tune.num_steps, steps_per_chord, is_minor, rng)
    style = str(rng.choice(_STYLES))
    lowest = min((note.row for note in melody), default=20)
    high = int(np.clip(lowest + rng.integers(-2, 3), 9, 27))
    fewest = MIN_VOICES.get(style, 1)
    num_voices = int(rng.integers(fewest, max(fewest, min(5, (high - 3) // 3)) + 1))
    low = int(np.clip(high - 5 - 3 * num_voices + rng.integers(-2, 1), 0, 18))
    spans = spans_of(roots, steps_per_chord, num_voices, low, high, rng)
    notes = TEXTURES[style](spans, rng)
    return Score((*melody, *notes), tune.num_steps), style


def spans_of(
    roots: Sequence[int], steps_per_chord: int, num_voices: int, low: int, high: int, rng: np.random.Generator
) -> list[Span]:
    """Lay chords of equal length out in voices; a chord that stays is one long span."""
    merged: list[tuple[int, int, int]] = []
    for i, root in enumerate(roots):
        if merged and merged[-1][0] == root:
            _, onset, duration = merged.pop()
            merged.append((root, onset, duration + steps_per_chord))
        else:
            merged.append((root, i * steps_per_chord, steps_per_chord))
    voicings = lead_voices([root for root, _, _ in merged], num_voices, low, high, rng)
    return [Span(onset, d, voicing) for (_, onset, d), voicing in zip(merged, voicings, strict=True)]
