"""Pairs of an artwork and a track, as CSV: `artwork,track,similarity`, and columns such as `style` and `split`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from art2mus.data.tables import DataError, read_rows, write_rows

_OWN_COLUMNS = ("artwork", "track", "similarity")


@dataclass(frozen=True)
class PairTable:
    """Pairs of artworks and tracks, by their ids in the catalogues.

    Attributes:
        artworks: The artwork of every pair.
        tracks: The track that goes with it.
        similarity: Of both, or of the artwork and its description; NaN where it is not known.
        columns: What else is known of every pair: `style`, `split` (train, validation or test), `description`...

    Shape: similarity (n,) float32.
    """

    artworks: tuple[str, ...]
    tracks: tuple[str, ...]
    similarity: NDArray[np.float32]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.artworks)

    def column(self, name: str) -> tuple[str, ...]:
        """A column by name; empty cells if there is no such column."""
        return self.columns.get(name, ("",) * len(self))

    def with_column(self, name: str, values: Sequence[str]) -> Self:
        """The same pairs with one column more, or with another in its place."""
        return replace(self, columns={**self.columns, name: tuple(values)})

    def save(self, csv: Path) -> None:
        """Write the pairs, whole or not at all."""
        numbers = ["" if np.isnan(value) else str(value) for value in self.similarity]
        cells = zip(self.artworks, self.tracks, numbers, *self.columns.values(), strict=True)
        columns = [*_OWN_COLUMNS, *self.columns]
        write_rows(csv, columns, (dict(zip(columns, row, strict=True)) for row in cells))

    @classmethod
    def load(cls, csv: Path) -> Self:
        """Read what `save` wrote, or any CSV file with the columns `artwork` and `track`.

        Raises: DataError if it is not one, or if a similarity is no number.
        """
        rows = read_rows(csv, _OWN_COLUMNS[:2])
        similarity = np.full(len(rows), np.nan, dtype=np.float32)
        for number, row in enumerate(rows):
            text = row.get("similarity", "")
            try:
                similarity[number] = float(text or "nan")
            except ValueError:
                raise DataError(f"{csv}: row {number + 2}: the similarity {text!r} is not a number") from None
        names = [name for name in (rows[0] if rows else {}) if name not in _OWN_COLUMNS]
        return cls(
            tuple(row["artwork"] for row in rows),
            tuple(row["track"] for row in rows),
            similarity,
            {name: tuple(row[name] for row in rows) for name in names},
        )
