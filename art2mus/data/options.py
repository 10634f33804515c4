"""Options that several commands for data have."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


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


def at_least_0(text: str) -> int:
    """Read a whole number that is not negative."""
    return _whole_number(text, lowest=0)


def at_least_1(text: str) -> int:
    """Read a whole number above 0."""
    return _whole_number(text, lowest=1)


def positive(text: str) -> float:
    """Read a finite number above 0."""
    number = float(text)
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def share(text: str) -> float:
    """Read a number between 0 and 1, without both."""
    number = float(text)
    if not 0.0 < number < 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


def _whole_number(text: str, lowest: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if number < lowest:
        raise argparse.ArgumentTypeError(f"{text} is less than {lowest}")
    return number


def _csv_file(text: str) -> Path:
    path = Path(text)
    if path.suffix != ".csv":
        raise argparse.ArgumentTypeError(f"{text} does not end in .csv")
    return path
