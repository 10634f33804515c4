"""How a score is played: key and mode, pace, instruments, loudness, room, and what in a picture asks for them.

The network writes notes; everything here is decided by rule, from the affect of the picture, so that
it is exact, explainable and the same on every machine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from random import Random
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from art2mus.codec.instruments import INSTRUMENTS
from art2mus.codec.pace import choose_pace
from art2mus.codec.score import MELODY, PAD, STEPS_PER_BAR, STEPS_PER_QUARTER
from art2mus.codec.synthesizer import Room
from art2mus.codec.traditions import at_home_in

SCALES: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "ionian": (0, 2, 4, 5, 7, 9, 11),
        "mixolydian": (0, 2, 4, 5, 7, 9, 10),
        "dorian": (0, 2, 3, 5, 7, 9, 10),
        "aeolian": (0, 2, 3, 5, 7, 8, 10),
    }
)
"""Semitones above the tonic of the seven degrees of each mode."""

_NOTE_NAMES = ("C", "D flat", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
_HOMELINESS = 6.0
"""What it is worth that all instruments are at home with the picture: as much as an affect nearer by sqrt(6 / 2)."""
_LOWEST_TONIC, _HIGHEST_TONIC = 31, 42  # row 0 stands for C2 = 36; a fourth or a tritone either way keeps all in range


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Instruments that sound well together, and the picture they suit.

    Attributes:
        melody: Instrument of the melody.
        pad: Instrument of everything else.
        colour: A soft third voice that doubles one of them, or nothing.
        colour_doubles: The layer it doubles.
        melody_octave: Octaves by which the melody is moved to where the instrument sings.
        brightness, warmth, weight, arousal: Where it belongs among the affects, standardised.
    """

    melody: str
    pad: str
    colour: str | None
    colour_doubles: int
    melody_octave: int
    brightness: float
    warmth: float
    weight: float
    arousal: float

    @property
    def instruments(self) -> frozenset[str]:
        """Names of all its instruments."""
        return frozenset({self.melody, self.pad} | ({self.colour} if self.colour else set()))

    def share_of(self, names: Collection[str]) -> float:
        """How many of its instruments are among these, as a share."""
        return len(self.instruments & set(names)) / len(self.instruments)

    def without(self, names: Collection[str]) -> Ensemble | None:
        """What is left of it if these do not play: without melody or pad it is none."""
        if self.melody in names or self.pad in names:
            return None
        return replace(self, colour=None) if self.colour in names else self


ENSEMBLES: Final = (
    #         melody        pad         colour       doubles  octave  bright  warm  weight  arousal
    Ensemble("cello", "strings", "warm pad", PAD, -1, -0.6, 1.1, 0.3, -0.6),
    Ensemble("cello", "organ", None, PAD, -1, -0.3, 0.0, 0.2, 0.0),
    Ensemble("cello", "choir", "warm pad", PAD, -1, -0.8, 0.5, 0.5, -1.1),
    Ensemble("cello", "piano", "strings", PAD, -1, -0.2, -0.3, 0.5, 0.2),
    Ensemble("clarinet", "strings", None, PAD, 0, 0.8, 1.3, -0.6, 0.0),
    Ensemble("clarinet", "piano", "strings", PAD, 0, 0.8, 0.5, -0.5, 0.6),
    Ensemble("clarinet", "warm pad", "harp", PAD, -1, -0.6, 1.0, 0.3, -1.4),
    Ensemble("flute", "strings", "harp", PAD, 0, 0.6, 1.0, -0.5, -0.2),
    Ensemble("flute", "harp", "warm pad", PAD, 0, 0.2, 1.0, -0.6, -0.3),
    Ensemble("flute", "guitar", "strings", PAD, 0, 0.5, 1.1, -0.6, 0.0),
    Ensemble("celesta", "strings", "harp", MELODY, 1, 1.4, -0.5, -1.0, 1.0),
    Ensemble("vibraphone", "warm pad", None, PAD, 0, -0.6, 0.3, 0.6, -1.1),
    Ensemble("vibraphone", "piano", "strings", PAD, 0, 0.0, -1.0, 0.8, 0.6),
    Ensemble("piano", "strings", None, PAD, 0, 0.2, -0.8, 0.5, 1.4),
    Ensemble("piano", "warm pad", "choir", PAD, 0, -1.0, -0.8, 0.8, -0.2),
    Ensemble("harp", "choir", "celesta", MELODY, 0, 0.2, -1.1, 0.3, -0.2),
    Ensemble("guitar", "strings", "warm pad", PAD, -1, -1.1, 0.6, 0.6, 0.0),
    Ensemble("strings", "piano", "organ", PAD, 0, 1.0, -0.2, 0.3, 1.4),
    Ensemble("strings", "choir", "harp", PAD, 0, 1.1, 0.5, -0.2, 0.3),
    Ensemble("strings", "organ", "choir", PAD, -1, -0.2, -0.2, 0.3, -0.2),
    Ensemble("piano", "strings", "choir", PAD, -1, -0.8, -0.8, 1.1, 1.1),
    Ensemble("celesta", "harp", "strings", PAD, 1, 1.1, -1.0, -1.0, 1.1),
    Ensemble("choir", "organ", None, PAD, 0, 0.2, -0.3, 0.0, -1.3),
)
"""Combinations of the twelve instruments.

Source: every place lies halfway between what ``python -m art2mus.codec.balance`` measured while the warm pad still
had its constant offset (without it, places moved accordingly agree less well with pictures) and where custom
puts the instruments (bells and flutes are bright and light, organs and low strings dark and heavy, soft
attacks calm: Juslin & Laukka 2003, Psychological Bulletin 129; Eerola, Ferrer & Alluri 2012, Music
Perception 30); all are then moved outwards by 1.6, so that they fill the space of pictures.
Which combinations sound well together is our own choice.
"""


