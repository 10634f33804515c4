"""What the answers come to: means, shares and a sign test, with the uncertainty that listeners leave.

Answers of one listener resemble each other, so intervals are drawn by a bootstrap over listeners, not over answers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import binomtest

from art2mus.metrics.bootstrap import CONFIDENCE, Estimate, FloatArray, IntArray, bootstrap
from art2mus.study.answers import BOTH, Question, Record

NUM_RESAMPLES = 9999


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """One row of the paper's Table 4.

    Attributes:
        model: Its name.
        num_ratings: Tracks rated.
        quality: Mean of 1 to 5.
        pertinence: Mean of 1 to 5.
        preference: Share of its comparisons in which it was said to fit better.
    """

    model: str
    num_ratings: int
    quality: Estimate
    pertinence: Estimate
    preference: Estimate


@dataclass(frozen=True, slots=True)
class PairFigures:
    """Two models side by side.

    Attributes:
        one: A model.
        other: The model it was compared with.
        num_preferred: How often the one was preferred.
        num_comparisons: Of so many.
        wilson: That share, with Wilson's interval, as if every answer were from another listener.
        preference: That share, with the interval over listeners.
        sign_test_p: Two-sided, over all answers.
        num_listeners_for: Listeners who preferred the one more often.
        num_listeners_against: Listeners who preferred the other more often.
        listeners_sign_test_p: Two-sided, over listeners; those without a majority are left out.
        quality: Mean difference of the ratings, the one less the other.
        pertinence: Likewise.
    """

    one: str
    other: str
    num_preferred: int
    num_comparisons: int
    wilson: Estimate
    preference: Estimate
    sign_test_p: float
    num_listeners_for: int
    num_listeners_against: int
    listeners_sign_test_p: float
    quality: Estimate
    pertinence: Estimate


@dataclass(frozen=True, slots=True)
class Rating:
    """One track as it was rated in one trial."""

    listener: str
    artwork: str
    model: str
    quality: int
    pertinence: int
    is_preferred: bool


def ratings_of(record: Record) -> tuple[Rating, Rating]:
    """The two tracks of a confirmed trial."""
    trial, answers = record.trial, record.answers
    first, second = (
        Rating(
            record.listener,
            trial.artwork,
            model,
            answers["quality", track],
            answers["pertinence", track],
            answers["preference", BOTH] == track,
        )
        for track, model in ((1, trial.first), (2, trial.second))
    )
    return first, second


def model_figures(records: Sequence[Record], model: str) -> ModelFigures:
    """Table 4's row of one model, over all its confirmed trials."""
    ratings = [rating for record in records for rating in ratings_of(record) if rating.model == model]
    listeners = [rating.listener for rating in ratings]

    def mean(value: Callable[[Rating], float]) -> Estimate:
        return clustered_mean([value(rating) for rating in ratings], listeners)

    return ModelFigures(
        model=model,
        num_ratings=len(ratings),
        quality=mean(lambda rating: rating.quality),
        pertinence=mean(lambda rating: rating.pertinence),
        preference=mean(lambda rating: rating.is_preferred),
    )


def pair_figures(records: Sequence[Record], models: Sequence[str]) -> list[PairFigures]:
    """Every pair of models that was compared."""
    figures = []
    for one, other in combinations(models, 2):
        pairs = []
        for record in records:
            ratings = {rating.model: rating for rating in ratings_of(record)}
            if set(ratings) == {one, other}:
                pairs.append((ratings[one], ratings[other]))
        if pairs:
            figures.append(_compare(pairs))
    return figures


