"""Why this music: the measured affect of a picture in two or three plain sentences. No Qt.

The reasons are the rules by which a score is performed (`art2mus.codec.performance`), said in words. Of a clip that
has no score only what is seen is said: what its model makes of that, nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping

from installation.messages import ClipInfo
from installation.ui.words import Pole, Words

MIN_SCORE = 0.5
"""In standard deviations: what differs less from the average picture is not worth a word."""
MIN_BESIDE = 0.25
"""Enough to be said beside something that is worth it: one sentence alone explains little."""
MAX_REASONS = 2
_SAME_SAID_TWICE: Mapping[str, tuple[str, int]] = {"brightness": ("weight", -1), "weight": ("brightness", -1)}
"""Dimensions that mean nearly the same, and with which sign."""


def explain(clip: ClipInfo, words: Words) -> tuple[str, ...]:
    """Say what in the picture, and in the words beside it, led to this music.

    Returns: Sentences; none if nothing is known about the clip.
    """
    reasons = [words.reasons[pole] for pole in telling_poles(clip.affect)]
    if clip.affect and not reasons:
        reasons = [words.in_the_middle]
    sentences = [words.because.format(seen, heard) if clip.notes else f"{seen}." for seen, heard in reasons]
    if clip.prompt:
        sentences.append(words.own_words.format(clip.prompt))
    return tuple(sentences)


def telling_poles(affect: tuple[tuple[str, float], ...]) -> list[Pole]:
    """The dimensions in which a picture differs most from the average one, the most telling first.

    >>> telling_poles((("valence", -0.2), ("arousal", 0.9), ("brightness", -1.4), ("weight", 1.3)))
    [('brightness', False), ('arousal', True)]
    """
    chosen: dict[str, float] = {}
    for name, score in sorted(affect, key=lambda pair: -abs(pair[1])):
        if abs(score) < (MIN_BESIDE if chosen else MIN_SCORE) or len(chosen) == MAX_REASONS:
            break
        twin, sign = _SAME_SAID_TWICE.get(name, ("", 0))
        if chosen.get(twin, 0.0) * sign * score <= 0.0:
            chosen[name] = score
    return [(name, score > 0) for name, score in chosen.items()]
