"""How near generated music is to its artwork, and to the true track: similarity of embeddings in one space.

With ImageBind's embeddings these are the IBScs of Art2Mus; with CLAP's, of texts and music, the CLAP score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from art2mus.metrics.bootstrap import Estimate, mean_estimate
from art2mus.metrics.retrieval import Retrieval, retrieve

Embeddings = NDArray[np.float32]


@dataclass(frozen=True)
class ImageBindScore:
    """What ImageBind says about generated music.

    Attributes:
        artwork: Cosine with the artwork's embedding, on average (IBSc artwork–generated).
        truth: Cosine with the true track's (IBSc truth–generated); None where there is none.
        retrieval: Whether the music finds its own artwork.

    Source: Rinaldi et al. 2024, arXiv 2410.04906, table 3.
    """

    artwork: Estimate
    truth: Estimate | None
    retrieval: Retrieval


def imagebind_score(artworks: Embeddings, generated: Embeddings, truths: Embeddings | None = None) -> ImageBindScore:
    """Judge the clips of each artwork.

    Shape: artworks and truths (n, dim); generated (n, clips, dim), or (n, dim) with one clip for each; in the same
        order; need not be normalised.
    Raises: ValueError for fewer than two artworks, other shapes, or embeddings that are not finite.
    """
    return ImageBindScore(
        artwork=mean_cosine(artworks, generated),
        truth=None if truths is None else mean_cosine(truths, generated),
        retrieval=retrieve(cosines(generated, artworks)),
    )


def mean_cosine(these: Embeddings, those: Embeddings) -> Estimate:
    """Give the cosine of each with its partner, on average; several partners of one are one item.

    >>> mean_cosine(np.eye(2), np.array([[2.0, 0.0], [3.0, 0.0]])).value
    0.5

    Shape: these (n, dim); those (n, dim) or (n, partners, dim).
    Raises: ValueError for other shapes, or embeddings that are not finite.
    """
    partners = those[:, None] if those.ndim == 2 else those
    if partners.shape[::2] != these.shape:
        raise ValueError(f"need embeddings for each of {these.shape}, not {those.shape}")
    own = (_normalised(these)[:, None] * _normalised(partners)).sum(axis=-1)
    return mean_estimate(own.mean(axis=1))


def cosines(these: Embeddings, those: Embeddings) -> NDArray[np.float64]:
    """Give the cosine of each with every other.

    Shape: these (..., dim); those (m, dim); result (..., m).
    """
    return _normalised(these) @ _normalised(those).T


def _normalised(embeddings: Embeddings) -> NDArray[np.float64]:
    if not np.isfinite(embeddings).all():
        raise ValueError("need finite embeddings")
    values = np.asarray(embeddings, dtype=np.float64)
    return values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-12)