def _compare(pairs: Sequence[tuple[Rating, Rating]]) -> PairFigures:
    listeners = [one.listener for one, _ in pairs]
    preferred = [one.is_preferred for one, _ in pairs]
    majority = Counter(dict.fromkeys(listeners, 0))
    for listener, is_preferred in zip(listeners, preferred, strict=True):
        majority[listener] += 1 if is_preferred else -1
    num_for, num_against = sum(m > 0 for m in majority.values()), sum(m < 0 for m in majority.values())
    test = binomtest(sum(preferred), len(preferred))
    interval = test.proportion_ci(CONFIDENCE, method="wilson")
    return PairFigures(
        one=pairs[0][0].model,
        other=pairs[0][1].model,
        num_preferred=sum(preferred),
        num_comparisons=len(preferred),
        wilson=Estimate(float(test.statistic), float(interval.low), float(interval.high), len(preferred)),
        preference=clustered_mean(preferred, listeners),
        sign_test_p=float(test.pvalue),
        num_listeners_for=num_for,
        num_listeners_against=num_against,
        listeners_sign_test_p=_sign_test(num_for, num_against),
        quality=clustered_mean([one.quality - other.quality for one, other in pairs], listeners),
        pertinence=clustered_mean([one.pertinence - other.pertinence for one, other in pairs], listeners),
    )


def _sign_test(num_for: int, num_against: int) -> float:
    total = num_for + num_against
    return float(binomtest(num_for, total).pvalue) if total else math.nan


def clustered_mean(values: Sequence[float], listeners: Sequence[str]) -> Estimate:
    """The mean of all values, with an interval by resampling whole listeners.

    With fewer than two listeners there is no interval; with fewer than about ten it is somewhat too narrow.

    Source: percentile bootstrap of clusters; Davison & Hinkley, "Bootstrap Methods and their Application" (1997), 3.8.
    """
    if not values:
        return Estimate(math.nan, math.nan, math.nan, 0)
    names, owner = np.unique(np.array(listeners), return_inverse=True)
    sums, counts = np.bincount(owner, weights=values), np.bincount(owner)

    def mean(drawn: IntArray, axis: int) -> FloatArray:
        return np.asarray(sums[drawn].sum(axis=axis) / counts[drawn].sum(axis=axis))

    return bootstrap(mean, len(names), is_vectorized=True, num_resamples=NUM_RESAMPLES)


def agreement(records: Sequence[Record]) -> dict[Question, float]:
    """Krippendorff's alpha of every question: 1 is full agreement between listeners, 0 is chance.

    Ratings are ordinal and belong to a track; preferences are nominal and belong to an artwork with two models. NaN
    where no two listeners answered about the same, or all answers are equal.

    Raises: ImportError without the extra "study".
    """
    ratings = [rating for record in records for rating in ratings_of(record)]
    preferred = [
        (r.listener, (r.artwork, *sorted((one.model, other.model))), r.model)
        for one, other in map(ratings_of, records)
        for r in (one, other)
        if r.is_preferred
    ]
    quality = [(r.listener, (r.artwork, r.model), r.quality) for r in ratings]
    pertinence = [(r.listener, (r.artwork, r.model), r.pertinence) for r in ratings]
    return {
        "quality": krippendorff_alpha(quality, is_ordinal=True),
        "pertinence": krippendorff_alpha(pertinence, is_ordinal=True),
        "preference": krippendorff_alpha(preferred, is_ordinal=False),
    }


def krippendorff_alpha(answers: Iterable[tuple[str, tuple[str, ...], int | str]], *, is_ordinal: bool) -> float:
    """Krippendorff's alpha of (listener, what was rated, value); a listener's several ratings of a thing count singly.

    Raises: ImportError without NLTK.
    Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011); by NLTK, with the ordinal metric of
        its section E.
    """
    from nltk.metrics.agreement import AnnotationTask

    given = list(answers)
    times = Counter(unit for _, unit, _ in given)
    pairable = [(listener, "\t".join(unit), value) for listener, unit, value in given if times[unit] > 1]
    count = Counter(value for *_, value in pairable)
    if len(count) < 2:
        return math.nan

    def ordinal(one: int, other: int) -> float:
        low, high = sorted((one, other))
        return (sum(count[value] for value in range(low, high + 1)) - (count[low] + count[high]) / 2) ** 2

    task = AnnotationTask(pairable, ordinal) if is_ordinal else AnnotationTask(pairable)
    return float(task.alpha())
