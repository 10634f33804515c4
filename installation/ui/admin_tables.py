"""The tables of the admin screen: processes and figures. And a button that asks back."""

from __future__ import annotations

from functools import partial

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from installation.messages import AdminState, Status
from installation.ui.buttons import SMALL_FONT, Style, make_button, make_text
from installation.ui.later import later

_SURE_WITHIN_S = 4.0


class SureButton(QPushButton):
    """Asks back before it is believed.

    Attributes:
        sure: Emitted when it is pressed a second time, soon.
    """

    sure = pyqtSignal()

    def __init__(self, text: str, question: str, style: Style) -> None:
        """Not pressed yet.

        Args:
            text: On it.
            question: On it after it was pressed.
            style: Of the page.
        """
        super().__init__(text)
        self._texts = (text, question)
        made = make_button(text, style)
        self.setFont(made.font())
        self.setMinimumHeight(made.minimumHeight())
        self.setSizePolicy(made.sizePolicy())
        self._doubt = later(self, _SURE_WITHIN_S, self._calm_down)
        self.clicked.connect(self._press)

    def _press(self) -> None:
        if self._doubt.isActive():
            self.sure.emit()
        else:
            self.setText(self._texts[1])
            self._doubt.start()

    def _calm_down(self) -> None:
        self.setText(self._texts[0])


class PartsTable(QWidget):
    """A row for each process, with a button that starts it afresh.

    Attributes:
        restart_wanted: Emitted with a process's name.
        buttons: By process.
    """

    restart_wanted = pyqtSignal(str)

    def __init__(self, style: Style) -> None:
        """No processes yet."""
        super().__init__()
        self.buttons: dict[str, QPushButton] = {}
        self._style = style
        self._states: dict[str, QLabel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(style.px(20))
        self._grid.setVerticalSpacing(style.px(6))
        self._grid.setColumnStretch(1, 1)

    def show_state(self, state: AdminState) -> None:
        """Show how the processes are; the director, which starts the others, has no button."""
        status = state.status
        for name in ("director", *status.restarts):
            if name not in self._states:
                self._add(name)
            now_mb, peak_mb = status.memory_mb.get(name, 0.0), status.peak_memory_mb.get(name, 0.0)
            is_there = name == "director" or name in state.running
            how = f"{now_mb:.0f} MB, at most {peak_mb:.0f}" if is_there else "is being started"
            times = status.restarts.get(name, 0)
            self._states[name].setText(f"{how}, lost {_times(times)}" if times else how)

    def _add(self, name: str) -> None:
        row = len(self._states)
        self._states[name] = make_text("", self._style, SMALL_FONT, is_quiet=True)
        self._grid.addWidget(make_text(name, self._style, SMALL_FONT), row, 0)
        self._grid.addWidget(self._states[name], row, 1)
        if name != "director":
            button = make_button("restart", self._style)
            button.setAccessibleName(f"restart {name}")
            button.setFixedWidth(self._style.px(150))
            button.clicked.connect(partial(self.restart_wanted.emit, name))
            self.buttons[name] = button
            self._grid.addWidget(button, row, 2)


class FigureTable(QWidget):
    """Names and figures in two columns."""

    def __init__(self, style: Style) -> None:
        """No figures yet."""
        super().__init__()
        self._style = style
        self._figures: dict[str, QLabel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(style.px(20))
        self._grid.setVerticalSpacing(style.px(4))
        self._grid.setColumnStretch(1, 1)

    def show_status(self, status: Status) -> None:
        """Show the figures of a status."""
        for name, figure in figures_of(status):
            if name not in self._figures:
                self._figures[name] = make_text("", self._style, SMALL_FONT)
                label = make_text(name, self._style, SMALL_FONT, is_quiet=True)
                label.setAlignment(Qt.AlignmentFlag.AlignTop)
                self._grid.addWidget(label, len(self._figures), 0)
                self._grid.addWidget(self._figures[name], len(self._figures), 1)
            self._figures[name].setText(figure)


def figures_of(status: Status) -> list[tuple[str, str]]:
    """What of a status a person wants to know, in words."""
    stages = ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in status.stage_seconds.items())
    factor = f" (real-time factor {status.real_time_factor:.3f})" if status.real_time_factor is not None else ""
    loop_s, bed_s = status.tier_s[1:]
    camera = "no picture" if status.camera_age_s is None else f"{status.camera_age_s:.1f} s old"
    gpus = [
        (f"graphics card {number}", f"{gpu.memory_mb:.0f} of {gpu.total_memory_mb:.0f} MB, {gpu.temperature_c:.0f} °C")
        for number, gpu in enumerate(status.gpus, start=1)
    ]
    return [
        ("composed", f"{status.clips} clips, {status.clips_from_library} more played from the library"),
        ("newest clip", f"{stages or 'none yet'}{factor}"),
        ("music ahead", f"{status.queue_s:.0f} s"),
        ("sound", f"{status.underruns} underruns, {status.silence_s:.1f} s of unwanted silence"),
        ("stood in", f"loops {duration(loop_s)}, the bed {duration(bed_s)}"),
        ("library", f"{status.library_clips} clips, {status.library_mb:.0f} MB"),
        ("pictures", f"{status.frames}, {status.late_frames} of them late"),
        *([("camera", camera)] if "camera" in status.restarts else []),
        *gpus,
    ]


def duration(seconds: float) -> str:
    """A length of time for people.

    >>> [duration(s) for s in (12.4, 750, 7500, 200_000)]
    ['12 s', '12 min', '2 h 5 min', '2 d 7 h']
    """
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86_400)
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
