"""Tracks that `mini` can learn from, windows of scores that are performed alike: `python -m art2mus.data perform`.

    python -m art2mus.data perform windows.npz -n 800 -o performed

The folder then holds the tracks, FLAC, and their catalogue `tracks.csv`. What differs between them is what the notes
do, so that pairs of artworks and tracks are pairs of artworks and notes (`score-pairs`).
"""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from art2mus.arguments import at_least_1
from art2mus.data.catalogue import Catalogue
from art2mus.data.made_files import make_files
from art2mus.data.options import add_folder, add_processes, add_seed
from art2mus.data.tables import DataError
from art2mus.digests import content_digest
from art2mus.whole_files import sole_run

if TYPE_CHECKING:
    from art2mus.codec.performer import Performer
    from art2mus.data.windows import Windows

CATALOGUE_FILE = "tracks.csv"
_PREFIX = "window-"

Job = tuple[Path, int, int]
"""The file of windows, which of them, and how many bars."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("windows", type=Path, help="file of windows, from python -m art2mus.data.scores")
    parser.add_argument("-n", "--count", type=at_least_1, required=True, metavar="N", help="windows to perform")
    parser.add_argument("--bars", type=int, choices=range(1, 9), default=8, help="of each, the first (default: all 8)")
    add_folder(parser)
    add_seed(parser)
    add_processes(parser)


def run(options: argparse.Namespace) -> int:
    """Perform; returns the exit code.

    Raises: DataError.
    """
    import numpy as np

    from art2mus.codec.synthesizer import SynthesizerMissingError
    from art2mus.data.pairs import choose_windows
    from art2mus.metrics.sound_affect import ANALYSIS_RATE

    windows = open_windows(options.windows)
    chosen = choose_windows(windows, options.count, np.random.default_rng(options.seed)).tolist()
    jobs = {track_name(index): (options.windows, index, options.bars) for index in chosen}
    recipe = {"command": "perform", "windows_sha256": content_digest(options.windows), "count": options.count}
    recipe |= {"bars": options.bars, "seed": options.seed}
    with sole_run(options.output):
        try:
            make_files(options.output, recipe, jobs, write_performance, options.processes)
        except SynthesizerMissingError as error:
            raise DataError(str(error)) from error
        rows = [
            {"file": name, "title": str(windows.source[index]), "sample_rate": str(ANALYSIS_RATE)}
            for name, (_, index, _) in jobs.items()
        ]
        Catalogue(options.output, tuple(rows)).save(options.output / CATALOGUE_FILE)
    print(f"{options.output}: {len(rows):,} of {len(windows):,} windows performed")
    return 0


def open_windows(path: Path) -> Windows:
    """Read windows.

    Raises: DataError if the file is not there, or is another.
    """
    from art2mus.data.windows import load_windows

    try:
        return load_windows(path)
    except OSError as error:
        raise DataError(str(error)) from error


def track_name(window: int) -> str:
    """Name the track of a window.

    >>> track_name(12), window_of(track_name(12))
    ('window-0000012.flac', 12)
    """
    return f"{_PREFIX}{window:07d}.flac"


def window_of(track: str) -> int:
    """Say which window a track is of, by its name.

    Raises: DataError if it is none.
    """
    number = Path(track).stem.removeprefix(_PREFIX)
    if not (track.startswith(_PREFIX) and number.isdecimal()):
        raise DataError(f"{track}: not the track of a window; make them with python -m art2mus.data perform")
    return int(number)


def write_performance(job: Job, path: Path) -> None:
    """Perform one window."""
    import soundfile

    from art2mus.codec.performance import Performance
    from art2mus.codec.score import STEPS_PER_BAR

    source, index, num_bars = job
    performer = _performer()
    performer.start(Performance.neutral(), seed=0)
    score = _windows_of(source).score(index).slice(0, num_bars * STEPS_PER_BAR)
    soundfile.write(path, performer.render(score).waveform, performer.sample_rate, subtype="PCM_16")


@cache
def _windows_of(path: Path) -> Windows:
    return open_windows(path)


@cache
def _performer() -> Performer:
    from art2mus.codec.performer import Performer
    from art2mus.metrics.sound_affect import ANALYSIS_RATE

    return Performer(sample_rate=ANALYSIS_RATE)
