"""The figures of an evaluation: every metric of the settings, for every model and for the true tracks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from art2mus.data.tables import DataError
from art2mus.evaluation.items import Item, partners
from art2mus.evaluation.listeners import Heard, distance_name, listen, load_listener
from art2mus.evaluation.settings import SHUFFLED_TRUTH, TRUTH, EvaluateSettings
from art2mus.evaluation.subjects import NoSubjectError, subjects_of
from art2mus.metrics.bootstrap import Estimate, FloatArray, mean_estimate
from art2mus.metrics.clap import one_for_each
from art2mus.metrics.frechet import compare_sets, frechet_distance
from art2mus.metrics.imagebind_score import imagebind_score, mean_cosine
from art2mus.metrics.kl import classifier_kl, spectral_kl
from art2mus.metrics.relevance import Relevance, affect_distances, relevance
from art2mus.models import ModelMissingError
from art2mus.sound_files import UnreadableSoundError, load_mono

AFFECT_RANK, AFFECT_RECALL = "affect: rank of own artwork", "affect: R@5"
IBSC_ARTWORK, IBSC_TRUTH = "IBSc artwork", "IBSc truth"
IBSC_RANK, IBSC_RECALL = "IBSc: rank of own artwork", "IBSc: R@5"
CLAP_SCORE = "CLAP score"
PER_PAIR = "per pair, as published"
SPECTRAL_KL = f"spectral KL {PER_PAIR}"
HIGHER_IS_BETTER = frozenset({AFFECT_RECALL, IBSC_ARTWORK, IBSC_TRUTH, IBSC_RECALL, CLAP_SCORE})
PUBLISHED_RATE = 16_000

Music = Mapping[str, Sequence[Sequence[Path]]]
"""For each condition, for each item, its sound files."""
Points = NDArray[np.float32]
SoundT = TypeVar("SoundT")


@dataclass
class Scores:
    """What was found.

    Attributes:
        num_items: Pairs that were asked about.
        figures: By condition, then by the name of the figure.
        affects: By condition.
        distances: Of the clips' affect to that of every artwork, by condition.
        remarks: What people should know before they trust the figures.
        missing: Which metrics could not be computed, and what to do.

    Shape: each of distances (items, clips, items).
    """

    num_items: int
    figures: dict[str, dict[str, Estimate]]
    affects: dict[str, Relevance] = field(default_factory=dict)
    distances: dict[str, FloatArray] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Give plain values; null where there is no interval."""
        plain: dict[str, Any] = _plain(
            {
                "num_pairs": self.num_items,
                "figures": {
                    name: {key: asdict(each) for key, each in row.items()} for name, row in self.figures.items()
                },
                "affect": {name: asdict(each) for name, each in self.affects.items()},
                "remarks": self.remarks,
                "missing": self.missing,
            }
        )
        return plain


def with_truths(music: Music, items: Sequence[Item], seed: int) -> Music:
    """Set the true tracks beside the music of the models: with their own artworks, and with those of others."""
    tracks = [[item.track_path] for item in items]
    return {**music, TRUTH: tracks, SHUFFLED_TRUTH: [tracks[other] for other in partners(len(items), seed)]}


def score(settings: EvaluateSettings, items: Sequence[Item], music: Music, *, has_published: bool = False) -> Scores:
    """Judge the music of every condition.

    Args:
        settings: Say which metrics, and where their weights are.
        items: The artworks and their true tracks.
        music: What to judge.
        has_published: Add the figures as the published code computes them, pair by pair.

    Raises: UnreadableImageError; DataError for sound that cannot be read.
    """
    scores = Scores(len(items), {condition: {} for condition in music})
    truths = [item.track_path for item in items]
    for metric in settings.metrics:
        try:
            listener = load_listener(metric, settings.weights.get(metric))
            asked = subjects_of(metric, listener, items)
        except (ModelMissingError, NoSubjectError) as error:
            scores.missing.append(f"{metric}: left out: {error}")
            continue
        for condition, clips in music.items():
            heard = listen(listener, truths, clips)
            _judge(scores, metric, condition, heard, asked, has_published=has_published)
    if has_published:
        for condition, clips in music.items():
            _attempt(scores, SPECTRAL_KL, condition, lambda: _spectral(truths, clips))  # noqa: B023 - called at once
    return scores


