"""More pictures of the kind of those in a catalogue: crops, in another light: `python -m art2mus.data vary`.

    python -m art2mus.data vary artworks.csv --root imagesf2 -n 600 -o varied

The folder then holds the pictures, JPEG, and their catalogue `artworks.csv`. Its column `work` says which picture each
one is of: `split` keeps the pictures of a work on one side.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from art2mus.arguments import at_least_1
from art2mus.data.catalogue import Catalogue, save_rejected
from art2mus.data.made_files import make_files
from art2mus.data.options import add_folder, add_processes, add_root, add_seed
from art2mus.data.paintings import vary
from art2mus.data.pair_split import WORK
from art2mus.data.tables import DataError
from art2mus.images import load_artwork
from art2mus.whole_files import sole_run

CATALOGUE_FILE = "artworks.csv"
_QUALITY = 90

Job = tuple[Path, tuple[int, int]]
"""A picture, and the seed of what is done to it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("catalogue", type=Path, help="CSV with the column 'file'")
    add_root(parser)
    parser.add_argument(
        "-n", "--count", type=at_least_1, required=True, metavar="N", help="pictures to make, of the works in turn"
    )
    add_folder(parser)
    add_seed(parser)
    add_processes(parser)


def run(options: argparse.Namespace) -> int:
    """Make the pictures; returns the exit code.

    Raises: DataError.
    """
    catalogue = Catalogue.load(options.catalogue, options.root or options.catalogue.parent)
    if not len(catalogue):
        raise DataError(f"{options.catalogue}: names no artwork")
    rows = varied_rows(catalogue, options.count)
    jobs = {
        name: (catalogue.path(row[WORK]), (options.seed, number)) for number, (name, row) in enumerate(rows.items())
    }
    recipe = {"command": "vary", "works": list(catalogue.files), "count": options.count, "seed": options.seed}
    with sole_run(options.output):
        failed = make_files(options.output, recipe, jobs, write_variation, options.processes)
        left_out = save_rejected(options.output / CATALOGUE_FILE, failed)
        made = [row for name, row in rows.items() if name not in failed]
        Catalogue(options.output, tuple(made)).save(options.output / CATALOGUE_FILE)
    print(f"{options.output}: {len(made):,} pictures of {len({row[WORK] for row in made}):,} works")
    print(left_out)
    return 0


def varied_rows(catalogue: Catalogue, count: int) -> Mapping[str, dict[str, str]]:
    """Give the catalogue of the pictures to make: what is known of a work is known of its pictures."""
    rows = {}
    for number in range(count):
        work = catalogue.rows[number % len(catalogue)]
        name = f"{Path(work['file']).stem}-{number:05d}.jpg"
        rows[name] = {**work, "file": name, WORK: work["file"]}
    return rows


def write_variation(job: Job, path: Path) -> None:
    """Make one picture.

    Raises: UnreadableImageError.
    """
    source, seed = job
    vary(load_artwork(source), np.random.default_rng(seed)).save(path, quality=_QUALITY)
