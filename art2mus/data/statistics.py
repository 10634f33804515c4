"""The paper's Table 1: how alike artworks are to their music and to their descriptions; with a histogram."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from art2mus.data.pair_table import PairTable
from art2mus.data.tables import DataError
from art2mus.whole_files import whole_file

if TYPE_CHECKING:
    from rich.table import Table

MUSIC, DESCRIPTION = "artwork–music", "artwork–description"


@dataclass(frozen=True)
class SimilarityStatistics:
    """How the similarity of pairs is distributed.

    Attributes:
        highest: Of all pairs.
        lowest: Of all pairs.
        average: Of all pairs.
        num_above: Pairs that are more alike than the average.
        num_below: The others.
    """

    highest: float
    lowest: float
    average: float
    num_above: int
    num_below: int

    @classmethod
    def of(cls, similarity: NDArray[np.float32]) -> Self:
        """Summarise the similarity of pairs, at least one.

        Shape: similarity (n,).
        """
        values = similarity.astype(np.float64)
        num_above = int((values > values.mean()).sum())
        return cls(float(values.max()), float(values.min()), float(values.mean()), num_above, len(values) - num_above)


PUBLISHED: Mapping[str, SimilarityStatistics] = {
    MUSIC: SimilarityStatistics(0.4692, 0.1532, 0.2746, 4636, 5364),
    DESCRIPTION: SimilarityStatistics(0.3569, -0.0954, 0.0501, 4942, 5058),
}
"""Source: Rinaldi, Fanelli, Castellano & Vessio 2024, arXiv 2410.04906, Table 1."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("pairs", type=Path, metavar="PAIRS", help="CSV of artworks and music, with their similarity")
    parser.add_argument(
        "--descriptions", type=Path, metavar="PAIRS", help="CSV whose similarity is of artworks and their descriptions"
    )
    parser.add_argument("--paper", action="store_true", help="print the published values as well")
    parser.add_argument("--histogram", type=Path, metavar="PNG", help="draw the distribution of the similarity")


def run(options: argparse.Namespace) -> int:
    """Print the table and draw the histogram; returns the exit code."""
    from rich.console import Console

    paths = {MUSIC: options.pairs, DESCRIPTION: options.descriptions}
    sets = {name: _load_similarity(path) for name, path in paths.items() if path is not None}
    rows = {name: SimilarityStatistics.of(values) for name, values in sets.items()}
    if options.paper:
        rows |= {f"{name}, published": published for name, published in PUBLISHED.items()}
    Console().print(tabulate(rows))
    if options.histogram:
        from art2mus.data.histogram import draw_histogram

        with whole_file(options.histogram) as partial:
            draw_histogram(sets, axis="similarity (cosine)").save(partial, format="PNG")
        print(f"wrote {options.histogram}")
    return 0


def tabulate(rows: Mapping[str, SimilarityStatistics]) -> Table:
    """Put statistics of several sets of pairs into a table."""
    from rich.table import Table

    table = Table("similarity of", *("max", "min", "average", "above average", "below"))
    for column in table.columns[1:]:
        column.justify = "right"
    for name, each in rows.items():
        cosines = (f"{value:.4f}" for value in (each.highest, each.lowest, each.average))
        table.add_row(name, *cosines, f"{each.num_above:,}", f"{each.num_below:,}")
    return table


def _load_similarity(path: Path) -> NDArray[np.float32]:
    similarity = PairTable.load(path).similarity
    known = similarity[np.isfinite(similarity)]
    if not len(known):
        raise DataError(f"{path}: states no similarity; make the pairs with it, or import them with --embeddings")
    if len(known) < len(similarity):
        print(f"{path}: {len(similarity) - len(known):,} of {len(similarity):,} pairs have no similarity, left out")
    return known
