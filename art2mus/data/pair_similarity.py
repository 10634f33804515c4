"""How alike the artwork and the track of given pairs are, by embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from art2mus.data.embeddings import Embeddings
from art2mus.data.pair_table import PairTable

FloatArray = NDArray[np.float32]


def measure_similarity(pairs: PairTable, artworks: Path, tracks: Path) -> PairTable:
    """Give pairs the cosine of their embeddings; NaN where one of both was not, or could not be, embedded.

    Args:
        pairs: Any pairs.
        artworks: The folder of the artworks' embeddings.
        tracks: The folder of the tracks', by the same embedder.

    Raises: DataError if a folder holds no embeddings.
    """
    left, right = _unit_vectors(artworks, pairs.artworks), _unit_vectors(tracks, pairs.tracks)
    return replace(pairs, similarity=(left * right).sum(axis=1))


def _unit_vectors(folder: Path, files: Sequence[str]) -> FloatArray:
    """Shape: (len(files), dim)."""
    embeddings = Embeddings.load(folder)
    places = {file: place for place, file in enumerate(embeddings.files)}
    vectors = np.full((len(files), embeddings.vectors.shape[1]), np.nan, dtype=np.float32)
    known = [number for number, file in enumerate(files) if file in places]
    vectors[known] = embeddings.vectors[[places[files[number]] for number in known]]
    if embeddings.meta.get("comparison") == "standardised cosine":
        collection = embeddings.vectors
        vectors = (vectors - np.nanmean(collection, axis=0)) / np.maximum(np.nanstd(collection, axis=0), 1e-6)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
