"""What is known of an artwork without opening it: from its file's name, or from a table beside it.

Names are written `artist_title-year.jpg`, as in ArtGraph and WikiArt, in any part incomplete. Tables are JSON or CSV,
as curators and collections make them.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".heic", ".heif", ".avif"}
)
"""Which files of a folder are taken for pictures. What a file really is, its content says (`art2mus.images`)."""
MAX_TABLE_BYTES = 64 * 2**20
_MAX_FIELD_CHARACTERS = 400

_KEYS = {
    "file": ("file", "filename", "file_name", "picture", "image", "path"),
    "title": ("title", "work", "name"),
    "artist": ("artist", "author", "painter", "creator"),
    "year": ("year", "date", "dated"),
    "country": ("country", "place", "nationality", "school"),
    "style": ("style", "movement"),
    "genre": ("genre",),
    "text": ("text", "wall_text", "description"),
    "provenance": ("provenance", "credit", "source"),
}
_SMALL_WORDS_OF_LANGUAGES = (
    "a an and as at by for from in into near of off on or the to upon with",
    "au aux d de des du en et l la le les un une",
    "da degli dei del della delle di e ed gli i il lo",
    "das dem den der die im und vom von zu zum zur",
    "al dos el los las y",
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
class ArtworkName:
    """What a file's name says; every part may be empty."""

    artist: str = ""
    title: str = ""
    year: str = ""


def read_name(file_name: str) -> ArtworkName:
    """Read a file's name as `artist_title-year.jpg`; the names that cameras and scanners give say nothing.

    >>> read_name("vincent-van-gogh_the-church-at-auvers-1890.jpg")
    ArtworkName(artist='Vincent van Gogh', title='The Church at Auvers', year='1890')
    >>> read_name("IMG_2041.jpg")
    ArtworkName(artist='', title='', year='')
    """
    stem = _tidy(Path(file_name).stem)
    if not stem or _CAMERA_NAME.fullmatch(stem):
        return ArtworkName()
    separator = "_" if "_" in stem else " - "
    artist, _, work = stem.partition(separator) if separator in stem else ("", "", stem)
    title, year = _split_year(work.replace("_", " ").strip(" -"))
    return ArtworkName(_as_words(artist.strip(" -")), _as_words(title), year)


def year_in(text: str) -> int | None:
    """The first year that a label's text names.

    >>> year_in("c. 1830–32"), year_in("late, undated")
    (1830, None)
    """
    found = re.search(r"(?<!\d)(1\d{3}|20\d{2}|[5-9]\d{2})(?!\d)", text)
    return int(found[0]) if found else None


def name_key(file_name: str) -> str:
    """The form of a file's name, without its folders, in which a table and a disk agree on it.

    >>> name_key("Romanticism/A.jpg")
    'a.jpg'
    """
    return unicodedata.normalize("NFC", re.split(r"[\\/]", file_name)[-1]).casefold()


def read_table(path: Path) -> dict[str, dict[str, str]]:
    """Read a table of artworks.

    JSON: a list of objects with a `file` each, or an object of objects by file. CSV: a first line
    with the names of the columns; comma, semicolon or tab.

    Returns: By `name_key`, what it says of title, artist, year, country, style, genre, text and provenance.
    Raises: ValueError, in one line, if the file is not such a table. OSError if it cannot be read.
    """
    if path.stat().st_size > MAX_TABLE_BYTES:
        raise ValueError(f"larger than {MAX_TABLE_BYTES // 2**20} MB")
    text = _decode(path.read_bytes())
    rows = _json_rows(text) if path.suffix.lower() == ".json" else _csv_rows(text)
    table: dict[str, dict[str, str]] = {}
    keys: dict[str, None] = {}
    for row in rows:
        keys.update(dict.fromkeys(row))
        fields = _known_fields(row)
        if file_name := fields.pop("file", ""):
            table[name_key(file_name)] = fields
    if not table:
        there = f"; there are only {', '.join(list(keys)[:10])[:200]}" if keys else ""
        raise ValueError(f"no entry names a file; each needs 'file' with a picture's file name{there}")
    return table


def lookup(table: Mapping[str, Mapping[str, str]], file_name: str) -> Mapping[str, str]:
    """What a table says of a file, which it may name without the suffix."""
    key = name_key(file_name)
    return table.get(key) or table.get(key.rpartition(".")[0]) or {}


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
            # Years that went through a table with gaps come back as 1889.0.
            fields[field] = text.removesuffix(".0") if field == "year" else text
    return fields


# ---------------------------------------------------------------- words


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
