"""How alike the artwork and the track of given pairs are, by embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from art2mus.data.embeddings import Embeddings
from art2mus.data.pair_table import PairTable
from art2mus.data.tables import DataError
from art2mus.metrics.affect import MAX_Z

FloatArray = NDArray[np.float32]


def measure_similarity(pairs: PairTable, artworks: Path, tracks: Path) -> PairTable:
    """Give pairs the cosine of their embeddings; NaN where one of both was not, or could not be, embedded.

    Args:
        pairs: Any pairs.
        artworks: The folder of the artworks' embeddings.
        tracks: The folder of the tracks', by the same embedder.

    Raises: DataError if a folder holds no embeddings, or if both are not by the same embedder.
    """
    seen, heard = Embeddings.load(artworks), Embeddings.load(tracks)
    names = [each.meta.get("embedder") for each in (seen, heard)]
    if names[0] != names[1] or seen.vectors.shape[1] != heard.vectors.shape[1]:
        raise DataError(
            f"{artworks} and {tracks} are by different embedders ({names[0]}, {names[1]}); use one for both"
        )
    cosine = (_unit_vectors(seen, pairs.artworks) * _unit_vectors(heard, pairs.tracks)).sum(axis=1)
    return replace(pairs, similarity=cosine.astype(np.float32))


def _unit_vectors(embeddings: Embeddings, files: Sequence[str]) -> FloatArray:
    """Shape: (len(files), dim)."""
    places = {file: place for place, file in enumerate(embeddings.files)}
    vectors = np.full((len(files), embeddings.vectors.shape[1]), np.nan, dtype=np.float32)
    known = [number for number, file in enumerate(files) if file in places]
    vectors[known] = embeddings.vectors[[places[files[number]] for number in known]]
    if embeddings.meta.get("comparison") == "standardised cosine":
        mean, spread = np.nanmean(embeddings.vectors, axis=0), np.nanstd(embeddings.vectors, axis=0)
        vectors = np.clip((vectors - mean) / np.maximum(spread, 1e-6), -MAX_Z, MAX_Z)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
