"""The works of a gallery folder and their wall texts.

A gallery is a folder of pictures. What hangs beside a picture is read from `metadata.json` or
`metadata.csv` in the same folder (also `labels.json`, `labels.csv`), and where that is silent from
the file's name, written `artist_title-year.jpg` as in ArtGraph. Nothing here opens a picture, and
nothing a curator can put into such a folder stops the show: what cannot be read costs one line in
the log and falls back to the file's name.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from installation.messages import WallLabel

logger = logging.getLogger(__name__)

PICTURE_SUFFIXES = frozenset(
    [".jpg", ".jpeg", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".heic", ".heif", ".avif"]
)
METADATA_NAMES = ("metadata.json", "labels.json", "metadata.csv", "labels.csv")
UNTITLED = "Untitled"
"""The title of a work nobody has named."""

MAX_METADATA_BYTES = 64 * 2**20
_MAX_FIELD_CHARACTERS = 400
_FINGERPRINT_BYTES = 64 * 2**10

_KEYS = {
    "file": ("file", "filename", "file_name", "picture", "image", "path"),
    "title": ("title", "work", "name"),
    "artist": ("artist", "author", "painter", "creator"),
    "year": ("year", "date", "dated"),
    "style": ("style", "movement"),
    "text": ("text", "wall_text", "description"),
    "provenance": ("provenance", "credit", "source"),
}
_SMALL_WORDS_OF_LANGUAGES = (
    "a an and as at by for from in into near of off on or the to upon with",
    "au aux d de des du en et l la le les un une",
    "da degli dei del della delle di e ed gli i il lo",
    "das dem den der die im und vom von zu zum zur",
    "al dos el las los y",
    "het op te ten ter van",
)
_SMALL_WORDS = frozenset(word for words in _SMALL_WORDS_OF_LANGUAGES for word in words.split())
_CAMERA_NAME = re.compile(
    r"(img|image|dsc[a-z]{0,2}|pxl|scan|photo|picture|screenshot|foto|bild|p)?[\W_]*\d[\d\W_]*"
    r"|[0-9a-f]{8}[0-9a-f-]{8,}",
    re.IGNORECASE,
)
_YEAR_AT_END = re.compile(
    r"(?:^|[\s,_-]+|(?=\())\(?(?P<circa>(?:c|ca|circa)[.\s_-]*)?"
    r"(?P<year>1\d{3}|20\d{2}|[5-9]\d{2})(?:[-–](?P<second>\d{1,2}|\d{4}))?\)?$",
    re.IGNORECASE,
)
_ROMAN_NUMERAL = re.compile(r"(?=..)x{0,3}(ix|iv|v?i{0,3})")


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

    Cheap enough to be called every few seconds: only what changed since the last call is read
    again. A folder that is not there, or not readable, is an empty gallery.

    Returns: The works; of a picture that is there twice, the first.
    """
    works: dict[str, Work] = {}
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
        works.setdefault(artwork_id, Work(artwork_id, path, label))
    return tuple(works.values())


def load_label(picture_path: Path) -> WallLabel:
    """The wall text of one picture: from the table in its folder, else from its name."""
    try:
        files = [entry.name for entry in picture_path.parent.iterdir()]
    except OSError:
        files = []
    return _label(picture_path.name, _folder_metadata(picture_path.parent, files))


def label_from_name(file_name: str) -> WallLabel:
    """What a file's name says about the work: `artist_title-year.jpg`, in any part incomplete.

    >>> label = label_from_name("vincent-van-gogh_the-church-at-auvers-1890.jpg")
    >>> label.artist, label.title, label.year
    ('Vincent van Gogh', 'The Church at Auvers', '1890')
    >>> label_from_name("IMG_2041.jpg").title
    'Untitled'
    """
    stem = _tidy(Path(file_name).stem)
    if not stem or _CAMERA_NAME.fullmatch(stem):
        return WallLabel(title=UNTITLED)
    separator = "_" if "_" in stem else " - "
    artist, _, work = stem.partition(separator) if separator in stem else ("", "", stem)
    title, year = _split_year(work.replace("_", " ").strip(" -"))
    return WallLabel(
        title=_as_words(title) or UNTITLED,
        artist=_as_words(artist.strip(" -")),
        year=year,
    )


