"""The admin screen: how everything is, and what the staff can do about it. In English."""

from __future__ import annotations

import time
from collections.abc import Callable

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from installation.messages import (
    AdminState,
    CameraEye,
    FixCorners,
    FromUi,
    MarkersWanted,
    MuteWanted,
    PlaybackTap,
    QuitRequested,
    RestartWanted,
    SkipWanted,
    StaffVolume,
)
from installation.ui.admin_camera import CameraCorners
from installation.ui.admin_levels import Levels
from installation.ui.admin_tables import FigureTable, PartsTable, SureButton, duration
from installation.ui.buttons import FONT, SMALL_FONT, Slider, Style, make_button, make_text

_REFRESH_MS = 100


class AdminScreen(QWidget):
    """Everything on one page; told once a second how things are.

    Attributes:
        ordered: Emitted with a message for the director.
        pin_wanted: Emitted when the PIN is to be changed.
        left: Emitted when the show is to go on.
        parts: The table of processes.
        volume: The slider, in percent.
        mute: Its button.
        camera: The camera's picture.
        remark: What came of looking for markers.
        buttons: What can be pressed, by its text.
    """

    ordered = pyqtSignal(object)
    pin_wanted = pyqtSignal()
    left = pyqtSignal()

    def __init__(self, style: Style, tap: PlaybackTap, eye: CameraEye | None, *, is_upright: bool) -> None:
        """Show nothing yet.

        Args:
            style: Of the page.
            tap: What is heard.
            eye: What the camera sees, if there is one.
            is_upright: The screen is higher than wide.
        """
        super().__init__()
        self._style = style
        self.buttons: dict[str, QPushButton] = {}
        self.scene = make_text("", style, SMALL_FONT, is_quiet=True)
        self.scene.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.parts = PartsTable(style)
        self.parts.restart_wanted.connect(lambda name: self.ordered.emit(RestartWanted(name)))
        self.figures = FigureTable(style)
        self.volume = self._make_slider()
        self.mute = self._add_button("mute", lambda: self.ordered.emit(MuteWanted(self.mute.isChecked())))
        self.mute.setCheckable(True)
        self.sound = make_text("", style, SMALL_FONT, is_quiet=True)
        self.levels = Levels(style, tap)
        self.camera = CameraCorners(style, eye)
        self.camera.moved.connect(lambda corners: self.ordered.emit(FixCorners(corners)))
        self.remark = make_text("", style, SMALL_FONT, is_quiet=True)
        self._lay_out(is_upright=is_upright, has_camera=eye is not None)
        self._pace = QTimer(self)
        self._pace.setInterval(_REFRESH_MS)
        self._pace.timeout.connect(self.refresh)
        self._pace.start()

    def show_state(self, state: AdminState) -> None:
        """Show how things are."""
        status = state.status
        self.scene.setText(f"scene: {status.scene}; running for {duration(status.ran_s)}")
        self.parts.show_state(state)
        self.figures.show_status(status)
        if not self.volume.isSliderDown():
            self.volume.blockSignals(True)
            self.volume.setValue(round(100 * state.volume))
            self.volume.blockSignals(False)
        self.mute.setChecked(state.is_muted)
        night = f", night {state.gain_db:g} dB" if state.gain_db else ""
        device = "no device; the music goes nowhere" if status.is_sound_lost else status.sound_device or "no device yet"
        self.sound.setText(f"{device}{night}")
        self.camera.fix(state.corners)
        self.remark.setText(state.remark)

    def refresh(self) -> None:
        """Show the levels and the camera's picture of this moment."""
        self.levels.measure(time.monotonic())
        self.camera.refresh()

    # ------------------------------------------------------------ laying out

    def _lay_out(self, *, is_upright: bool, has_camera: bool) -> None:
        style = self._style
        state = _column(style, _title("Processes", style), self.parts, _title("Figures", style), self.figures)
        sound = _column(style, _title("Sound", style), self.sound, self.levels, self.volume)
        sound.addLayout(_row(style, self.mute, self._add_button("next work", self._order(SkipWanted()))))
        camera = _column(style, _title("Camera", style), self.camera)
        if has_camera:
            markers = self._add_button("take the corners from markers", self._order(MarkersWanted()))
            search = self._add_button("let the camera find the painting", self._order(FixCorners(None)))
            camera.addWidget(self.remark)
            camera.addLayout(_row(style, markers, search))
        state.addStretch()
        doing = QVBoxLayout()
        doing.setSpacing(style.px(24))
        doing.addLayout(sound)
        doing.addLayout(camera, stretch=1)
        direction = QBoxLayout.Direction.TopToBottom if is_upright else QBoxLayout.Direction.LeftToRight
        halves = QBoxLayout(direction)
        halves.setSpacing(style.px(28 if is_upright else 72))
        halves.addLayout(state, stretch=0 if is_upright else 1)
        halves.addLayout(doing, stretch=1)
        page = QVBoxLayout(self)
        page.setContentsMargins(*[style.px(40)] * 4)
        page.setSpacing(style.px(20))
        page.addLayout(_row(style, make_text("Art2Mus", style, 44), self.scene))
        page.addLayout(halves, stretch=1)
        page.addLayout(self._make_foot())

    def _make_foot(self) -> QHBoxLayout:
        change = self._add_button("change the PIN", self.pin_wanted.emit)
        leave = self._add_button("back to the show", self.left.emit)
        end = SureButton("end the program", "really end?", self._style)
        end.sure.connect(self._order(QuitRequested()))
        self.buttons["end the program"] = end
        return _row(self._style, change, end, leave)

    def _make_slider(self) -> Slider:
        slider = Slider()
        slider.setRange(0, 100)
        slider.setAccessibleName("volume")
        slider.setMinimumHeight(self._style.target())
        slider.valueChanged.connect(lambda percent: self.ordered.emit(StaffVolume(percent / 100)))
        return slider

    def _add_button(self, text: str, press: Callable[[], object]) -> QPushButton:
        button = make_button(text, self._style)
        button.clicked.connect(lambda: press())  # without Qt's argument
        self.buttons[text] = button
        return button

    def _order(self, message: FromUi) -> Callable[[], None]:
        return lambda: self.ordered.emit(message)


def _title(text: str, style: Style) -> QLabel:
    return make_text(text, style, FONT + 5, is_italic=True)


def _column(style: Style, *parts: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(style.px(8))
    for part in parts:
        column.addWidget(part)
    return column


def _row(style: Style, *parts: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(style.px(16))
    for part in parts:
        row.addWidget(part)
    return row
