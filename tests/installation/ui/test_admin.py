"""The admin screen under a finger: knocks, the pad, everything that can be pressed, and what a kiosk swallows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PyQt6.QtGui import QCloseEvent, QMouseEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from installation.messages import (
    AdminLeft,
    AdminState,
    AdminWanted,
    CameraFrame,
    FixCorners,
    FromUi,
    MarkersWanted,
    MuteWanted,
    Outline,
    PinAsked,
    PinChosen,
    PinEntered,
    QuitRequested,
    RestartWanted,
    SkipWanted,
    StaffVolume,
)
from installation.settings import UiSettings
from installation.ui.admin import AdminDoor, Knocks
from installation.ui.admin_camera import SUGGESTION
from installation.ui.admin_pad import PinPad
from installation.ui.admin_screen import AdminScreen
from installation.ui.admin_tables import figures_of
from installation.ui.window import ShowWindow
from tests.installation.test_status import STATUS
from tests.installation.ui.scripted_tap import ScriptedTap

SIZES = [(1920, 1080), (1080, 1920), (3840, 2160), (1280, 720)]
PARTS = ("audio", "composer", "ui", "camera", "web")
BUSY = replace(
    STATUS,
    restarts=dict.fromkeys(PARTS, 12),
    memory_mb=dict.fromkeys(("director", *PARTS), 1234.0),
    peak_memory_mb=dict.fromkeys(("director", *PARTS), 12345.0),
    stage_seconds=dict.fromkeys(("encode", "condition", "denoise", "decode", "perform", "synthesize", "level"), 0.52),
    sound_device="ALSA: HDA Intel PCH, ALC257 Analog (hw:0,0)",
)
CORNERS: Outline = ((0.1, 0.1), (0.9, 0.15), (0.85, 0.9), (0.2, 0.8))


@dataclass
class Eye:
    """A camera that sees one grey picture."""

    frame: CameraFrame | None = None

    def newest(self) -> CameraFrame | None:
        return self.frame

    def close(self) -> None:
        """Nothing to let go of."""


class Press(QMouseEvent):
    """A press that happened when the test says so."""

    touched_at_s = 0.0

    def timestamp(self) -> int:
        return round(1000 * self.touched_at_s)


@dataclass
class Visit:
    """A window, somebody before it, and what the director would hear."""

    app: QApplication
    size: tuple[int, int] = (1920, 1080)
    is_kiosk: bool = False
    eye: Eye | None = None
    now_s: float = 100.0
    touched_at_s: float = 5000.0
    said: list[FromUi] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = UiSettings(tap_name="", is_kiosk=self.is_kiosk, admin_corner="top left")
        self.window = ShowWindow(settings, ScriptedTap(), self.said.append, clock=lambda: self.now_s)
        self.window.resize(*self.size)
        self.window.show()
        self.tap = ScriptedTap()
        self.door = AdminDoor(self.window, self.said.append, settings, self.tap, self.eye, clock=lambda: self.now_s)

    def open(self, **others: object) -> AdminScreen:
        self.door.take(PinAsked())
        self.door.take(state(**others))
        self.app.processEvents()
        assert isinstance(self.door.page, AdminScreen)
        return self.door.page

    def ask(self, **asked: object) -> PinPad:
        self.door.take(PinAsked(**asked))  # type: ignore[arg-type]
        self.app.processEvents()
        assert isinstance(self.door.page, PinPad)
        return self.door.page

    def knock(self, times: int, place: QPointF | None = None, every_s: float = 0.15) -> None:
        """Tap as Qt tells of it: of two quick presses the second is a double click and nothing else."""
        place, types = place or QPointF(20, 20), (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        for index in range(times):
            press = Press(types[index % 2], place, self.window.mapToGlobal(place), left, left, none)
            self.touched_at_s += every_s
            press.touched_at_s = self.touched_at_s
            self.app.sendEvent(self.window, press)

    def heard(self) -> list[FromUi]:
        said, self.said[:] = list(self.said), []
        return said


def state(**others: object) -> AdminState:
    values: dict[str, object] = {
        "status": BUSY,
        "running": PARTS,
        "volume": 0.8,
        "is_muted": False,
        "gain_db": -9.0,
        "corners": None,
    }
    return AdminState(**values | others)  # type: ignore[arg-type]


@pytest.fixture
def visit(app: QApplication) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def begin(**mode: object) -> Visit:
        visits.append(Visit(app, **mode))  # type: ignore[arg-type]
        return visits[-1]

    yield begin
    for one in visits:
        one.door.leave()
        one.window.dismantle()
        one.window.hide()
        one.window.deleteLater()


def press(pad: PinPad, names: str) -> None:
    for name in names:
        QTest.mouseClick(pad.keys["OK" if name == "!" else name], Qt.MouseButton.LeftButton)


# ---------------------------------------------------------------- knocking


def test_five_taps_in_the_corner_within_three_seconds_are_a_knock() -> None:
    knocks = Knocks("bottom right")
    assert [knocks.tap(1900, 1060, 1920, 1080, 0.7 * i) for i in range(6)] == [False] * 4 + [True, False]
    slow = Knocks("bottom right")
    assert not any(slow.tap(1900, 1060, 1920, 1080, 0.8 * i) for i in range(20))


@pytest.mark.parametrize(
    ("corner", "x", "y"),
    [("top left", 5, 5), ("top right", 1915, 5), ("bottom left", 5, 1075), ("bottom right", 1915, 1075)],
)
def test_each_corner_is_its_own(corner: str, x: int, y: int) -> None:
    for other in ("top left", "top right", "bottom left", "bottom right"):
        knocks = Knocks(other)
        assert any(knocks.tap(x, y, 1920, 1080, 0.1 * i) for i in range(5)) == (corner == other)


def test_a_tap_elsewhere_begins_anew(visit: Callable[..., Visit]) -> None:
    someone = visit()
    someone.knock(4)
    someone.knock(1, QPointF(900, 500))
    someone.knock(4)
    assert AdminWanted() not in someone.heard()
    someone.knock(1)
    assert AdminWanted() in someone.heard()
    someone.knock(5, every_s=0.8)
    assert AdminWanted() not in someone.heard(), "too slow"


# ---------------------------------------------------------------- the pad


def test_the_pin_is_entered_and_the_way_back_leads_to_the_show(visit: Callable[..., Visit]) -> None:
    someone = visit()
    pad = someone.ask()
    someone.heard()
    press(pad, "471!")
    assert someone.heard() == [], "too short to be one"
    press(pad, "2⌫1")
    assert pad.dots.text() == "••••"
    press(pad, "!")
    assert someone.heard() == [PinEntered("4711")]
    QTest.keyClicks(pad, "0042")
    QTest.keyClick(pad, Qt.Key.Key_Return)
    assert someone.heard() == [PinEntered("0042")]
    QTest.keyClick(pad, Qt.Key.Key_Escape)
    assert someone.heard() == [AdminLeft()]
    assert someone.door.page is None


def test_after_a_wrong_pin_the_keys_wait(visit: Callable[..., Visit]) -> None:
    someone = visit()
    pad = someone.ask(is_wrong=True, wait_s=4.0)
    assert pad.remark.text() == "Not the PIN. Again in 4 s."
    press(pad, "4711!")
    someone.now_s += 4.0
    pad._refresh()
    assert pad.remark.text() == "Not the PIN."
    press(pad, "4711!")
    assert [said for said in someone.heard() if isinstance(said, PinEntered)] == [PinEntered("4711")]


def test_a_new_pin_is_entered_twice(visit: Callable[..., Visit]) -> None:
    someone = visit()
    pad = someone.ask(is_first=True)
    someone.heard()
    assert pad.title.text() == "Choose a PIN"
    press(pad, "4711!")
    assert pad.title.text() == "Once more, to be sure"
    press(pad, "4712!")
    assert pad.remark.text().startswith("These were two different ones")
    assert someone.heard() == []
    press(pad, "4711!4711!")
    assert someone.heard() == [PinChosen("4711")]


# ---------------------------------------------------------------- the screen


def test_every_button_says_what_it_is_for(visit: Callable[..., Visit]) -> None:
    someone = visit(eye=Eye())
    screen = someone.open()
    assert someone.heard()[-1:] != [AdminLeft()]
    wanted = {
        "next work": SkipWanted(),
        "mute": MuteWanted(True),
        "let the camera find the painting": FixCorners(None),
        "take the corners from markers": MarkersWanted(),
    }
    for text, message in wanted.items():
        QTest.mouseClick(screen.buttons[text], Qt.MouseButton.LeftButton)
        assert someone.heard() == [message]
    for name in PARTS:
        QTest.mouseClick(screen.parts.buttons[name], Qt.MouseButton.LeftButton)
        assert someone.heard() == [RestartWanted(name)]
    screen.volume.setValue(25)
    assert someone.heard() == [StaffVolume(0.25)]
    someone.door.take(state(volume=0.5, is_muted=True))
    assert (screen.volume.value(), screen.mute.isChecked()) == (50, True)
    assert someone.heard() == [], "what is shown is not asked for again"
    QTest.mouseClick(screen.buttons["back to the show"], Qt.MouseButton.LeftButton)
    assert someone.heard() == [AdminLeft()]
    assert someone.door.page is None


def test_the_program_ends_only_when_it_is_meant(visit: Callable[..., Visit]) -> None:
    someone = visit()
    end = someone.open().buttons["end the program"]
    someone.heard()
    QTest.mouseClick(end, Qt.MouseButton.LeftButton)
    assert (someone.heard(), end.text()) == ([], "really end?")
    QTest.mouseClick(end, Qt.MouseButton.LeftButton)
    assert someone.heard() == [QuitRequested()]


def test_the_pin_is_changed_undisturbed(visit: Callable[..., Visit]) -> None:
    someone = visit()
    QTest.mouseClick(someone.open().buttons["change the PIN"], Qt.MouseButton.LeftButton)
    pad = someone.door.page
    assert isinstance(pad, PinPad)
    press(pad, "4711!")
    someone.door.take(state())
    assert someone.door.page is pad
    someone.heard()
    press(pad, "4711!")
    assert someone.heard() == [PinChosen("4711")]
    someone.door.take(state())
    assert isinstance(someone.door.page, AdminScreen)


def test_a_state_that_comes_late_does_not_open_the_screen_again(visit: Callable[..., Visit]) -> None:
    someone = visit()
    someone.open()
    someone.door.leave()
    someone.heard()
    someone.door.take(state())
    assert someone.door.page is None
    assert someone.heard() == [AdminLeft()]


def test_the_levels_are_those_of_the_loudspeakers(visit: Callable[..., Visit]) -> None:
    someone = visit()
    screen = someone.open()
    screen.refresh()
    assert all(-40 < peak_db < 0 for peak_db in screen.levels.peaks_db)
    someone.tap.is_sounding = False
    screen.refresh()
    assert all(peak_db < -60 for peak_db in screen.levels.peaks_db)


def test_corners_are_dragged_and_stay_in_the_picture(visit: Callable[..., Visit]) -> None:
    grey = np.full((720, 1280, 3), 128, dtype=np.uint8)
    someone = visit(eye=Eye(CameraFrame(grey, 0.0)))
    screen = someone.open()
    camera = screen.camera
    screen.refresh()
    assert (camera.corners, camera.is_fixed) == (SUGGESTION, False)
    start, picture = camera.place_of(0).toPoint(), camera.picture()
    middle = camera.picture().center().toPoint()
    someone.heard()
    drag(camera, middle, start)
    assert someone.heard() == [], "nothing was near"
    target = QPointF(picture.x() + 0.3 * picture.width(), picture.y() + 0.4 * picture.height()).toPoint()
    drag(camera, start, target)
    (said,) = someone.heard()
    assert isinstance(said, FixCorners)
    assert said.corners is not None
    assert said.corners[0] == pytest.approx((0.3, 0.4), abs=0.01)
    assert said.corners[1:] == SUGGESTION[1:]
    drag(camera, camera.place_of(2).toPoint(), QPoint(5000, 5000))
    assert camera.corners[2] == (1.0, 1.0)
    someone.door.take(state(corners=CORNERS, remark="not seen: marker 2"))
    assert (camera.corners, camera.is_fixed) == (CORNERS, True)
    assert screen.remark.text() == "not seen: marker 2"


def drag(widget: QWidget, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(widget, end)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end)


@pytest.mark.parametrize("size", SIZES)
def test_everything_has_room_and_is_large_enough_for_a_finger(
    visit: Callable[..., Visit], size: tuple[int, int]
) -> None:
    someone = visit(size=size, eye=Eye())
    for page in (someone.ask(is_first=True), someone.open()):
        screen = QRect(QPoint(), someone.window.size())
        for button in page.findChildren(QPushButton):
            place = QRect(button.mapTo(someone.window, QPoint()), button.size())
            assert screen.contains(place), button.text()
            assert min(place.width(), place.height()) >= 44, button.text()
            assert button.fontMetrics().horizontalAdvance(button.text()) <= place.width(), button.text()
        for label in page.findChildren(QLabel):
            place = QRect(label.mapTo(someone.window, QPoint()), label.size())
            assert screen.contains(place), label.text()
            assert label.heightForWidth(label.width()) <= label.height() + 1, label.text()


def test_figures_say_only_what_there_is() -> None:
    names = [name for name, _ in figures_of(replace(STATUS, gpus=()))]
    assert "camera" not in names
    assert not any(name.startswith("graphics card") for name in names)
    with_camera = dict(figures_of(replace(STATUS, restarts={"camera": 0}, camera_age_s=0.25)))
    assert with_camera["camera"] == "0.2 s old"
    assert with_camera["graphics card 1"] == "512 of 24564 MB, 41 °C"


# ---------------------------------------------------------------- the kiosk


@pytest.mark.parametrize("is_kiosk", [False, True])
def test_a_kiosk_swallows_whatever_would_end_it(visit: Callable[..., Visit], is_kiosk: bool) -> None:
    someone = visit(is_kiosk=is_kiosk)
    QTest.keyClick(someone.window, Qt.Key.Key_Escape)
    QTest.keyClick(someone.window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    close = QCloseEvent()
    someone.app.sendEvent(someone.window, close)  # as Alt+F4 does
    assert not close.isAccepted()
    assert someone.said.count(QuitRequested()) == (0 if is_kiosk else 3)


def test_an_admin_screen_that_nobody_touches_closes(visit: Callable[..., Visit]) -> None:
    someone = visit()
    screen = someone.open()
    patience = someone.door._patience
    assert (patience.isSingleShot(), patience.interval()) == (True, 180_000)
    patience.setInterval(50)
    QTest.mouseClick(screen.mute, Qt.MouseButton.LeftButton)  # a touch, wherever it lands, and it waits anew
    assert patience.isActive()
    QTest.qWait(200)
    assert someone.door.page is None
    assert AdminLeft() in someone.said
