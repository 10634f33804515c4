"""One listener's way through the artworks: what may be answered now, and where it is kept. No screen, no sound."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from art2mus.study.answers import BOTH, Answers, Question
from art2mus.study.design import Trial

A, B = 1, 2
TRACKS = (A, B)

AnswerKey = tuple[Question, int]
ALL_ANSWERS: tuple[AnswerKey, ...] = (
    ("quality", A),
    ("quality", B),
    ("pertinence", A),
    ("pertinence", B),
    ("preference", BOTH),
)


@dataclass(frozen=True, slots=True)
class Track:
    """A levelled track, ready to be played.

    Attributes:
        path: Its file.
        length_s: Of the file.
        sample_rate: Of the file, in Hz.
    """

    path: Path
    length_s: float
    sample_rate: int


class TrackPlayer(Protocol):
    """Plays one track at a time; used from the screen's thread, and never keeps it waiting."""

    def play(self, track: Track) -> None:
        """Fade from whatever sounds to the beginning of this track; it plays to its end."""

    def stop(self) -> None:
        """Fade to silence."""

    def poll(self) -> None:
        """Take in what happened since the last call; to be called often."""

    @property
    def position_s(self) -> float | None:
        """Where in the track we are: 0 until it is heard, None when nothing plays (any more)."""

    @property
    def trouble(self) -> str:
        """Why nothing can be heard, in one line; empty while all is well."""


class Sitting:
    """A session that is being held. Whatever is answered is in the file before the call returns."""

    def __init__(self, answers: Answers, listener: str, min_listen_s: float) -> None:
        """Begin with the first artwork that is not confirmed.

        Args:
            answers: Where everything is kept.
            listener: The code of an open session.
            min_listen_s: A track is rated after so long, or after its end.
        """
        self.listener = listener
        self._answers = answers
        self._min_listen_s = min_listen_s
        records = answers.records(listener)
        self._trials = tuple(record.trial for record in records)
        self._position = next((record.position for record in records if not record.is_confirmed), len(records))
        self._given = {} if self.is_over else dict(records[self._position].answers)
        self._heard = {track for _, track in self._given}
        if ("preference", BOTH) in self._given:
            self._heard = set(TRACKS)

    @property
    def num_artworks(self) -> int:
        """Of the session."""
        return len(self._trials)

    @property
    def num_done(self) -> int:
        """Artworks that are confirmed."""
        return self._position

    @property
    def is_over(self) -> bool:
        """Every artwork is confirmed."""
        return self._position >= len(self._trials)

    @property
    def trial(self) -> Trial:
        """What is seen and heard now."""
        return self._trials[self._position]

    @property
    def next_artwork(self) -> str | None:
        """What will be seen after it."""
        following = self._position + 1
        return self._trials[following].artwork if following < len(self._trials) else None

    @property
    def given(self) -> dict[AnswerKey, int]:
        """The answers about this artwork so far."""
        return dict(self._given)

    @property
    def is_complete(self) -> bool:
        """Every question about this artwork is answered."""
        return all(key in self._given for key in ALL_ANSWERS)

    def may_answer(self, track: int) -> bool:
        """Whether the track has been heard; for `BOTH`, whether both have."""
        needed: Collection[int] = TRACKS if track == BOTH else (track,)
        return all(each in self._heard for each in needed)

    def model(self, track: int) -> str:
        """Whose music a track is; not for the listener's eyes."""
        return self.trial.first if track == A else self.trial.second

    def note_play(self, track: int) -> None:
        """The track is started, once more."""
        self._answers.count_play(self.listener, self._position, track)

    def note_heard(self, track: int, heard_s: float, *, is_at_end: bool = False) -> bool:
        """The track has sounded so long without a stop; returns whether more may be answered now."""
        is_new = track not in self._heard and (is_at_end or heard_s >= self._min_listen_s)
        if is_new:
            self._heard.add(track)
        return is_new

    def give(self, question: Question, track: int, value: int) -> None:
        """Keep an answer, or a change of mind.

        Raises: ValueError if what it is about has not been heard.
        """
        if not self.may_answer(track):
            raise ValueError(f"{question} of track {track} before it was heard")
        self._answers.give(self.listener, self._position, question, track, value)
        self._given[question, track] = value

    def go_on(self) -> None:
        """Confirm the answers about this artwork and turn to the next; after the last the session is finished.

        Raises: ValueError if an answer is missing.
        """
        if not self.is_complete:
            raise ValueError(f"artwork {self._position + 1} is not answered")
        self._answers.confirm(self.listener, self._position)
        self._position += 1
        self._given, self._heard = {}, set()
