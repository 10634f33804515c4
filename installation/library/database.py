"""The index of the library in SQLite: made, checked, set aside when it is damaged. Standard library only."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

NAME = "library.db"
VERSION = 1

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS clips (
    clip_id     TEXT PRIMARY KEY,
    artwork_id  TEXT NOT NULL,
    fingerprint TEXT NOT NULL,  -- of the picture's pixels; empty where the composer does not say, as all that follow
    recipe      TEXT NOT NULL,  -- model and settings
    prompt      TEXT NOT NULL,
    sample_rate INTEGER NOT NULL,
    seed        INTEGER NOT NULL,
    place       INTEGER NOT NULL,  -- in its piece
    continues   TEXT,
    num_bytes   INTEGER NOT NULL,
    made_at     REAL NOT NULL,  -- seconds since the epoch
    heard_at    REAL NOT NULL,  -- likewise; when it was made, until it is heard again
    is_pinned   INTEGER NOT NULL DEFAULT 0,
    is_banned   INTEGER NOT NULL DEFAULT 0,
    description TEXT NOT NULL   -- as in the file's tags; last, because it is long
) STRICT;
CREATE INDEX IF NOT EXISTS by_artwork ON clips (artwork_id);
CREATE INDEX IF NOT EXISTS by_fingerprint ON clips (fingerprint);
CREATE INDEX IF NOT EXISTS by_predecessor ON clips (continues);
CREATE INDEX IF NOT EXISTS by_turn ON clips (heard_at, num_bytes);
CREATE INDEX IF NOT EXISTS by_mark ON clips (clip_id, is_pinned, is_banned) WHERE is_pinned OR is_banned;
PRAGMA user_version = {VERSION};
"""


def connect(path: Path, patience_s: float) -> sqlite3.Connection:
    """Open the index, make it where there is none, and look whether it is sound.

    Args:
        path: The file.
        patience_s: So long is waited for another process that writes.

    Raises: sqlite3.OperationalError when the disk does not let it; sqlite3.DatabaseError when it is damaged, or of
        another version.
    """
    connection = sqlite3.connect(path, timeout=patience_s, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError(f"version {version}")
        # What a killed process has written, the system still has; what a power cut takes, the files' tags give back.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if finding != "ok":
            raise sqlite3.DatabaseError(finding)
        if version == 0:
            connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def connect_in_memory() -> sqlite3.Connection:
    """An index for as long as the process lives, where the disk gives no better."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.executescript(_SCHEMA)
    return connection


def set_aside(path: Path) -> Path:
    """Give a damaged index another name, with all that belongs to it; returns the name.

    Raises: OSError.
    """
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    return aside


def curators_marks(path: Path, patience_s: float, mode: Literal["ro", "rw"]) -> list[dict[str, Any]]:
    """What can still be read of an index that no file says: pins, and bans with all that is known of them.

    Args:
        path: An index that is damaged, or that `connect` cannot open; no mark is changed in it.
        patience_s: As for `connect`.
        mode: "rw" if nobody else uses it: then nothing of it is left open on the disk.

    Returns: clip_id, is_pinned and is_banned; where a clip is banned and its row can be read, the rest of its row.
    Raises: sqlite3.Error when nothing can be read.
    """
    address = path.absolute().as_uri()
    try:
        return _read_marks(f"{address}?mode={mode}", patience_s)
    except sqlite3.Error:
        return _read_marks(f"{address}?immutable=1", patience_s)  # as the file is, whoever may be writing in it


def _read_marks(address: str, patience_s: float) -> list[dict[str, Any]]:
    # All of it stands in the index `by_mark`, a page or two that are seldom the damaged ones.
    query = "SELECT clip_id, is_pinned, is_banned FROM clips INDEXED BY by_mark WHERE is_pinned OR is_banned"
    marks: list[dict[str, Any]] = []
    with contextlib.closing(sqlite3.connect(address, timeout=patience_s, uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        try:
            for mark in connection.execute(query):
                marks.append(dict(mark))
        except sqlite3.Error:
            if not marks:
                raise
        for mark in filter(itemgetter("is_banned"), marks):
            with contextlib.suppress(sqlite3.Error):
                rows = connection.execute("SELECT * FROM clips WHERE clip_id = ?", [mark["clip_id"]])
                mark.update(*map(dict, rows))
    return marks
