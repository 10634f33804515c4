"""CSV files with a header, in UTF-8: read with clear mistakes, written whole."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from art2mus.whole_files import whole_file

MAX_CELL_CHARACTERS = 2**24
"""Biographies in published tables are longer than the 131,072 characters that `csv` allows of itself."""


class DataError(Exception):
    """Something is wrong with data that was given; the message is one or two lines for the user."""


def read_cells(path: Path) -> list[list[str]]:
    """Read all rows of a CSV file as they stand, the header too.

    Raises: DataError, naming the file and the line.
    """
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            try:
                return [row for row in reader if row]
            except csv.Error as error:
                raise DataError(f"{path}:{reader.line_num}: not CSV: {error}") from error
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path}: this is a folder; name the CSV file in it") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: not a text in UTF-8; save it as such") from None


def read_rows(path: Path, required: Sequence[str]) -> list[dict[str, str]]:
    """Read the rows of a CSV file by the names of its columns; a short row ends in empty cells.

    Raises: DataError if there is no such file, if it lacks a required column, or if a row has cells without one.
    """
    header, *rows = read_cells(path) or [[]]
    missing = [name for name in required if name not in header]
    if missing:
        there = ", ".join(header)[:200] or "none"
        raise DataError(f"{path}: needs the column {' and '.join(missing)}; its columns are {there}")
    for number, row in enumerate(rows, start=2):
        if len(row) > len(header):
            raise DataError(f"{path}: row {number} has {len(row)} cells, the header names {len(header)} columns")
    return [dict(zip(header, row + [""] * (len(header) - len(row)), strict=True)) for row in rows]


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write a CSV file, whole or not at all; a row without a column has it empty."""
    # Names of files may hold what is not Unicode: such a name is spelled out.
    with (
        whole_file(path) as partial,
        partial.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
