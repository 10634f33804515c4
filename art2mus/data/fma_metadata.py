"""What FMA's `fma_metadata` says of its tracks: `tracks.csv`, whose header has three rows, and `genres.csv`.

Source: Defferrard, Benzi, Vandergheynst & Bresson 2017, FMA: A Dataset for Music Analysis (ISMIR).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from art2mus.data.tables import MAX_CELL_CHARACTERS, DataError, read_rows

_COLUMNS = (("track", "title"), ("artist", "name"), ("track", "genre_top"), ("track", "genres"), ("track", "duration"))


@dataclass(frozen=True)
class TrackMetadata:
    """What is known of a track; what is not is empty, or 0.

    Attributes:
        title: Of the track.
        artist: Who made it.
        genre: Its top-level genre.
        duration_s: Of the whole track, which the clips of `fma_large` are cut out of; rounded to seconds.
    """

    title: str
    artist: str
    genre: str
    duration_s: float


def read_tracks(folder: Path) -> dict[int, TrackMetadata]:
    """Read `tracks.csv` of a folder, and the names of genres from `genres.csv` if that is there.

    Returns: By the number of the track, which its file is named after.
    Raises: DataError if the table is not there, or not as FMA publishes it.
    """
    path = folder / "tracks.csv" if folder.is_dir() else folder
    genres = _read_genres(path.with_name("genres.csv"))
    tracks: dict[int, TrackMetadata] = {}
    try:
        # Row by row: the table has a quarter of a gigabyte, most of it about albums.
        with path.open(encoding="utf-8-sig", newline="") as file:
            csv.field_size_limit(MAX_CELL_CHARACTERS)
            rows = csv.reader(file)
            places = _find_columns(path, list(islice(rows, 2)))
            for row in rows:
                if row and row[0] not in ("track_id", ""):
                    tracks[int(row[0])] = _read_track([row[place].strip() for place in places], genres)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file; name the folder fma_metadata") from None
    except (ValueError, IndexError, csv.Error) as error:
        raise DataError(f"{path}: not as FMA publishes it ({error}); unpack fma_metadata.zip again") from error
    return tracks


def _find_columns(path: Path, header: list[list[str]]) -> list[int]:
    columns = list(zip(*header, strict=False)) if len(header) == 2 else []
    missing = [f"{group}/{name}" for group, name in _COLUMNS if (group, name) not in columns]
    if missing:
        raise DataError(f"{path}: has no column {', '.join(missing)}; name the tracks.csv of fma_metadata")
    return [columns.index(column) for column in _COLUMNS]


def _read_track(cells: Sequence[str], genres: Mapping[str, str]) -> TrackMetadata:
    title, artist, genre_top, genre_ids, duration = cells
    ids = json.loads(genre_ids or "[]")
    if not isinstance(ids, list):
        raise ValueError(f"track/genres is {genre_ids}, not a list")
    first_id = next(iter(ids), "")
    genre = genre_top or genres.get(str(first_id), "")
    return TrackMetadata(" ".join(title.split()), " ".join(artist.split()), genre, float(duration or 0.0))


def _read_genres(path: Path) -> dict[str, str]:
    """Of every genre, by its number: the name of the top-level genre above it."""
    if not path.is_file():
        return {}
    rows = read_rows(path, ["genre_id", "title", "top_level"])
    titles = {row["genre_id"]: row["title"] for row in rows}
    return {row["genre_id"]: titles.get(row["top_level"], row["title"]) for row in rows}
