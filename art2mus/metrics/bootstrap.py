"""How sure a figure is: intervals by drawing the items again, and chance by shuffling them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CONFIDENCE = 0.95
NUM_RESAMPLES = 2000
_MAX_BATCH = 1_000_000  # indices at a time


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval.

    Attributes:
        value: The figure, over all items.
        low, high: Where it lies in 95 of 100 such samples; nan for fewer than two items.
        num_items: How many items it is from.
        bias: How much of the figure comes from the number of items: what resamples have more than it, on average.
    """

    value: float
    low: float
    high: float
    num_items: int
    bias: float = 0.0

    def __str__(self) -> str:
        """Give the figure for people.

        >>> str(Estimate(0.25, 0.125, 0.5, 40))
        '0.25 (0.125 to 0.5, n = 40)'
        """
        return f"{self.value:.4g} ({self.low:.4g} to {self.high:.4g}, n = {self.num_items})"


def bootstrap(
    statistic: Callable[..., Any],
    *num_items: int,
    is_biased: bool = False,
    is_vectorized: bool = False,
    num_resamples: int = NUM_RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Compute a statistic with its percentile interval.

    >>> values = np.array([1.0, 2.0, 3.0, 4.0])
    >>> bootstrap(lambda drawn: values[drawn].mean(), len(values)).value
    2.5

    Args:
        statistic: Takes one array of indices for each sample that was drawn independently of the others. What belongs
            together (an artwork and its music, the clips of one picture) is drawn together, by one index.
        num_items: Size of each sample.
        is_biased: The statistic moves away when there are fewer different items, as a distance between sets grows. So
            does every resample, and the interval is shifted so that the mean of the resamples lies on the value.
        is_vectorized: The statistic takes many draws at once, and `axis`, along which it is to sum them up.
        num_resamples: How often to draw.
        seed: Of the draws.

    Shape: indices (num_items,); vectorized (..., num_items).
    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, 10.2 (bias) and 13.3 (interval).
    """
    everything = [np.arange(size) for size in num_items]
    value = float(statistic(*everything, **({"axis": -1} if is_vectorized else {})))
    if min(num_items) < 2:
        return Estimate(value, np.nan, np.nan, min(num_items))
    drawn = stats.bootstrap(
        everything,
        statistic,
        vectorized=is_vectorized,
        batch=max(1, _MAX_BATCH // max(num_items)) if is_vectorized else None,
        method="percentile",
        confidence_level=CONFIDENCE,
        n_resamples=num_resamples,
        rng=np.random.default_rng(seed),
    )
    low, high = drawn.confidence_interval
    bias = float(drawn.bootstrap_distribution.mean()) - value
    shift = bias if is_biased else 0.0
    return Estimate(value, float(low) - shift, float(high) - shift, min(num_items), bias)


def mean_estimate(values: FloatArray, seed: int = 0) -> Estimate:
    """Give the mean of one value for each item, with its interval.

    Shape: values (n,).
    """
    return bootstrap(lambda drawn, axis: values[drawn].mean(axis=axis), len(values), is_vectorized=True, seed=seed)


def permutations(num_items: int, num_permutations: int, seed: int = 0) -> IntArray:
    """Give random orders of the items: assignments by chance.

    Shape: (num_permutations, num_items).
    """
    rng = np.random.default_rng(seed)
    return np.array([rng.permutation(num_items) for _ in range(num_permutations)])


def share_as_extreme(by_chance: FloatArray, value: FloatArray | float) -> FloatArray:
    """Give the p-value of a value: the share of those by chance that are as high, itself included.

    >>> float(share_as_extreme(np.array([1.0, 2.0, 3.0]), 3.0))
    0.5

    Shape: by_chance (num_permutations, ...); value and result (...).
    Source: Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9.
    """
    as_extreme = (by_chance >= np.asarray(value) - 1e-9).sum(axis=0)
    return np.asarray((1 + as_extreme) / (1 + len(by_chance)), dtype=np.float64)
