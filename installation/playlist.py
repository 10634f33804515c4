"""Which work comes next: a list that never ends. Standard library only."""

from __future__ import annotations

import random
from collections.abc import Iterable


class Playlist:
    """Goes through all works, then through all of them again, for ever.

    Within a round every work comes once; no work comes twice in a row unless it is the only one. Works may
    come and go at any time: a new one is still part of the round that is on.

    >>> playlist = Playlist(["night", "day"])
    >>> [playlist.next(), playlist.next(), playlist.next()]
    ['night', 'day', 'night']
    """

    def __init__(self, works: Iterable[str] = (), shuffle: random.Random | None = None) -> None:
        """Start with these works.

        Args:
            works: Ids, in the order of the gallery; the first comes first.
            shuffle: Puts every round into another order; None keeps the order of the gallery.
        """
        self._works: list[str] = []
        self._to_come: list[str] = []
        self._last: str | None = None
        self._shuffle = shuffle
        self.replace(works)

    def replace(self, works: Iterable[str]) -> None:
        """Take these works from now on: forget the others, work the new ones into this round."""
        known = set(self._works)
        self._works = list(dict.fromkeys(works))
        there = set(self._works)
        remaining = [work for work in self._to_come if work in there]
        fresh = [work for work in self._works if work not in known]
        self._to_come = self._ordered(remaining + fresh) if fresh else remaining

    def next(self) -> str | None:
        """The next work, or None while there is none at all."""
        if not self._to_come:
            self._to_come = self._ordered(self._works)
        if not self._to_come:
            return None
        if self._to_come[0] == self._last and len(self._works) > 1:
            self._put_off_first()
        self._last = self._to_come.pop(0)
        return self._last

    def _put_off_first(self) -> None:
        if len(self._to_come) == 1:  # the round's last work has just been: it is done, the next round begins
            self._to_come = self._ordered(self._works)
        if self._to_come[0] == self._last:
            self._to_come.append(self._to_come.pop(0))

    def _ordered(self, works: Iterable[str]) -> list[str]:
        ordered = list(works)
        if self._shuffle is None:
            place = {work: index for index, work in enumerate(self._works)}
            ordered.sort(key=place.__getitem__)
        else:
            self._shuffle.shuffle(ordered)
        return ordered
