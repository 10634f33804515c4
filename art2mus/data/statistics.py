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

MUSIC, DESCRIPTION = "artwork and music", "artwork and description"


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
    described = parser.add_mutually_exclusive_group()
    described.add_argument(
        "--descriptions", type=Path, metavar="PAIRS", help="CSV whose similarity is of artworks and their descriptions"
    )
    described.add_argument(
        "--embeddings",
        type=Path,
        nargs=2,
        metavar=("ARTWORKS", "DESCRIPTIONS"),
        help="folders of embeddings, to compare the artworks of the pairs with their descriptions by",
    )
    parser.add_argument("--paper", action="store_true", help="print the published values as well")
    parser.add_argument("--histogram", type=Path, metavar="PNG", help="draw the distribution of the similarity")


def run(options: argparse.Namespace) -> int:
    """Print the table and draw the histogram; returns the exit code."""
    from rich.console import Console

    paths = {MUSIC: options.pairs, DESCRIPTION: options.descriptions}
    sets = {name: _known(PairTable.load(path), path) for name, path in paths.items() if path is not None}
    if options.embeddings:
        sets[DESCRIPTION] = _known(_described(options.pairs, *options.embeddings), options.embeddings[1])
    found = {name: SimilarityStatistics.of(values) for name, values in sets.items()}
    Console().print(tabulate(found, PUBLISHED if options.paper else {}))
    if options.histogram:
        from art2mus.data.histogram import draw_histogram

        with whole_file(options.histogram) as partial:
            draw_histogram(sets, axis="similarity (cosine)").save(partial, format="PNG")
        print(f"wrote {options.histogram}")
    return 0


def tabulate(found: Mapping[str, SimilarityStatistics], published: Mapping[str, SimilarityStatistics]) -> Table:
    """Put statistics of several sets of pairs into a table, the published ones below what was found."""
    from rich.table import Table

    table = Table("similarity of", *("max", "min", "average", "above", "below"))
    for column in table.columns[1:]:
        column.justify = "right"
    for name in dict.fromkeys([*found, *published]):
        for title, each in ((name, found.get(name)), (f"{name}, paper", published.get(name))):
            if each is not None:
                cosines = (f"{value:.4f}" for value in (each.highest, each.lowest, each.average))
                table.add_row(title, *cosines, f"{each.num_above:,}", f"{each.num_below:,}")
    return table


def _described(pairs: Path, artworks: Path, descriptions: Path) -> PairTable:
    """Compare every artwork with what describes it, which goes by the artwork's name."""
    from art2mus.data.pair_similarity import measure_similarity

    names = tuple(dict.fromkeys(PairTable.load(pairs).artworks))
    unknown = np.full(len(names), np.nan, dtype=np.float32)
    return measure_similarity(PairTable(names, names, unknown), artworks, descriptions)


def _known(pairs: PairTable, source: Path) -> NDArray[np.float32]:
    known = pairs.similarity[np.isfinite(pairs.similarity)]
    if not len(known):
        raise DataError(f"{source}: states no similarity; make the pairs with it, or import them with --embeddings")
    if len(known) < len(pairs):
        print(f"{source}: {len(pairs) - len(known):,} of {len(pairs):,} pairs have no similarity, left out")
    return known
