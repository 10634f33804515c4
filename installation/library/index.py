"""Which clips there are, whose turn it is, and which must go.

The director's process writes here, and for a moment whoever else opens the library: the curator's command, --recompose.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from installation.library import database
from installation.library.files import Description, NotAClipError, parse, read_clip
from installation.library.receipt import Sampling
from installation.messages import ClipInfo

_UNFINISHED_AFTER_S = 600.0
_DIRECTORS_PATIENCE_S = 0.25

_NOT_TAKEN = (
    *(sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError),
    *(OverflowError, UnicodeError),
)
"""What SQLite says of a value or a statement that it does not take; the index is not damaged by it."""

Mark = Literal["is_pinned", "is_banned"]

_log = logging.getLogger(__name__)

_INSERT = """
INSERT INTO clips (clip_id, artwork_id, fingerprint, recipe, prompt, sample_rate, seed, place, continues, num_bytes,
                   made_at, heard_at, description)
VALUES (:clip_id, :artwork_id, :fingerprint, :recipe, :prompt, :sample_rate, :seed, :place, :continues, :num_bytes,
        :at, :at, :description)
ON CONFLICT (clip_id) DO UPDATE SET num_bytes = excluded.num_bytes, description = excluded.description
RETURNING 1
"""
_INSERT_BANNED = """
INSERT INTO clips (clip_id, artwork_id, fingerprint, recipe, prompt, sample_rate, seed, place, continues, num_bytes,
                   made_at, heard_at, description, is_banned)
VALUES (:clip_id, :artwork_id, :fingerprint, :recipe, :prompt, :sample_rate, :seed, :place, :continues, 0,
        :made_at, :heard_at, :description, 1)
ON CONFLICT (clip_id) DO NOTHING
"""
_MARK_AS_BEFORE = "UPDATE clips SET is_pinned = :is_pinned, is_banned = :is_banned WHERE clip_id = :clip_id"
# A picture that was saved anew is another file with another id, but the composer finds the same fingerprint.
_BEGINNING = """
SELECT * FROM clips
WHERE (artwork_id = :artwork_id
       OR fingerprint IN (SELECT fingerprint FROM clips WHERE artwork_id = :artwork_id AND fingerprint <> ''))
  AND continues IS NULL AND NOT is_banned
  AND (:prompt IS NULL OR prompt = :prompt)
  AND (:recipe IS NULL OR recipe = :recipe)
  AND (:sample_rate IS NULL OR sample_rate = :sample_rate)
ORDER BY heard_at LIMIT 1
"""
_SAME_BUT_BANNED = """
SELECT 1 FROM clips
WHERE is_banned AND fingerprint = :fingerprint AND fingerprint <> '' AND recipe = :recipe AND prompt = :prompt
  AND sample_rate = :sample_rate AND seed = :seed AND place = :place
