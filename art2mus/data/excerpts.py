"""Windows cut out of written scores: key found, tonic moved to row 0, layers assigned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from art2mus.codec.score import MELODY, NUM_ROWS, PAD, STEPS_PER_QUARTER, Note, Score
from art2mus.data.corpus import TUNE_COLLECTIONS, Bar, SpelledNote, WrittenScore
from art2mus.data.harmonise import accompany
from art2mus.data.texture import TEXTURES, Span
from art2mus.data.windows import MIN_NOTES, WINDOW_BARS, WINDOW_STEPS, Window

MIN_SHARE_IN_SCALE = 0.94
_MAX_SHARE_OFF_GRID = 0.04
# Written bars that fill the sixteen steps of ours: quarter notes per bar, and how much they are
# stretched. 2/4 is augmented, so that its sixteenths become eighths.
_METRES = {"4/4": (4.0, 1.0), "2/2": (4.0, 1.0), "2/4": (2.0, 2.0), "4/2": (8.0, 0.5)}
_NATURAL_FIFTHS = (0, 2, 4, -1, 1, 3, 5)  # C D E F G A B on the line of fifths
_LETTER_OF_LOW_C = 15  # music21's diatonic number of C2
_LOWEST_TUNE_ROW = 9  # room for chords below
# Krumhansl & Kessler 1982: how stable each semitone above the tonic sounds.
_STABILITY = {
    False: (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    True: (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


@dataclass(frozen=True)
class Key:
    """A tonic on the line of fifths (C is 0, G is 1, F is -1), and its mode."""

    tonic: int
    is_minor: bool

    @property
    def letter(self) -> int:
        """Letter of the tonic, 0 (C) to 6 (B)."""
        return (4 * self.tonic) % 7


@dataclass(frozen=True)
class Excerpt:
    """Eight bars of a written score on the grid, before layers are rearranged."""

    score: Score
    parts: tuple[tuple[Note, ...], ...]
    source: str
    collection: str
    is_minor: bool
    is_phrase_start: bool


def excerpts_of(written: WrittenScore, hop_bars: int, stretch: float = 1.0) -> Iterator[Excerpt]:
    """Cut a score into windows that begin on bars.

    Args:
        written: The score.
        hop_bars: Distance between the beginnings of two windows.
        stretch: Extra augmentation: 2 makes a written quarter note a half note.
    """
    bars = _whole_bars(written.bars)
    num_written = round(WINDOW_BARS / stretch)
    phrase_ends = {note.onset + note.duration for part in written.parts for note in part if note.is_phrase_end}
    for first in range(0, len(bars) - num_written + 1, hop_bars):
        metre = bars[first].metre
        stretch_of_metre = _METRES.get(metre, (0.0, 0.0))
        if not _is_steady(bars[first : first + num_written], metre, stretch_of_metre[0]):
            continue
        start = bars[first].onset
        scale = STEPS_PER_QUARTER * stretch_of_metre[1] * stretch
        cut = _cut(written.parts, start, scale)
        excerpt = _in_one_scale(cut, written) if cut is not None else None
        if excerpt is not None:
            begins = first == 0 or any(0 <= start - end <= 1.0 for end in phrase_ends)
            yield replace(excerpt, is_phrase_start=begins)


def _whole_bars(bars: Sequence[Bar]) -> list[Bar]:
    """Bars without the upbeat and without those that only complete the one before, as around a repeat."""
    whole: list[Bar] = []
    for bar in bars:
        if bar.onset < -1e-6:
            continue
        length = _METRES.get(bar.metre, (0.0, 0.0))[0]
        if whole and bar.metre == whole[-1].metre and bar.onset - whole[-1].onset < length - 1e-6:
            continue
        whole.append(bar)
    return whole


def _is_steady(bars: Sequence[Bar], metre: str, length: float) -> bool:
    return length > 0.0 and all(
        bar.metre == metre and abs(bar.onset - bars[0].onset - i * length) < 1e-6 for i, bar in enumerate(bars)
    )


_GridNote = tuple[int, int, SpelledNote, bool]


def _cut(parts: Sequence[Sequence[SpelledNote]], start: float, scale: float) -> list[list[_GridNote]] | None:
    """Notes of each part within the window as (onset, duration, note, is_held); None off the grid."""
    cut: list[list[_GridNote]] = []
    num_notes = num_off = 0
    for part in parts:
        inside: list[_GridNote] = []
        for note in part:
            onset, end = (note.onset - start) * scale, (note.onset + note.duration - start) * scale
            if end <= 1e-6 or onset >= WINDOW_STEPS - 1e-6:
                continue
            num_notes += 1
            num_off += abs(onset - round(onset)) > 1e-3
            first, last = max(0, round(onset)), min(WINDOW_STEPS, round(end))
            if last > first:
                inside.append((first, last - first, note, round(onset) < 0))
        cut.append(inside)
    return cut if num_notes >= MIN_NOTES and num_off <= _MAX_SHARE_OFF_GRID * num_notes else None


def _fifths(note: SpelledNote) -> int:
    return _NATURAL_FIFTHS[(note.letter - 1) % 7] + 7 * note.alteration


def find_key(notes: Sequence[tuple[SpelledNote, float]], last_bass: int | None) -> Key | None:
    """Find the key whose scale holds at least 94 % of the notes and whose tonic is most stable.

    In the minor the raised sixth and seventh count as the scale's own: the row stands for both.

    Args:
        notes: Notes with their lengths.
        last_bass: Where the last bass note lies on the line of fifths; a hint at the tonic.

    Source: profiles of Krumhansl & Kessler 1982 (Psychological Review 89).
    """
    fifths = np.array([_fifths(note) for note, _ in notes])
    histogram = np.zeros(12)
    np.add.at(histogram, fifths * 7 % 12, [length for _, length in notes])
    best: tuple[float, Key] | None = None
    for num_sharps in range(-7, 8):
        natural = (fifths >= num_sharps - 1) & (fifths <= num_sharps + 5)
        raised = natural | (fifths == num_sharps + 6) | (fifths == num_sharps + 8)
        for key, is_inside in ((Key(num_sharps, False), natural), (Key(num_sharps + 3, True), raised)):
            if is_inside.mean() < MIN_SHARE_IN_SCALE:
                continue
            profile = np.roll(_STABILITY[key.is_minor], key.tonic * 7 % 12)
            fit = float(np.corrcoef(histogram, profile)[0, 1]) + (0.15 if last_bass == key.tonic else 0.0)
            if best is None or fit > best[0]:
                best = (fit, key)
    return best[1] if best is not None else None


def _in_one_scale(cut: list[list[_GridNote]], written: WrittenScore) -> Excerpt | None:
    notes = [(note, float(duration)) for part in cut for _, duration, note, _ in part]
    bass = max((n for part in cut for n in part), key=lambda n: (n[0] + n[1], -n[2].letter))
    key = find_key(notes, _fifths(bass[2]))
    if key is None:
        return None
    nearest = (key.letter + 3) % 7 - 3
    rows = [note.letter - _LETTER_OF_LOW_C - nearest for note, _ in notes]
    for octave in (0, 7, -7, 14):
        if min(rows) + octave >= 0 and max(rows) + octave < NUM_ROWS:
            break
    else:
        return None
    parts = tuple(
        tuple(
            Note(onset, d, n.letter - _LETTER_OF_LOW_C - nearest + octave, MELODY if i == 0 else PAD, held)
            for onset, d, n, held in part
        )
        for i, part in enumerate(cut)
    )
    score = _as_score(note for part in parts for note in part)
    return Excerpt(score, parts, written.name, written.collection, key.is_minor, is_phrase_start=False)


def _as_score(notes: Iterator[Note] | Sequence[Note]) -> Score:
    """A window whose notes do not overlap on a row of a layer; voices in unison sound once."""
    by_row: dict[tuple[int, int], list[Note]] = {}
    for note in sorted(notes):
        line = by_row.setdefault((note.layer, note.row), [])
        before = line[-1] if line else None
        if before is not None and before.onset == note.onset:
            line[-1] = max(before, note, key=lambda n: n.duration)
        elif before is not None and before.end > note.onset:
            line[-1] = replace(before, duration=note.onset - before.onset)
            line.append(note)
        else:
            line.append(note)
    return Score(tuple(note for line in by_row.values() for note in line), WINDOW_STEPS)


def variants_of(excerpt: Excerpt, num_variants: int, rng: np.random.Generator) -> Iterator[Window]:
    """Arrange an excerpt: as it stands, its chords figured, its melody over other textures, moved by octaves."""
    is_tune = excerpt.collection in TUNE_COLLECTIONS
    name = {"bach": "chorale", "monteverdi": "madrigal"}.get(excerpt.collection, "quartet")
    melody = _as_score([note for note in excerpt.score.notes if note.layer == MELODY])
    for i in range(num_variants):
        kind = "tune" if is_tune else name
        if is_tune:
            score, style = accompany(_moved(melody, rng, _LOWEST_TUNE_ROW), excerpt.is_minor, rng)
            kind = f"tune {style}"
        elif i == 0:
            score = excerpt.score
        else:
            score, kind = _rearranged(excerpt, melody, name, rng)
        if i > 0 and not is_tune:
            score = _moved(score, rng)
        if len(score.notes) >= MIN_NOTES:
            yield Window(_as_score(score.notes), kind, excerpt.source, excerpt.is_minor)


def _rearranged(excerpt: Excerpt, melody: Score, name: str, rng: np.random.Generator) -> tuple[Score, str]:
    """The same music for other forces: fewer voices, no melody, or the chords broken."""
    lower = excerpt.parts[1:]
    choice = int(rng.integers(5)) if excerpt.collection == "bach" else int(rng.integers(2, 4))
    if choice <= 1:
        spans = _spans(lower)
        style = ("arpeggio", "broken", "staggered", "held")[int(rng.integers(4))]
        with_melody = rng.random() < 0.7
        notes = TEXTURES[style](spans, rng) if spans else []
        return Score((*(melody.notes if with_melody else ()), *notes), WINDOW_STEPS), f"{name} {style}"
    if choice == 2:
        notes = [replace(note, layer=PAD) for part in excerpt.parts for note in part]
        return _as_score(notes), f"{name} pad"
    if choice == 3:
        kept = [part for part in lower if rng.random() < 0.6] or list(lower[-1:])
        return _as_score([*melody.notes, *(note for part in kept for note in part)]), f"{name} thin"
    return _as_score([note for part in lower for note in part]), f"{name} lower"


def _spans(parts: Sequence[Sequence[Note]]) -> list[Span]:
    """The chord that the parts sound on every half bar, in close order."""
    spans = []
    for onset in range(0, WINDOW_STEPS, 8):
        rows = {n.row for part in parts for n in part if n.onset <= onset < n.end}
        if rows:
            spans.append(Span(onset, 8, tuple(sorted(rows))))
    return spans


def _moved(score: Score, rng: np.random.Generator, lowest: int = 0) -> Score:
    """The score an octave up or down, sometimes, where it fits."""
    shift = int(rng.choice([0, 0, 7, -7, 14]))
    rows = [note.row + shift for note in score.notes]
    if not rows or min(rows) < lowest or max(rows) >= NUM_ROWS:
        return score
    return Score(tuple(replace(note, row=note.row + shift) for note in score.notes), score.num_steps)
