"""Known truths about what changes at places in music."""

import numpy as np
import pytest

from art2mus.codec.score import MELODY, PAD, Note, Score
from art2mus.metrics.seams import (
    Seam,
    chroma_distance,
    crossing_share,
    degrees_shared,
    key_kept,
    measure_seams,
    timbre_distance,
)
from art2mus.metrics.sound_affect import ANALYSIS_RATE, Waveform, chroma

TWO_SECONDS = np.arange(2 * ANALYSIS_RATE) / ANALYSIS_RATE


def tones(*midi: int, num_harmonics: int = 4) -> Waveform:
    """Some tones, as strong as each other, whose harmonics halve."""
    hertz = [440 * 2 ** ((number - 69) / 12) * harmonic for number in midi for harmonic in range(1, num_harmonics + 1)]
    strengths = [0.1 / 2**harmonic for _ in midi for harmonic in range(num_harmonics)]
    waves = [strength * np.sin(2 * np.pi * each * TWO_SECONDS) for each, strength in zip(hertz, strengths, strict=True)]
    return np.sum(waves, axis=0).astype(np.float32)


def degrees(before: tuple[int, ...], after: tuple[int, ...]) -> Score:
    notes = [Note(0, 32, row, PAD) for row in before] + [Note(32, 32, row, PAD) for row in after]
    return Score(tuple(notes), 64)


def test_the_pitch_classes_that_sound_are_heard() -> None:
    heard = chroma(tones(60, 64, 67), ANALYSIS_RATE)
    assert set(np.argsort(heard)[-3:]) == {0, 4, 7}
    assert heard[[0, 4, 7]].sum() > 0.9 * heard.sum()
    assert not chroma(np.zeros(1000, np.float32), ANALYSIS_RATE).any()


def test_the_same_chord_is_no_change_and_a_far_one_is() -> None:
    chord = tones(60, 64, 67)
    assert chroma_distance(chord, chord) == pytest.approx(0.0, abs=1e-9)
    assert chroma_distance(chord, tones(72, 76, 79)) < 0.1
    assert chroma_distance(chord, tones(66, 70, 73)) > 0.8


def test_timbre_is_neither_level_nor_chord() -> None:
    chord = tones(60, 64, 67)
    assert timbre_distance(chord, chord) == 0.0
    other_colour = timbre_distance(chord, tones(60, 64, 67, num_harmonics=1))
    assert timbre_distance(chord, tones(60, 65, 69)) < 0.5 * other_colour


def test_degrees_are_shared_whatever_the_octave() -> None:
    assert degrees_shared(degrees((0, 2, 4), (7, 9, 11)), 32) == pytest.approx(1.0)
    assert degrees_shared(degrees((0, 2, 4), (1, 3, 5)), 32) == 0.0
    assert degrees_shared(degrees((0, 2), (2, 5)), 32) == pytest.approx(0.5)
    assert degrees_shared(Score((), 64), 32) == 1.0


def test_notes_cross_or_stop() -> None:
    score = Score((Note(0, 20, 3, MELODY), Note(8, 8, 5, MELODY), Note(16, 4, 7, MELODY)), 32)
    assert crossing_share([(score, 16)]) == 0.5
    assert crossing_share([(Score((), 32), 16)]) == 0.0


def test_a_key_is_kept_by_what_sounds_in_it() -> None:
    one, other = degrees((0, 2, 4), (4, 6, 1)), degrees((3, 5), (3, 5))
    assert key_kept([one, one], [one, one]).value == pytest.approx(1.0)
    assert key_kept([one], [other]).value == 0.0


def test_figures_of_a_place_are_those_of_its_two_sides() -> None:
    sound = np.concatenate([tones(60, 64, 67), tones(60, 64, 67)])[:, None]
    changed = np.concatenate([tones(60, 64, 67), tones(66, 70, 73, num_harmonics=1)])[:, None]
    same = measure_seams([Seam(degrees((0, 2, 4), (0, 2, 4)), 32, sound, 2 * ANALYSIS_RATE)])
    other = measure_seams([Seam(degrees((0, 2, 4), (1, 3, 5)), 32, changed, 2 * ANALYSIS_RATE)])
    assert same.degrees_shared.value > other.degrees_shared.value
    assert same.chroma_distance.value < 0.1 < other.chroma_distance.value
    assert same.timbre_distance.value < other.timbre_distance.value


def test_nothing_is_not_measured() -> None:
    with pytest.raises(ValueError, match="no seams"):
        measure_seams([])
