"""The bed: a quiet piece that needs no model, made to go round for ever.

    python -m installation.bed installation/gallery/bed.flac

writes it anew, from the score below, through the same performer that plays the composed music. The
piece is rendered with the ringing of its end laid under its beginning, so that it is periodic to the
sample; and it goes on for as long as the mixer's loop joint, which then fades a sound into itself.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from art2mus.codec.performance import Performance
from art2mus.codec.performer import Performer
from art2mus.codec.score import MELODY, PAD, ROWS_PER_OCTAVE, STEPS_PER_BAR, Note, Score
from installation.audio.mixer import LOOP_JOINT_S
from installation.loudness import normalise

FloatArray = npt.NDArray[np.float32]

SAMPLE_RATE = 48000
RINGING_S = 8.0

PERFORMANCE = Performance(
    tonic=39,
    mode="ionian",
    quarter_bpm=56.0,
    melody="piano",
    pad="strings",
    colour="choir",
    velocity=54,
    accent=0.25,
    swell_db=3.0,
    filter_cents=-1400,
    room_size=0.8,
    room_level=0.6,
    looseness_ms=10.0,
)

CHORDS = (0, 5, 3, 4, 0, 2, 3, 1, 5, 2, 3, 0, 1, 3, 4, 4)
"""The degree of each bar's triad, 0 is the tonic's."""

MELODY_BARS = (
    # (step, length, row) in each bar: a call, its answer higher, a descent, the call from below
    ((4, 4, 16), (8, 6, 18), (14, 2, 19)),
    ((0, 12, 21),),
    ((4, 4, 19), (8, 4, 18), (12, 4, 17)),
    ((0, 12, 18),),
    ((4, 4, 16), (8, 6, 18), (14, 2, 19)),
    ((0, 8, 20), (8, 6, 18)),
    ((4, 4, 17), (8, 4, 19), (12, 4, 21)),
    ((0, 12, 22),),
    ((4, 4, 23), (8, 4, 22), (12, 4, 21)),
    ((0, 12, 20),),
    ((4, 4, 21), (8, 4, 19), (12, 4, 17)),
    ((0, 12, 18),),
    ((4, 4, 15), (8, 6, 17), (14, 2, 18)),
    ((0, 12, 19),),
    ((4, 4, 18), (8, 4, 20), (12, 4, 22)),
    ((0, 10, 18),),
)


def compose() -> Score:
    """The score: sixteen bars, a melody over triads whose common notes are held.

    >>> compose().num_bars
    16.0
    """
    notes = [
        Note(bar * STEPS_PER_BAR + step, length, row, MELODY)
        for bar, written in enumerate(MELODY_BARS)
        for step, length, row in written
    ]
    num_steps = len(CHORDS) * STEPS_PER_BAR
    held: dict[int, int] = {}
    for bar, degree in enumerate((*CHORDS, None)):
        rows = set() if degree is None else _voicing(degree)
        for row in set(held) - rows:
            begun = held.pop(row)
            notes.append(Note(begun, bar * STEPS_PER_BAR - begun, row, PAD))
        for row in rows - set(held):
            held[row] = bar * STEPS_PER_BAR
    return Score(tuple(notes), num_steps)


def _voicing(degree: int) -> set[int]:
    """A bass, and the triad in the position that lies between the A below middle C and the G above."""
    lowest = 12
    triad = {degree % ROWS_PER_OCTAVE, (degree + 2) % ROWS_PER_OCTAVE, (degree + 4) % ROWS_PER_OCTAVE}
    upper = {row for row in range(lowest, lowest + ROWS_PER_OCTAVE) if row % ROWS_PER_OCTAVE in triad}
    bass = degree + (ROWS_PER_OCTAVE if degree < 3 else 0)
    return upper | {bass}


def render(sample_rate: int = SAMPLE_RATE) -> FloatArray:
    """The bed as sound, levelled.

    Shape: result (audio_frames, 2): the period and the first `LOOP_JOINT_S` of the next.
    Raises: SynthesizerMissingError without FluidSynth's library.
    """
    with Performer(sample_rate=sample_rate) as performer:
        performer.start(PERFORMANCE, seed=1)
        period = performer.render(compose()).waveform.copy()
        ringing = performer.finish(RINGING_S).waveform
    period[: len(ringing)] += ringing
    levelled, _ = normalise(period, sample_rate)
    return np.concatenate([levelled, levelled[: round(LOOP_JOINT_S * sample_rate)]])


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description="Make the bed: the bundled piece that sounds when nothing else does.")
    parser.add_argument("path", type=Path, help="FLAC or WAV file to write")
    path: Path = parser.parse_args().path
    soundfile.write(path, render(), SAMPLE_RATE, subtype="PCM_16")


if __name__ == "__main__":
    main()
