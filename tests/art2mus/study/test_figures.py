"""Known truths of the statistics."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from art2mus.study.answers import Answers, Record
from art2mus.study.design import Trial
from art2mus.study.figures import agreement, clustered_mean, krippendorff_alpha, model_figures, pair_figures
from tests.art2mus.study.studies import MODELS, listen, small_study

_ = None
PUBLISHED = {
    "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    "C": [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
}
"""Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C."""


@pytest.mark.parametrize(("is_ordinal", "alpha"), [(False, 0.743), (True, 0.815)])
def test_alpha_of_the_published_example(is_ordinal: bool, alpha: float) -> None:
    answers = [(who, (str(u),), v) for who, row in PUBLISHED.items() for u, v in enumerate(row) if v is not None]
    assert krippendorff_alpha(answers, is_ordinal=is_ordinal) == pytest.approx(alpha, abs=5e-4)


def test_alpha_of_everybody_and_of_nobody() -> None:
    alike = [(who, (str(u),), 1 + u % 5) for who in "abc" for u in range(20)]
    assert krippendorff_alpha(alike, is_ordinal=True) == pytest.approx(1.0)
    rng = np.random.default_rng(0)
    at_random = [(str(who), (str(u),), int(rng.integers(1, 6))) for who in range(10) for u in range(50)]
    assert krippendorff_alpha(at_random, is_ordinal=True) == pytest.approx(0.0, abs=0.05)
    assert math.isnan(krippendorff_alpha([("a", ("1",), 3), ("a", ("2",), 4)], is_ordinal=True))
    assert math.isnan(krippendorff_alpha([("a", ("1",), 3), ("b", ("1",), 3)], is_ordinal=True))


def test_intervals_know_that_a_listener_resembles_himself() -> None:
    """Ten listeners who answer the same a hundred times over are ten listeners, not a thousand."""
    rng = np.random.default_rng(1)
    moods = rng.normal(3.0, 1.0, 10)
    values = np.repeat(moods, 100)
    estimate = clustered_mean(values.tolist(), [str(who) for who in range(10) for _ in range(100)])
    assert estimate.value == pytest.approx(moods.mean())
    half = 1.96 * moods.std() / math.sqrt(10)
    assert estimate.high - estimate.low == pytest.approx(2 * half, rel=0.15)
    independent = clustered_mean(values.tolist(), [str(number) for number in range(1000)])
    assert independent.high - independent.low < (estimate.high - estimate.low) / 5


def test_one_listener_leaves_no_interval() -> None:
    estimate = clustered_mean([1.0, 2.0], ["a", "a"])
    assert estimate.value == 1.5
    assert math.isnan(estimate.low)
    assert math.isnan(clustered_mean([], []).value)


def test_a_clear_preference(tmp_path: Path) -> None:
    """Eight of ten listeners find mini-4 better; its quality is one higher, always."""
    study = small_study(tmp_path)
    with Answers(study.answers, study.fingerprint) as answers:
        for number in range(10):
            liked = MODELS[number < 8]
            listen(answers, study, lambda t, model, liked=liked: (3 + (model == "mini-4"), 4 if model == liked else 2))
        records = answers.records()
    mini, mini_4 = (model_figures(records, model) for model in MODELS)
    assert (mini.num_ratings, mini_4.num_ratings) == (40, 40)
    assert (mini.quality.value, mini_4.quality.value) == (3.0, 4.0)
    assert mini_4.pertinence.value == pytest.approx(0.8 * 4 + 0.2 * 2)
    assert mini_4.preference.value == pytest.approx(0.8)
    (pair,) = pair_figures(records, MODELS)
    assert (pair.one, pair.other, pair.num_preferred, pair.num_comparisons) == ("mini", "mini-4", 8, 40)
    assert (pair.num_listeners_for, pair.num_listeners_against) == (2, 8)
    # Of ten fair coins, eight or more alike: 2 · (45 + 10 + 1) / 1024.
    assert pair.listeners_sign_test_p == pytest.approx(112 / 1024)
    assert pair.sign_test_p < 0.001  # as if there were forty listeners
    # Wilson's interval of 8 in 40, by its formula with z = 1.96.
    assert (pair.wilson.low, pair.wilson.high) == (pytest.approx(0.1050, abs=1e-4), pytest.approx(0.3476, abs=1e-4))
    assert pair.preference.high - pair.preference.low > pair.wilson.high - pair.wilson.low
    assert pair.quality.value == pair.quality.low == pair.quality.high == -1.0
    alpha = agreement(records)
    assert alpha["quality"] == pytest.approx(1.0)
    assert alpha["preference"] < 0.4


def test_three_models_are_compared_two_by_two() -> None:
    def record(listener: str, artwork: str, first: str, second: str, better: int) -> Record:
        marks = {(q, t): 3 + (t == better) for q in ("quality", "pertinence") for t in (1, 2)}
        return Record(listener, 0, Trial(artwork, first, second), True, {**marks, ("preference", 0): better}, {})  # type: ignore[dict-item]

    records = [record("a", "p", "x", "y", 1), record("b", "p", "y", "x", 2), record("a", "q", "z", "y", 1)]
    pairs = {(pair.one, pair.other): pair for pair in pair_figures(records, "xyz")}
    assert set(pairs) == {("x", "y"), ("y", "z")}
    assert pairs["x", "y"].num_preferred == pairs["x", "y"].num_comparisons == 2
    assert pairs["y", "z"].num_preferred == 0
    assert model_figures(records, "x").preference.value == 1.0
