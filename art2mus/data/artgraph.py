"""A catalogue of artworks: ArtGraph, WikiArt or any folder of pictures; all, or a part of the same make-up."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from art2mus.arguments import at_least_1
from art2mus.artwork_labels import PICTURE_SUFFIXES, lookup, name_key, read_name, read_table
from art2mus.data.catalogue import ARTWORK_COLUMNS, Catalogue, list_files, save_rejected
from art2mus.data.file_checks import Facts, check_files
from art2mus.data.options import add_output, add_processes, add_seed
from art2mus.data.strata import draw
from art2mus.data.tables import DataError
from art2mus.images import UnreadableImageError, load_artwork
from art2mus.whole_files import sole_run

_LOOKED_AT_SIDE = 64
"""Pictures are reduced to this (pixels) while they are decoded: enough to find out that they can be."""

Table = Mapping[str, Mapping[str, str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("folder", type=Path, help="a folder of pictures named artist_title-year.jpg, such as imagesf2")
    add_output(parser, "artworks.csv")
    parser.add_argument(
        "--metadata",
        type=Path,
        metavar="FILE",
        help="a CSV or JSON table with a column 'file' and any of artist, title, year, style, genre; wins over names",
    )
    parser.add_argument(
        "--style-from-folder", action="store_true", help="the folder of a picture is named after its style (WikiArt)"
    )
    parser.add_argument(
        "-n", "--count", type=at_least_1, metavar="N", help="draw N works, with the styles and genres of all"
    )
    add_seed(parser)
    add_processes(parser)


def run(options: argparse.Namespace) -> int:
    """Make the catalogue; returns the exit code."""
    with sole_run(options.output.parent):
        files = list_files(options.folder, PICTURE_SUFFIXES)
        table = _read_metadata(options.metadata, files) if options.metadata else {}
        log = options.output.with_suffix(".checked.jsonl")
        facts = check_files(options.folder, files, look_at, Facts, log, options.processes)
        rejected = {file: reason for file in files if (reason := _reason(file, facts[file]))}
        rejected |= _named_but_absent(table, files)
        left_out = save_rejected(options.output, rejected)
        rows = {file: describe(file, table, options.style_from_folder) for file in files if file not in rejected}
        if not rows:
            raise DataError(f"{options.folder}: not one of {len(files):,} pictures can be used\n{left_out}")
        chosen = choose(rows, options.count, options.seed)
        Catalogue(options.folder, tuple(rows[file] for file in chosen)).save(options.output)
    print(f"{options.output}: {len(chosen):,} artworks of {len(files):,} pictures")
    print(left_out)
    return 0


def look_at(path: Path) -> Facts:
    """Decode a picture; what is wrong with it stands in the result."""
    try:
        load_artwork(path, _LOOKED_AT_SIDE)
    except UnreadableImageError as error:
        return Facts(error=f"unreadable: {str(error).removeprefix(f'{path}: ')}")
    return Facts()


def describe(file: str, table: Table, is_style_from_folder: bool = False) -> dict[str, str]:
    """Give the row of an artwork: what the table says, and where that is silent its name and its folder.

    >>> describe("Pointillism/paul-signac_capo-di-noli-1898.jpg", {}, is_style_from_folder=True)["style"]
    'Pointillism'
    """
    known = asdict(read_name(file)) | dict(lookup(table, file))
    if is_style_from_folder:
        known = {"style": Path(file).parent.name.replace("_", " ")} | known
    return {"file": file} | {column: known.get(column, "") for column in ARTWORK_COLUMNS[1:]}


def choose(rows: Mapping[str, Mapping[str, str]], count: int | None, seed: int) -> list[str]:
    """Choose artworks by their rows, all of them if no count is given; in the order of their names.

    Raises: DataError if there are fewer.
    """
    if count is None:
        return sorted(rows)
    if count > len(rows):
        raise DataError(f"-n {count}: there are only {len(rows):,} artworks that can be used; ask for fewer")
    return draw({file: (row["style"], row["genre"]) for file, row in rows.items()}, count, seed)


def _read_metadata(path: Path, files: list[str]) -> Table:
    try:
        table = read_table(path)
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error
    if not any(lookup(table, file) for file in files):
        raise DataError(f"{path}: names none of the pictures; its first is {next(iter(table))}, theirs {files[0]}")
    return table


def _reason(file: str, facts: Facts) -> str:
    if not file.isprintable():
        return "unreadable: characters in its name that cannot be printed; rename it"
    return facts.error


def _named_but_absent(table: Table, files: list[str]) -> dict[str, str]:
    """What the table names and the folder does not hold; names in a table may lack the suffix."""
    there = {name_key(file) for file in files}
    there |= {key.rpartition(".")[0] for key in there}
    return {name: "missing: named in the metadata, not in the folder" for name in table if name not in there}
