"""What may be answered when, and that it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from art2mus.study.answers import BOTH, Answers
from installation.study.sitting import ALL_ANSWERS, A, B, Sitting
from tests.art2mus.study.studies import TODAY, small_study


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    study = small_study(tmp_path, num_cards=2)
    answers = Answers(study.answers, study.fingerprint)
    answers.begin(study.draw, "en", TODAY)
    return answers


def sit(answers: Answers) -> Sitting:
    return Sitting(answers, answers.unfinished()[0], min_listen_s=5.0)


def answer_all(sitting: Sitting) -> None:
    for track in (A, B):
        sitting.note_heard(track, 5.0)
    for question, track in ALL_ANSWERS:
        sitting.give(question, track, 2)


def test_nothing_is_answered_before_it_is_heard(answers: Answers) -> None:
    sitting = sit(answers)
    with pytest.raises(ValueError, match="before it was heard"):
        sitting.give("quality", A, 3)
    assert not sitting.note_heard(A, 4.9)
    assert not sitting.may_answer(A)
    assert sitting.note_heard(A, 5.0)
    assert not sitting.note_heard(A, 6.0)  # nothing new
    assert sitting.may_answer(A)
    assert not sitting.may_answer(B)
    assert not sitting.may_answer(BOTH)
    assert sitting.note_heard(B, 1.0, is_at_end=True)
    assert sitting.may_answer(BOTH)


def test_it_goes_on_when_everything_is_answered(answers: Answers) -> None:
    sitting = sit(answers)
    with pytest.raises(ValueError, match="not answered"):
        sitting.go_on()
    first, coming = sitting.trial.artwork, sitting.next_artwork
    answer_all(sitting)
    sitting.go_on()
    assert sitting.trial.artwork == coming != first
    assert (sitting.num_done, sitting.next_artwork, sitting.given) == (1, None, {})
    assert not sitting.may_answer(A)
    answer_all(sitting)
    sitting.go_on()
    assert sitting.is_over
    assert answers.count_sessions() == {"finished": 1}


def test_a_session_that_was_broken_off_goes_on_where_it_was(answers: Answers) -> None:
    sitting = sit(answers)
    answer_all(sitting)
    sitting.go_on()
    sitting.note_play(B)
    sitting.note_heard(B, 9.0)
    sitting.give("pertinence", B, 4)
    again = sit(answers)
    assert again.trial == sitting.trial
    assert again.given == {("pertinence", B): 4}
    assert again.may_answer(B)
    assert not again.may_answer(A)
    assert answers.records(again.listener)[1].plays == {B: 1}


def test_each_track_is_the_model_the_design_says(answers: Answers) -> None:
    sitting = sit(answers)
    assert (sitting.model(A), sitting.model(B)) == (sitting.trial.first, sitting.trial.second)
