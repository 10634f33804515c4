"""Does the music find its own painting among many? By any measure of likeness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from art2mus.metrics.bootstrap import (
    Estimate,
    FloatArray,
    IntArray,
    bootstrap,
    mean_estimate,
    permutations,
    share_as_extreme,
)

NUM_PERMUTATIONS = 10_000


@dataclass(frozen=True)
class Retrieval:
    """Where clips put their own artwork, when they put all in order. A tie counts as its middle place.

    Attributes:
        num_artworks: How many there are to choose from.
        num_clips: How many clips each artwork has.
        recall_at_1: Share of the clips to which their own artwork is nearest.
        recall_at_5: Share of the clips that have their own artwork among the nearest five.
        median_rank: Place of the own artwork, from 1.
        mean_rank: Likewise.
        p_value: Share of random assignments of clips to artworks with as low a mean rank.
    """

    num_artworks: int
    num_clips: int
    recall_at_1: Estimate
    recall_at_5: Estimate
    median_rank: Estimate
    mean_rank: Estimate
    p_value: float

    def chance_recall(self, places: int) -> float:
        """Give the recall at so many places of music that knows nothing of its artwork."""
        return min(1.0, places / self.num_artworks)

    @property
    def chance_rank(self) -> float:
        """Median and mean rank of such music."""
        return (self.num_artworks + 1) / 2


def retrieve(
    similarity: FloatArray | NDArray[np.float32], num_permutations: int = NUM_PERMUTATIONS, seed: int = 0
) -> Retrieval:
    """Let every clip put the artworks in order.

    Clips of one artwork belong together, so it is artworks that are drawn again and permuted, not clips.

    Args:
        similarity: Of each artwork's clips to every artwork; higher is nearer.
        num_permutations: Random assignments to compare with.
        seed: Of what is drawn.

    Shape: similarity (artworks, clips, artworks), or (artworks, artworks) with one clip for each.
    Raises: ValueError for another shape.
    """
    cube = similarity[:, None] if similarity.ndim == 2 else similarity
    if cube.ndim != 3 or len(cube) != cube.shape[2] or len(cube) < 2:
        raise ValueError(f"need (artworks, clips, artworks) of two or more artworks, not {similarity.shape}")
    places = np.asarray(rankdata(-cube, axis=2))
    everything = np.arange(len(cube))
    own = places[everything, :, everything]
    by_chance = places.mean(axis=1)[everything, permutations(len(cube), num_permutations, seed)].mean(axis=1)

    def median(drawn: IntArray, axis: int) -> FloatArray:
        return np.asarray(np.median(own[drawn].reshape(*drawn.shape[:axis], -1), axis=axis))

    return Retrieval(
        num_artworks=len(cube),
        num_clips=cube.shape[1],
        recall_at_1=mean_estimate((own <= 1).mean(axis=1), seed),
        recall_at_5=mean_estimate((own <= 5).mean(axis=1), seed),
        median_rank=bootstrap(median, len(cube), is_vectorized=True, seed=seed),
        mean_rank=mean_estimate(own.mean(axis=1), seed),
        p_value=float(share_as_extreme(-by_chance, -own.mean())),
    )


def describe(found: Retrieval) -> str:
    """Put the figures into words, beside chance."""
    return (
        f"own artwork among {found.num_artworks}: "
        f"R@1 {found.recall_at_1} (chance {found.chance_recall(1):.2g}), "
        f"R@5 {found.recall_at_5} (chance {found.chance_recall(5):.2g}), "
        f"median rank {found.median_rank}, mean rank {found.mean_rank} "
        f"(chance {found.chance_rank:.1f}, p = {found.p_value:.4f})"
    )
