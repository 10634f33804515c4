"""What a kiosk does by itself to go on for months: opens and closes, starts its parts afresh, says how it is."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import datetime

from installation import cues
from installation.config import HoursConfig
from installation.places import status_path
from installation.service import Service
from installation.status import StatusFiles, Watch
from installation.supervisor import Supervisor
from installation.volume import VolumeKnob

MINUTE_S = 60.0

_log = logging.getLogger(__name__)


class Upkeep:
    """Asked every so often by the director; nothing in it waits."""

    def __init__(self, hours: HoursConfig, supervisor: Supervisor, watch: Watch, knob: VolumeKnob) -> None:
        """Begin closed, as the show does."""
        self.keep(hours)
        self._supervisor, self._watch, self._knob = supervisor, watch, knob
        self._service = Service(os.environ)
        self._files = StatusFiles(status_path())
        self._due_s = 0.0

    def keep(self, hours: HoursConfig) -> None:
        """Keep these hours from now on."""
        self._schedule = hours.schedule()
        self._restart_every_s = 3600 * hours.restart_every_h

    def hear(self, message: object, now_s: float) -> None:
        """Take note of what a process said."""
        self._watch.hear(message, now_s)
        self._service.hear(message)

    def look_around(self, scene: cues.Scene, now_s: float, now: datetime) -> Iterator[cues.Event]:
        """Do what is due, and say whether the room opens or closes.

        Args:
            scene: Of the show.
            now_s: Monotonic.
            now: The same moment by the clock; a clock that is set is followed.
        """
        self._knob.dim(self._schedule.gain_db(now))
        is_open, was_open = self._schedule.is_open(now), scene is not cues.Scene.CLOSED
        if is_open != was_open:
            _log.info("the room opens" if is_open else "the room closes")
            yield cues.Opened() if is_open else cues.Closed()
        if now_s >= self._due_s:
            self._due_s = now_s + MINUTE_S
            self._files.write(self._watch.status(scene.value, now_s, now))
            if not is_open and not was_open:
                self._refresh(now_s)

    def close(self) -> None:
        """The kiosk is left."""
        self._service.tell("STOPPING=1")

    def _refresh(self, now_s: float) -> None:
        """Start the process afresh that has been there for longest, if that is long: one at a time."""
        ages_s = {name: self._supervisor.age_s(name, now_s) for name in self._supervisor.names}
        oldest = max(ages_s, key=ages_s.__getitem__)
        if ages_s[oldest] >= self._restart_every_s:
            self._supervisor.restart(oldest)
