"""Which pairs are learned from and which are kept for validation and test: by style, no work or track on two sides."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from art2mus.arguments import at_least_0, share
from art2mus.data.catalogue import Catalogue
from art2mus.data.options import add_output, add_seed
from art2mus.data.pair_table import PairTable
from art2mus.data.strata import draw
from art2mus.data.tables import DataError
from art2mus.whole_files import sole_run

STYLE, WORK = "style", "work"
TRAIN, VALIDATION, TEST, LEFT_OUT = "train", "validation", "test", ""
_MAX_TEST_SHARE = 0.5
_MAX_GROUP_SHARE = 0.02
"""Pairs that hang together through tracks they share stay together, unless they are more than this share of all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("pairs", type=Path, metavar="PAIRS", help="CSV of artworks and music")
    add_output(parser, "split.csv")
    parser.add_argument(
        "--artworks", type=Path, metavar="CSV", help="catalogue to take the styles from, and which work a picture is of"
    )
    parser.add_argument(
        "--test-share", type=share, default=0.2, metavar="SHARE", help="kept apart (default: %(default)s)"
    )
    parser.add_argument(
        "--num-validation", type=at_least_0, default=100, metavar="N", help="of those, for validation (default: 100)"
    )
    add_seed(parser)


def run(options: argparse.Namespace) -> int:
    """Split the pairs; returns the exit code."""
    pairs = PairTable.load(options.pairs)
    if options.artworks:
        rows = {row["file"]: row for row in Catalogue.load(options.artworks, options.artworks.parent).rows}
        for name in (STYLE, WORK):
            if any(row.get(name) for row in rows.values()):
                pairs = pairs.with_column(name, [rows.get(artwork, {}).get(name, "") for artwork in pairs.artworks])
    result = split(pairs, options.test_share, options.num_validation, options.seed)
    with sole_run(options.output.parent):
        result.save(options.output)
    print(describe(result))
    print(f"wrote {options.output}")
    return 0


def split(pairs: PairTable, test_share: float = 0.2, num_validation: int = 100, seed: int = 0) -> PairTable:
    """Give pairs the column `split`: train, validation or test.

    Every style has its share of what is kept apart, rounded up or down, and at least one pair; a style that has only
    one is learned from. Pairs that share a work or a track stay on one side. Where more than a fiftieth of all hang
    together, they are taken apart by artwork, and those whose track then stands on another side as well are left out
    of the earlier one: their cell stays empty. The same seed gives the same split in whatever order the pairs are.

    Args:
        pairs: With a column `style`; without one, all are of one kind. Where several pictures are of one work, a
            column `work` says which; it is works that are counted and drawn.
        test_share: What validation and test have together, of what can be kept apart.
        num_validation: How much of that is for validation.
        seed: Of the draw.

    Raises: DataError if there is too little to keep apart as much.
    """
    groups = _group(pairs)
    style_of = dict(zip(_works(pairs), pairs.column(STYLE), strict=True))
    cells = {group: (style_of[group], "") for group in sorted(set(groups))}
    num_of_style = Counter(cells.values())
    candidates = {group: cell for group, cell in cells.items() if num_of_style[cell] > 1}
    num_test = round(test_share * len(cells))
    if not num_validation < num_test <= _MAX_TEST_SHARE * len(candidates):
        raise DataError(
            f"{len(cells):,} works, {len(candidates):,} of them of styles with several: cannot keep {num_test:,} apart "
            f"with {num_validation:,} of them for validation; ask for fewer (--num-validation), or make more pairs"
        )
    test = draw(candidates, num_test, seed)
    validation = set(draw({group: cells[group] for group in test}, num_validation, seed, keeps_rare_styles=False))
    sides = {group: VALIDATION if group in validation else TEST for group in test}
    return pairs.with_column("split", _without_crossings(pairs, [sides.get(group, TRAIN) for group in groups]))


def describe(pairs: PairTable) -> str:
    """Say in a few lines how the pairs are split."""
    sides = Counter(pairs.column("split"))
    styles = set(pairs.column(STYLE))
    tested = {style for style, side in zip(pairs.column(STYLE), pairs.column("split"), strict=True) if side == TEST}
    lines = [", ".join(f"{sides[side]:,} {side}" for side in (TRAIN, VALIDATION, TEST))]
    lines[0] += f"; {len(styles):,} styles, {len(styles - tested):,} of them not in the test"
    if styles == {""}:
        lines[0] += " (none is known: name the catalogue with --artworks)"
    if sides[LEFT_OUT]:
        lines.append(f"{sides[LEFT_OUT]:,} pairs left out: their track stands on a side that is kept apart")
    return "\n".join(lines)


def _works(pairs: PairTable) -> list[str]:
    """For every pair the work that its picture is of; where nothing else is said, that is the picture itself."""
    return [work or artwork for work, artwork in zip(pairs.column(WORK), pairs.artworks, strict=True)]


def _group(pairs: PairTable) -> list[str]:
    """For every pair, the first work of all that hang together with it."""
    pair_works = _works(pairs)
    works, work_places = np.unique(pair_works, return_inverse=True)
    tracks, track_places = np.unique(pairs.tracks, return_inverse=True)
    num_nodes = len(works) + len(tracks)
    edges = (np.ones(len(pairs)), (work_places, len(works) + track_places))
    _, component = connected_components(coo_array(edges, shape=(num_nodes, num_nodes)), directed=False)
    sizes = np.bincount(component[work_places])
    first: dict[int, str] = {}
    for work, place in zip(works.tolist(), component.tolist(), strict=False):
        first.setdefault(place, work)
    largest = max(1.0, _MAX_GROUP_SHARE * len(pairs))
    return [
        work if sizes[place] > largest else first[place]
        for work, place in zip(pair_works, component[work_places].tolist(), strict=True)
    ]


def _without_crossings(pairs: PairTable, sides: Sequence[str]) -> list[str]:
    """Leave out the pairs whose track stands on another side as well: the test keeps it, then validation."""
    keeper: dict[str, str] = {}
    for side in (TRAIN, VALIDATION, TEST):
        keeper |= {track: side for track, its_side in zip(pairs.tracks, sides, strict=True) if its_side == side}
    return [side if keeper[track] == side else LEFT_OUT for track, side in zip(pairs.tracks, sides, strict=True)]
