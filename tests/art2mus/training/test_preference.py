"""Which windows the end of stage B learns from."""

import numpy as np
import pytest

from art2mus.codec.score import MELODY, PAD, Note, Score
from art2mus.data.windows import WINDOW_STEPS, Window, Windows
from art2mus.training.preference import preferred


def melody(*rows: int) -> Score:
    """Quarter notes, over and over."""
    notes = [Note(4 * place, 4, rows[place % len(rows)], MELODY) for place in range(WINDOW_STEPS // 4)]
    return Score(tuple(notes), WINDOW_STEPS)


def windows(scores: list[Score], kinds: list[str], held_out: tuple[int, ...] = ()) -> Windows:
    each = [
        Window(score, kind, str(number), False) for number, (score, kind) in enumerate(zip(scores, kinds, strict=True))
    ]
    return Windows.pack(each, [str(number) for number in held_out])


STEPWISE, LEAPING = melody(14, 15, 16, 15), melody(14, 18, 14, 20)
WANDERING = melody(*np.random.default_rng(0).integers(10, 24, WINDOW_STEPS // 4).tolist())


def test_steps_and_repetition_are_preferred_within_every_kind() -> None:
    scores = [STEPWISE, LEAPING, WANDERING] * 6
    chosen = preferred(windows(scores, ["song"] * 9 + ["tune"] * 9), 1 / 3)
    assert [scores[index] for index in chosen] == [STEPWISE] * 6


def test_what_is_held_out_stays_held_out_and_all_is_all() -> None:
    made = windows([STEPWISE] * 6, ["song"] * 6, held_out=(0, 5))
    assert preferred(made, 1.0).tolist() == [1, 2, 3, 4]
    assert set(preferred(made, 0.5).tolist()) <= {1, 2, 3, 4}


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_kinds_keep_their_shares(share: float) -> None:
    made = windows([STEPWISE, WANDERING] * 60, (["song"] * 2 + ["tune"] + ["pad"]) * 30)
    chosen = preferred(made, share)
    kinds, counts = np.unique(made.kind[chosen], return_counts=True)
    assert dict(zip(kinds.tolist(), counts.tolist(), strict=True)) == {
        "song": 60 * share, "tune": 30 * share, "pad": 30 * share,
    }  # fmt: skip


def test_a_window_without_a_melody_is_neither_good_nor_bad() -> None:
    still = Score((Note(0, WINDOW_STEPS, 7, PAD),), WINDOW_STEPS)
    scores = [STEPWISE, still, LEAPING] * 3
    assert STEPWISE in [scores[index] for index in preferred(windows(scores, ["song"] * 9), 1 / 3)]
