"""The pairs that an evaluation asks about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from art2mus.data.pair_table import PairTable
from art2mus.data.tables import DataError
from art2mus.evaluation.settings import EvaluateSettings

MIN_ITEMS = 3
"""With fewer there is neither a correlation nor a distance between sets."""
_MAX_NAMED = 3


@dataclass(frozen=True)
class Item:
    """An artwork and its true track.

    Attributes:
        artwork: Its id in the catalogue.
        artwork_path: Where it lies.
        track_path: Where the true track lies.
        similarity: Of both; NaN where it is not known.
        description: Of the artwork, in words; empty where there is none.
    """

    artwork: str
    artwork_path: Path
    track_path: Path
    similarity: float
    description: str


def load_items(settings: EvaluateSettings) -> list[Item]:
    """Read the pairs of the split, and see that their files are there.

    Raises: DataError, naming what is missing, or if there are too few.
    """
    pairs = PairTable.load(settings.pairs)
    sides, descriptions = pairs.column("split"), pairs.column("description")
    chosen = [number for number, side in enumerate(sides) if side == settings.split][: settings.max_pairs]
    if not chosen:
        there = (
            ", ".join(sorted({side for side in sides if side})) or "none; make it with: python -m art2mus.data split"
        )
        raise DataError(f"{settings.pairs}: no pair whose split is {settings.split!r}; there are {there}")
    if len(chosen) < MIN_ITEMS:
        raise DataError(f"{settings.pairs}: {len(chosen)} pairs are too few to judge by; take {MIN_ITEMS} or more")
    items = [
        Item(
            pairs.artworks[number],
            settings.artworks / pairs.artworks[number],
            settings.tracks / pairs.tracks[number],
            float(pairs.similarity[number]),
            descriptions[number],
        )
        for number in chosen
    ]
    _check_files("artworks", [item.artwork_path for item in items])
    _check_files("tracks", [item.track_path for item in items])
    return items


def partners(num_items: int, seed: int) -> list[int]:
    """Give every item another one by chance, and each of them once.

    >>> sorted(partners(3, seed=0)), [own == other for own, other in enumerate(partners(3, seed=0))]
    ([0, 1, 2], [False, False, False])
    """
    order = np.random.default_rng(seed).permutation(num_items)
    other = np.empty(num_items, dtype=np.int64)
    other[order] = np.roll(order, 1)
    return [int(number) for number in other]


def _check_files(key: str, paths: Sequence[Path]) -> None:
    missing = [path for path in paths if not path.is_file()]
    if missing:
        named = ", ".join(map(str, missing[:_MAX_NAMED]))
        more = f" and {len(missing) - _MAX_NAMED} more" if len(missing) > _MAX_NAMED else ""
        raise DataError(f"{named}{more}: there is no such file; is `{key}` the folder that the pairs are relative to?")