class _Affect(NamedTuple):
    valence: float
    arousal: float
    brightness: float
    warmth: float
    complexity: float
    weight: float


@dataclass(frozen=True, slots=True)
class Performance:
    """How a score is played. Plain values, so that it can be stored beside the music.

    Attributes:
        tonic: MIDI pitch of row 0.
        mode: Name of the scale, a key of ``SCALES``.
        quarter_bpm: Quarters per minute.
        melody: Instrument of the melody.
        pad: Instrument of the rest.
        colour: Instrument that softly doubles one of the layers, or nothing.
        colour_doubles: The layer it doubles.
        melody_octave: Octaves by which the melody is moved.
        velocity: Loudness of a plain note, 1 to 127.
        accent: How much of the loudness follows the metre, 0 to 1.
        swell_db: How far a phrase grows from its ends to its height.
        gate: How much of its length a note sounds; at 1 the notes are tied to each other.
        is_pulsing: Whether a sustained pad strikes repeated notes again on every beat, or only twice a bar.
        bass_db: How much louder the lowest notes of the harmony are.
        filter_cents: Shift of the instruments' low-pass filters; negative is darker.
        room_size: 0 (a chamber) to 1 (a cathedral).
        room_level: How much of the room one hears, 0 to 1.
        looseness_ms: How late a note may be.
    """

    tonic: int = 36
    mode: str = "ionian"
    quarter_bpm: float = 72.0
    melody: str = "piano"
    pad: str = "strings"
    colour: str | None = None
    colour_doubles: int = PAD
    melody_octave: int = 0
    velocity: int = 72
    accent: float = 0.5
    swell_db: float = 4.0
    gate: float = 1.0
    is_pulsing: bool = False
    bass_db: float = 0.0
    filter_cents: int = 0
    room_size: float = 0.6
    room_level: float = 0.5
    looseness_ms: float = 8.0

    @classmethod
    def neutral(cls) -> Performance:
        """The same for every picture, to measure what the network alone contributes."""
        return cls()

    @classmethod
    def from_affect(
        cls,
        affect: NDArray[np.float32],
        seed: int,
        words: str = "",
        year: int | None = None,
        country: str | None = None,
        events_per_quarter: float | None = None,
    ) -> Performance:
        """Decide how to play music for a picture.

        Args:
            affect: Valence, arousal, brightness, warmth, complexity and weight of the picture,
                standardised (0 is an average picture).
            seed: Varies the key and the choice among ensembles that suit equally well.
            words: A prompt. Instruments it names are taken ("strings", "no piano"), and so are
                "minor", "major", the modes, "slow", "fast", "soft" and "loud".
            year: When the picture was made: what was not played then does not play, unless the words name it.
            country: Where it comes from, as a label says it: what is at home there plays rather.
            events_per_quarter: Of the notes to be played (see ``Score``); None is as many as usual.

        Shape: affect (6,).
        Raises: ValueError for another shape, or numbers that are not finite.
        Source: the private function of each choice.
        """
        numbers = np.asarray(affect, dtype=np.float64)
        if numbers.shape != (len(_Affect._fields),) or not np.isfinite(numbers).all():
            raise ValueError(f"an affect is {len(_Affect._fields)} finite numbers, not {affect}")
        mood = _Affect(*np.clip(numbers, -3.0, 3.0).tolist())
        pace = choose_pace(mood.arousal, mood.valence, mood.weight, events_per_quarter)
        touch = mood._replace(arousal=mood.arousal + pace.missing_arousal)
        dice = Random(f"performance {seed}")
        ensemble = _choose_ensemble(mood, dice, words, year, at_home_in(country))
        performance = cls(
            tonic=_choose_tonic(mood, dice),
            mode=_choose_mode(mood),
            quarter_bpm=pace.quarter_bpm,
            velocity=_choose_velocity(touch),
            accent=_squash(0.3 * touch.arousal + 0.1 * mood.weight),
            swell_db=2.5 + 3.0 * _squash(0.3 * mood.complexity - 0.2 * mood.arousal),
            gate=_choose_gate(touch),
            is_pulsing=touch.arousal > 0.5,
            bass_db=min(max(2.5 * mood.weight, -4.0), 5.0),  # Spence 2011: large is low
            filter_cents=_choose_filter(mood),
            room_size=0.45 + 0.45 * _squash(0.4 * mood.weight - 0.4 * mood.arousal),
            room_level=0.35 + 0.4 * _squash(-0.5 * mood.arousal - 0.2 * mood.complexity),
            looseness_ms=6.0 + 8.0 * _squash(-0.5 * mood.arousal),
        )
        return _obey_words(performance.given_to(ensemble), words)

    def given_to(self, ensemble: Ensemble) -> Performance:
        """The same performance by other instruments."""
        return replace(
            self,
            melody=ensemble.melody,
            pad=ensemble.pad,
            colour=ensemble.colour,
            colour_doubles=ensemble.colour_doubles,
            melody_octave=ensemble.melody_octave,
        )

    @property
    def step_s(self) -> float:
        """Length of a sixteenth in seconds."""
        return 60.0 / self.quarter_bpm / STEPS_PER_QUARTER

    @property
    def room(self) -> Room:
        """The room in the synthesizer's terms; small rooms are dry and large ones swallow high sound."""
        return Room(size=self.room_size, damping=0.15 + 0.4 * self.room_size, level=self.room_level)

    def num_steps_for(self, length_s: float) -> int:
        """The number of steps, in whole bars, that at its own pace comes nearest to a length.

        >>> Performance(quarter_bpm=60).num_steps_for(30.0)
        112
        """
        bars = round(length_s / (self.step_s * STEPS_PER_BAR) - 1e-9)
        return STEPS_PER_BAR * max(bars, 1)

    def describe(self) -> str:
        """Say in a line what one will hear.

        >>> Performance(tonic=33, mode="aeolian", melody="cello").describe()
        'A minor (aeolian), 72 bpm, cello over strings'
        """
        key = f"{_NOTE_NAMES[self.tonic % 12]} {'minor' if SCALES[self.mode][2] == 3 else 'major'} ({self.mode})"
        colour = f" with {self.colour}" if self.colour else ""
        return f"{key}, {self.quarter_bpm:.0f} bpm, {self.melody} over {self.pad}{colour}"


