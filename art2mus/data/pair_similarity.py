"""How alike the artwork and the track of given pairs are, by embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from art2mus.data.embeddings import Embeddings, check_comparable, compared_vectors
from art2mus.data.matching import Matches
from art2mus.data.pair_table import PairTable
from art2mus.data.similarity import FloatArray, IntArray, rows_with_direction


def measure_similarity(pairs: PairTable, artworks: Path, tracks: Path) -> PairTable:
    """Give pairs the cosine of their embeddings; NaN where one of both was not, or could not be, embedded.

    Args:
        pairs: Any pairs.
        artworks: The folder of the artworks' embeddings.
        tracks: The folder of the tracks', by the same embedder.

    Raises: DataError if a folder holds no embeddings, or if both are not in one space.
    """
    embeddings = Embeddings.load(artworks), Embeddings.load(tracks)
    check_comparable(*embeddings)
    seen, heard = (compared_vectors(each) for each in embeddings)
    artwork_rows = _rows(embeddings[0].files, seen, pairs.artworks)
    track_rows = _rows(embeddings[1].files, heard, pairs.tracks)
    is_known = (artwork_rows >= 0) & (track_rows >= 0)
    similarity = np.full(len(pairs), np.nan, dtype=np.float32)
    similarity[is_known] = Matches.of(seen, heard, artwork_rows[is_known], track_rows[is_known]).similarity
    return replace(pairs, similarity=similarity)


def _rows(embedded: Sequence[str], vectors: FloatArray, files: Sequence[str]) -> IntArray:
    """Find the rows of files; -1 where there is no embedding.

    Shape: vectors (len(embedded), dim); result (len(files),).
    """
    rows = {embedded[row]: row for row in rows_with_direction(vectors).tolist()}
    return np.array([rows.get(file, -1) for file in files], dtype=np.int64)
