"""Something that can go wrong in a room, and what it may cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.room import Room


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong.

    Attributes:
        name: As the table calls it.
        measure: Makes it happen, waits until all is well again, returns the silence it cost in seconds.
        max_silence_s: How much it may cost.
        max_notice_s: So soon the kiosk has to say that it has noticed; None where that is not asked.
        missing: What is not installed that it needs; empty if nothing.
    """

    name: str
    measure: Callable[[Room], float]
    max_silence_s: float = 0.0
    max_notice_s: float | None = None
    missing: str = ""
