"""Days and nights of a kiosk, in moments: it opens, closes, starts its parts afresh, says how it is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from installation.config import HoursConfig
from installation.cues import Closed, Event, Opened, Scene
from installation.library import Library
from installation.places import log_path
from installation.status import Watch
from installation.summary import Tally
from installation.supervisor import ChildPlan, Supervisor
from installation.upkeep import Upkeep
from installation.volume import VolumeKnob

MORNING = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)  # a Wednesday


class Kiosk:
    """Upkeep with two real processes; the time is what the test says."""

    def __init__(self, folder: Path, hours: HoursConfig) -> None:
        plans = [
            ChildPlan(name, "tests.installation.children:obedient", (name,), max_start_s=1e9, max_idle_s=1e9)
            for name in ("audio", "ui")
        ]
        self.started_at_s = time.monotonic()
        self.supervisor = Supervisor(plans, self.started_at_s)
        self.volumes: list[float] = []
        knob = VolumeKnob(1.0, lambda message: self.volumes.append(message.volume))
        knob.hush(False)
        watch = Watch(Tally(self.started_at_s), self.supervisor, Library(folder, 10**9))
        self.upkeep = Upkeep(hours, self.supervisor, watch, knob)
        self.scene = Scene.CLOSED
        self.restarted: list[str] = []
        self._restart = self.supervisor.restart
        self.supervisor.restart = self._note_restart  # type: ignore[method-assign]

    def _note_restart(self, name: str) -> None:
        self.restarted.append(name)
        self._restart(name)

    def at(self, after_h: float, *, clock_is_ahead_h: float = 0.0) -> list[Event]:
        """Let the kiosk look around so many hours after eight in the morning; what the show is told."""
        now = MORNING + timedelta(hours=after_h + clock_is_ahead_h)
        events = list(self.upkeep.look_around(self.scene, self.started_at_s + 3600 * after_h, now))
        for event in events:
            self.scene = Scene.ATTRACT if isinstance(event, Opened) else Scene.CLOSED
        return events


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[HoursConfig], Kiosk]]:
    kiosks: list[Kiosk] = []

    def start(hours: HoursConfig) -> Kiosk:
        kiosks.append(Kiosk(tmp_path / "library", hours))
        return kiosks[-1]

    yield start
    for kiosk in kiosks:
        kiosk.supervisor.close(grace_s=5.0)


def ten_to_six(**others: object) -> HoursConfig:
    return HoursConfig.model_validate({"wednesday": "10:00-18:00", "thursday": "closed", "time_zone": "UTC", **others})


def test_the_room_opens_and_closes_once_a_day(start: Callable[[HoursConfig], Kiosk]) -> None:
    kiosk = start(ten_to_six())
    told = [(hour, event) for hour in range(36) for event in kiosk.at(hour)]
    assert told == [(2, Opened()), (10, Closed())]


def test_a_clock_that_is_an_hour_off_opens_and_closes_as_it_says_and_is_forgiven(
    start: Callable[[HoursConfig], Kiosk],
) -> None:
    kiosk = start(ten_to_six())
    assert kiosk.at(1.5, clock_is_ahead_h=1) == [Opened()]
    assert kiosk.at(1.6) == [Closed()]
    assert kiosk.at(2.5) == [Opened()]
    assert kiosk.at(5, clock_is_ahead_h=1) == kiosk.at(5.1, clock_is_ahead_h=-1) == kiosk.at(5.2) == []


def test_other_hours_count_at_once(start: Callable[[HoursConfig], Kiosk]) -> None:
    kiosk = start(ten_to_six())
    assert kiosk.at(5) == [Opened()]
    kiosk.upkeep.keep(ten_to_six(exceptions={"2026-11-25": "closed"}))
    assert kiosk.at(5.1) == [Closed()]


def test_the_night_is_quieter(start: Callable[[HoursConfig], Kiosk]) -> None:
    kiosk = start(ten_to_six(wednesday="00:00-24:00", night="16:00-09:00", night_gain_db=-20.0))
    for hour in (0.0, 0.5, 1.0, 5.0, 8.0):
        kiosk.at(hour)
    assert kiosk.volumes == [1.0, pytest.approx(0.1), 1.0, pytest.approx(0.1)]


def test_parts_are_started_afresh_one_at_a_time_and_only_while_the_room_is_closed(
    start: Callable[[HoursConfig], Kiosk],
) -> None:
    kiosk = start(ten_to_six(restart_every_h=6.0))
    for hour in (0, 2, 4, 9):
        kiosk.at(hour)
    assert kiosk.restarted == []
    kiosk.at(10)
    assert kiosk.restarted == [], "it has only just closed"
    kiosk.at(10.1)
    assert len(kiosk.restarted) == 1


def test_a_kiosk_that_never_closes_is_let_run(start: Callable[[HoursConfig], Kiosk]) -> None:
    kiosk = start(HoursConfig())
    assert [kiosk.at(hour) for hour in (0, 100, 200)] == [[Opened()], [], []]
    assert kiosk.restarted == []


def test_it_says_how_it_is_once_a_minute(start: Callable[[HoursConfig], Kiosk]) -> None:
    kiosk = start(HoursConfig())
    for second in range(0, 150, 10):
        kiosk.at(second / 3600)
    lines = [json.loads(line) for line in (log_path().parent / "status.jsonl").read_text().splitlines()]
    assert [line["time"] for line in lines] == [f"2026-11-25T08:0{minute}:00+00:00" for minute in range(3)]
    assert json.loads((log_path().parent / "status.json").read_text()) == lines[-1]