def read_metadata(path: Path) -> dict[str, dict[str, str]]:
    """Read a table of wall texts.

    JSON: a list of objects with a `file` each, or an object of objects by file. CSV: a first line
    with the names of the columns; comma, semicolon or tab.

    Returns: By file name (composed Unicode, lower case): the fields of `WallLabel` it gives.
    Raises: ValueError, in one line, if the file is not such a table. OSError if it cannot be read.
    """
    if path.stat().st_size > MAX_METADATA_BYTES:
        raise ValueError(f"larger than {MAX_METADATA_BYTES // 2**20} MB")
    text = _decode(path.read_bytes())
    rows = _json_rows(text) if path.suffix.lower() == ".json" else _csv_rows(text)
    table: dict[str, dict[str, str]] = {}
    for row in rows:
        fields = _known_fields(row)
        if file_name := fields.pop("file", ""):
            table[_name_key(file_name)] = fields
    if not table:
        raise ValueError("no entry names a file; each needs 'file' with a picture's file name")
    return table


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
        return read_metadata(path)
    except (ValueError, OSError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        logger.warning("%s: %s; labels come from the file names", path, reason)
        return {}


@lru_cache(maxsize=200_000)
def _fingerprint(path: Path, size: int, _mtime_ns: int) -> str:
    digest = hashlib.blake2b(str(size).encode(), digest_size=8)
    with path.open("rb") as file:
        digest.update(file.read(_FINGERPRINT_BYTES))
        if size > 2 * _FINGERPRINT_BYTES:
            file.seek(-_FINGERPRINT_BYTES, os.SEEK_END)
        digest.update(file.read(_FINGERPRINT_BYTES))
    return digest.hexdigest()


@lru_cache(maxsize=10_000)
def _complain_once(line: str) -> None:
    logger.warning("%s", line)


def _order(name: str) -> tuple[tuple[int, int, str], ...]:
    """Names in the order people count: `work-9` before `work-10`."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return tuple((0, int(p[:18]), p) if p[:1].isdecimal() else (1, 0, p) for p in parts)


# ---------------------------------------------------------------- the table


def _decode(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _json_rows(text: str) -> Iterator[Mapping[str, object]]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} in line {error.lineno}") from error
    if isinstance(document, dict):
        for file_name, entry in document.items():
            if isinstance(entry, dict):
                yield {"file": file_name, **entry}
    elif isinstance(document, list):
        yield from (entry for entry in document if isinstance(entry, dict))
    else:
        raise ValueError("neither a list of works nor an object of works by file name")


def _csv_rows(text: str) -> Iterator[Mapping[str, object]]:
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    try:
        for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield {key: value for key, value in row.items() if isinstance(key, str)}
    except csv.Error as error:
        raise ValueError(f"not CSV: {error}") from error


def _known_fields(row: Mapping[str, object]) -> dict[str, str]:
    given = {key.strip().casefold(): value for key, value in row.items()}
    fields: dict[str, str] = {}
    for field, names in _KEYS.items():
        values = (given[name] for name in names if name in given)
        text = next((_tidy(str(v)) for v in values if isinstance(v, str | int | float)), "")
        if text:
            fields[field] = text
    return fields


def _label(file_name: str, table: Mapping[str, Mapping[str, str]]) -> WallLabel:
    """The table wins: a curator who named the work is not contradicted by a file's name."""
    key = _name_key(file_name)
    fields = table.get(key) or table.get(key.rpartition(".")[0]) or {}
    if "title" in fields:
        return WallLabel(**fields)
    return replace(label_from_name(file_name), **fields)


# ---------------------------------------------------------------- words


def _name_key(file_name: str) -> str:
    return unicodedata.normalize("NFC", re.split(r"[\\/]", file_name)[-1]).casefold()


def _tidy(text: str) -> str:
    """Composed Unicode on one line, without control characters, of bounded length."""
    composed = unicodedata.normalize("NFC", text)
    printable = "".join(c if c.isprintable() else " " for c in composed)
    return " ".join(printable.split())[:_MAX_FIELD_CHARACTERS].strip()


def _split_year(work: str) -> tuple[str, str]:
    found = _YEAR_AT_END.search(work)
    if not found:
        return work, ""
    year, second = found["year"], found["second"] or ""
    is_range = second > (year if len(second) == 4 else year[-2:])
    if len(second) in (2, 4) and is_range:
        year = f"{year}–{second}"
    if found["circa"]:
        year = f"c. {year}"
    return work[: found.start()].rstrip(" -,("), year


def _as_words(slug: str) -> str:
    """`the-great-wave` becomes `The Great Wave`; what somebody wrote with care stays as it is."""
    if " " in slug or slug != slug.lower():
        return slug
    words = [word for word in slug.split("-") if word]
    return " ".join(_capitalised(word, is_first=i == 0) for i, word in enumerate(words))


def _capitalised(word: str, *, is_first: bool) -> str:
    if word in _SMALL_WORDS and not is_first:
        return word
    if _ROMAN_NUMERAL.fullmatch(word):
        return word.upper()
    return word[:1].upper() + word[1:]
