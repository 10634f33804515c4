"""The works there are, watched while the kiosk runs: by polling, because network shares send no notice."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path

from installation.labels import Work, find_works

BUNDLED_GALLERY = Path(__file__).parent / "gallery"

FIRST_NEWS_AFTER_S = 0.25
"""After so long the first look says what it has found so far, and then after twice as long, and so on."""

REST = 10
"""A look that took a second is followed by ten in which nobody looks."""

_log = logging.getLogger(__name__)


class Gallery:
    """The works of a folder, by id, in the order of their names.

    A folder may hold a hundred thousand files, or lie on a slow share; so it can be watched by a thread.

    Threads: `scan` belongs to one thread, which is that of `watch` once it runs; `take_news`, `reject` and
    the works belong to the director's.
    """

    def __init__(self, folder: Path) -> None:
        """Begin without any works; `scan` or `watch` looks for them."""
        self.folder = folder
        self.works: dict[str, Work] = {}
        self._rejected: set[str] = set()
        self._published: dict[str, Work] = {}
        self._taken: dict[str, Work] | None = None
        self._has_published = threading.Event()
        self._known: dict[str, Work] = {}
        self._seen: set[str] = set()
        self._is_new = True
        self._is_lost = False
        self._is_closed = threading.Event()

    def watch(self, every_s: float) -> None:
        """Look now and then from a thread of its own, until `close`; returns with what it has found, or nothing."""
        threading.Thread(target=self._watch, args=(every_s,), name="gallery", daemon=True).start()
        self._has_published.wait(4 * FIRST_NEWS_AFTER_S)
        self.take_news()

    def take_news(self) -> bool:
        """Whether works came or went, or have another file or label, since the last call.

        `works` has them, without what was rejected.
        """
        published = self._published
        if published is self._taken:
            return False
        self._taken = published
        works = {name: work for name, work in published.items() if name not in self._rejected}
        has_changed = works != self.works
        self.works = works
        return has_changed

    def reject(self, artwork_id: str) -> None:
        """Leave a picture out that cannot be decoded, until its file is another."""
        self._rejected.add(artwork_id)
        self.works.pop(artwork_id, None)

    def scan(self) -> None:
        """Look once, and publish what is there.

        A new picture counts only when two looks in a row find it the same: it may still be on its way here. Not
        so at the first look. While the folder itself cannot be read, the works of before stay.
        """
        if self._is_readable():
            found = self._find()
            known = self._known.keys() | self._seen
            self._seen = set(found)
            self._known = {name: work for name, work in found.items() if self._is_new or name in known}
            self._is_new = False
        self._published = self._known
        self._has_published.set()

    def close(self) -> None:
        """Look no more; a look that has begun, perhaps on a slow share, is not waited for."""
        self._is_closed.set()

    def _watch(self, every_s: float) -> None:
        rest_s = 0.0
        while not self._is_closed.wait(rest_s):
            began_s = time.monotonic()
            self.scan()
            rest_s = max(every_s, REST * (time.monotonic() - began_s))

    def _find(self) -> dict[str, Work]:
        found: dict[str, Work] = {}
        began_s, patience_s = time.monotonic(), FIRST_NEWS_AFTER_S
        for work in find_works(self.folder):
            before = self._known.get(work.artwork_id)
            found.setdefault(work.artwork_id, before if before == work and before is not None else work)
            if self._is_new and time.monotonic() > began_s + patience_s:
                patience_s *= 2
                self._published = dict(found)
                self._has_published.set()
        return found

    def _is_readable(self) -> bool:
        try:
            with os.scandir(self.folder):
                self._is_lost = False
        except OSError as error:
            if not self._is_lost:
                _log.warning("gallery %s cannot be read (%s); the works known so far stay", self.folder, error.strerror)
            self._is_lost = True
        return not self._is_lost
