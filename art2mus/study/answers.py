"""The answers of a study: an SQLite file in which every click is a transaction of its own.

Nothing in it says who a listener was: a random code, and the day.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Self

from art2mus.study.design import Trial

Question = Literal["quality", "pertinence", "preference"]
BOTH = 0
"""The track of an answer that is about both; 1 is A and 2 is B."""

APPLICATION_ID = 0x41324D53
"""Tells our files from other SQLite files: "A2MS"."""
SCHEMA_VERSION = 1

_CODE_LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 6

_SCHEMA = f"""
CREATE TABLE study (fingerprint TEXT NOT NULL);
CREATE TABLE sessions (
    listener TEXT PRIMARY KEY, slot INTEGER NOT NULL, language TEXT NOT NULL, day TEXT NOT NULL,
    is_kiosk INTEGER NOT NULL, is_silent INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'finished', 'broken off'))
);
CREATE TABLE trials (
    listener TEXT NOT NULL REFERENCES sessions, position INTEGER NOT NULL, artwork TEXT NOT NULL,
    first TEXT NOT NULL, second TEXT NOT NULL, is_confirmed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (listener, position)
);
CREATE TABLE answers (
    listener TEXT NOT NULL, position INTEGER NOT NULL, track INTEGER NOT NULL CHECK (track BETWEEN 0 AND 2),
    question TEXT NOT NULL CHECK (question IN ('quality', 'pertinence', 'preference')),
    value INTEGER NOT NULL CHECK (value BETWEEN 1 AND 5),
    PRIMARY KEY (listener, position, question, track), FOREIGN KEY (listener, position) REFERENCES trials
);
CREATE TABLE plays (
    listener TEXT NOT NULL, position INTEGER NOT NULL, track INTEGER NOT NULL CHECK (track IN (1, 2)),
    count INTEGER NOT NULL,
    PRIMARY KEY (listener, position, track), FOREIGN KEY (listener, position) REFERENCES trials
);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""


class StudyError(Exception):
    """The study cannot go on; the message is for the user, in one or two lines."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one trial of one session.

    Attributes:
        listener: Whose.
        position: In the session, from 0.
        trial: What was heard.
        is_confirmed: The listener has gone on to the next.
        answers: By question and track.
        plays: How often each track was started.
    """

    listener: str
    position: int
    trial: Trial
    is_confirmed: bool
    answers: Mapping[tuple[Question, int], int]
    plays: Mapping[int, int]


