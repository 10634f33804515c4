"""Music made by rule: pads, ostinati, arpeggios and slow songs in phrases that question and answer.

The corpus is thin in slow, sustained, quiet music, and in it density, register, polyphony and balance
go together. Here they are drawn one by one, so that a model can learn each by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from art2mus.codec.score import MELODY, NUM_ROWS, STEPS_PER_BAR, FloatArray, Note, Score
from art2mus.data.harmonise import spans_of
from art2mus.data.melody import RHYTHMS, Rhythm, Tone, contour, sing
from art2mus.data.texture import MIN_VOICES, TEXTURES
from art2mus.data.windows import WINDOW_STEPS, Window

UNIT_BARS = 2
_UNIT_STEPS = UNIT_BARS * STEPS_PER_BAR
# Units of two bars; the second closes on the dominant and the fourth on the tonic, unless it is a loop.
FORMS = ("abac", "abac", "aaba", "abab", "aabc", "abca", "abcb")
_Chords = tuple[int, ...]
# Roots of two bars, one digit each. "open" begins a phrase, "on" leads on, "half" asks, "full" answers.
_UNITS = {
    False: {
        "open": "03 04 05 00 02 01 53 0304 0453 0534 0233",
        "on": "30 53 51 31 25 15 35 5230 2514 3425 1405",
        "half": "34 14 54 04 0344 5144 3144",
        "full": "40 30 3400 1400 5400 3140",
    },
    True: {
        "open": "05 06 03 00 02 56 04 0534 0654 0526 0304",
        "on": "52 53 30 26 25 35 3625 5264 3056 2605",
        "half": "54 34 06 56 04 0344 3544 2566",
        "full": "40 60 30 5600 3400 5400 5340",
    },
}
# Harmony that goes round.
_LOOPS = {
    False: "0354 0453 0534 5304 0234 0304 04523034 3045",
    True: "0526 0654 0534 0354 0263 03625340 0656 0452",
}
KINDS = ("pad", "staggered", "song", "song", "arpeggio", "ostinato", "figured song", "drone", "solo", "pulse")
_TEXTURES_OF_KIND = {
    "pad": ("held",),
    "staggered": ("staggered",),
    "song": ("held", "held", "staggered", "blocks"),
    "arpeggio": ("arpeggio", "arpeggio", "broken"),
    "ostinato": ("ostinato",),
    "figured song": ("arpeggio", "broken", "ostinato", "bass_and_chord", "staggered"),
    "drone": ("drone",),
    "solo": ("held",),
    "pulse": ("blocks", "bass_and_chord"),
}
_MELODY_SHARE = {"pad": 0.0, "staggered": 0.3, "arpeggio": 0.25, "ostinato": 0.3, "drone": 0.7, "pulse": 0.4}


@dataclass(frozen=True)
class Unit:
    """Two bars of a form: its letter and the root of every half bar."""

    letter: str
    roots: _Chords


def compose(number: int, seed: int = 0) -> Window:
    """Compose the eight bars of a number; the same number and seed give the same music.

    >>> compose(7).score.num_steps
    128
    """
    rng = np.random.default_rng([seed, number])
    is_minor = bool(rng.random() < 0.5)
    kind = str(rng.choice(KINDS))
    units = _form(is_minor, rng)
    roots = [root for unit in units for root in unit.roots]
    has_melody = rng.random() < _MELODY_SHARE.get(kind, 1.0)
    texture = str(rng.choice(_TEXTURES_OF_KIND[kind]))
    num_voices = int(rng.integers(MIN_VOICES.get(texture, 1), 7))
    bottom = int(rng.integers(0, 20))
    top = min(NUM_ROWS - 1, bottom + 4 + 3 * num_voices)
    spans = spans_of(roots, 8, num_voices, bottom, top, rng)
    pad = [] if kind == "solo" else TEXTURES[texture](spans, rng)
    notes = list(pad)
    if has_melody:
        voices = [row for span in spans for row in span.voicing]
        notes += _melody(units, (min(voices), max(voices)), rng)
    score = Score(tuple(_distinct(notes)), WINDOW_STEPS)
    return Window(score, kind, f"composed/{number}", is_minor)


def _form(is_minor: bool, rng: np.random.Generator) -> list[Unit]:
    if rng.random() < 0.25:
        return _loop(is_minor, rng)
    form = str(rng.choice(FORMS))
    pace = int(rng.choice([2, 2, 2, 4]))
    chords: dict[str, _Chords] = {}
    units = []
    for i, letter in enumerate(form):
        if letter not in chords:
            role = "open" if letter == "a" else "half" if i == 1 else "on"
            chords[letter] = _unit(_UNITS[is_minor][role], pace, rng)
        roots = chords[letter]
        if i == len(form) - 1:
            closing = _unit(_UNITS[is_minor]["full"], pace, rng)
            roots = (*roots[:2], *closing[2:]) if letter in form[:i] and rng.random() < 0.6 else closing
        units.append(Unit(letter, roots))
    return units


def _unit(choices: str, pace: int, rng: np.random.Generator) -> _Chords:
    """Draw a unit of at most ``pace`` chords; the result has one root for every half bar."""
    fitting = [digits for digits in choices.split() if len(digits) <= pace]
    digits = fitting[int(rng.integers(len(fitting)))]
    return tuple(int(digit) for digit in digits for _ in range(4 // len(digits)))


def _loop(is_minor: bool, rng: np.random.Generator) -> list[Unit]:
    loops = _LOOPS[is_minor].split()
    loop = [int(digit) for digit in loops[int(rng.integers(len(loops)))]]
    halves_per_chord = 2 if len(loop) == 8 else int(rng.choice([2, 2, 4]))
    roots = [root for root in loop for _ in range(halves_per_chord)]
    roots = (roots * 2)[:16]
    letters = "abab" if len(loop) * halves_per_chord == 8 else "abcd"
    return [Unit(letters[i], tuple(roots[4 * i : 4 * i + 4])) for i in range(4)]


def _melody(units: Sequence[Unit], pad_rows: tuple[int, int], rng: np.random.Generator) -> list[Note]:
    """One line over all units; a unit whose letter and chords return is sung as before."""
    span = int(rng.integers(6, 10))
    low = _melody_floor(pad_rows, span, rng)
    liveliness = int(rng.choice(len(RHYTHMS), p=[0.2, 0.27, 0.23, 0.15, 0.1, 0.05]))
    line = contour(UNIT_BARS * len(units), low + span / 2, span / 2, rng)
    rhythms: dict[str, tuple[Rhythm, Rhythm]] = {}
    sung: dict[str, list[Note]] = {}
    notes: list[Note] = []
    main = _draw_rhythms(liveliness, rng)
    for i, unit in enumerate(units):
        start = i * _UNIT_STEPS
        if unit.letter not in rhythms:
            # A new letter often keeps the rhythm of the first: the motif in another place.
            rhythms[unit.letter] = main if rng.random() < 0.6 else _draw_rhythms(liveliness, rng)
        frame = list(rhythms[unit.letter])
        is_close = i % 2 == 1
        if is_close:
            frame[1] = ((0, 12),) if liveliness < 4 or rng.random() < 0.7 else ((0, 8),)
        model = sung.get(unit.letter)
        tones = _tones(unit, frame, start, line, model, is_last=i == len(units) - 1, is_close=is_close)
        before = notes[-1].row if notes else None
        rows = sing(tones, low, low + span, before, rng)
        phrase = [Note(t.onset, t.duration, row, MELODY) for t, row in zip(tones, rows, strict=True)]
        sung.setdefault(unit.letter, phrase)
        notes += phrase
    return notes


def _melody_floor(pad_rows: tuple[int, int], span: int, rng: np.random.Generator) -> int:
    bottom, top = pad_rows
    where = rng.random()
    if where < 0.7:
        low = top - int(rng.integers(0, 4))
    elif where < 0.9 or bottom < span:
        low = (bottom + top) // 2
    else:
        low = bottom - span
    return int(np.clip(low, 2, NUM_ROWS - 1 - span))


def _draw_rhythms(liveliness: int, rng: np.random.Generator) -> tuple[Rhythm, Rhythm]:
    choices = RHYTHMS[liveliness]
    first = choices[int(rng.integers(len(choices)))]
    second = first if rng.random() < 0.5 else choices[int(rng.integers(len(choices)))]
    return first, second


def _tones(
    unit: Unit, frame: Sequence[Rhythm], start: int, line: FloatArray, model: Sequence[Note] | None,
    is_last: bool, is_close: bool,
) -> list[Tone]:  # fmt: skip
    sung_at = {note.onset % _UNIT_STEPS: note.row for note in model or ()}
    tones = []
    for bar, rhythm in enumerate(frame):
        for onset, duration in rhythm:
            step = bar * STEPS_PER_BAR + onset
            target = sung_at.get(step, line[start + step])
            tones.append(Tone(start + step, duration, unit.roots[step // 8], float(target)))
    if is_close:
        tones[-1] = replace(tones[-1], must_be=(0,) if is_last and unit.roots[-1] == 0 else ())
    return tones


def _distinct(notes: Sequence[Note]) -> list[Note]:
    """Notes of a layer that do not overlap on a row."""
    latest: dict[tuple[int, int], Note] = {}
    kept: dict[tuple[int, int, int], Note] = {}
    for note in sorted(notes):
        before = latest.get((note.layer, note.row))
        if before is not None and before.end > note.onset > before.onset:
            kept[before.layer, before.row, before.onset] = replace(before, duration=note.onset - before.onset)
        kept[note.layer, note.row, note.onset] = note
        latest[note.layer, note.row] = note
    return list(kept.values())
