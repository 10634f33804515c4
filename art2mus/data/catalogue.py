"""Catalogues: which artworks or tracks a collection has, and what is known of each.

A catalogue is a CSV file. Its first column, `file`, is a path relative to the root of the collection, with POSIX
slashes: that is the item's id everywhere. What was left out stands beside it in `NAME.rejected.csv`, with the reason.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self

from art2mus.data.tables import DataError, read_rows, write_rows

ARTWORK_COLUMNS = ("file", "artist", "title", "year", "style", "genre")
TRACK_COLUMNS = ("file", "title", "artist", "genre", "duration_s", "sample_rate")


@dataclass(frozen=True)
class Catalogue:
    """The items of a collection.

    Attributes:
        root: The folder that the files are relative to.
        rows: An item each, by column; `file` is always there, what is not known is empty.
    """

    root: Path
    rows: tuple[dict[str, str], ...]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def files(self) -> tuple[str, ...]:
        """The ids of all items, in order."""
        return tuple(row["file"] for row in self.rows)

    def path(self, file: str) -> Path:
        """Where an item lies."""
        return self.root / file

    def save(self, csv: Path) -> None:
        """Write the catalogue, whole or not at all, with every column that a row has."""
        columns = dict.fromkeys(["file", *(column for row in self.rows for column in row)])
        write_rows(csv, list(columns), self.rows)

    @classmethod
    def load(cls, csv: Path, root: Path, columns: Sequence[str] = ()) -> Self:
        """Read what `save` wrote, or any CSV file with a column `file` and those that are named.

        Raises: DataError if it is not one, or if a file stands in it twice or lies outside of the root.
        """
        rows = read_rows(csv, ["file", *columns])
        seen: set[str] = set()
        for number, row in enumerate(rows, start=2):
            path = PurePosixPath(row["file"])
            if not row["file"] or path.is_absolute() or ".." in path.parts:
                raise DataError(f"{csv}: row {number}: {row['file']!r} is not a file below the root of the collection")
            if row["file"] in seen:
                raise DataError(f"{csv}: row {number}: {row['file']} stands here twice")
            seen.add(row["file"])
        return cls(root, tuple(rows))


def list_files(root: Path, suffixes: Collection[str]) -> list[str]:
    """List the files of a folder, and of the folders in it, that have one of the suffixes; hidden ones are left out.

    Returns: Paths relative to the root, with POSIX slashes, sorted.
    Raises: DataError if the folder is not there or has none of them; OSError if a part of it cannot be read.
    """

    def fail(error: OSError) -> None:
        raise error

    if not root.is_dir():
        raise DataError(f"{root}: there is no such folder")
    found = []
    for folder, subfolders, names in os.walk(root, onerror=fail):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        visible = [name for name in names if not name.startswith(".")]
        found += [Path(folder, name).relative_to(root).as_posix() for name in visible if _suffix(name) in suffixes]
    if not found:
        raise DataError(f"{root}: holds no file of the kind ({' '.join(sorted(suffixes))})")
    return sorted(found)


def save_rejected(csv: Path, rejected: Mapping[str, str]) -> str:
    """Write which files a table leaves out, and why, beside it.

    Args:
        csv: The table.
        rejected: The reason for every file; its first word, before a colon, says what kind of reason it is.

    Returns: How many of which kind, and where they are listed, in one line.
    """
    path = csv.with_suffix(".rejected.csv")
    write_rows(path, ["file", "reason"], [{"file": file, "reason": reason} for file, reason in rejected.items()])
    kinds = Counter(reason.partition(":")[0] for reason in rejected.values())
    counts = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    return f"{path}: {len(rejected):,} left out" + (f" ({counts})" if counts else "")


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - hundreds of thousands of names
