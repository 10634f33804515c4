"""Options that several commands for data have."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from art2mus.arguments import at_least_0, at_least_1


def add_output(parser: argparse.ArgumentParser, example: str) -> None:
    """Add `--output`, a CSV file."""
    parser.add_argument(
        "-o", "--output", type=_csv_file, required=True, metavar="CSV", help=f"where to write, such as data/{example}"
    )


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Add `--output`, a folder."""
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where to write")


def add_root(parser: argparse.ArgumentParser) -> None:
    """Add `--root`, of a catalogue."""
    parser.add_argument("--root", type=Path, help="what the files are relative to (default: the catalogue's folder)")


def add_seed(parser: argparse.ArgumentParser) -> None:
    """Add `--seed`."""
    parser.add_argument("--seed", type=at_least_0, default=0, help="same seed, same choice (default: %(default)s)")


def add_processes(parser: argparse.ArgumentParser) -> None:
    """Add `--processes`, as many as there are cores unless something else is said."""
    num_cores = len(os.sched_getaffinity(0))
    parser.add_argument(
        "--processes", type=at_least_1, default=num_cores, metavar="N", help="files read at a time (default: all cores)"
    )


def _csv_file(text: str) -> Path:
    path = Path(text)
    if path.suffix != ".csv":
        raise argparse.ArgumentTypeError(f"{text} does not end in .csv")
    return path
