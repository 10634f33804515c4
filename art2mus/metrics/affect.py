"""The affect of a picture or of a piece of music: six numbers that mean the same for both.

Features (`picture_affect`, `sound_affect`) are standardised over a corpus, added up by published relations, and the
sums are standardised again, so that 0 is the average picture or piece and 1 a standard deviation. A feature that cannot
be measured (silence) counts as average. Means and deviations stand in `affect_standard.json`; `python -m
art2mus.metrics.standardise` makes them again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from art2mus.metrics.picture_affect import PICTURE_FEATURES, PICTURE_RELATIONS, picture_features
from art2mus.metrics.sound_affect import SOUND_FEATURES, SOUND_RELATIONS, sound_features

Affect = NDArray[np.float32]
FloatArray = NDArray[np.float64]

AFFECT_DIMENSIONS = ("valence", "arousal", "brightness", "warmth", "complexity", "weight")
"""Pleasant; excited; light and high; warm in colour and tone; much going on; dark, heavy and dominant."""

MAX_Z = 3.0
"""Scores are clipped to this many standard deviations."""

STANDARD_FILE = Path(__file__).with_name("affect_standard.json")


@dataclass(frozen=True)
class AffectScale:
    """How features become affect: relations, and what is average in a corpus.

    Attributes:
        features: Names of the features, in order.
        relations: What every dimension of `AFFECT_DIMENSIONS` is made of, by feature.
        feature_mean, feature_std: Of every feature over the corpus, in the order of `features`.
        affect_mean, affect_std: Of every weighted sum over the corpus, in the order of `AFFECT_DIMENSIONS`.
    """

    features: Sequence[str]
    relations: Mapping[str, Mapping[str, float]]
    feature_mean: Sequence[float]
    feature_std: Sequence[float]
    affect_mean: Sequence[float]
    affect_std: Sequence[float]

    @classmethod
    def fitted(cls, features: Sequence[str], relations: Mapping[str, Mapping[str, float]], corpus: FloatArray) -> Self:
        """Make what is average in a corpus the zero of the scale.

        Args:
            features: Names of the features, in order.
            relations: What every dimension is made of.
            corpus: The features of every picture or piece; nan where one could not be measured.

        Shape: corpus (num_items, len(features)).
        """
        mean, std = np.nanmean(corpus, axis=0), np.maximum(np.nanstd(corpus, axis=0), 1e-9)
        bare = cls(features, relations, mean.tolist(), std.tolist(), [0.0] * 6, [1.0] * 6)
        sums = bare._sums(corpus)
        return cls(
            features, relations, mean.tolist(), std.tolist(), sums.mean(axis=0).tolist(), sums.std(axis=0).tolist()
        )

    def score(self, features: FloatArray) -> Affect:
        """Give the affect of measured features.

        Shape: features (..., len(self.features)); result (..., 6).
        """
        scores = (self._sums(features) - np.array(self.affect_mean)) / np.array(self.affect_std)
        result: Affect = np.clip(scores, -MAX_Z, MAX_Z).astype(np.float32)
        return result

    def _sums(self, features: FloatArray) -> FloatArray:
        standardised = np.nan_to_num((features - np.array(self.feature_mean)) / np.array(self.feature_std))
        weights = np.array(
            [[self.relations[dim].get(name, 0.0) for name in self.features] for dim in AFFECT_DIMENSIONS]
        )
        # A single outlier (a one-colour picture, a lone click) must not drown the other features of its dimension.
        sums: FloatArray = np.clip(standardised, -MAX_Z, MAX_Z) @ weights.T
        return sums


@cache
def _standard() -> dict[str, dict[str, list[float]]]:
    standard: dict[str, dict[str, list[float]]] = json.loads(STANDARD_FILE.read_text("utf-8"))
    return standard


def load_scale(kind: str) -> AffectScale:
    """Load the bundled scale of "picture" or "sound".

    Raises: KeyError for another kind.
    """
    features, relations = {
        "picture": (PICTURE_FEATURES, PICTURE_RELATIONS),
        "sound": (SOUND_FEATURES, SOUND_RELATIONS),
    }[kind]
    entry = _standard()[kind]
    return AffectScale(
        features, relations, entry["feature_mean"], entry["feature_std"], entry["affect_mean"], entry["affect_std"]
    )


def measure_picture(image: Image.Image) -> Affect:
    """Give the affect of a picture, standardised and clipped to ±`MAX_Z`.

    Shape: (6,), in the order of `AFFECT_DIMENSIONS`.
    """
    return load_scale("picture").score(picture_features(image))


def measure_sound(waveform: NDArray[np.float32], sample_rate: int) -> Affect:
    """Give the affect of a piece of music, whatever made it, standardised and clipped to ±`MAX_Z`.

    Args:
        waveform: Sound in [-1, 1]; gain does not matter. Silence is average in everything.
        sample_rate: Its rate in Hz.

    Shape: waveform (samples, channels) or (samples,); result (6,), in the order of `AFFECT_DIMENSIONS`.
    """
    return load_scale("sound").score(sound_features(waveform, sample_rate))
