"""The works of a gallery folder and their wall texts.

A gallery is a folder of pictures. What hangs beside a picture is read from `metadata.json` or
`metadata.csv` in the same folder (also `labels.json`, `labels.csv`), and where that is silent from
the file's name, written `artist_title-year.jpg` as in ArtGraph. Nothing here opens a picture, and
nothing a curator can put into such a folder stops the show: what cannot be read costs one line in
the log and falls back to the file's name.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path

from art2mus.artwork_labels import PICTURE_SUFFIXES, lookup, read_name, read_table
from installation.messages import WallLabel

_log = logging.getLogger(__name__)

METADATA_NAMES = ("metadata.json", "labels.json", "metadata.csv", "labels.csv")
UNTITLED = "Untitled"
"""The title of a work nobody has named."""
UNKNOWN = "Unknown work"
"""The title of a work that a visitor brought and that hangs in no gallery here."""

_FINGERPRINT_BYTES = 64 * 2**10
_UNCOMPRESSED = (b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How BMP and TIFF files begin. Only in these can two pictures have one size, and a border the same bytes."""
_NUM_SAMPLES = 64
_SAMPLE_BYTES = 4 * 2**10
_LABEL_FIELDS = frozenset(field.name for field in fields(WallLabel))


@dataclass(frozen=True, slots=True)
class Work:
    """A picture of a gallery.

    Attributes:
        artwork_id: Fingerprint of the file's content: the same picture has the same id under
            another name, another picture under the same name has another.
        path: The picture, not opened yet and perhaps unreadable.
        label: Its wall text.
    """

    artwork_id: str
    path: Path
    label: WallLabel


def read_gallery(folder: Path) -> tuple[Work, ...]:
    """List the pictures of a folder and of the folders in it, in the order of their names.

    Returns: The works; of a picture that is there twice, the first.
    """
    works: dict[str, Work] = {}
    for work in find_works(folder):
        works.setdefault(work.artwork_id, work)
    return tuple(works.values())


def find_works(folder: Path) -> Iterator[Work]:
    """Every picture of a folder and of the folders in it, in the order of their names.

    Cheap enough to be called again and again: only what changed since the last call is read
    again. A folder that is not there, or not readable, is an empty gallery.
    """
    for path, label in _labelled_pictures(folder):
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
                _complain_once(f"{path}: empty, or not a file; the picture is left out")
                continue
            artwork_id = _fingerprint(path, status.st_size, status.st_mtime_ns)
        except OSError as error:
            _complain_once(f"{path}: cannot be read ({error.strerror}), the picture is left out")
            continue
        yield Work(artwork_id, path, label)


def label_from_name(file_name: str) -> WallLabel:
    """What a file's name says about the work: `artist_title-year.jpg`, in any part incomplete."""
    name = read_name(file_name)
    return WallLabel(title=name.title or UNTITLED, artist=name.artist, year=name.year)


# ---------------------------------------------------------------- the folder


def _labelled_pictures(folder: Path) -> Iterator[tuple[Path, WallLabel]]:
    def complain(error: OSError) -> None:
        _complain_once(f"{error.filename}: cannot be read ({error.strerror}), left out")

    for parent, folders, files in os.walk(folder, onerror=complain):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=_order)
        pictures = [
            name for name in files if Path(name).suffix.lower() in PICTURE_SUFFIXES and not name.startswith(".")
        ]
        table = _folder_metadata(Path(parent), files) if pictures else {}
        for name in sorted(pictures, key=_order):
            yield Path(parent, name), _label(name, table)


def _folder_metadata(folder: Path, files: list[str]) -> Mapping[str, Mapping[str, str]]:
    present = {name.lower(): name for name in files}
    for candidate in METADATA_NAMES:
        if candidate not in present:
            continue
        path = folder / present[candidate]
        try:
            status = path.stat()
        except OSError as error:
            _complain_once(f"{path}: {error.strerror}; labels come from the file names")
            continue
        return _cached_metadata(path, status.st_size, status.st_mtime_ns)
    return {}


@lru_cache(maxsize=256)
def _cached_metadata(path: Path, _size: int, _mtime_ns: int) -> Mapping[str, Mapping[str, str]]:
    try:
        return read_table(path)
    except (ValueError, OSError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        _log.warning("%s: %s; labels come from the file names", path, reason)
        return {}


@lru_cache(maxsize=200_000)
def _fingerprint(path: Path, size: int, _mtime_ns: int) -> str:
    digest = hashlib.blake2b(str(size).encode(), digest_size=8)
    with path.open("rb") as file:
        begin = file.read(_FINGERPRINT_BYTES)
        digest.update(begin)
        if size > 2 * _FINGERPRINT_BYTES:
            for number in range(1, _NUM_SAMPLES if begin.startswith(_UNCOMPRESSED) else 1):
                file.seek(size * number // _NUM_SAMPLES)
                digest.update(file.read(_SAMPLE_BYTES))
            file.seek(-_FINGERPRINT_BYTES, os.SEEK_END)
        digest.update(file.read(_FINGERPRINT_BYTES))
    return digest.hexdigest()


@lru_cache(maxsize=200_000)
def _complain_once(line: str) -> None:
    _log.warning("%s", line)


def _order(name: str) -> tuple[tuple[int, int, str], ...]:
    """Names in the order people count: `work-9` before `work-10`."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return tuple((0, int(p[:18]), p) if p[:1].isdecimal() else (1, 0, p) for p in parts)


def _label(file_name: str, table: Mapping[str, Mapping[str, str]]) -> WallLabel:
    """The table wins: a curator who named the work is not contradicted by a file's name."""
    fields = {field: text for field, text in lookup(table, file_name).items() if field in _LABEL_FIELDS}
    if "title" in fields:
        return WallLabel(**fields)
    return replace(label_from_name(file_name), **fields)
