"""What more than one process is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BED_CLIP_ID = "bed"
"""The id of the bundled piece that needs no model; audio starts it by itself."""

MAX_CLIP_ID_BYTES = 63
"""Clip ids are ASCII and no longer than this, so that they fit into the tap's fixed slots."""


@dataclass(frozen=True, slots=True)
class SoundingNote:
    """A note as it sounds in a clip, for the eye.

    Attributes:
        onset_s: Seconds from the beginning of its clip.
        duration_s: How long it is held.
        pitch: MIDI note number.
        velocity: MIDI velocity, 1 to 127.
        layer: 0 is the melody, 1 the pad.
    """

    onset_s: float
    duration_s: float
    pitch: int
    velocity: int
    layer: int


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """Finished music for one work: a stereo file at the device's rate, levelled.

    Attributes:
        clip_id: Unique, ASCII, at most `MAX_CLIP_ID_BYTES` long.
        artwork_id: The work it was made for.
        audio_path: FLAC or WAV.
        length_s: Exactly the length of the file.
        sample_rate: Of the file, in Hz.
        notes: What sounds in it, by onset; empty where there is no score.
        continues: The clip whose last sample this one's first sample follows, or None.
        affect: What the picture expresses, by dimension, in standard deviations (`art2mus.metrics.affect`); empty where
            nobody measured it.
        prompt: What was said to the model beside the picture.
        beat_s: Length of a beat, the first of which begins with the clip; 0 where nobody knows.
    """

    clip_id: str
    artwork_id: str
    audio_path: Path
    length_s: float
    sample_rate: int
    notes: tuple[SoundingNote, ...] = ()
    continues: str | None = None
    affect: tuple[tuple[str, float], ...] = ()
    prompt: str = ""
    beat_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WallLabel:
    """The wall text of a work; every field but the title may be empty."""

    title: str
    artist: str = ""
    year: str = ""
    style: str = ""
    text: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """To any child: leave cleanly, now. A closed channel means the same."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """From any child: one line for the director's log file. Sent by the handler of `installation.child`."""

    level: int
    logger: str
    text: str
