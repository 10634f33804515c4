"""How fast notes are played: what is wanted, and what the notes are.

A player who is asked for excitement and given few long notes plays them faster; given many short ones, slower. What is
heard as pace is how much happens in a second, and of that the tempo is only half.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

SLOWEST_BPM: Final = 50.0
FASTEST_BPM: Final = 126.0
_USUAL_BPM: Final = 74.0
_USUAL_EVENTS: Final = 2.0
"""Moments per quarter at which something is struck, for an average picture (median of 160 clips: 1.94)."""
_MOST_LEAN: Final = 0.6
_MOST_TOUCH: Final = 1.0
_TEMPO_PER_AROUSAL: Final = 0.30
_NOTES_PER_AROUSAL: Final = 0.30


@dataclass(frozen=True, slots=True)
class Pace:
    """A tempo, and what it leaves to be wished.

    Attributes:
        quarter_bpm: Quarters per minute.
        missing_arousal: What more is to come from the touch because the tempo cannot give it, in standard deviations;
            negative where the notes are livelier than was wanted.
    """

    quarter_bpm: float
    missing_arousal: float


def choose_pace(arousal: float, valence: float, weight: float, events_per_quarter: float | None = None) -> Pace:
    """Choose a tempo by what is wanted and by the notes.

    Arousal, and less so happiness, speed it up; weight slows it down. An excited picture is to have more going on by
    a faster tempo and by more notes. Where the notes are fewer or more than that, the tempo makes up for it, so that
    as much happens in a second as was wanted; but by no more than half as fast again, and within bounds in which
    nothing is hurried and nothing drags. What is missing then, loudness, articulation and accents have to give.

    Args:
        arousal: Of the picture, standardised, as the others.
        valence: Likewise.
        weight: Likewise.
        events_per_quarter: Moments per quarter at which something is struck; None is as many as are usual.

    Source: directions from Eerola, Friberg & Bresin 2013 (Frontiers in Psychology 4; tempo is the strongest cue of
        arousal) and Palmer et al. 2013 (PNAS 110); that speed is heard from more than the beat, and that real music has
        the fewer events to a beat the faster it is, from Madison & Paulin 2010 (Journal of the Acoustical Society of
        America 128). Geometric,
        because tempo is heard in ratios. Amounts by trial on crops of paintings and on abstract pictures.

    >>> choose_pace(0.0, 0.0, 0.0)
    Pace(quarter_bpm=74.0, missing_arousal=0.0)
    >>> choose_pace(0.0, 0.0, 0.0, events_per_quarter=1.6).quarter_bpm
    92.5
    """
    octaves = _TEMPO_PER_AROUSAL * arousal + 0.16 * valence - 0.08 * weight
    lean = 0.0
    if events_per_quarter is not None:
        usual = math.log2(_USUAL_EVENTS) + _NOTES_PER_AROUSAL * arousal
        lean = usual - math.log2(max(events_per_quarter, 0.25))
    bpm = _USUAL_BPM * math.exp2(octaves + min(max(lean, -_MOST_LEAN), _MOST_LEAN))
    bpm = min(max(bpm, SLOWEST_BPM), FASTEST_BPM)
    if events_per_quarter is None:
        return Pace(bpm, 0.0)
    missing = (octaves + lean - math.log2(bpm / _USUAL_BPM)) / (_TEMPO_PER_AROUSAL + _NOTES_PER_AROUSAL)
    return Pace(bpm, min(max(missing, -_MOST_TOUCH), _MOST_TOUCH))
