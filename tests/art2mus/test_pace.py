"""Tempo follows what is wanted and what the notes are, within bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from art2mus.codec.pace import FASTEST_BPM, SLOWEST_BPM, Pace, choose_pace
from art2mus.codec.performance import Performance

standardised = st.floats(-3.0, 3.0)
notes = st.floats(0.0, 4.0)


def events_per_s(pace: Pace, events_per_quarter: float) -> float:
    return pace.quarter_bpm / 60.0 * events_per_quarter


@given(standardised, standardised, standardised, notes, notes)
def test_fewer_notes_are_played_faster_and_not_softer(
    arousal: float, valence: float, weight: float, these: float, those: float
) -> None:
    few, many = (choose_pace(arousal, valence, weight, density) for density in sorted((these, those)))
    assert SLOWEST_BPM <= many.quarter_bpm <= few.quarter_bpm <= FASTEST_BPM
    assert -1.0 <= many.missing_arousal <= few.missing_arousal + 1e-12  # where nothing is missing, but for rounding
    assert few.missing_arousal <= 1.0


@pytest.mark.parametrize("arousal", [-1.0, 0.0, 1.0])
def test_as_much_happens_in_a_second_as_is_wanted_whatever_the_notes(arousal: float) -> None:
    usual = 2.0 * 2.0 ** (0.3 * arousal)
    rates = [
        events_per_s(choose_pace(arousal, 0.0, 0.0, usual * factor), usual * factor) for factor in (0.8, 1.0, 1.15)
    ]
    assert rates == pytest.approx([rates[1]] * 3, rel=1e-6)
    assert choose_pace(arousal, 0.0, 0.0, usual).quarter_bpm == pytest.approx(
        choose_pace(arousal, 0.0, 0.0).quarter_bpm
    )


def test_an_excited_picture_has_more_going_on_with_any_notes_and_a_calm_one_less() -> None:
    for density in (0.5, 1.0, 2.0, 3.0):
        calm, excited = (choose_pace(arousal, 0.0, 0.0, density) for arousal in (-1.5, 1.5))
        assert events_per_s(excited, density) > 1.4 * events_per_s(calm, density)


def test_what_the_tempo_cannot_give_comes_from_the_touch() -> None:
    excited = np.array([0.0, 1.5, 0.0, 0.0, 0.0, 0.0], dtype=np.float32)
    long_notes, many_notes = (Performance.from_affect(excited, 0, events_per_quarter=each) for each in (0.5, 3.5))
    assert long_notes.quarter_bpm > many_notes.quarter_bpm
    assert long_notes.velocity > many_notes.velocity
    assert long_notes.gate < many_notes.gate
    assert long_notes.accent > many_notes.accent
    as_ever = Performance.from_affect(excited, 0)
    assert (long_notes.melody, long_notes.tonic, long_notes.mode) == (as_ever.melody, as_ever.tonic, as_ever.mode)
