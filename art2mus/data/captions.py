"""Captions for music with known attributes, and the words the small text encoders know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from art2mus.data.windows import ATTRIBUTES

ARTWORK_SENTENCES = (
    "Music representing the content of this artwork",
    "Music representing the period and place of this artwork",
    "Music that evokes the emotion of this artwork",
)
LOW_QUALITY = "Low quality."

UNKNOWN = "xxx"
"""A word outside the vocabulary; captions have it now and then, so that an unknown word means nothing."""

CLEARLY = 0.5
"""An attribute is put into words when it lies this many standard deviations from the mean."""


@dataclass(frozen=True)
class Idea:
    """Words that mean the same, and the affect they suggest.

    Attributes:
        words: Interchangeable words.
        affect: Dimension of affect to suggested value, in standard deviations; the rest is zero.
    """

    words: tuple[str, ...]
    affect: Mapping[str, float]


def _idea(words: str, **affect: float) -> Idea:
    return Idea(tuple(words.split()), affect)


HIGH_AND_LOW: Mapping[str, tuple[Idea, Idea]] = {
    "density": (
        _idea(
            "lively busy flowing restless fast quick agitated rapid energetic dancing playful nervous stormy "
            "exciting moving vivid",
            arousal=1.5,
        ),
        _idea(
            "slow sparse calm still quiet sustained peaceful soft gentle resting meditative dreamy floating silent "
            "contemplative long relaxed lento adagio",
            arousal=-1.5,
        ),
    ),
    "register": (
        _idea(
            "high bright light clear shimmering airy luminous sparkling sunny shining radiant crystalline day morning",
            brightness=1.5,
            weight=-1.0,
        ),
        _idea(
            "low deep dark heavy sombre nocturnal gloomy night shadowy grave solemn obscure evening",
            brightness=-1.5,
            weight=1.5,
        ),
    ),
    "polyphony": (
        _idea("rich full dense thick chordal orchestral complex broad majestic grand choral", complexity=1.5),
        _idea("thin bare lonely simple delicate solo fragile empty minimal intimate plain", complexity=-1.5),
    ),
    "balance": (
        _idea("melody song singing tune lyrical theme cantabile melodic", warmth=0.0),
        _idea("harmony background pad ambient atmosphere drone texture accompaniment", warmth=0.0),
    ),
}
"""What a high and a low value of each attribute is called."""

MODES = (
    _idea("major happy joyful cheerful serene hopeful glad tender consoling", valence=1.5),
    _idea("minor sad melancholy melancholic mournful tragic sorrowful wistful nostalgic grieving", valence=-1.5),
)
TEMPERATURES = (
    _idea("warm golden red orange mellow velvet autumn", warmth=1.5),
    _idea("cold icy blue cool grey winter silver", warmth=-1.5),
)
KINDS: Mapping[str, tuple[str, ...]] = {
    "chorale": ("chorale", "hymn", "church", "sacred"),
    "madrigal": ("madrigal", "renaissance", "polyphony"),
    "quartet": ("quartet", "classical", "chamber"),
    "tune": ("folk", "dance", "fiddle", "traditional"),
    "song": ("song", "ballad", "lullaby"),
    "ostinato": ("ostinato", "repeating", "pattern", "loop"),
    "pulse": ("pulse", "pulsing", "minimal"),
    "arpeggio": ("arpeggio", "arpeggios", "rippling", "broken"),
    "broken": ("arpeggio", "rippling", "broken"),
    "drone": ("drone", "static", "bourdon"),
    "held": ("pad", "ambient", "chords"),
    "pad": ("pad", "ambient", "chords"),
    "blocks": ("chords", "blocks"),
    "staggered": ("layered", "unfolding"),
    "solo": ("solo", "alone", "monologue"),
}
"""Words for a window's kind; all apply whose key occurs in its name."""
INSTRUMENTS = (
    "piano strings cello violin choir voices organ harp guitar flute clarinet celesta vibraphone bells pad synth "
    "orchestra woodwinds"
).split()
FILLERS = (
    "a an and with of in the for music key piece by very slightly mood feeling like on from painting picture artwork "
    "sound sounds not no without more less"
).split()


def describe(
    values: NDArray[np.float32], kind: str, is_minor: bool, rng: np.random.Generator
) -> tuple[str, dict[str, float]]:
    """Put some of what is known about a window into words.

    Args:
        values: Its attributes, standardised.
        kind: What the window is.
        is_minor: Whether its harmony is minor.
        rng: Chooses what is mentioned, and how.

    Returns: The caption, and the affect that its words suggest.
    Shape: values (4,).
    """
    ideas = [
        pair[0] if value > 0 else pair[1]
        for pair, value in zip((HIGH_AND_LOW[name] for name in ATTRIBUTES), values, strict=True)
        if abs(value) > CLEARLY and rng.random() < 0.75
    ]
    if rng.random() < 0.5:
        ideas.append(MODES[int(is_minor)])
    if rng.random() < 0.25:
        ideas.append(TEMPERATURES[int(rng.integers(2))])
    words = [str(rng.choice(idea.words)) for idea in ideas]
    kind_words = [word for name, names in KINDS.items() if name in kind for word in names]
    if kind_words and rng.random() < 0.5:
        words.append(str(rng.choice(kind_words)))
    if rng.random() < 0.4:
        words.append(str(rng.choice(INSTRUMENTS)))
    rng.shuffle(words)
    affect: dict[str, float] = {}
    for idea in ideas:
        for name, value in idea.affect.items():
            affect[name] = affect.get(name, 0.0) + value
    return _sentence(words, rng), affect


def _sentence(words: list[str], rng: np.random.Generator) -> str:
    """Join words by fillers, so that fillers mean nothing."""
    parts = []
    for word in words:
        if rng.random() < 0.4:
            parts.append(UNKNOWN if rng.random() < 0.15 else str(rng.choice(FILLERS)))
        parts.append(word)
    return " ".join(parts) or "music"


def vocabulary() -> list[str]:
    """Give every word that captions, sentences and negative prompts are made of, sorted."""
    ideas = [*(idea for pair in HIGH_AND_LOW.values() for idea in pair), *MODES, *TEMPERATURES]
    words = {word for idea in ideas for word in idea.words}
    words |= {word for names in KINDS.values() for word in names} | set(INSTRUMENTS) | set(FILLERS)
    for sentence in (*ARTWORK_SENTENCES, LOW_QUALITY):
        words |= set(re.findall(r"\w+", sentence.lower()))
    return sorted(words)
