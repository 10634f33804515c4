"""Chords spread over time: held, struck, broken, staggered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from art2mus.codec.score import PAD, STEPS_PER_BAR, Note
from art2mus.data.voicing import Voicing


@dataclass(frozen=True)
class Span:
    """A voicing and the steps it lasts."""

    onset: int
    duration: int
    voicing: Voicing

    @property
    def end(self) -> int:
        """The first step after the chord."""
        return self.onset + self.duration


def held(spans: Sequence[Span], rng: np.random.Generator) -> list[Note]:
    """Sustained chords; mostly, voices that stay on a row are not struck again."""
    struck = [Note(s.onset, s.duration, row, PAD) for s in spans for row in sorted(set(s.voicing))]
    return _tied(struck, rng) if rng.random() < 0.7 else struck


def blocks(spans: Sequence[Span], rng: np.random.Generator) -> list[Note]:
    """Chords struck again in a slow, regular pulse."""
    pulse = int(rng.choice([4, 8, 8, 16]))
    length = pulse if rng.random() < 0.7 else max(1, pulse // 2)
    notes: list[Note] = []
    for span in spans:
        for onset in range(span.onset, span.end, pulse):
            duration = min(length, span.end - onset)
            notes.extend(Note(onset, duration, row, PAD) for row in sorted(set(span.voicing)))
    return notes


def staggered(spans: Sequence[Span], rng: np.random.Generator) -> list[Note]:
    """Voices that enter one after another and stay until the chord changes."""
    delay = int(rng.choice([1, 2, 2, 4]))
    notes = []
    for span in spans:
        for i, row in enumerate(sorted(set(span.voicing))):
            onset = span.onset + i * delay
            if onset < span.end:
                notes.append(Note(onset, span.end - onset, row, PAD))
    return notes


def arpeggio(spans: Sequence[Span], rng: np.random.Generator) -> list[Note]:
    """Chords broken upward, downward or both ways; the notes end at once or ring on."""
    rate = int(rng.choice([1, 1, 2, 2, 2, 4]))
    shape = int(rng.integers(3))
    rings = bool(rng.random() < 0.4)

    def order(num_voices: int) -> list[int]:
        up = list(range(num_voices))
        return [up, up[::-1], up + up[-2:0:-1]][shape]

    return _figured(spans, rate, order, rings)


def broken(spans: Sequence[Span], rng: np.random.Generator) -> list[Note]:
    """The bass, then the other voices in a small turning figure."""
    rate = int(rng.choice([2, 2, 4]))
    rings_bass = bool(rng.random() < 0.5)

    def order(num_voices: int) -> list[int]:
        middle, top = (num_voices - 1) // 2, num_voices - 1
        return [0, top, middle, top] if num_voices > 1 else [0]

    if not rings_bass or min(len(set(span.voicing)) for span in spans) < 2:
        return _figured(spans, rate, order, rings=False)
    bass = [Note(s.onset, s.duration, min(s.voicing), PAD) for s in spans]
    upper = [replace(s, voicing=tuple(sorted(set(s.voicing)))[1:]) for s in spans]
    return bass + _figured(upper, rate, order, rings=False)


def bass_and_chord(spans: Sequence[Span], rng: np.random.Generator) -> list[Note]:
    """Bass on the strong beats, the chord on the weak ones."""
    shortest = min(span.duration for span in spans)
    half = 4 if shortest < STEPS_PER_BAR else int(rng.choice([4, 8]))
    bass_length = half if rng.random() < 0.5 else 2 * half
    notes = []
    for span in spans:
        rows = sorted(set(span.voicing))
        for onset in range(span.onset, span.end, 2 * half):
            notes.append(Note(onset, min(bass_length, span.end - onset), rows[0], PAD))
            if onset + half < span.end:
                length = min(half, span.end - onset - half)
                notes.extend(Note(onset + half, length, row, PAD) for row in rows[1:])
    return notes


def ostinato(spans: Sequence[Span], rng: np.random.Generator) -> list[Note]:
    """One rhythmic figure for every bar, its rows those of the chord of the moment."""
    cells = (
        (0, 6, 8, 14), (0, 4, 6, 8, 12, 14), (0, 3, 6, 8, 11, 14), (0, 8), (0, 4, 8, 12), (0, 6, 12),
        (0, 2, 4, 8, 10, 12), (0, 8, 12), (0, 4, 10),
    )  # fmt: skip
    hits = cells[int(rng.integers(len(cells)))]
    figure = [0, *(int(v) for v in rng.integers(0, 6, size=len(hits) - 1))]
    keeps_bass = bool(rng.random() < 0.4)
    notes = []
    for span in spans:
        rows = sorted(set(span.voicing))
        if keeps_bass:
            notes.append(Note(span.onset, span.duration, rows[0], PAD))
        choice = rows[1:] if keeps_bass and len(rows) > 1 else rows
        for bar in range(span.onset // STEPS_PER_BAR, -(-span.end // STEPS_PER_BAR)):
            ends = (*hits[1:], STEPS_PER_BAR)
            for hit, end, voice in zip(hits, ends, figure, strict=True):
                onset = bar * STEPS_PER_BAR + hit
                if span.onset <= onset < span.end:
                    duration = min(end - hit, span.end - onset)
                    notes.append(Note(onset, duration, choice[voice % len(choice)], PAD))
    return notes


def drone(spans: Sequence[Span], rng: np.random.Generator) -> list[Note]:
    """Tonic and fifth held below, the upper voices of the chords moving above them."""
    lowest = min(min(span.voicing) for span in spans)
    tonic = lowest - lowest % 7
    first, last = spans[0].onset, max(span.end for span in spans)
    length = int(rng.choice([32, 64, 128]))
    notes = [
        Note(onset, min(length, last - onset), row, PAD)
        for onset in range(first, last, length)
        for row in (tonic, tonic + 4)
    ]
    moving = [replace(s, voicing=tuple(r for r in s.voicing if r > tonic + 4)[-2:]) for s in spans]
    struck = [Note(s.onset, s.duration, row, PAD) for s in moving for row in sorted(set(s.voicing))]
    return notes + _tied(struck, rng)


TEXTURES: dict[str, Callable[[Sequence[Span], np.random.Generator], list[Note]]] = {
    "held": held,
    "blocks": blocks,
    "staggered": staggered,
    "arpeggio": arpeggio,
    "broken": broken,
    "bass_and_chord": bass_and_chord,
    "ostinato": ostinato,
    "drone": drone,
}


# One or two voices struck again and again are a stammer, not a texture.
MIN_VOICES = {"arpeggio": 3, "broken": 3, "ostinato": 2, "blocks": 3, "bass_and_chord": 3, "drone": 3, "staggered": 2}


def _figured(spans: Sequence[Span], rate: int, order: Callable[[int], list[int]], rings: bool) -> list[Note]:
    notes: list[Note] = []
    for span in spans:
        rows = sorted(set(span.voicing))
        figure = order(len(rows)) or [0]
        sounding: dict[int, int] = {}
        for i, onset in enumerate(range(span.onset, span.end, rate)):
            row = rows[figure[i % len(figure)]]
            if row in sounding and rings:
                k = sounding[row]
                notes[k] = replace(notes[k], duration=onset - notes[k].onset)
            sounding[row] = len(notes)
            duration = span.end - onset if rings else min(rate, span.end - onset)
            notes.append(Note(onset, duration, row, PAD))
    return notes


def _tied(notes: list[Note], rng: np.random.Generator) -> list[Note]:
    """Join equal rows of neighbouring chords, up to two bars or for as long as they last."""
    longest = int(rng.choice([2, 4, 8])) * STEPS_PER_BAR
    latest: dict[int, Note] = {}
    tied: list[Note] = []
    for note in sorted(notes):
        before = latest.get(note.row)
        if before is not None and before.end == note.onset and before.duration + note.duration <= longest:
            tied.remove(before)
            note = replace(before, duration=before.duration + note.duration)
        tied.append(note)
        latest[note.row] = note
    return tied
