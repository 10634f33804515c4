"""Things that are due every so often. Standard library only, time is an argument."""

from __future__ import annotations

from collections.abc import Mapping


class Timers:
    """Due first when they were not for so long.

    Args:
        every_s: How often, by name.
        now_s: When they begin.
    """

    def __init__(self, every_s: Mapping[str, float], now_s: float) -> None:
        self._every_s = dict(every_s)
        self._due_s = {name: now_s + pause_s for name, pause_s in every_s.items()}

    def is_due(self, name: str, now_s: float) -> bool:
        """Whether it is time; then it is not again for a while."""
        if now_s < self._due_s[name]:
            return False
        self._due_s[name] = now_s + self._every_s[name]
        return True
