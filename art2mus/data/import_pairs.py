"""The published pairs file as a table of pairs: only those whose artwork and track are here; the others are listed."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from art2mus.data.catalogue import Catalogue, save_rejected
from art2mus.data.options import add_output
from art2mus.data.pair_similarity import measure_similarity
from art2mus.data.pair_table import PairTable
from art2mus.data.tables import DataError
from art2mus.whole_files import sole_run

_COLUMNS = ("Image", "Audio")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file", type=Path, help="the published file, image_audio_subset_df.json")
    parser.add_argument("--artworks", type=Path, required=True, metavar="CSV", help="catalogue of artworks")
    parser.add_argument("--tracks", type=Path, required=True, metavar="CSV", help="catalogue of tracks")
    parser.add_argument(
        "--embeddings",
        type=Path,
        nargs=2,
        metavar=("ARTWORKS", "TRACKS"),
        help="folders of embeddings that the similarity of the pairs is measured by; without them it stays empty",
    )
    add_output(parser, "pairs.csv")


def run(options: argparse.Namespace) -> int:
    """Import the pairs; returns the exit code."""
    published = read_published(options.file)
    artworks = Catalogue.load(options.artworks, options.artworks.parent)
    tracks = Catalogue.load(options.tracks, options.tracks.parent)
    pairs, missing = match(published, artworks, tracks)
    with sole_run(options.output.parent):
        left_out = save_rejected(options.output, missing)
        if not len(pairs):
            raise DataError(f"{options.file}: of no pair both files are in the catalogues\n{left_out}")
        if options.embeddings:
            pairs = measure_similarity(pairs, *options.embeddings)
        pairs.save(options.output)
    print(f"{options.output}: {len(pairs):,} of {len(published):,} pairs, the others lack a file")
    print(left_out)
    return 0


def read_published(path: Path) -> list[tuple[str, str]]:
    """Read pairs of file names from a table as pandas writes it: `{"Image": {"0": …}, "Audio": {"0": …}}`.

    Raises: DataError if it is not one, or if the two columns do not have the same rows.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: not JSON ({error}); fetch it again") from None
    images, sounds = (_column(path, document, name) for name in _COLUMNS)
    if images.keys() != sounds.keys():
        odd = sorted(images.keys() ^ sounds.keys())[0]
        raise DataError(f"{path}: the row {odd!r} has only one of {' and '.join(_COLUMNS)}")
    return [(image, sounds[row]) for row, image in images.items()]


def match(
    published: Iterable[tuple[str, str]], artworks: Catalogue, tracks: Catalogue
) -> tuple[PairTable, dict[str, str]]:
    """Find the files of pairs in catalogues, whatever folders they were in when the pairs were published.

    Returns: The pairs with both files, with the style of the artwork; and the files that are missing, with the reason.
    """
    find_artwork, find_track = _Finder(artworks.files), _Finder(tracks.files)
    styles = {row["file"]: row.get("style", "") for row in artworks.rows}
    found: list[tuple[str, str]] = []
    missing: dict[str, str] = {}
    for image, sound in published:
        artwork, track = find_artwork(image), find_track(sound)
        if artwork and track:
            found.append((artwork, track))
        missing |= {} if artwork else {image: "missing: not in the catalogue of artworks"}
        missing |= {} if track else {sound: "missing: not in the catalogue of tracks"}
    unknown = np.full(len(found), np.nan, dtype=np.float32)
    pairs = PairTable(tuple(artwork for artwork, _ in found), tuple(track for _, track in found), unknown)
    return pairs.with_column("style", [styles[artwork] for artwork in pairs.artworks]), missing


class _Finder:
    """Finds the file of a catalogue that ends in the same folders and name as another path."""

    def __init__(self, files: Iterable[str]) -> None:
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for file in files:
            self._by_name[PurePosixPath(file).name].append(file)

    def __call__(self, path: str) -> str | None:
        candidates = self._by_name.get(PurePosixPath(path).name, ())
        return max(candidates, key=lambda file: _num_last_parts_in_common(file, path), default=None)


def _num_last_parts_in_common(first: str, second: str) -> int:
    """Count the folders and names that two paths share at their ends.

    >>> _num_last_parts_in_common("010/010425.mp3", "music/fma_large/010/010425.mp3")
    2
    """
    parts = zip(reversed(first.split("/")), reversed(second.split("/")), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], parts))


def _column(path: Path, document: Any, name: str) -> Mapping[str, str]:
    column = document.get(name) if isinstance(document, dict) else None
    if not isinstance(column, dict) or not all(isinstance(value, str) for value in column.values()):
        there = ", ".join(map(str, document))[:200] if isinstance(document, dict) else type(document).__name__
        raise DataError(f"{path}: needs the columns {' and '.join(_COLUMNS)}, of file names by row; has {there}")
    return column
