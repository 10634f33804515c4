"""Notes, rolls, slices and joints."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from art2mus.codec.score import MELODY, NUM_ROWS, PAD, Note, Score


@st.composite
def scores(draw: st.DrawFn) -> Score:
    """Scores of a bar or so whose notes do not overlap on a row of a layer."""
    num_steps = draw(st.integers(1, 24))
    notes = []
    for layer in (MELODY, PAD):
        for row in draw(st.sets(st.integers(0, NUM_ROWS - 1), max_size=5)):
            cuts = sorted(draw(st.sets(st.integers(0, num_steps), max_size=6)))
            for onset, end in zip(cuts[::2], cuts[1::2], strict=False):
                is_held = onset == 0 and draw(st.booleans())
                notes.append(Note(onset, end - onset, row, layer, is_held))
    return Score(tuple(notes), num_steps)


@given(scores())
def test_notes_survive_the_roll(score: Score) -> None:
    assert Score.from_roll(score.to_roll()) == score


@given(scores(), st.data())
def test_the_pieces_of_a_score_join_to_it_again(score: Score, data: st.DataObject) -> None:
    seam = data.draw(st.integers(0, score.num_steps))
    assert score.slice(0, seam).joined(score.slice(seam, score.num_steps)) == score


@given(scores(), st.data())
def test_a_slice_is_a_slice_of_the_roll(score: Score, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, score.num_steps))
    stop = data.draw(st.integers(start, score.num_steps))
    np.testing.assert_array_equal(score.slice(start, stop).to_roll(), score.to_roll()[:, start:stop])


@given(scores(), scores())
def test_joined_rolls_stand_one_after_the_other(a: Score, b: Score) -> None:
    joined = a.joined(b)
    assert joined.num_steps == a.num_steps + b.num_steps
    np.testing.assert_array_equal(joined.to_roll()[::2], np.concatenate((a.to_roll(), b.to_roll()), axis=1)[::2])


@given(scores())
def test_cleaning_twice_is_cleaning_once(score: Score) -> None:
    assert score.cleaned().cleaned() == score.cleaned()


def test_neighbours_on_a_row_stay_two_notes() -> None:
    score = Score((Note(0, 4, 14, MELODY), Note(4, 4, 14, MELODY)), 8)
    assert Score.from_roll(score.to_roll()).notes == score.notes


def test_a_held_note_goes_on_without_a_stroke() -> None:
    first = Score((Note(8, 8, 9, PAD),), 16)
    second = Score((Note(0, 4, 9, PAD, is_held=True), Note(0, 4, 11, PAD)), 16)
    assert first.joined(second).notes == (Note(8, 12, 9, PAD), Note(16, 4, 11, PAD))


def test_a_held_note_that_nothing_leads_to_is_struck() -> None:
    joined = Score((), 16).joined(Score((Note(0, 4, 9, PAD, is_held=True),), 16))
    assert joined.notes == (Note(16, 4, 9, PAD),)


def test_cells_above_the_threshold_sound() -> None:
    roll = np.zeros((4, 4, NUM_ROWS), dtype=np.float32)
    roll[0, 1:3, 5] = 0.6
    assert Score.from_roll(roll).notes == (Note(1, 2, 5, MELODY),)
    assert Score.from_roll(roll, threshold=0.7).notes == ()


def test_pad_notes_that_rub_against_the_melody_are_cleaned_away() -> None:
    melody, third, second = Note(0, 8, 20, MELODY), Note(0, 8, 18, PAD), Note(0, 8, 12, PAD)
    assert Score((melody, third, second), 8).cleaned().notes == (third, melody)


def test_a_passing_dissonance_stays() -> None:
    notes = (Note(0, 6, 16, MELODY), Note(6, 2, 15, MELODY), Note(0, 8, 14, PAD))
    assert len(Score(notes, 8).cleaned().notes) == 3


def test_overlaps_are_cut_at_the_next_stroke() -> None:
    score = Score((Note(0, 8, 7, PAD), Note(4, 4, 7, PAD)), 8)
    assert score.cleaned().notes == (Note(0, 4, 7, PAD), Note(4, 4, 7, PAD))


@pytest.mark.parametrize(
    "note",
    [Note(0, 0, 5, PAD), Note(14, 4, 5, PAD), Note(-1, 4, 5, PAD), Note(0, 4, NUM_ROWS, PAD), Note(0, 4, 5, 2)],
)
def test_notes_outside_the_score_are_refused(note: Note) -> None:
    with pytest.raises(ValueError, match=r"outside|within"):
        Score((note,), 16)


def test_only_the_first_step_can_be_held() -> None:
    with pytest.raises(ValueError, match="begins within"):
        Score((Note(4, 4, 5, PAD, is_held=True),), 16)


def test_a_roll_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        Score.from_roll(np.zeros((3, 16, NUM_ROWS), dtype=np.float32))
