"""Known truths about the figures of harmony, and the look-up for copies."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from art2mus.codec.score import MELODY, PAD, Note, Score
from art2mus.data.composed import compose
from art2mus.data.windows import Windows
from art2mus.metrics import copying, harmony
from art2mus.metrics.copying import CopyingLookup, likeness
from art2mus.metrics.harmony import measure, repetition, scramble, scrambled, share_of_the_way


def chord(*rows: int, num_steps: int = 64) -> Score:
    return Score(tuple(Note(0, num_steps, row, PAD) for row in rows), num_steps)


def moved(score: Score, rows: int) -> Score:
    return Score(tuple(replace(note, row=note.row + rows) for note in score.notes), score.num_steps)


@pytest.mark.parametrize("rows", [(7, 9, 11), (0, 9, 18), (2, 7, 11), (6, 8, 10)])
def test_a_triad_is_consonant_in_every_position(rows: tuple[int, ...]) -> None:
    figures = measure([chord(*rows)])
    assert figures.consonant_dyads == 1.0
    assert figures.triads == 1.0


def test_a_cluster_is_neither_consonant_nor_a_triad() -> None:
    figures = measure([chord(7, 8, 9)])
    assert figures.consonant_dyads == pytest.approx(1 / 3)
    assert figures.triads == 0.0


@pytest.mark.parametrize(("rows", "share"), [((7, 9, 11), 1.0), ((4, 8, 13), 1.0), ((3, 5, 7), 0.0), ((7, 8), 0.0)])
def test_phrases_close_on_the_tonic_or_the_dominant(rows: tuple[int, ...], share: float) -> None:
    assert measure([chord(*rows)]).cadences == share


def test_a_scale_goes_by_step_and_an_arpeggio_does_not() -> None:
    scale = Score(tuple(Note(4 * i, 4, 14 + i, MELODY) for i in range(8)), 32)
    broken = Score(tuple(Note(4 * i, 4, 14 + 2 * i, MELODY) for i in range(8)), 32)
    assert measure([scale]).stepwise_melody == 1.0
    assert measure([broken]).stepwise_melody == 0.0


def test_notes_on_eighths_are_on_half_beats() -> None:
    assert measure([Score(tuple(Note(i, 1, 14, PAD) for i in (0, 2, 4, 5)), 16)]).on_half_beats == 0.75


def test_a_bar_that_comes_again_is_repetition() -> None:
    bar = (Note(0, 4, 14, PAD), Note(4, 4, 16, PAD))
    again = tuple(replace(note, onset=note.onset + 16) for note in bar)
    other = (Note(18, 4, 3, PAD),)
    assert repetition(Score(bar + again, 32)) == pytest.approx(1.0)
    assert repetition(Score(bar + other, 32)) == 0.0


def test_few_notes_are_near_empty() -> None:
    assert measure([chord(7, 9, 11), compose(1).score]).near_empty == 0.5


def test_chance_is_below_music() -> None:
    scores = [compose(number).score for number in range(40)]
    real, chance = measure(scores), measure(scrambled(scores))
    assert real.consonant_dyads > chance.consonant_dyads + 0.1
    assert real.triads > chance.triads + 0.3
    assert real.stepwise_melody > chance.stepwise_melody + 0.2
    assert real.on_half_beats == chance.on_half_beats
    way = share_of_the_way(real, chance, real)
    assert way["triads"] == pytest.approx(1.0)
    assert "on_half_beats" not in way
    assert share_of_the_way(chance, chance, real)["triads"] == 0.0


def test_scrambling_leaves_rhythm_and_range() -> None:
    score = compose(3).score
    scrambled = scramble(score, np.random.default_rng(0))
    assert sorted((n.onset, n.duration) for n in scrambled.notes) == sorted((n.onset, n.duration) for n in score.notes)
    assert scrambled != score


def test_nothing_cannot_be_measured() -> None:
    with pytest.raises(ValueError, match="no scores"):
        measure([])


def test_silence_has_no_harmony_but_is_measured() -> None:
    assert measure([Score((), 128)]).near_empty == 1.0


def test_a_transposed_copy_is_a_copy() -> None:
    score = compose(5).score
    assert likeness(score, moved(score, -2)) == pytest.approx(1.0)
    assert likeness(score, Score((), 128)) == 0.0
    assert likeness(score, compose(6).score) < 0.9


def test_likeness_does_not_ask_which_comes_first() -> None:
    a, b = compose(5).score, compose(9).score
    assert likeness(a, b) == pytest.approx(likeness(b, a))


def test_a_later_beginning_is_found() -> None:
    score = compose(5).score
    late = score.slice(32, 128)
    assert likeness(late, score) > 0.75


def test_the_lookup_finds_the_window_that_was_copied() -> None:
    windows = Windows.pack([compose(number) for number in range(150)])
    found = CopyingLookup(windows).nearest(moved(windows.score(123), 1))
    assert found.index == 123
    assert found.likeness == pytest.approx(1.0)


def test_without_training_windows_there_is_nothing_to_compare_with() -> None:
    windows = [compose(number) for number in range(3)]
    with pytest.raises(ValueError, match="no training windows"):
        CopyingLookup(Windows.pack(windows, {window.source for window in windows}))


def test_the_commands_print_their_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    windows = [compose(number) for number in range(60)]
    path = tmp_path / "windows.npz"
    Windows.pack(windows, {window.source for window in windows[:20]}).save(path)
    assert harmony.main([str(path)]) == 0
    assert copying.main([str(path), "--limit", "5"]) == 0
    printed = capsys.readouterr().out
    assert "consonant dyads" in printed
    assert "nearest training window" in printed


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert harmony.main([str(tmp_path / "none.npz")]) == 2
    assert copying.main([str(tmp_path / "none.npz")]) == 2
    assert capsys.readouterr().err.count("no windows here") == 2
