"""Pair artworks with tracks by the similarity of their embeddings: `python -m art2mus.data pair`.

    python -m art2mus.data pair artworks-imagebind tracks-imagebind --method greedy -o pairs.csv

The pairs are rows `artwork,track,similarity`. What has no partner stands in `NAME.rejected.csv` beside them, with the
reason.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from art2mus.arguments import at_least_1
from art2mus.data.catalogue import save_rejected
from art2mus.data.options import add_output
from art2mus.data.progress import progress_bar

if TYPE_CHECKING:
    from art2mus.data.embeddings import Embeddings, FloatArray
    from art2mus.data.matching import Advance, Matches

METHODS = {
    "greedy": "in the order of the artworks, each takes the most similar track that is left (the paper's)",
    "optimal": "each track once at most, and all similarities together as great as can be",
    "top-k": "the --k most similar tracks of every artwork",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("artworks", type=Path, help="folder of the artworks' embeddings, or their descriptions'")
    parser.add_argument("tracks", type=Path, help="folder of the tracks' embeddings")
    methods = "; ".join(f"{name}: {meaning}" for name, meaning in METHODS.items())
    parser.add_argument("--method", choices=METHODS, required=True, help=methods)
    parser.add_argument("--k", type=at_least_1, default=5, metavar="K", help="for top-k (default: %(default)s)")
    parser.add_argument(
        "--candidates", type=at_least_1, metavar="M", help="for optimal: choose among the nearest M tracks; approximate"
    )
    add_output(parser, "pairs.csv")


def run(options: argparse.Namespace) -> int:
    """Pair; returns the exit code.

    Raises: DataError.
    """
    from art2mus.data.embeddings import Embeddings, check_comparable, compared_vectors
    from art2mus.data.pair_table import PairTable

    artworks, tracks = Embeddings.load(options.artworks), Embeddings.load(options.tracks)
    check_comparable(artworks, tracks)
    seen, heard = compared_vectors(artworks), compared_vectors(tracks)
    matches = _match(options, seen, heard)
    pairs = PairTable(
        tuple(artworks.files[row] for row in matches.artwork.tolist()),
        tuple(tracks.files[row] for row in matches.track.tolist()),
        matches.similarity.astype("float32"),
    )
    pairs.save(options.output)
    print(f"{options.output}: {describe(matches, artworks, tracks)}")
    print(save_rejected(options.output, without_partner(matches, artworks.files, seen)))
    return 0


def describe(matches: Matches, artworks: Embeddings, tracks: Embeddings) -> str:
    """Say in one line what was paired."""
    import numpy as np

    if not len(matches):
        return "no pairs"
    paired = f"{len(np.unique(matches.artwork)):,} of {len(artworks):,} artworks"
    used = f"{len(np.unique(matches.track)):,} of {len(tracks):,} tracks"
    similarity = matches.similarity
    figures = f"similarity {similarity.mean():.4f} on average ({similarity.min():.4f} to {similarity.max():.4f})"
    return f"{len(matches):,} pairs of {paired} with {used}, {figures}, {similarity.sum():.3f} in all"


def without_partner(matches: Matches, files: Sequence[str], vectors: FloatArray) -> dict[str, str]:
    """List the artworks that have no track, each with the reason.

    Shape: vectors (len(files), dim).
    """
    from art2mus.data.similarity import rows_with_direction

    paired, embedded = set(matches.artwork.tolist()), set(rows_with_direction(vectors).tolist())
    return {
        file: "no track left" if row in embedded else "no embedding"
        for row, file in enumerate(files)
        if row not in paired
    }


def _match(options: argparse.Namespace, seen: FloatArray, heard: FloatArray) -> Matches:
    from art2mus.data import matching

    if options.method == "optimal" and options.candidates is None:
        return matching.optimal(seen, heard)
    methods: dict[str, Callable[[Advance], Matches]] = {
        "greedy": lambda advance: matching.greedy(seen, heard, advance),
        "top-k": lambda advance: matching.top_k(seen, heard, options.k, advance),
        "optimal": lambda advance: matching.nearly_optimal(seen, heard, options.candidates, advance),
    }
    with progress_bar() as progress:
        rounds = 2 if options.method == "optimal" else 1
        task = progress.add_task(f"pairing ({options.method})", total=rounds * len(seen))
        matches = methods[options.method](lambda number: progress.advance(task, number))
        progress.update(task, completed=rounds * len(seen))
    return matches
