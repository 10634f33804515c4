"""Opening hours: on the wall clock, over midnight, in the nights in which the clocks are changed."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.config import ConfigError, HoursConfig, load_config
from installation.schedule import ALL_DAY, CLOSED, Schedule, Span, read_hours

ROME = "Europe/Rome"
ZONES = st.sampled_from([ROME, "UTC", "America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "America/Havana"])
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC))
MINUTES = st.integers(0, 24 * 60 - 1)


def in_rome(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ROME))


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def test_the_doors_open_and_close_to_the_minute() -> None:
    schedule = Schedule(["10:00-13:00, 14:00-18:00"] * 5 + [CLOSED] * 2, time_zone=ROME)
    open_at = {
        "2026-11-25 09:59:59": False,
        "2026-11-25 10:00": True,
        "2026-11-25 13:00": False,
        "2026-11-25 14:00": True,
        "2026-11-25 17:59:59": True,
        "2026-11-25 18:00": False,
        "2026-11-28 12:00": False,  # a Saturday
    }
    assert {moment: schedule.is_open(in_rome(moment)) for moment in open_at} == open_at


def test_saturday_night_goes_on_into_a_closed_sunday() -> None:
    schedule = Schedule([CLOSED] * 5 + ["20:00-02:00", CLOSED], time_zone=ROME)
    assert schedule.is_open(in_rome("2026-11-29 01:59"))
    assert not schedule.is_open(in_rome("2026-11-29 02:00"))
    assert not schedule.is_open(in_rome("2026-11-29 20:00"))


def test_an_exception_takes_the_place_of_its_weekday() -> None:
    exceptions = {"2026-12-25": CLOSED, "2026-12-31": "10:00-14:00"}
    schedule = Schedule(["10:00-18:00"] * 7, exceptions, time_zone=ROME)
    assert [schedule.is_open(in_rome(f"2026-12-{day} 15:00")) for day in (24, 25, 26, 31)] == [True, False, True, False]
    assert schedule.is_open(in_rome("2026-12-31 11:00"))


def test_the_night_is_quieter_every_day() -> None:
    schedule = Schedule(night="22:00-08:00", night_gain_db=-9.0, time_zone=ROME)
    gains = [schedule.gain_db(in_rome(f"2026-11-25 {time}")) for time in ("07:59", "08:00", "21:59", "22:00")]
    assert gains == [-9.0, 0.0, 0.0, -9.0]


def test_without_hours_it_is_always_open_and_as_loud() -> None:
    schedule = HoursConfig().schedule()
    assert schedule.is_open(datetime.now(UTC))
    assert schedule.gain_db(datetime.now(UTC)) == 0.0


@given(MOMENTS, ZONES)
def test_a_room_open_all_day_is_never_closed(now: datetime, zone: str) -> None:
    assert Schedule(time_zone=zone).is_open(now)


@given(st.dates(date(2024, 1, 2), date(2029, 12, 30)), MINUTES, MINUTES, ZONES)
def test_the_hours_of_a_day_are_one_stretch_whatever_the_clocks_do(
    day: date, start_min: int, end_min: int, zone: str
) -> None:
    if start_min == end_min:
        return
    hours = f"{clock(start_min)}-{clock(end_min)}"
    schedule = Schedule([CLOSED] * 7, {day.isoformat(): hours}, time_zone=zone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    moments = [midnight + timedelta(minutes=15 * i) for i in range(-24 * 4, 72 * 4)]
    answers = [schedule.is_open(moment) for moment in moments]
    assert sum(before != after for before, after in itertools.pairwise(answers)) <= 2
    (span,) = read_hours(hours)
    length_min, open_min = span.end_min - span.start_min, 15 * sum(answers)
    assert abs(open_min - length_min) <= 60 + 15


@given(MOMENTS, MINUTES, MINUTES, st.sampled_from([-1, 1]))
def test_a_clock_that_jumps_for_a_while_has_no_lasting_effect(
    now: datetime, start_min: int, end_min: int, step_h: int
) -> None:
    if start_min == end_min:
        return
    schedule = Schedule([f"{clock(start_min)}-{clock(end_min)}"] * 7, time_zone=ROME)
    before = schedule.is_open(now)
    schedule.is_open(now + timedelta(hours=step_h))
    assert schedule.is_open(now) == before


@pytest.mark.parametrize(
    ("night", "hours", "opens", "closes"),  # the last two in universal time
    [
        ("2026-10-25", "01:00-02:30", "2026-10-24 23:00", "2026-10-25 01:30"),  # 02:30 comes twice: until the second
        ("2026-10-25", "02:30-05:00", "2026-10-25 00:30", "2026-10-25 04:00"),  # and from the first
        ("2026-03-29", "01:00-02:30", "2026-03-29 00:00", "2026-03-29 01:30"),  # not at all: as long as ever
        ("2026-03-29", "02:30-05:00", "2026-03-29 01:30", "2026-03-29 03:00"),
    ],
)
def test_the_nights_in_which_the_clocks_are_changed(night: str, hours: str, opens: str, closes: str) -> None:
    schedule = Schedule([CLOSED] * 7, {night: hours}, time_zone=ROME)
    start, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (opens, closes))
    moment = timedelta(seconds=1)
    answers = [schedule.is_open(at) for at in (start - moment, start, end - moment, end)]
    assert answers == [False, True, True, False]


@pytest.mark.parametrize("text", ["10-18", "25:00-26:00", "10:61-11:00", "10:00-24:01", "", "open", "10:00-18:00,"])
def test_what_is_no_hours_is_explained(text: str) -> None:
    with pytest.raises(ValueError, match="must be hours such as '10:00-18:00'"):
        read_hours(text)


def test_hours_that_run_into_each_other_or_have_no_length_are_refused() -> None:
    with pytest.raises(ValueError, match="must follow each other"):
        read_hours("10:00-14:00, 13:00-18:00")
    with pytest.raises(ValueError, match=f"the whole day is '{ALL_DAY}'"):
        read_hours("10:00-10:00")
    assert read_hours(ALL_DAY) == (Span(0, 1440),)


@given(st.text(alphabet="0123456789:-, closed", max_size=24))
def test_no_text_does_worse_than_a_mistake(text: str) -> None:
    try:
        spans = read_hours(text)
    except ValueError:
        return
    assert all(0 <= span.start_min < 1440 and span.start_min < span.end_min <= 2880 for span in spans)


def test_mistakes_in_the_file_are_named_by_their_keys(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.yaml"
    path.write_text(
        "hours:\n  monday: 10-18\n  exceptions:\n    2026-02-30: closed\n    2026-12-25: off\n  time_zone: Rome\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert [mistake.partition("; ")[0].partition(" such")[0] for mistake in caught.value.mistakes] == [
        "kiosk.yaml:2: hours.monday: must be hours",
        "kiosk.yaml:4: hours.exceptions.2026-02-30: must be a date",
        "kiosk.yaml:5: hours.exceptions.2026-12-25: must be hours",
        "kiosk.yaml:6: hours.time_zone: must be the name of a time zone",
    ]
