"""Which track goes with which artwork, by the similarity of their embeddings.

Whatever has no direction (an embedding that is not a number, or zero) is left out on both sides. Of equally similar
tracks the first is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from art2mus.data.similarity import (
    DoubleArray,
    FloatArray,
    IntArray,
    exact_similarity,
    margin,
    near_best,
    parts,
    rows_with_direction,
    unit_vectors,
)
from art2mus.data.tables import DataError

Advance = Callable[[int], object]
"""Told how many more artworks are done."""

MAX_CELLS = 2**27
"""Similarities held at once; 512 MB in float32."""
MAX_OPTIMAL_CELLS = 2**27
"""Similarities that `optimal` takes all of: 1 GB in float64, and as much again within the solver."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Pairs of an artwork and a track, in the order of the artworks.

    Attributes:
        artwork: Row of the artwork's embedding.
        track: Row of the track's embedding.
        similarity: Cosine of the two.

    Shape: all (n,).
    """

    artwork: IntArray
    track: IntArray
    similarity: DoubleArray

    def __len__(self) -> int:
        return len(self.artwork)

    @classmethod
    def of(cls, artworks: FloatArray, tracks: FloatArray, artwork: IntArray, track: IntArray) -> Self:
        """Measure pairs that are given.

        Shape: artworks (num_artworks, dim); tracks (num_tracks, dim); artwork, track (n,).
        """
        similarity = np.empty(len(artwork), np.float64)
        for part in parts(len(artwork)):
            seen, heard = unit_vectors(artworks, artwork[part]), unit_vectors(tracks, track[part])
            similarity[part] = exact_similarity(seen, heard)
        return cls(artwork, track, similarity)


def greedy(artworks: FloatArray, tracks: FloatArray, advance: Advance = lambda _: None) -> Matches:
    """Give every artwork, in turn, the most similar track that none before it took; some get none if tracks run out.

    The similarities of a block of artworks with the tracks that are still free are one product of matrices. The free
    tracks grow fewer, so all of these products together are about half of the full one.

    Shape: artworks (num_artworks, dim); tracks (num_tracks, dim).
    Source: Rinaldi et al. 2024, section 3: how the data set of Art2Mus was paired.
    """
    waiting, free = rows_with_direction(artworks), rows_with_direction(tracks)
    waiting = waiting[: len(free)]
    heard = unit_vectors(tracks, free)
    store = _store(len(waiting), len(free))
    partners = np.empty(len(waiting), np.int64)
    done = 0
    while done < len(waiting):
        block = waiting[done : done + max(1, MAX_CELLS // len(free))]
        seen = unit_vectors(artworks, block)
        taken = _take_in_turn(_products(seen, heard, store), seen, heard)
        partners[done : done + len(block)] = free[taken]
        done += len(block)
        advance(len(block))
        kept = np.delete(np.arange(len(free)), taken)
        free, heard = free[kept], _compact(heard, kept)
    return Matches.of(artworks, tracks, waiting, partners)


def top_k(artworks: FloatArray, tracks: FloatArray, count: int, advance: Advance = lambda _: None) -> Matches:
    """Give every artwork the `count` most similar tracks, the best first, whoever else has them.

    Shape: artworks (num_artworks, dim); tracks (num_tracks, dim).
    """
    asking, offered = rows_with_direction(artworks), rows_with_direction(tracks)
    count = min(count, len(offered))
    heard, within = unit_vectors(tracks, offered), margin(tracks.shape[1])
    rows_at_once = max(1, MAX_CELLS // max(1, len(offered)))
    store = _store(len(asking), len(offered))
    best = np.empty((len(asking), count), np.int64)
    for block in parts(len(asking), rows_at_once) if count else ():
        seen = unit_vectors(artworks, asking[block])
        for number, products in enumerate(_products(seen, heard, store)):
            near = near_best(products, count, within)
            order = np.argsort(-exact_similarity(seen[number], heard[near]), stable=True)
            best[block.start + number] = offered[near[order[:count]]]
        advance(len(seen))
    return Matches.of(artworks, tracks, np.repeat(asking, count), best.reshape(-1))


def optimal(artworks: FloatArray, tracks: FloatArray) -> Matches:
    """Pair as many as there are of both, each once, so that all similarities together are greatest.

    Shape: artworks (num_artworks, dim); tracks (num_tracks, dim).
    Raises: DataError if there are too many.
    """
    asking, offered = rows_with_direction(artworks), rows_with_direction(tracks)
    if len(asking) * len(offered) > MAX_OPTIMAL_CELLS:
        raise DataError(
            f"{len(asking):,} × {len(offered):,} similarities are too many for the optimal pairs "
            f"({MAX_OPTIMAL_CELLS / 1e6:.0f} million at most);\n  give --candidates 50 for the best pairs among the "
            "nearest 50 tracks of every artwork, or take --method greedy"
        )
    similarity = unit_vectors(artworks, asking).astype(np.float64) @ unit_vectors(tracks, offered).T.astype(np.float64)
    artwork, track = linear_sum_assignment(similarity, maximize=True)
    return Matches.of(artworks, tracks, asking[artwork], offered[track])


def nearly_optimal(
    artworks: FloatArray, tracks: FloatArray, num_candidates: int, advance: Advance = lambda _: None
) -> Matches:
    """Pair as `optimal` does, but only artworks with one of their nearest tracks, or with the one that `greedy` gives.

    The greedy pairs make sure that as many as possible can be paired, and that the total is no smaller than theirs.

    Args:
        artworks: Embeddings.
        tracks: Embeddings.
        num_candidates: Tracks that come into question for each artwork; the more, the nearer to the optimum.
        advance: Told how many more artworks are done; counts each of them twice.

    Shape: artworks (num_artworks, dim); tracks (num_tracks, dim).
    """
    fallback = greedy(artworks, tracks, advance)
    nearest = top_k(artworks, tracks, num_candidates, advance)
    if not len(fallback):
        return fallback
    pairs = np.concatenate([fallback.artwork, nearest.artwork]) * len(tracks)
    pairs += np.concatenate([fallback.track, nearest.track])
    pairs, first = np.unique(pairs, return_index=True)
    # Every full matching has equally many pairs, so a constant changes nothing; weights of 0 would not count as pairs.
    weight = 2.0 - np.concatenate([fallback.similarity, nearest.similarity])[first]
    asking, offered = rows_with_direction(artworks), rows_with_direction(tracks)
    cells = (np.searchsorted(asking, pairs // len(tracks)), np.searchsorted(offered, pairs % len(tracks)))
    graph = csr_array((weight, cells), shape=(len(asking), len(offered)))
    artwork, track = min_weight_full_bipartite_matching(graph)
    order = np.argsort(artwork)
    return Matches.of(artworks, tracks, asking[artwork[order]], offered[track[order]])


def _store(num_rows: int, num_columns: int) -> FloatArray:
    return np.empty(min(num_rows * num_columns, max(MAX_CELLS, num_columns)), np.float32)


def _products(seen: FloatArray, heard: FloatArray, store: FloatArray) -> FloatArray:
    result = store[: len(seen) * len(heard)].reshape(len(seen), len(heard))
    return np.matmul(seen, heard.T, out=result)


def _take_in_turn(products: FloatArray, seen: FloatArray, heard: FloatArray) -> IntArray:
    """Choose for each artwork of a block, in order, its best track; overwrites `products`.

    Shape: products (num_seen, num_heard), num_seen <= num_heard; result (num_seen,), columns.
    """
    within = margin(seen.shape[1])
    taken = np.empty(len(seen), np.int64)
    for number, row in enumerate(products):
        row[taken[:number]] = -np.inf
        near = near_best(row, 1, within)
        best = 0 if len(near) == 1 else int(exact_similarity(seen[number], heard[near]).argmax())
        taken[number] = near[best]
    return taken


def _compact(vectors: FloatArray, kept: IntArray) -> FloatArray:
    """Move the rows that are kept to the front, within the memory they are in.

    Shape: vectors (n, dim); kept (m,), ascending; result (m, dim), a view.
    """
    for part in parts(len(kept)):
        vectors[part] = vectors[kept[part]]
    return vectors[: len(kept)]
