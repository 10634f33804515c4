"""Cosine similarity of very many vectors, the same however the work is cut into blocks.

A product of large matrices rounds its last bits differently from one block size to the next, and nothing should hang on
that. So the float32 product only says which similarities are near the best. Where several are, within what it may be
wrong by, the float64 sum decides that is taken for each pair by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

ROWS_AT_ONCE = 4096
"""Of 1,024 numbers, they take 32 MB in float64."""
_GROUP = 256


def parts(count: int, size: int = ROWS_AT_ONCE) -> Iterator[slice]:
    """Cut a number of rows into slices of at most `size`.

    >>> [(part.start, part.stop) for part in parts(5, 2)]
    [(0, 2), (2, 4), (4, 5)]
    """
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def rows_with_direction(vectors: FloatArray) -> IntArray:
    """Find the vectors that similarity is defined for: finite, and not zero.

    Shape: vectors (n, dim); result (at most n,), ascending.
    """
    found = [
        part.start + np.flatnonzero(np.isfinite(vectors[part]).all(axis=1) & vectors[part].any(axis=1))
        for part in parts(len(vectors))
    ]
    return np.concatenate(found, dtype=np.int64) if found else np.empty(0, np.int64)


def unit_vectors(vectors: FloatArray, rows: IntArray) -> FloatArray:
    """Take rows of a matrix and scale each to length 1, by itself.

    Shape: vectors (n, dim); rows (m,); result (m, dim).
    """
    result = np.empty((len(rows), vectors.shape[1]), np.float32)
    for part in parts(len(rows)):
        taken = vectors[rows[part]].astype(np.float64)
        result[part] = taken / np.sqrt(np.square(taken).sum(axis=1, keepdims=True))
    return result


def exact_similarity(left: FloatArray, right: FloatArray) -> DoubleArray:
    """Give the similarity of pairs of unit vectors, the same for a pair whatever else is asked for with it.

    Products of float32 numbers are exact in float64, and NumPy adds the numbers of one row in an order of its own that
    depends on nothing but their count.

    Shape: left (n, dim) or (dim,); right (n, dim); result (n,).
    """
    left = np.broadcast_to(left, right.shape)
    result = np.empty(len(right), np.float64)
    for part in parts(len(right)):
        result[part] = (left[part].astype(np.float64) * right[part].astype(np.float64)).sum(axis=1)
    return result


def margin(dim: int) -> float:
    """Say how far below the greatest float32 product of unit vectors the one of the nearest pair can lie.

    Source: Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1: in any order of summation a
        product of `dim` numbers is wrong by at most dim · u / (1 − dim · u), u = 2⁻²⁴; twice that, and a little for the
        lengths, which are themselves rounded.
    """
    error = (dim + 4) * 2.0**-24
    return 2.0 * error / (1.0 - error)


def near_best(similarity: FloatArray, count: int, within: float) -> IntArray:
    """Find what can be among the `count` greatest, if every number may be wrong by half of `within`.

    Shape: similarity (n,); result (`count` or more, or n,), ascending.
    """
    if count >= len(similarity):
        return np.arange(len(similarity))
    # As many groups as are asked for have a number at least as great as this one; much cheaper than sorting.
    whole = len(similarity) // _GROUP * _GROUP
    greatest = similarity[:whole].reshape(-1, _GROUP).max(axis=1) if whole >= count * _GROUP else similarity
    floor = greatest.max() if count == 1 else np.partition(greatest, -count)[-count]
    return np.flatnonzero(similarity >= floor - np.float32(within))
