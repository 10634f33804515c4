"""Excerpts of tracks, all of one length, as FMA's clips are: `python -m art2mus.data cut`.

    python -m art2mus.data cut tracks.csv --root music --seconds 30 --per-track 3 -o excerpts

The folder then holds the excerpts, FLAC, evenly spaced over their tracks, and their catalogue `tracks.csv`. A track
that is shorter than one excerpt is left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count
from pathlib import Path

from art2mus.arguments import at_least_1, positive
from art2mus.data.catalogue import Catalogue, save_rejected
from art2mus.data.made_files import make_files
from art2mus.data.options import add_folder, add_processes, add_root
from art2mus.data.tables import DataError
from art2mus.sound_files import UnreadableSoundError
from art2mus.whole_files import sole_run

CATALOGUE_FILE = "tracks.csv"
_MAX_CHANNELS, _MAX_RATE_HZ = 8, 655_350
"""Of FLAC. Source: RFC 9639, section 9.1.3, and `FLAC__MAX_SAMPLE_RATE` of libFLAC before 1.4."""

Job = tuple[Path, float, float]
"""A track, where the excerpt begins, and its length; in seconds."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("catalogue", type=Path, help="CSV with the columns 'file' and 'duration_s'; from fma")
    add_root(parser)
    parser.add_argument(
        "--seconds", type=positive, default=30.0, metavar="S", help="length of an excerpt (default: %(default)g)"
    )
    parser.add_argument(
        "--per-track", type=at_least_1, default=1, metavar="N", help="of each track, at most (default: %(default)s)"
    )
    add_folder(parser)
    add_processes(parser)


def run(options: argparse.Namespace) -> int:
    """Cut; returns the exit code.

    Raises: DataError.
    """
    catalogue = Catalogue.load(options.catalogue, options.root or options.catalogue.parent)
    rows, jobs, failed = {}, {}, {}
    stems = excerpt_stems(catalogue.files)
    for row in catalogue.rows:
        starts = list(excerpt_starts(_duration(row, options.catalogue), options.seconds, options.per_track))
        if not starts:
            failed[row["file"]] = f"short: less than {options.seconds:g} s"
        for number, start in enumerate(starts):
            name = f"{stems[row['file']]}-{number + 1}.flac"
            rows[name] = {**row, "file": name, "duration_s": f"{options.seconds:.3f}"}
            jobs[name] = (catalogue.path(row["file"]), start, options.seconds)
    tracks = [[row["file"], row["duration_s"]] for row in catalogue.rows]
    recipe = {"command": "cut", "seconds": options.seconds, "per_track": options.per_track, "tracks": tracks}
    if not jobs:
        raise DataError(f"{options.catalogue}: no track of {options.seconds:g} s or more; ask for shorter excerpts")
    with sole_run(options.output):
        failed |= make_files(options.output, recipe, jobs, write_excerpt, options.processes)
        left_out = save_rejected(options.output / CATALOGUE_FILE, failed)
        made = [row for name, row in rows.items() if name not in failed]
        Catalogue(options.output, tuple(made)).save(options.output / CATALOGUE_FILE)
    print(f"{options.output}: {len(made):,} excerpts of {len(catalogue):,} tracks")
    print(left_out)
    return 0


def excerpt_stems(files: Sequence[str]) -> dict[str, str]:
    """Name the excerpts of every track after its folders and itself; two that would be called the same are numbered.

    >>> list(excerpt_stems(["a/b.mp3", "c.mp3", "a_b.mp3", "a/b.ogg"]).values())
    ['a_b', 'c', 'a_b~2', 'a_b~3']
    """
    stems: dict[str, str] = {}
    taken: set[str] = set()
    for file in files:
        stem = Path(file).with_suffix("").as_posix().replace("/", "_")
        names = chain([stem], (f"{stem}~{number}" for number in count(2)))
        stems[file] = next(name for name in names if name not in taken)
        taken.add(stems[file])
    return stems


def excerpt_starts(duration_s: float, length_s: float, most: int) -> Iterator[float]:
    """Say where excerpts begin that do not overlap and are evenly spaced, the rests before, between and after alike.

    >>> list(excerpt_starts(100.0, 30.0, 3)), list(excerpt_starts(50.0, 30.0, 3)), list(excerpt_starts(20.0, 30.0, 3))
    ([2.5, 35.0, 67.5], [10.0], [])
    """
    num = min(most, int(duration_s / length_s))
    rest = (duration_s - num * length_s) / (num + 1)
    return (rest + number * (length_s + rest) for number in range(num))


def write_excerpt(job: Job, path: Path) -> None:
    """Cut one excerpt out of its track.

    Raises: UnreadableSoundError.
    """
    import soundfile

    source, start_s, length_s = job
    try:
        with soundfile.SoundFile(source) as file:
            rate, wanted = file.samplerate, round(length_s * file.samplerate)
            file.seek(round(start_s * rate))
            samples = file.read(wanted, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise UnreadableSoundError(f"{source}: not sound that can be read; see what fma says of it") from error
    if len(samples) < wanted:
        raise UnreadableSoundError(f"{source}: ends before {start_s + length_s:.1f} s; see what fma says of it")
    if samples.shape[1] > _MAX_CHANNELS or rate > _MAX_RATE_HZ:
        raise UnreadableSoundError(
            f"{source}: FLAC cannot hold {samples.shape[1]} channels at {rate} Hz; convert it to stereo at 48000 Hz"
        )
    soundfile.write(path, samples, rate, subtype="PCM_16")


def _duration(row: Mapping[str, str], csv: Path) -> float:
    try:
        return float(row["duration_s"])
    except (KeyError, ValueError):
        raise DataError(f"{csv}: {row['file']}: no length in a column 'duration_s'; make it with fma") from None
