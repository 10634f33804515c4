"""When the room is open, and how loud it is at night. Standard library only; what time it is is an argument.

Hours are times on the wall clock of the place. Each becomes one stretch of real time, also in the nights in which the
clocks are changed: it begins the first time the clock shows its beginning and ends the last time it shows its end.
Because nothing is remembered from one question to the next, a clock that jumps gives at most a wrong answer until it
is right again.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOSED = "closed"
ALL_DAY = "00:00-24:00"

_DAY_MIN = 24 * 60
_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2}) ?[-–] ?([0-9]{1,2}):([0-9]{2})")
_EXPECTED = f"must be hours such as '10:00-18:00', '10:00-13:00, 14:00-18:00' or '20:00-02:00', or '{CLOSED}'"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a day, in minutes from its midnight; an end after 24:00 lies in the next day."""

    start_min: int
    end_min: int


def read_hours(text: str) -> tuple[Span, ...]:
    """The hours of one day.

    >>> read_hours("10:00-13:00, 20:00-02:00")
    (Span(start_min=600, end_min=780), Span(start_min=1200, end_min=1560))
    >>> read_hours("closed")
    ()

    Raises: ValueError saying what hours look like, if these are none.
    """
    if text.strip() == CLOSED:
        return ()
    spans = tuple(_read_span(part.strip()) for part in text.split(","))
    if any(later.start_min < earlier.end_min for earlier, later in itertools.pairwise(spans)):
        raise ValueError("the hours of a day must follow each other")
    return spans


def _read_span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(_EXPECTED)
    start_hour, start_minute, end_hour, end_minute = map(int, found.groups())
    start_min, end_min = 60 * start_hour + start_minute, 60 * end_hour + end_minute
    if max(start_minute, end_minute) > 59 or start_min >= _DAY_MIN or end_min > _DAY_MIN:
        raise ValueError(_EXPECTED)
    if start_min == end_min:
        raise ValueError(f"begins when it ends; the whole day is '{ALL_DAY}'")
    return Span(start_min, end_min if end_min > start_min else end_min + _DAY_MIN)


def read_date(text: str) -> date:
    """A day of the calendar.

    Raises: ValueError saying what one looks like.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a date such as '2026-12-25'") from None


def read_zone(name: str) -> ZoneInfo:
    """A time zone by its name.

    Raises: ValueError saying what names look like, if there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be the name of a time zone such as 'Europe/Rome'") from None


class Schedule:
    """Opening hours by weekday with exceptions, and a quieter night."""

    def __init__(
        self,
        week: Sequence[str] = (ALL_DAY,) * 7,
        exceptions: Mapping[str, str] | None = None,
        night: str | None = None,
        night_gain_db: float = 0.0,
        time_zone: str | None = None,
    ) -> None:
        """Read the hours; without any the room is always open.

        Args:
            week: The hours of Monday to Sunday.
            exceptions: Dates with hours of their own. What began the evening before still comes to its end.
            night: When it is quieter, every day.
            night_gain_db: By how much; negative.
            time_zone: Its name, such as "Europe/Rome"; None is the machine's own.

        Raises: ValueError if one of them cannot be read.
        """
        self._week = [read_hours(text) for text in week]
        self._exceptions = {read_date(day): read_hours(text) for day, text in (exceptions or {}).items()}
        self._night = read_hours(night) if night is not None else ()
        self._night_gain_db = night_gain_db
        self._zone = read_zone(time_zone) if time_zone is not None else None

    def is_open(self, now: datetime) -> bool:
        """Whether visitors are expected at this moment.

        Args:
            now: With a time zone; without, in the machine's own.
        """
        return any(self._holds(day, self._hours_of(day), now) for day in self._days_around(now))

    def gain_db(self, now: datetime) -> float:
        """How much quieter than by day; 0 by day."""
        is_night = any(self._holds(day, self._night, now) for day in self._days_around(now))
        return self._night_gain_db if is_night else 0.0

    def _hours_of(self, day: date) -> tuple[Span, ...]:
        return self._exceptions.get(day, self._week[day.weekday()])

    def _days_around(self, now: datetime) -> tuple[date, date]:
        today = now.astimezone(self._zone).date()
        return today - timedelta(days=1), today

    def _holds(self, day: date, spans: Sequence[Span], now: datetime) -> bool:
        now_s = now.timestamp()
        return any(self._start_s(day, span.start_min) <= now_s < self._end_s(day, span.end_min) for span in spans)

    def _start_s(self, day: date, minute: int) -> float:
        """The first time the clock shows this; an hour that is left out begins as if it were not."""
        return self._wall_clock(day, minute).timestamp()

    def _end_s(self, day: date, minute: int) -> float:
        """The last time the clock shows this."""
        shown = self._wall_clock(day, minute)
        return max(shown.timestamp(), shown.replace(fold=1).timestamp())

    def _wall_clock(self, day: date, minute: int) -> datetime:
        midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        return midnight + timedelta(minutes=minute)  # on the clock's face, as datetime counts within one zone