"""


class Library:
    """The index of the clips in a folder, kept below a size and an age. One thread uses it.

    Whatever the disk does, its methods do not raise: what cannot be looked up is not there, what cannot be written
    down is said once in the log. A damaged index is set aside and made again from the files.

    Attributes:
        folder: Where the clips lie.
        is_in_memory: The disk gives no place for the index: what is marked now is lost with this process.
    """

    def __init__(
        self,
        folder: Path,
        max_bytes: int,
        max_age_s: float | None = None,
        patience_s: float = _DIRECTORS_PATIENCE_S,
    ) -> None:
        """Look at what is there.

        Args:
            folder: Where the clips lie; it is made.
            max_bytes: Of all clips together.
            max_age_s: What was not heard for longer goes; None keeps it.
            patience_s: So long is waited for another process that writes.
        """
        self.folder = folder
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._patience_s = patience_s
        self._path = folder / database.NAME
        self._is_in_trouble = False
        self.is_in_memory = False
        self._left_out: set[str] = set()
        self._marks: Sequence[Mapping[str, Any]] = ()  # the curator's, out of a damaged index, until they are kept
        folder.mkdir(parents=True, exist_ok=True)
        self._connection = self._open()
        self._settle()

    def __len__(self) -> int:
        rows = self._run("SELECT count(*) FROM clips WHERE num_bytes > 0")
        return int(rows[0][0]) if rows else 0

    def close(self) -> None:
        """Let go of the index."""
        self._connection.close()

    def num_bytes(self) -> int:
        """Of all clips together."""
        rows = self._run("SELECT coalesce(sum(num_bytes), 0) FROM clips")
        return int(rows[0][0]) if rows else 0

    def clips(self) -> list[sqlite3.Row]:
        """All rows but for their descriptions, by work and piece."""
        return self._run(
            "SELECT clip_id, artwork_id, seed, place, prompt, made_at, heard_at, num_bytes, is_pinned, is_banned "
            "FROM clips ORDER BY artwork_id, seed, place"
        )

    def find(self, clip_id: str) -> tuple[ClipInfo, Mapping[str, Any]] | None:
        """A clip and its receipt, banned or not, whether or not its sound is still there."""
        for row in self._run("SELECT * FROM clips WHERE clip_id = ?", clip_id):
            try:
                clip, receipt, _ = parse(row["description"], self._path_of(clip_id))
            except NotAClipError:
                return None
            return clip, receipt
        return None

    # ------------------------------------------------------------ in and out

    def add(self, clip: ClipInfo) -> bool:
        """Take in a clip that the composer has just finished; False if the curator has banned this music.

        What lies elsewhere (the disk was full) is played, but not kept.
        """
        is_here = clip.audio_path.parent == self.folder
        try:
            row = _row(read_clip(clip.audio_path), time.time())
        except (OSError, ValueError) as error:
            if is_here:
                self._complain(f"{clip.audio_path.name}: {error}")
            return True
        return self._admit(row) if is_here else not self._run(_SAME_BUT_BANNED, row)

    def _admit(self, row: Mapping[str, Any]) -> bool:
        """Write down a clip, unless it is banned."""
        if self._run(_SAME_BUT_BANNED, row):
            self._remove(row["clip_id"])
            return False
        if self._run(_INSERT, row) and not self.is_in_memory:
            self._is_in_trouble = False
        return True

    def beginning_for(
        self, artwork_id: str, prompt: str | None = None, recipe: str | None = None, sample_rate: int | None = None
    ) -> ClipInfo | None:
        """The first clip of the piece for this work that was not heard for longest.

        Args:
            artwork_id: The work.
            prompt: Only pieces made with these words; None takes any, as in what follows.
            recipe: Only pieces made by this model in this way (`receipt.Sampling.key`).
            sample_rate: Only pieces at this rate, in Hz.
        """
        wanted = {"artwork_id": artwork_id, "prompt": prompt, "recipe": recipe, "sample_rate": sample_rate}
        return self._hand_out(_BEGINNING, wanted)

    def continuation_of(self, clip_id: str) -> ClipInfo | None:
        """The clip that follows this one without a seam."""
        return self._hand_out("SELECT * FROM clips WHERE continues = ? AND NOT is_banned LIMIT 1", clip_id)

    def _hand_out(self, query: str, wanted: Any) -> ClipInfo | None:
        """The clip, marked as heard. One whose file is no longer what it was is forgotten, and the next one taken."""
        while rows := self._run(query, wanted):
            row = rows[0]
            path = self._path_of(row["clip_id"])
            try:
                if path.stat().st_size != row["num_bytes"]:
                    raise NotAClipError("another size than it had")
                clip, _, _ = parse(row["description"], path)
            except (OSError, NotAClipError) as error:
                _log.warning("library: %s is damaged and thrown away (%s)", path.name, error)
                if not self._forget(row["clip_id"]):
                    return None
                continue
            self._run("UPDATE clips SET heard_at = ? WHERE clip_id = ?", time.time(), row["clip_id"])
            return clip
        return None

    # ------------------------------------------------------------ what goes and what stays

    def discard(self, clip_id: str) -> None:
        """Throw a clip away; of one that is banned the row stays, so that it stays banned."""
        self._forget(clip_id)

    def mark(self, clip_id: str, mark: Mark, is_set: bool) -> bool:
        """Pin or ban a clip, or take that back; False if there is no such clip."""
        return bool(self._run(f"UPDATE clips SET {mark} = ? WHERE clip_id = ? RETURNING 1", int(is_set), clip_id))

    def trim(self, in_use: Collection[str] = ()) -> int:
        """Throw away what is banned, too old, or was not heard for longest until the rest fits.

        Never what is in use or pinned. To be called now and then: here it is also noticed that the index is gone.

        Returns: How many clips went.
        """
        if self.is_in_memory or self._is_gone():
            self._begin_anew()
        oldest = 0.0 if self._max_age_s is None else time.time() - self._max_age_s
        excess = self.num_bytes() - self._max_bytes
        num_gone = 0
        for row in self._run(
            "SELECT clip_id, num_bytes, heard_at, is_banned FROM clips WHERE NOT is_pinned AND num_bytes > 0 "
            "AND (is_banned OR heard_at < ? OR ?) ORDER BY is_banned DESC, heard_at",
            oldest,
            excess > 0,
        ):
            is_due = row["is_banned"] or row["heard_at"] < oldest or excess > 0
            if is_due and row["clip_id"] not in in_use and self._forget(row["clip_id"]):
                excess -= row["num_bytes"]
                num_gone += 1
        return num_gone

    def _forget(self, clip_id: str) -> bool:
        """The row first: a file without one is found again, a row without its file only disappoints."""
        self._forget_row(clip_id)
        is_removed = self._remove(clip_id)
        return is_removed and not self._run("SELECT 1 FROM clips WHERE clip_id = ? AND num_bytes > 0", clip_id)

    def _forget_row(self, clip_id: str) -> None:
        self._run("UPDATE clips SET num_bytes = 0 WHERE clip_id = ? AND is_banned", clip_id)
        self._run("DELETE FROM clips WHERE clip_id = ? AND NOT is_banned", clip_id)

    def _remove(self, clip_id: str) -> bool:
        """Remove the file, if there is one; False where the disk does not let it."""
        try:
            self._path_of(clip_id).unlink(missing_ok=True)
        except OSError as error:
            self._complain(str(error))
            return False
        return True

    # ------------------------------------------------------------ the index and the files

    def _settle(self) -> None:
        """Bring index and files together: a clip is what has its name on the disk.

        Rows are read before files are: another process may finish a clip meanwhile, whose row follows its file.
        """
        known = {row["clip_id"]: row["num_bytes"] for row in self._run("SELECT clip_id, num_bytes FROM clips")}
        try:
            names = {path.stem: path for path in self.folder.glob("*.flac") if not path.name.startswith(".")}
            self._remove_leftovers()
        except OSError as error:
            self._complain(str(error))
            return
        marks = self._marks_of_before()
        for mark in marks:
            if "description" in mark:  # of what is banned: its file is gone, most likely
                self._run(_INSERT_BANNED, mark)
        self._take_in(path for clip_id, path in sorted(names.items()) if clip_id not in known)
        for clip_id, num_bytes in known.items():
            if num_bytes > 0 and clip_id not in names:
                self._forget_row(clip_id)
        for mark in marks:
            self._run(_MARK_AS_BEFORE, mark)
        if not self.is_in_memory:
            self._marks = ()

    def _take_in(self, paths: Iterable[Path]) -> None:
        """Make rows for clips that have none; whatever else lies here is left alone."""
        for path in paths:
            try:
                self._admit(_row(read_clip(path), path.stat().st_mtime))
            except (OSError, ValueError) as error:
                if path.name not in self._left_out:
                    _log.warning("library: %s is left out (%s)", path.name, error)
                self._left_out.add(path.name)

    def _marks_of_before(self) -> Sequence[Mapping[str, Any]]:
        """The curator's, out of an index that was set aside, and out of one on the disk that cannot be had now."""
        if not self.is_in_memory:
            return self._marks
        try:
            return (*self._marks, *database.curators_marks(self._path, self._patience_s, "ro"))
        except sqlite3.Error:
            return self._marks

    def _remove_leftovers(self) -> None:
        """Files of clips that were never finished. Young ones may still be in the making."""
        for path in self.folder.glob(".*.part.flac"):
            try:
                if time.time() - path.stat().st_mtime > _UNFINISHED_AFTER_S:
                    path.unlink()
            except FileNotFoundError:
                continue

    def _path_of(self, clip_id: str) -> Path:
        return self.folder / f"{clip_id}.flac"

    # ------------------------------------------------------------ the database

    def _open(self) -> sqlite3.Connection:
        """The index on the disk, or one in memory while the disk gives none."""
        for _ in range(2):
            try:
                connection = database.connect(self._path, self._patience_s)
            except sqlite3.OperationalError as error:
                self._complain(f"{self._path}: {error}")
                break
            except sqlite3.DatabaseError as error:
                self._set_aside(str(error))
            else:
                self.is_in_memory = False
                return connection
        self.is_in_memory = True
        return database.connect_in_memory()

    def _set_aside(self, reason: str) -> None:
        try:
            aside = database.set_aside(self._path)
        except OSError as error:
            self._complain(f"{self._path}: {error.strerror}")
            return
        _log.warning(
            "library: %s is damaged (%s) and now called %s; it is made again from the clips",
            self._path.name, reason, aside.name,
        )  # fmt: skip
        try:
            self._marks = database.curators_marks(aside, self._patience_s, "rw")
        except sqlite3.Error:
            _log.warning("library: pins and bans were lost with %s", aside.name)

    def _is_gone(self) -> bool:
        """Whether the index is not in its place; where the disk does not say, it is."""
        try:
            self._path.stat()
        except OSError as error:
            return isinstance(error, FileNotFoundError)
        return False

    def _begin_anew(self, damage: str = "") -> None:
        """The index is gone, or went bad while it was in use."""
        self._connection.close()
        if damage:
            self._set_aside(damage)
        self._connection = self._open()
        self._settle()

    def _run(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Run one statement; what it gives, or nothing if the disk does not let it."""
        named = values[0] if values and isinstance(values[0], Mapping) else values
        try:
            return self._connection.execute(sql, named).fetchall()
        except (sqlite3.OperationalError, *_NOT_TAKEN) as error:
            self._complain(str(error))
        except sqlite3.DatabaseError as error:
            self._begin_anew(damage=str(error))
        return []

    def _complain(self, reason: str) -> None:
        """Once, until something could be kept again: the music goes on, and the log is not filled."""
        if not self._is_in_trouble:
            _log.warning("library: %s; music goes on, what is new may not be kept", reason)
        self._is_in_trouble = True


def _row(described: Description, at: float) -> dict[str, Any]:
    """A row of the index, out of a file's tags.

    Raises: ValueError.
    """
    clip, receipt = described.clip, described.receipt
    try:
        recipe = Sampling(**receipt["sampling"]).key()
    except (KeyError, TypeError):
        recipe = ""
    fingerprint = str(receipt.get("fingerprint", ""))
    fingerprint.encode()
    return {
        "clip_id": clip.clip_id,
        "artwork_id": clip.artwork_id,
        "fingerprint": fingerprint,
        "recipe": recipe,
        "prompt": clip.prompt,
        "sample_rate": clip.sample_rate,
        "seed": _number(receipt.get("seed", 0)),
        "place": _number(receipt.get("place", 0)),
        "continues": clip.continues,
        "num_bytes": described.num_bytes,
        "at": at,
        "description": described.text,
    }


def _number(value: object) -> int:
    """A number as a receipt has it, which SQLite can keep. Raises: ValueError."""
    if not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError(f"a damaged receipt ({value!r} is no number of a clip)")
    return value
