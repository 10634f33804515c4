"""Pairs of artworks and performed windows, as the training of `mini`'s projection takes them.

python -m art2mus.data score-pairs split.csv --artworks pictures --tracks performed --windows windows.npz -o pairs.npz
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from art2mus.data.pair_split import TRAIN
from art2mus.data.pair_table import PairTable
from art2mus.data.perform import open_windows, window_of
from art2mus.data.tables import DataError

if TYPE_CHECKING:
    from art2mus.data.embeddings import Embeddings, FloatArray
    from art2mus.data.pairs import Pairs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("pairs", type=Path, metavar="PAIRS", help="CSV of artworks and tracks, from split")
    parser.add_argument("--artworks", type=Path, required=True, metavar="FOLDER", help="embeddings (affect)")
    parser.add_argument("--tracks", type=Path, required=True, metavar="FOLDER", help="embeddings (affect), of perform")
    parser.add_argument("--windows", type=Path, required=True, metavar="NPZ", help="what was performed")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="NPZ", help="where to write")


def run(options: argparse.Namespace) -> int:
    """Write the pairs to learn from; returns the exit code.

    Raises: DataError.
    """
    from art2mus.data.embeddings import Embeddings
    from art2mus.data.pairs import describe

    table = PairTable.load(options.pairs)
    pairs = collect(table, Embeddings.load(options.artworks), Embeddings.load(options.tracks), options.windows)
    pairs.save(options.output)
    print(describe(pairs))
    print(f"wrote {options.output}")
    return 0


def collect(table: PairTable, artworks: Embeddings, tracks: Embeddings, windows_file: Path) -> Pairs:
    """Put together what is known of the pairs whose `split` is train.

    Raises: DataError if there are none, or if something of them is not known.
    """
    import numpy as np

    from art2mus.data.embeddings import check_comparable, compared_vectors
    from art2mus.data.pairs import Pairs, note_correlations

    check_comparable(artworks, tracks)
    if artworks.meta.get("embedder") != "affect":
        raise DataError(f"{artworks.folder}: mini sees the affect of pictures; embed with --embedder affect")
    windows = open_windows(windows_file)
    chosen = [number for number, side in enumerate(table.column("split")) if side == TRAIN]
    if not chosen:
        raise DataError("no pair whose split is train; make them with python -m art2mus.data split")
    names = [table.artworks[number] for number in chosen]
    heard = compared_vectors(tracks)
    every_window = np.array([window_of(track) for track in tracks.files])
    if every_window.max() >= len(windows):
        raise DataError(f"{windows_file}: holds {len(windows):,} windows, {tracks.folder} is of others")
    rows = _rows([table.tracks[number] for number in chosen], tracks)
    known = np.isfinite(heard).all(axis=1)
    return Pairs(
        picture_affect=_known(artworks, _rows(names, artworks)),
        window_index=every_window[rows],
        music_affect=heard[rows],
        similarity=table.similarity[chosen],
        picture_name=np.array(names, dtype=np.str_),
        correlation=note_correlations(heard[known], windows.attributes[every_window[known]]),
    )


def _rows(files: list[str], embeddings: Embeddings) -> list[int]:
    places = {file: row for row, file in enumerate(embeddings.files)}
    missing = [file for file in files if file not in places]
    if missing:
        raise DataError(f"{embeddings.folder}: holds nothing of {missing[0]} (and {len(missing) - 1:,} more)")
    return [places[file] for file in files]


def _known(embeddings: Embeddings, rows: list[int]) -> FloatArray:
    import numpy as np

    vectors = np.array(embeddings.vectors[rows])
    if not np.isfinite(vectors).all():
        raise DataError(f"{embeddings.folder}: a picture of the pairs has no embedding; pair again")
    return vectors
