"""Notes on a grid, and the piano roll that stands for them.

One step is a sixteenth note and sixteen steps are a bar of 4/4; tempo belongs to the performance.
Pitch is diatonic: row 0 is the tonic at C2, row ``r`` is degree ``r % 7`` of octave ``r // 7``. A
triad has therefore one shape on every degree, and mode and key are a matter of playing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

STEPS_PER_QUARTER = 4
STEPS_PER_BAR = 16
ROWS_PER_OCTAVE = 7
NUM_ROWS = 32
LAYERS = ("melody", "pad")
MELODY, PAD = range(len(LAYERS))

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, order=True, slots=True)
class Note:
    """A pitch that sounds for a while.

    Attributes:
        onset: First step, counted from the beginning of the score.
        duration: Length in steps, at least 1.
        row: Diatonic pitch, 0 (C2) to 31 (F6) when the tonic is C.
        layer: Index into ``LAYERS``.
        is_held: Whether it sounds on from before the score begins, so that it is not struck here.
            Only a note with onset 0 can be.
    """

    onset: int
    duration: int
    row: int
    layer: int
    is_held: bool = False

    @property
    def end(self) -> int:
        """The first step after the note."""
        return self.onset + self.duration


@dataclass(frozen=True)
class Score:
    """A piece of music, or a stretch of one: sorted notes within ``num_steps`` steps.

    Raises: ValueError if a note lies outside the score or the rows.

    >>> Score((Note(0, 4, 14, MELODY),), 16).to_roll().shape
    (4, 16, 32)
    """

    notes: tuple[Note, ...]
    num_steps: int

    def __post_init__(self) -> None:
        if self.num_steps < 0:
            raise ValueError(f"num_steps is {self.num_steps}, but a score cannot be shorter than nothing")
        for note in self.notes:
            _check_note(note, self.num_steps)
        object.__setattr__(self, "notes", tuple(sorted(self.notes)))

    @property
    def num_bars(self) -> float:
        """Length in bars of 4/4."""
        return self.num_steps / STEPS_PER_BAR

    @property
    def events_per_quarter(self) -> float:
        """Moments at which something is struck, per quarter note; a chord is one moment.

        >>> Score((Note(0, 4, 14, MELODY), Note(0, 8, 0, PAD), Note(8, 8, 2, PAD)), 16).events_per_quarter
        0.5
        """
        onsets = {note.onset for note in self.notes if not note.is_held}
        return len(onsets) * STEPS_PER_QUARTER / max(self.num_steps, 1)

    def to_roll(self) -> FloatArray:
        """Draw the notes: a pair of (sustain, onset) maps for the melody, then one for the pad.

        Shape: result (4, num_steps, 32), float32, each cell 0 or 1.
        """
        roll = np.zeros((2 * len(LAYERS), self.num_steps, NUM_ROWS), dtype=np.float32)
        for note in self.notes:
            roll[2 * note.layer, note.onset : note.end, note.row] = 1.0
            if not note.is_held:
                roll[2 * note.layer + 1, note.onset, note.row] = 1.0
        return roll

    @classmethod
    def from_roll(cls, roll: FloatArray, threshold: float = 0.5) -> Score:
        """Read the notes out of a roll as they stand, good or bad.

        A sounding run of cells is split at every onset inside it. A run that starts without an
        onset is a held note at step 0 and an ordinary one elsewhere; an onset over a silent cell
        is nothing.

        Args:
            roll: Maps as ``to_roll`` draws them; the values may be anything, such as probabilities.
            threshold: What a cell must exceed to count as sounding or struck.

        Shape: roll (4, num_steps, 32).
        Raises: ValueError if the roll has another number of channels or rows.
        """
        if roll.ndim != 3 or roll.shape[0] != 2 * len(LAYERS) or roll.shape[2] != NUM_ROWS:
            raise ValueError(f"a roll has the shape (4, steps, {NUM_ROWS}), not {tuple(roll.shape)}")
        marks = np.asarray(roll) > threshold
        notes: list[Note] = []
        for layer in range(len(LAYERS)):
            notes.extend(_runs(marks[2 * layer], marks[2 * layer + 1], layer))
        return cls(tuple(notes), roll.shape[1])

    def slice(self, start: int, stop: int) -> Score:
        """Take the steps from ``start`` to ``stop``; notes that cross an edge are clipped there.

        A note clipped at its beginning becomes a held one.

        Raises: ValueError unless 0 <= start <= stop <= num_steps.
        """
        if not 0 <= start <= stop <= self.num_steps:
            raise ValueError(f"cannot take steps {start} to {stop} of a score of {self.num_steps} steps")
        notes = []
        for note in self.notes:
            onset, end = max(note.onset, start), min(note.end, stop)
            if onset < end:
                is_held = note.onset < start or (note.is_held and start == 0)
                notes.append(Note(onset - start, end - onset, note.row, note.layer, is_held))
        return Score(tuple(notes), stop - start)

    def joined(self, other: Score) -> Score:
        """Append a score; what it holds over the seam and this one plays up to it becomes one note.

        A held note that nothing leads to is struck at the seam. The pieces of a sliced score join
        to the same score again.
        """
        ringing = {(n.row, n.layer): n for n in self.notes if n.end == self.num_steps}
        notes = list(self.notes)
        for note in other.notes:
            before = ringing.pop((note.row, note.layer), None) if note.is_held else None
            if before is not None:
                notes.remove(before)
                notes.append(replace(before, duration=before.duration + note.duration))
            else:
                onset = note.onset + self.num_steps
                notes.append(replace(note, onset=onset, is_held=note.is_held and onset == 0))
        return Score(tuple(notes), self.num_steps + other.num_steps)

    def cleaned(self) -> Score:
        """Remove what a listener would take for mistakes; judge a model before this.

        Notes of one layer that overlap on a row are cut at the next onset, the pad leaves a row to
        the melody, and pad notes go that stand a second or a seventh beside the melody, or beside
        longer pad notes, for more than half of their length.
        """
        melody = _without_overlaps(n for n in self.notes if n.layer == MELODY)
        pad = _without_overlaps(n for n in self.notes if n.layer == PAD)
        sounding = np.zeros((self.num_steps, NUM_ROWS), dtype=bool)
        for note in melody:
            sounding[note.onset : note.end, note.row] = True
        kept = list(melody)
        for note in sorted(pad, key=lambda n: (-n.duration, n)):
            free = _free_part(note, sounding)
            if free is not None and 2 * _num_clashing_steps(free, sounding) <= free.duration:
                kept.append(free)
                sounding[free.onset : free.end, free.row] = True
        return Score(tuple(kept), self.num_steps)


def _check_note(note: Note, num_steps: int) -> None:
    if note.duration < 1 or note.onset < 0 or note.end > num_steps:
        raise ValueError(f"{note} does not lie within the {num_steps} steps of its score")
    if not 0 <= note.row < NUM_ROWS or not 0 <= note.layer < len(LAYERS):
        raise ValueError(f"{note} lies outside the {NUM_ROWS} rows or {len(LAYERS)} layers")
    if note.is_held and note.onset != 0:
        raise ValueError(f"{note} is held from before the score, but begins within it")


def _runs(sustain: BoolArray, onset: BoolArray, layer: int) -> list[Note]:
    silent = np.zeros((1, NUM_ROWS), dtype=bool)
    before = np.concatenate((silent, sustain[:-1]))[: len(sustain)]
    struck = sustain & onset
    starts = (struck | (sustain & ~before)).T
    goes_on = (sustain & ~struck).T
    breaks = np.concatenate((~goes_on, np.ones((NUM_ROWS, 1), dtype=bool)), axis=1)
    notes = []
    for row, step in zip(*(index.tolist() for index in np.nonzero(starts)), strict=True):
        duration = 1 + int(np.argmax(breaks[row, step + 1 :]))
        notes.append(Note(step, duration, row, layer, step == 0 and not bool(onset[0, row])))
    return notes


def _without_overlaps(notes: Iterable[Note]) -> list[Note]:
    latest: dict[int, Note] = {}
    kept: list[Note] = []
    for note in sorted(notes, key=lambda n: (n.onset, -n.duration)):
        before = latest.get(note.row)
        if before is not None and before.onset == note.onset:
            continue
        if before is not None and before.end > note.onset:
            kept.remove(before)
            kept.append(replace(before, duration=note.onset - before.onset))
        kept.append(note)
        latest[note.row] = note
    return kept


def _free_part(note: Note, sounding: BoolArray) -> Note | None:
    taken = sounding[note.onset : note.end, note.row]
    if taken[0]:
        return None
    return replace(note, duration=int(np.argmax(taken))) if taken.any() else note


def _num_clashing_steps(note: Note, sounding: BoolArray) -> int:
    distance = np.abs(np.arange(NUM_ROWS) - note.row) % ROWS_PER_OCTAVE
    is_clash = (distance == 1) | (distance == ROWS_PER_OCTAVE - 1)
    return int(sounding[note.onset : note.end, is_clash].any(axis=1).sum())
