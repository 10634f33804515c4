"""`python -m bench`, or `make bench`: kiosk, bundled model, screen, camera, training and full model, beside goals."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# Read when torch is imported: threads that wait actively slow down everything else.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import psutil
from rich.console import Console

from art2mus.arguments import at_least_0, at_least_1, positive
from bench.kiosk import PICTURE, REPOSITORY, KioskError, figures_of, kiosk_table, run

FULL_SIZE_GB = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code: 0, 1 where a goal was missed, 2 where nothing could be measured."""
    options = _parser().parse_args(arguments)
    console = Console(soft_wrap=True)
    # The kiosk first: this process is small yet, and does nothing beside it.
    try:
        figures = figures_of(run(options.run_for, options.model))
    except KioskError as error:
        print(error, file=sys.stderr)
        return 2
    console.print(kiosk_table(figures))
    from bench.speed import MAX_SECONDS, measure_model, speed_table

    seconds = measure_model(options.model, options.picture, options.rounds)
    console.print(speed_table(seconds))
    seconds_of_all = next(iter(seconds.values()))["all of it"]
    # Each of the others in a process of its own: OpenCV changes what Qt reads, and memory is measured.
    is_reached = [
        seconds_of_all <= MAX_SECONDS,
        *(figure.is_reached for figure in figures),
        _reaches("bench.screen", "--seconds", str(options.scene_for)),
        _reaches("bench.camera", "--scenes", str(options.scenes), "--hours", str(options.scenes / 2000)),
        _reaches("bench.training"),
        not options.full_size or _full_size_reaches(),
    ]
    return 0 if all(is_reached) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--model", default="mini", help="name of a model, or folder of a saved one (default: mini)")
    parser.add_argument("--picture", type=Path, default=PICTURE, help=f"music for this one (default: {PICTURE.name})")
    parser.add_argument("--rounds", type=at_least_1, default=7, metavar="N", help="the median of so many (default: 7)")
    parser.add_argument("--scenes", type=at_least_0, default=100, metavar="N", help="for the camera (default: 100)")
    help_full = "leave out the full model, which takes some minutes"
    parser.add_argument("--no-full-size", dest="full_size", action="store_false", help=help_full)
    parser.add_argument("--run-for", type=positive, default=60.0, metavar="SECONDS", help="of the kiosk (default: 60)")
    parser.add_argument("--scene-for", type=positive, default=6.0, metavar="SECONDS", help="on the screen (default: 6)")
    return parser


def _reaches(module: str, *arguments: str) -> bool:
    """Run another of these benchmarks; whether it reaches its goals."""
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=REPOSITORY, check=False).returncode == 0


def _full_size_reaches() -> bool:
    """Measure the full model; it is left out, aloud, where memory is short."""
    available_gb = psutil.virtual_memory().available / 1e9
    if available_gb >= FULL_SIZE_GB:
        return _reaches("bench.full_size")
    print(f"the full model needs {FULL_SIZE_GB} GB of memory, {available_gb:.0f} are free: left out", file=sys.stderr)
    return True


if __name__ == "__main__":
    sys.exit(main())