def by_pair(
    figure: Callable[[SoundT, SoundT], float], truths: Sequence[SoundT], clips: Sequence[Sequence[SoundT]]
) -> Estimate:
    """Compare each clip with the true track alone; the clips of an artwork are one item.

    >>> by_pair(lambda truth, clip: clip - truth, [1.0, 2.0], [[1.0, 3.0], [2.0, 4.0]]).value
    1.0
    """
    means = [np.mean([figure(truth, clip) for clip in own]) for truth, own in zip(truths, clips, strict=True)]
    return mean_estimate(np.array(means))


def _judge(scores: Scores, metric: str, condition: str, heard: Heard, asked: Points, *, has_published: bool) -> None:
    if metric == "affect":
        _judge_affect(scores, condition, heard, asked)
    elif metric == "ibsc":
        _judge_likeness(scores, condition, heard, asked)
    elif metric == "clap-score":
        scores.figures[condition][CLAP_SCORE] = mean_cosine(asked, _each_as_one(heard))
    elif metric == "kl":
        _attempt(scores, "KL", condition, lambda: by_pair(_classifier_kl, heard.truths, heard.clips))
    else:
        _judge_distance(scores, metric, condition, heard)
        if has_published:
            name = f"{distance_name(metric)} {PER_PAIR}"
            _attempt(scores, name, condition, lambda: by_pair(frechet_distance, heard.truths, heard.clips))


def _judge_affect(scores: Scores, condition: str, heard: Heard, asked: Points) -> None:
    measured = np.array([[clip[0] for clip in of_item] for of_item in heard.clips])
    found = relevance(asked, measured)
    scores.affects[condition] = found
    scores.distances[condition] = affect_distances(asked, measured)
    scores.figures[condition] |= {AFFECT_RANK: found.retrieval.mean_rank, AFFECT_RECALL: found.retrieval.recall_at_5}


def _judge_likeness(scores: Scores, condition: str, heard: Heard, asked: Points) -> None:
    found = imagebind_score(asked, _each_as_one(heard), one_for_each(heard.truths))
    assert found.truth is not None
    scores.figures[condition] |= {
        IBSC_ARTWORK: found.artwork,
        IBSC_TRUTH: found.truth,
        IBSC_RANK: found.retrieval.mean_rank,
        IBSC_RECALL: found.retrieval.recall_at_5,
    }


def _each_as_one(heard: Heard) -> Points:
    """One point for each clip, the mean of its windows.

    Shape: (items, clips, dim).
    """
    return np.stack([one_for_each(of_item) for of_item in heard.clips])


def _judge_distance(scores: Scores, metric: str, condition: str, heard: Heard) -> None:
    name = distance_name(metric)
    found = compare_sets(heard.truths, heard.all_clips)
    scores.figures[condition] |= {name: found.distance, f"{name}∞": found.unbiased}
    # The true tracks are nothing but themselves: what their distance from themselves is biased by concerns nobody.
    warnings = () if condition in (TRUTH, SHUFFLED_TRUTH) else found.warnings
    scores.remarks += [f"{condition}: {name}: {warning}" for warning in warnings]


def _attempt(scores: Scores, name: str, condition: str, figure: Callable[[], Estimate]) -> None:
    """Add a figure, or say why it is not defined here."""
    try:
        scores.figures[condition][name] = figure()
    except ValueError as error:
        scores.remarks.append(f"{condition}: {name}: {error}")


def _classifier_kl(truth: Any, clip: Any) -> float:
    return classifier_kl([truth], [clip]).value


def _spectral(truths: Sequence[Path], clips: Sequence[Sequence[Path]]) -> Estimate:
    def compare(truth: Path, clip: Path) -> float:
        return spectral_kl(load_mono(truth, PUBLISHED_RATE), load_mono(clip, PUBLISHED_RATE))

    try:
        return by_pair(compare, truths, clips)
    except UnreadableSoundError as error:
        raise DataError(str(error)) from error


def _plain(value: Any) -> Any:
    """JSON has no number that is not one."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
