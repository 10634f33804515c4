import numpy as np
import pytest

from art2mus.metrics.bootstrap import bootstrap, mean_estimate, permutations, share_as_extreme


def test_the_interval_of_a_mean_is_the_textbook_one() -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, 400)
    estimate = mean_estimate(values)
    error = values.std() / np.sqrt(len(values))
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert estimate.high == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(0)
    estimates = [mean_estimate(rng.normal(size=50), seed) for seed in range(200)]
    assert np.mean([each.low <= 0.0 <= each.high for each in estimates]) == pytest.approx(0.95, abs=0.04)


def test_a_vectorized_statistic_gives_the_same_kind_of_interval() -> None:
    values = np.random.default_rng(0).normal(size=60)
    one = bootstrap(lambda drawn: float(values[drawn].mean()), 60)
    many = bootstrap(lambda drawn, axis: values[drawn].mean(axis=axis), 60, is_vectorized=True)
    assert (one.value, one.low, one.high) == pytest.approx((many.value, many.low, many.high), abs=0.03)


def test_the_interval_of_a_biased_statistic_lies_around_it() -> None:
    """The variance of fewer different items is smaller: every resample is, and the plain interval lies too low."""
    values = np.random.default_rng(0).normal(size=6)

    def spread(drawn: np.ndarray) -> float:
        return float(values[drawn].var())

    plain, shifted = (bootstrap(spread, 6, is_biased=is_biased) for is_biased in (False, True))
    assert plain.value == shifted.value
    assert shifted.low > plain.low
    assert shifted.high > plain.high
    assert shifted.high - shifted.low == pytest.approx(plain.high - plain.low)


def test_independent_samples_are_drawn_independently() -> None:
    values = np.random.default_rng(0).normal(size=300)
    apart = bootstrap(lambda a, b: float(values[a].mean() - values[b].mean()), 300, 300)
    together = bootstrap(lambda drawn: float(values[drawn].mean() - values[drawn].mean()), 300)
    assert apart.high - apart.low > 0.1
    assert together.high == together.low == 0.0


def test_one_item_has_no_interval_and_equal_items_an_empty_one() -> None:
    assert np.isnan(mean_estimate(np.array([2.0])).low)
    same = mean_estimate(np.full(5, 2.0))
    assert (same.value, same.low, same.high, same.num_items) == (2.0, 2.0, 2.0, 5)


def test_permutations_are_all_orders_alike() -> None:
    orders = permutations(3, 6000)
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 6
    assert counts.min() > 850


def test_p_values_are_never_zero() -> None:
    assert share_as_extreme(np.zeros(99), 5.0) == pytest.approx(0.01)
    assert share_as_extreme(np.zeros(99), 0.0) == 1.0
