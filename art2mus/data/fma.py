"""A catalogue of tracks: FMA, or any folder of audio. Every file is decoded; corrupt and silent ones are listed."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from art2mus.data.catalogue import Catalogue, list_files, save_rejected
from art2mus.data.file_checks import check_files
from art2mus.data.fma_metadata import TrackMetadata, read_tracks
from art2mus.data.options import add_output, add_processes
from art2mus.data.sound_check import SUFFIXES, SoundFacts, measure_sound_file, reason_to_reject
from art2mus.data.tables import DataError
from art2mus.whole_files import sole_run

CLIP_S = 30.0
"""Length of the clips of `fma_small`, `fma_medium` and `fma_large`."""
_ROUNDED_BY_S = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("folder", type=Path, help="a folder of audio, such as fma_large; ids are relative to it")
    add_output(parser, "tracks.csv")
    parser.add_argument("--metadata", type=Path, metavar="FOLDER", help="fma_metadata, for titles, genres and lengths")
    parser.add_argument(
        "--clip-seconds",
        type=float,
        default=CLIP_S,
        metavar="S",
        help="length of the clips cut out of the tracks of the metadata (default: %(default)g); inf for fma_full",
    )
    add_processes(parser)


def run(options: argparse.Namespace) -> int:
    """Make the catalogue; returns the exit code."""
    with sole_run(options.output.parent):
        files = list_files(options.folder, SUFFIXES)
        metadata = read_tracks(options.metadata) if options.metadata else {}
        log = options.output.with_suffix(".checked.jsonl")
        facts = check_files(options.folder, files, measure_sound_file, SoundFacts, log, options.processes)
        rows, rejected = {}, {}
        for file in files:
            known = _metadata_of(file, metadata)
            reason = _reason(file, facts[file], known, options.clip_seconds)
            if reason:
                rejected[file] = reason
            else:
                rows[file] = _row(file, facts[file], known)
        left_out = save_rejected(options.output, rejected)
        if not rows:
            raise DataError(f"{options.folder}: not one of {len(files):,} files can be used\n{left_out}")
        Catalogue(options.folder, tuple(rows.values())).save(options.output)
    print(f"{options.output}: {len(rows):,} tracks of {len(files):,} files")
    print(left_out)
    if metadata:
        num_absent = len(metadata) - len(metadata.keys() & {_number(file) for file in files})
        print(f"{num_absent:,} tracks of the metadata have no file here")
    return 0


def _reason(file: str, facts: SoundFacts, known: TrackMetadata | None, clip_s: float) -> str:
    if not file.isprintable():
        return "unreadable: characters in its name that cannot be printed; rename it"
    # The metadata round to whole seconds.
    stated_s = max(min(known.duration_s, clip_s) - _ROUNDED_BY_S, 0.0) if known else None
    return reason_to_reject(facts, stated_s)


def _row(file: str, facts: SoundFacts, known: TrackMetadata | None) -> dict[str, str]:
    return {
        "file": file,
        "title": (known and known.title) or facts.title,
        "artist": (known and known.artist) or facts.artist,
        "genre": (known and known.genre) or facts.genre,
        "duration_s": f"{facts.duration_s:.3f}",
        "sample_rate": str(facts.sample_rate),
    }


def _metadata_of(file: str, metadata: Mapping[int, TrackMetadata]) -> TrackMetadata | None:
    number = _number(file)
    return None if number is None else metadata.get(number)


def _number(file: str) -> int | None:
    """FMA's files are named after the number of the track.

    >>> _number("fma_large/010/010425.mp3")
    10425
    """
    stem = Path(file).stem
    return int(stem) if stem.isascii() and stem.isdigit() else None
