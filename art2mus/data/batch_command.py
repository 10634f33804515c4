"""What the commands share that work through a catalogue in batches. Importing this loads no torch."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from art2mus.arguments import at_least_0, at_least_1
from art2mus.data.options import add_folder, add_root

if TYPE_CHECKING:
    from art2mus.data.batches import Done, Work

    Finish = Callable[[Path, Done], Mapping[str, Any]]


def add_batch_arguments(parser: argparse.ArgumentParser, batch_size: int) -> None:
    """Add where to write, and how the work is cut up."""
    add_folder(parser)
    add_root(parser)
    help_size = "items that the model sees at once (default: %(default)s)"
    parser.add_argument("--batch-size", type=at_least_1, default=batch_size, metavar="N", help=help_size)
    num_workers = max(1, len(os.sched_getaffinity(0)) - 1)
    help_workers = "processes that read ahead of the model; 0 is none (default: %(default)s)"
    parser.add_argument("--workers", type=at_least_0, default=num_workers, metavar="N", help=help_workers)


def run_batches(work: Work, finish: Finish, options: argparse.Namespace) -> bool:
    """Work through a catalogue, and say how it went.

    Returns: Whether this is the first of the processes that took part.
    Raises: DataError.
    """
    from art2mus.data.batches import FAILED_FILE, carry_out
    from art2mus.processes import leave

    meta = carry_out(work, finish, options.output, options.workers)
    if meta is not None:
        done = f"{meta['count'] - meta['num_failed']:,} of {meta['count']:,} done"
        failed = f"; {meta['num_failed']:,} failed, see {FAILED_FILE}" if meta["num_failed"] else ""
        print(f"{options.output}: {done}{failed}")
    leave()
    return meta is not None
