"""Balance, over many listeners."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from art2mus.study.design import draw_session, num_sessions_in_block

sizes = st.tuples(
    st.integers(2, 5), st.integers(1, 12), st.integers(0, 20), st.integers(0, 5), st.integers(0, 2**31)
)  # models, shown, further artworks, blocks, seed


@given(sizes)
def test_every_model_is_first_equally_often(size: tuple[int, int, int, int, int]) -> None:
    num_models, num_shown, num_further, num_blocks, seed = size
    models = [f"m{number}" for number in range(num_models)]
    artworks = [f"a{number}" for number in range(num_shown + num_further)]
    block = num_sessions_in_block(num_models)
    first_with: Counter[tuple[str, str]] = Counter()
    met: Counter[tuple[str, str, str]] = Counter()
    for slot in range(num_blocks * block):
        session = draw_session(slot, artworks, models, num_shown, seed)
        assert len({trial.artwork for trial in session}) == num_shown
        first_in_session = Counter(dict.fromkeys(models, 0)) + Counter()
        first_in_session.update(trial.first for trial in session)
        times = [first_in_session[model] for model in models]
        assert max(times) - min(times) <= 1
        first_with.update((trial.artwork, trial.first) for trial in session)
        met.update((trial.artwork, trial.first, trial.second) for trial in session)
    shown = {artwork for artwork, _ in first_with}
    for artwork in shown:  # exactly, with every artwork and against every other model
        assert len({first_with[artwork, model] for model in models}) == 1
        assert len({met[artwork, a, b] for a in models for b in models if a != b}) == 1


def test_a_hundred_listeners_of_the_papers_study() -> None:
    """Ten artworks first for one model and ten for the other in each session; fifty times each with every artwork."""
    artworks = [f"a{number}" for number in range(20)]
    sessions = [draw_session(slot, artworks, ["one", "other"], 20, seed=1) for slot in range(100)]
    assert all(sum(trial.first == "one" for trial in session) == 10 for session in sessions)
    first = Counter(trial.artwork for session in sessions for trial in session if trial.first == "one")
    assert set(first.values()) == {50}
    orders = {tuple(trial.artwork for trial in session) for session in sessions}
    assert len(orders) == 100  # no two listeners see the artworks in the same order
    places = Counter(session.index(next(t for t in session if t.artwork == "a0")) for session in sessions)
    assert len(places) > 15


def test_artworks_take_turns_and_every_two_models_meet_equally_often() -> None:
    artworks, models = [f"a{number}" for number in range(10)], ["x", "y", "z"]
    trials = [trial for slot in range(6 * 5) for trial in draw_session(slot, artworks, models, 4, seed=3)]
    shown = Counter(trial.artwork for trial in trials)
    assert max(shown.values()) == min(shown.values()) == 12
    met = Counter(frozenset((trial.first, trial.second)) for trial in trials)
    assert {met[frozenset(pair)] for pair in combinations(models, 2)} == {40}


def test_the_same_seed_draws_the_same() -> None:
    draw = [draw_session(7, "abcdef", "xy", 4, seed) for seed in (1, 1, 2)]
    assert draw[0] == draw[1] != draw[2]


@pytest.mark.parametrize(("models", "num_artworks"), [("x", 2), ("xy", 0), ("xy", 4)])
def test_what_cannot_be_drawn_is_refused(models: str, num_artworks: int) -> None:
    with pytest.raises(ValueError, match="cannot draw"):
        draw_session(0, "abc", models, num_artworks, seed=0)
