"""Signals to the director."""

from __future__ import annotations

import signal
from types import FrameType


class Interruption:
    """Signals as something to look at now and then: SIGINT and SIGTERM, and SIGHUP, which asks to read again."""

    def __init__(self) -> None:
        self.has_come = False
        self._wants_reading = False

    def __enter__(self) -> Interruption:
        self._before = {s: signal.signal(s, self._note) for s in (signal.SIGINT, signal.SIGTERM)}
        self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._note_hangup)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def take_hangup(self) -> bool:
        """Whether SIGHUP has come since the last call."""
        wants_reading, self._wants_reading = self._wants_reading, False
        return wants_reading

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        self.has_come = True

    def _note_hangup(self, _signal: int, _frame: FrameType | None) -> None:
        self._wants_reading = True
