"""Scores as a tagger of music hears them: performed alike, so that nothing but their notes differs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import soxr
from numpy.typing import NDArray

from art2mus.codec.performance import Performance
from art2mus.codec.score import Score
from art2mus.metrics.musicnn import MusiCNNEmbedder
from art2mus.metrics.relevance import scores_played
from art2mus.metrics.sound_affect import ANALYSIS_RATE


def listen(scores: Iterable[Score]) -> list[NDArray[np.float32]]:
    """Perform scores alike, and embed them as FD-MusiCNN does.

    Shape: each (num_windows, dim).
    """
    embedder, scores = MusiCNNEmbedder(), list(scores)
    played = scores_played(scores, [Performance.neutral()] * len(scores))
    return [embedder.embed(soxr.resample(each.mean(axis=1), ANALYSIS_RATE, embedder.sample_rate)) for each in played]