def fit_tempo(performance: Performance, num_steps: int, length_s: float) -> Performance:
    """Set the pace so that the steps fill a length exactly.

    Raises: ValueError if there are no steps or there is no time.

    >>> fit_tempo(Performance(), 128, 32.0).quarter_bpm
    60.0
    """
    if num_steps < 1 or not length_s > 0.0:
        raise ValueError(f"cannot spread {num_steps} steps over {length_s} s")
    return replace(performance, quarter_bpm=60.0 * num_steps / STEPS_PER_QUARTER / length_s)


def _squash(number: float) -> float:
    """From any number to 0 to 1; 0 becomes a half."""
    return 0.5 + 0.5 * math.tanh(number)


def _choose_mode(mood: _Affect) -> str:
    """Happier pictures get the modes that listeners find happier.

    Source: order of the modes from Temperley & Tan 2013 (Music Perception 30); mode is the strongest cue
        of valence in Eerola, Friberg & Bresin 2013 (Frontiers in Psychology 4). The bounds divide a
        standard normal valence into 34, 16, 19 and 31 per cent.
    """
    for mode, lowest_valence in (("ionian", 0.4), ("mixolydian", 0.0), ("dorian", -0.5)):
        if mood.valence >= lowest_valence:
            return mode
    return "aeolian"


def _choose_tonic(mood: _Affect, dice: Random) -> int:
    """Brighter pictures sound higher, heavier ones lower; the rest is chance.

    Source: Spence 2011 (Attention, Perception & Psychophysics 73) for pitch, brightness and size.
    """
    tonic = 36 + round(2.0 * mood.brightness - mood.weight) + dice.randint(-2, 2)
    return min(max(tonic, _LOWEST_TONIC), _HIGHEST_TONIC)


