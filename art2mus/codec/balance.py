"""Measure instruments and ensembles: ``python -m art2mus.codec.balance`` prints the numbers of the two tables.

They are ``Instrument.level_db`` and the places of the ``ENSEMBLES`` among the affects.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pyloudnorm
from numpy.typing import NDArray

from art2mus.codec.instruments import INSTRUMENTS, Instrument
from art2mus.codec.performance import ENSEMBLES, Ensemble, Performance
from art2mus.codec.performer import Performer
from art2mus.codec.score import MELODY, PAD, Note, Score
from art2mus.codec.synthesizer import Kind, Message, Synthesizer, SynthesizerMissingError
from art2mus.exit_codes import exit_code
from art2mus.metrics.affect import AFFECT_DIMENSIONS, measure_sound

_SAMPLE_RATE = 48000
_VELOCITY = 76
_NOTE_S = 0.8
_DEGREES = (0, 4, 7, 12, 7, 4)  # a broken triad, in semitones

_PHRASE_MELODY = ((18, 4), (20, 2), (21, 2), (22, 6), (21, 2), (23, 4), (22, 4), (20, 4), (19, 4),
                  (21, 4), (20, 2), (19, 2), (18, 6), (19, 2), (17, 4), (15, 4), (18, 4), (21, 12))  # fmt: skip
_PHRASE_CHORDS = ((0, 7, 9, 11), (5, 9, 12, 14), (3, 10, 12, 14), (4, 8, 11, 13), (0, 9, 11, 14), (3, 10, 12, 15),
                  (4, 8, 11, 13), (4, 8, 11, 13), (0, 7, 9, 11))  # fmt: skip
_FURTHEST = 1.4


def measure_loudness(instrument: Instrument, lowest: int = 60) -> float:
    """Loudness of a broken triad at medium velocity, one note at a time, without room.

    Args:
        instrument: What plays it.
        lowest: Its lowest note, brought into the instrument's range.

    Returns: Integrated loudness in LUFS (ITU-R BS.1770).
    """
    synthesizer = Synthesizer(sample_rate=_SAMPLE_RATE)
    synthesizer.choose_program(0, instrument.program)
    messages = [Message(0.0, Kind.CONTROL, 0, number, 0) for number in (91, 93)]
    for index, semitones in enumerate(_DEGREES * 2):
        pitch = instrument.fold(lowest + semitones)
        messages.append(Message(index * _NOTE_S, Kind.NOTE_ON, 0, pitch, _VELOCITY))
        messages.append(Message((index + 1) * _NOTE_S, Kind.NOTE_OFF, 0, pitch, 0))
    waveform = synthesizer.render(sorted(messages), len(_DEGREES) * 2 * _NOTE_S)
    synthesizer.close()
    return float(pyloudnorm.Meter(_SAMPLE_RATE).integrated_loudness(waveform))


def example_phrase() -> Score:
    """Four and a half bars in four parts: a melody in its usual register over two chords a bar."""
    notes, onset = [], 0
    for row, duration in _PHRASE_MELODY:
        notes.append(Note(onset, duration, row, MELODY))
        onset += duration
    for index, rows in enumerate(_PHRASE_CHORDS):
        notes.extend(Note(8 * index, 8, row, PAD) for row in rows)
    return Score(tuple(notes), onset)


def place_ensembles(performer: Performer) -> Iterator[tuple[Ensemble, NDArray[np.float64]]]:
    """Say where each ensemble stands among the affects when all play the same phrase in the same way.

    Yields: The ensemble and its place, standardised over the ensembles and kept within 1.4 of the middle.
    Shape: place (6,), in the order of ``AFFECT_DIMENSIONS``.
    """
    measured = []
    for ensemble in ENSEMBLES:
        performer.start(Performance(filter_cents=-1200).given_to(ensemble), seed=0)
        measured.append(measure_sound(performer.render(example_phrase()).waveform, performer.sample_rate))
    places = np.array(measured, dtype=np.float64)
    places = (places - places.mean(axis=0)) / places.std(axis=0)
    yield from zip(ENSEMBLES, _FURTHEST * np.tanh(places / _FURTHEST), strict=True)


def main() -> int:
    """Run the command; returns the exit code."""
    return exit_code(_run, SynthesizerMissingError, goes_on=False)


def _run() -> int:
    """Print by how much each instrument must be turned down to match the softest, and where ensembles stand."""
    loudness = {
        name: sum(measure_loudness(instrument, lowest) for lowest in (45, 57, 69)) / 3
        for name, instrument in INSTRUMENTS.items()
    }
    softest = min(loudness.values())
    for name, lufs in loudness.items():
        print(f"{name:12} {lufs:6.1f} LUFS   level_db={softest - lufs:.1f}")
    with Performer() as performer:
        for ensemble, place in place_ensembles(performer):
            names = f"{ensemble.melody}, {ensemble.pad}, {ensemble.colour}"
            numbers = (
                f"{name}={place[AFFECT_DIMENSIONS.index(name)]:.1f}"
                for name in ("brightness", "warmth", "weight", "arousal")
            )
            print(f"{names:32} {', '.join(numbers)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
