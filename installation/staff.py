"""What the people who look after the kiosk ask for on the admin screen, and what they are shown there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from installation import cues, messages
from installation.admin import Door
from installation.corners import keep_corners, read_corners
from installation.supervisor import Supervisor
from installation.volume import VolumeKnob

_log = logging.getLogger(__name__)


class StaffDesk:
    """Opens the admin screen to those who know the PIN, and does what is asked there. Nothing is done before."""

    def __init__(
        self,
        door: Door,
        corners_path: Path,
        supervisor: Supervisor,
        knob: VolumeKnob,
        tell_show: Callable[[cues.Event], None],
    ) -> None:
        """Nobody is there.

        Args:
            door: Knows the PIN.
            corners_path: Where the painting's corners are kept.
            supervisor: Of the processes.
            knob: The volume.
            tell_show: Tells the show an event.
        """
        self.is_open = False
        self._door, self._corners_path = door, corners_path
        self._supervisor, self._knob, self._tell_show = supervisor, knob, tell_show
        self._corners = read_corners(corners_path)
        self._remark = ""

    def hear(self, message: messages.FromUi, now_s: float) -> bool:
        """Do what is asked, by those who may ask; what is none of this desk's business is let be.

        Returns: Whether the admin screen is open and wants to be shown how the kiosk is.
        """
        match message:
            case messages.AdminWanted():
                self._ask(now_s)
            case messages.PinEntered(pin):
                self.is_open = self._door.enter(pin, now_s)
                if not self.is_open:
                    self._ask(now_s, is_wrong=True)
            case messages.PinChosen(pin) if self.is_open or not self._door.pin_file.is_set():
                self._choose(pin, now_s)
            case messages.AdminLeft():
                self.leave()
            case _ if self.is_open:
                self._obey(message)
        return self.is_open

    def leave(self) -> None:
        """Close the admin screen: somebody left it, or the process that shows it is gone."""
        self.is_open, self._remark = False, ""

    def show(self, status: messages.Status) -> None:
        """Show the admin screen how the kiosk is."""
        supervisor, volume = self._supervisor, self._knob.volume
        self._tell(
            messages.AdminState(
                status=status,
                running=tuple(name for name in supervisor.names if supervisor.pid(name) is not None),
                volume=volume.wanted,
                is_muted=volume.is_muted,
                gain_db=volume.gain_db,
                corners=self._corners,
                remark=self._remark,
            )
        )

    def take_markers(self, found: messages.MarkersFound) -> None:
        """The painting hangs where its markers are, if all of them were seen; too late if nobody waits any more."""
        if not self.is_open:
            return
        _log.info("markers: %s", found)
        if found.corners is not None:
            self._fix(found.corners)
        elif found.missing:
            self._remark = f"not seen: marker {', '.join(map(str, found.missing))}"
        else:
            self._remark = "these four do not stand around a painting; are they in order?"

    def _ask(self, now_s: float, *, is_wrong: bool = False) -> None:
        is_first = not self._door.pin_file.is_set()
        self._tell(messages.PinAsked(is_first, self._door.wait_s(now_s), is_wrong))

    def _choose(self, pin: str, now_s: float) -> None:
        try:
            self._door.pin_file.choose(pin)
        except (OSError, ValueError) as error:
            _log.error("no PIN was set: %s", error)
            self._ask(now_s)
            return
        self.is_open = True
        _log.info("a new PIN was chosen")

    def _obey(self, message: messages.FromUi) -> None:
        _log.info("admin screen: %s", message)
        match message:
            case messages.SkipWanted():
                self._tell_show(cues.Skipped())
            case messages.MuteWanted(is_muted):
                self._knob.mute(is_muted)
            case messages.StaffVolume(volume):
                self._knob.want(volume)
            case messages.RestartWanted(name) if name in self._supervisor.names:
                self._supervisor.restart(name)
            case messages.FixCorners(corners):
                self._fix(corners)
            case messages.MarkersWanted():
                is_there = "camera" in self._supervisor.names
                self._remark = "looking for the markers" if is_there else "there is no camera"
                if is_there:
                    self._supervisor.send("camera", messages.FindMarkers())

    def _fix(self, corners: messages.Outline | None) -> None:
        self._corners, self._remark = corners, ""
        if "camera" in self._supervisor.names:
            self._supervisor.send("camera", messages.FixCorners(corners))
        try:
            keep_corners(self._corners_path, corners)
        except OSError as error:
            _log.warning("the corners are lost with the next start: %s", error)

    def _tell(self, message: messages.ToStaff) -> None:
        self._supervisor.offer("ui", message)