def _choose_velocity(mood: _Affect) -> int:
    """Arousal and weight are loud; within 10 dB, because clips are levelled before anyone hears them.

    Source: Juslin & Laukka 2003 for arousal, Spence 2011 for size.
    """
    return round(min(max(72.0 + 7.0 * mood.arousal + 3.0 * mood.weight, 56.0), 98.0))


def _choose_gate(mood: _Affect) -> float:
    """Lively, light music is detached; all else is tied.

    Source: articulation in Eerola, Friberg & Bresin 2013 and Juslin & Laukka 2003.
    """
    return 1.0 - 0.35 * min(max(0.5 * mood.arousal + 0.25 * mood.valence - 0.3 * mood.weight - 0.2, 0.0), 1.0)


def _choose_filter(mood: _Affect) -> int:
    """Dark, warm and heavy pictures lose high sound; agitated ones are played hard, which is brighter.

    Source: Juslin & Laukka 2003 (high-frequency energy). The SoundFont's velocities change loudness only, so
        the filter stands in for the touch. Amounts: 3000 cents are worth .4 to 1.2 in brightness and 1 to 2.4
        in warmth, standardised (measured with ``metrics.affect`` on three ensembles).
    """
    cents = -1700.0 + 1200.0 * mood.brightness - 700.0 * mood.warmth + 400.0 * mood.arousal - 300.0 * mood.weight
    return round(min(max(cents, -4200.0), 0.0))


def _choose_ensemble(mood: _Affect, dice: Random, words: str, year: int | None, at_home: Collection[str]) -> Ensemble:
    """Take the ensemble nearest to the picture, or by chance one that is nearly as near, or more at home with it."""
    wanted, unwanted = _named_instruments(words)
    known = _ensembles_of(year, wanted)
    candidates = [e for e in known if not e.instruments & unwanted] or known
    most = max(len(e.instruments & wanted) for e in candidates)
    candidates = [e for e in candidates if len(e.instruments & wanted) == most]
    fitness = [_HOMELINESS * e.share_of(at_home) - 2.0 * _distance(mood, e) ** 2 for e in candidates]
    return dice.choices(candidates, [math.exp(each - max(fitness)) for each in fitness])[0]


def _ensembles_of(year: int | None, wanted: Collection[str]) -> list[Ensemble]:
    """What could be heard in a year; ensembles with an instrument that is wanted are whole all the same."""
    later = {each.name for each in INSTRUMENTS.values() if year is not None and each.since > year}
    left = [each if each.instruments & set(wanted) else each.without(later) for each in ENSEMBLES]
    return [each for each in left if each is not None]


def _distance(mood: _Affect, ensemble: Ensemble) -> float:
    # Very unusual pictures are brought to the edge of the table, or one corner of it would take them all.
    return math.dist(
        [1.4 * math.tanh(getattr(mood, name) / 1.4) for name in ("brightness", "warmth", "weight", "arousal")],
        [ensemble.brightness, ensemble.warmth, ensemble.weight, ensemble.arousal],
    )


def _named_instruments(words: str) -> tuple[set[str], set[str]]:
    """The instruments a prompt asks for, and those it does not want."""
    wanted: set[str] = set()
    unwanted: set[str] = set()
    for name in INSTRUMENTS:
        for match in re.finditer(rf"\b(?:(no|without)\s+)?(?:the\s+)?{name.removesuffix('s')}s?\b", words.lower()):
            (unwanted if match[1] else wanted).add(name)
    return wanted, unwanted


def _obey_words(performance: Performance, words: str) -> Performance:
    said = set(re.findall(r"[a-z]+", words.lower()))
    mode, bpm, velocity = performance.mode, performance.quarter_bpm, performance.velocity
    if said & set(SCALES):
        mode = next(name for name in SCALES if name in said)
    elif "minor" in said and SCALES[mode][2] != 3:
        mode = "aeolian"
    elif "major" in said and SCALES[mode][2] != 4:
        mode = "ionian"
    if said & {"slow", "slowly"}:
        bpm = min(bpm, 58.0)
    elif said & {"fast", "quick"}:
        bpm = max(bpm, 100.0)
    if said & {"soft", "quiet", "gentle"}:
        velocity = min(velocity, 58)
    elif said & {"loud", "powerful"}:
        velocity = max(velocity, 92)
    return replace(performance, mode=mode, quarter_bpm=bpm, velocity=velocity)