class Answers:
    """The file of answers, open. For one thread; several processes may have it open."""

    def __init__(self, path: Path, fingerprint: str | None = None) -> None:
        """Open the file; a study's first listener finds it made.

        Args:
            path: Where it is.
            fingerprint: Of the study that will add to it; None only reads, and makes no file.

        Raises: StudyError if it cannot be used, or was begun by another study.
        """
        self.path = path
        if fingerprint is None and not path.is_file():
            raise StudyError(f"{path}: no answers yet; collect some with python -m art2mus.study run")
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=10.0)
        except sqlite3.Error as error:
            raise StudyError(
                f"{path}: cannot be opened ({error}); is its folder there, and may it be written?"
            ) from error
        try:
            self._prepare(fingerprint)
        except BaseException:
            self.close()
            raise

    def _prepare(self, fingerprint: str | None) -> None:
        try:
            if fingerprint is None or not self._is_empty():
                self._check(fingerprint)
            if fingerprint is None:
                return
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")  # a click survives a power cut
            self._connection.execute("PRAGMA foreign_keys = ON")
            with self._transaction():
                if self._is_empty():
                    for statement in filter(str.strip, _SCHEMA.split(";")):
                        self._connection.execute(statement)
                    self._connection.execute("INSERT INTO study VALUES (?)", (fingerprint,))
            self._check(fingerprint)  # another process may have made it first
        except sqlite3.Error as error:
            raise StudyError(f"{self.path}: cannot be used for answers ({error}); name another file") from error

    def _check(self, fingerprint: str | None) -> None:
        if self._pragma("application_id") != APPLICATION_ID:
            raise StudyError(f"{self.path}: not a file of answers; name another one as 'answers:' in the study")
        if self._pragma("user_version") != SCHEMA_VERSION:
            raise StudyError(f"{self.path}: written by another version of this program; use that one")
        (begun_by,) = self._connection.execute("SELECT fingerprint FROM study").fetchone()
        if fingerprint not in (None, begun_by):
            raise StudyError(
                f"{self.path}: begun with other artworks, models, number of artworks or seed, which would spoil the\n"
                "  balance; put them back, or name a new file as 'answers:' in the study"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; everything is in it already."""
        self._connection.close()

    # ------------------------------------------------------------ sessions

    def begin(
        self,
        draw: Callable[[int], Sequence[Trial]],
        language: str,
        today: date,
        *,
        is_kiosk: bool = False,
        is_silent: bool = False,
    ) -> str:
        """Begin a session in the first slot that no open or finished session has.

        So the sessions that are finished stay balanced, however many are broken off between them.

        Args:
            draw: The trials of a slot.
            language: Of the listener.
            today: All that is kept of the time.
            is_kiosk: Nobody will come back to it.
            is_silent: A test without sound, which no report counts.

        Returns: The listener's code.
        """
        with self._transaction():
            taken = self._connection.execute(
                "SELECT slot FROM sessions WHERE state != 'broken off' AND is_silent = ?", (is_silent,)
            )
            slots = {slot for (slot,) in taken}
            slot = next(number for number in range(len(slots) + 1) if number not in slots)
            listener = self._new_code()
            self._connection.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, 'open')",
                (listener, slot, language, today.isoformat(), is_kiosk, is_silent),
            )
            self._connection.executemany(
                "INSERT INTO trials (listener, position, artwork, first, second) VALUES (?, ?, ?, ?, ?)",
                [(listener, at, trial.artwork, trial.first, trial.second) for at, trial in enumerate(draw(slot))],
            )
        return listener

    def unfinished(self, *, is_silent: bool = False) -> tuple[str, ...]:
        """The codes of sessions, with sound or without, that can be gone on with, the newest first."""
        rows = self._connection.execute(
            "SELECT listener FROM sessions WHERE state = 'open' AND NOT is_kiosk AND is_silent = ? ORDER BY rowid DESC",
            (is_silent,),
        )
        return tuple(listener for (listener,) in rows)

    def language(self, listener: str) -> str:
        """The language that a session was begun in."""
        row = self._connection.execute("SELECT language FROM sessions WHERE listener = ?", (listener,)).fetchone()
        return str(row[0])

    def break_off(self, listener: str) -> None:
        """End a session before its last artwork; nobody can go on with it, and its slot is free."""
        self._connection.execute("UPDATE sessions SET state = 'broken off' WHERE listener = ?", (listener,))

    def break_off_kiosk_sessions(self) -> None:
        """When a kiosk starts, whoever sat there before is gone."""
        self._connection.execute("UPDATE sessions SET state = 'broken off' WHERE state = 'open' AND is_kiosk")

    def count_sessions(self) -> dict[str, int]:
        """Sessions by state; those without sound are counted as "silent" and nowhere else.

        Raises: StudyError if the file is damaged.
        """
        with self._reading():
            rows = self._connection.execute("SELECT iif(is_silent, 'silent', state), count(*) FROM sessions GROUP BY 1")
            return dict(rows.fetchall())

    # ------------------------------------------------------------ what a listener does

    def give(self, listener: str, position: int, question: Question, track: int, value: int) -> None:
        """Keep an answer, in place of an earlier one."""
        self._connection.execute(
            "INSERT INTO answers (listener, position, question, track, value) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET value = excluded.value",
            (listener, position, question, track, value),
        )

    def count_play(self, listener: str, position: int, track: int) -> None:
        """Count one more start of a track."""
        self._connection.execute(
            "INSERT INTO plays VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
            (listener, position, track),
        )

    def confirm(self, listener: str, position: int) -> None:
        """The listener has gone on to the next artwork; after the last one the session is finished."""
        with self._transaction():
            self._connection.execute(
                "UPDATE trials SET is_confirmed = 1 WHERE listener = ? AND position = ?", (listener, position)
            )
            self._connection.execute(
                "UPDATE sessions SET state = 'finished' WHERE listener = ?1"
                " AND NOT EXISTS (SELECT 1 FROM trials WHERE listener = ?1 AND NOT is_confirmed)",
                (listener,),
            )

    def records(self, listener: str | None = None) -> tuple[Record, ...]:
        """The trials of one session, or of all sessions that had sound, in order.

        Raises: StudyError if the file is damaged.
        """
        with self._reading():
            return self._records(listener)

    def _records(self, listener: str | None) -> tuple[Record, ...]:
        chosen, values = ("listener = ?", (listener,)) if listener else ("NOT is_silent", ())
        rows = self._connection.execute(
            "SELECT listener, position, artwork, first, second, is_confirmed FROM trials JOIN sessions USING (listener)"
            f" WHERE {chosen} ORDER BY sessions.rowid, position",
            values,
        ).fetchall()
        answers: dict[tuple[str, int], dict[tuple[Question, int], int]] = {}
        for who, at, question, track, value in self._connection.execute(
            "SELECT listener, position, question, track, value FROM answers"
        ):
            answers.setdefault((who, at), {})[question, track] = value
        plays: dict[tuple[str, int], dict[int, int]] = {}
        for who, at, track, count in self._connection.execute("SELECT * FROM plays"):
            plays.setdefault((who, at), {})[track] = count
        return tuple(
            Record(who, at, Trial(*trial), bool(is_done), answers.get((who, at), {}), plays.get((who, at), {}))
            for who, at, *trial, is_done in rows
        )

    # ------------------------------------------------------------ inside

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it or nothing; other processes wait."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StudyError(f"{self.path}: cannot be read ({error}); put a copy of it back") from error

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    def _is_empty(self) -> bool:
        return self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)

    def _new_code(self) -> str:
        """Random, easy to copy from the screen, and spells no word."""
        while True:
            code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
            if self._connection.execute("SELECT 1 FROM sessions WHERE listener = ?", (code,)).fetchone() is None:
                return code
