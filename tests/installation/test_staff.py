"""The admin screen from the director's side: nothing is done before the PIN, everything after it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from installation import cues, messages
from installation.admin import Door, PinFile
from installation.corners import keep_corners, read_corners
from installation.staff import StaffDesk
from installation.supervisor import ChildPlan, Said, Supervisor
from installation.volume import VolumeKnob
from tests.installation.test_status import STATUS

CORNERS: messages.Outline = ((0.1, 0.1), (0.9, 0.2), (0.8, 0.9), (0.2, 0.8))
ORDERS = [
    messages.SkipWanted(),
    messages.MuteWanted(True),
    messages.StaffVolume(0.25),
    messages.FixCorners(CORNERS),
    messages.RestartWanted("ui"),
]


class Kiosk:
    """A desk with a real ui process (one that repeats what it hears) and a real file for the PIN."""

    def __init__(self, folder: Path) -> None:
        plan = ChildPlan("ui", "tests.installation.children:obedient", ("Ada",), max_start_s=60, max_idle_s=60)
        self.supervisor = Supervisor([plan], time.monotonic())
        self.events: list[cues.Event] = []
        self.volumes: list[float] = []
        self.knob = VolumeKnob(1.0, lambda message: self.volumes.append(message.volume))
        self.knob.hush(False)
        self.corners_path = folder / "corners.json"
        self.pin_file = PinFile(folder / "admin-pin.json")
        self.desk = StaffDesk(Door(self.pin_file), self.corners_path, self.supervisor, self.knob, self.events.append)

    def shown(self) -> Any:
        """What the ui was told next."""
        deadline_s = time.monotonic() + 60.0
        while time.monotonic() < deadline_s:
            for news in self.supervisor.wait(0.2):
                if isinstance(news, Said) and not isinstance(news.message, tuple):
                    return news.message
        raise AssertionError("the ui was told nothing")


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    kiosk = Kiosk(tmp_path)
    yield kiosk
    kiosk.supervisor.close(grace_s=5.0)


def test_the_first_who_comes_chooses_the_pin_and_is_let_in(kiosk: Kiosk) -> None:
    assert not kiosk.desk.hear(messages.AdminWanted(), 0.0)
    assert kiosk.shown() == messages.PinAsked(is_first=True)
    assert kiosk.desk.hear(messages.PinChosen("4711"), 1.0)
    kiosk.desk.show(STATUS)
    state = kiosk.shown()
    assert isinstance(state, messages.AdminState)
    assert (state.status, state.running, state.volume, state.corners) == (STATUS, ("ui",), 1.0, None)


def test_nothing_is_done_for_those_who_do_not_know_the_pin(kiosk: Kiosk) -> None:
    kiosk.pin_file.choose("4711")
    pid = kiosk.supervisor.pid("ui")
    for message in [*ORDERS, messages.PinChosen("0000"), messages.PinEntered("0000"), *ORDERS]:
        assert not kiosk.desk.hear(message, 10.0)
    assert kiosk.shown() == messages.PinAsked(is_wrong=True, wait_s=1.0)
    assert (kiosk.events, kiosk.volumes, kiosk.supervisor.pid("ui")) == ([], [1.0], pid)
    assert not kiosk.corners_path.exists()
    assert kiosk.pin_file.matches("4711")


def test_everything_is_done_for_those_who_do_until_they_leave(kiosk: Kiosk) -> None:
    kiosk.pin_file.choose("4711")
    assert kiosk.desk.hear(messages.PinEntered("4711"), 0.0)
    for message in ORDERS[:-1]:
        assert kiosk.desk.hear(message, 1.0)
    assert kiosk.events == [cues.Skipped()]
    assert kiosk.volumes == [1.0, 0.0]
    assert kiosk.desk.hear(messages.MuteWanted(False), 2.0)
    assert kiosk.volumes[-1] == 0.25
    assert read_corners(kiosk.corners_path) == CORNERS
    assert kiosk.desk.hear(messages.PinChosen("000042"), 3.0)
    assert kiosk.pin_file.matches("000042")
    assert not kiosk.desk.hear(messages.AdminLeft(), 4.0)
    assert not kiosk.desk.hear(messages.SkipWanted(), 5.0)
    assert kiosk.events == [cues.Skipped()]


def test_a_part_is_started_afresh(kiosk: Kiosk) -> None:
    kiosk.desk.hear(messages.PinChosen("4711"), 0.0)
    before = kiosk.supervisor.pid("ui")
    kiosk.desk.hear(messages.RestartWanted("nobody"), 1.0)
    kiosk.desk.hear(messages.RestartWanted("ui"), 1.0)
    deadline_s = time.monotonic() + 60.0
    while kiosk.supervisor.pid("ui") in (None, before):
        assert time.monotonic() < deadline_s
        list(kiosk.supervisor.wait(0.2))


def test_markers_fix_the_corners_for_those_who_asked(kiosk: Kiosk) -> None:
    found = messages.MarkersFound(CORNERS, ())
    kiosk.desk.take_markers(found)
    assert not kiosk.corners_path.exists(), "nobody has asked for it"
    kiosk.desk.hear(messages.PinChosen("4711"), 0.0)
    for said, remark in (
        (messages.MarkersFound(None, (2, 4)), "not seen: marker 2, 4"),
        (messages.MarkersFound(None, ()), "these four do not stand around a painting; are they in order?"),
        (found, ""),
    ):
        kiosk.desk.take_markers(said)
        kiosk.desk.show(STATUS)
        assert kiosk.shown().remark == remark
    assert read_corners(kiosk.corners_path) == CORNERS
    kiosk.desk.hear(messages.MarkersWanted(), 1.0)
    kiosk.desk.show(STATUS)
    assert kiosk.shown().remark == "there is no camera"


def test_what_was_remarked_is_not_remarked_to_the_next_who_comes(kiosk: Kiosk) -> None:
    kiosk.desk.hear(messages.PinChosen("4711"), 0.0)
    kiosk.desk.take_markers(messages.MarkersFound(None, (2,)))
    kiosk.desk.hear(messages.AdminLeft(), 1.0)
    kiosk.desk.hear(messages.PinEntered("4711"), 2.0)
    kiosk.desk.show(STATUS)
    assert kiosk.shown().remark == ""


def test_what_is_no_business_of_the_staff_is_let_be(kiosk: Kiosk) -> None:
    kiosk.desk.hear(messages.PinChosen("4711"), 0.0)
    assert kiosk.desk.hear(messages.UiHeartbeat(1, 0), 1.0)
    assert kiosk.events == []


def test_corners_outlive_the_kiosk_and_a_damaged_file_costs_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "state" / "corners.json"
    assert read_corners(path) is None
    keep_corners(path, CORNERS)
    assert read_corners(path) == CORNERS
    path.write_text("[[1, 2]]")
    assert read_corners(path) is None
    assert "the camera looks for the painting itself" in caplog.text
    keep_corners(path, None)
    assert not path.exists()
