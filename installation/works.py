"""The works there are, watched while the kiosk runs: by polling, because network shares send no notice."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from installation.labels import Work, read_gallery

BUNDLED_GALLERY = Path(__file__).parent / "gallery"

_log = logging.getLogger(__name__)


class Gallery:
    """The works of a folder, by id, in the order of their names."""

    def __init__(self, folder: Path) -> None:
        """Look into the folder for the first time."""
        self.folder = folder
        self.works: dict[str, Work] = {}
        self._seen: set[str] = set()
        self._is_lost = False
        self.scan(is_settled=True)

    def scan(self, is_settled: bool = False) -> bool:
        """Look again; says whether works came or went.

        A new picture counts only when two looks in a row find it the same: it may still be on its way here.
        While the folder itself cannot be read, the works of before stay.

        Args:
            is_settled: Take the pictures as they are.
        """
        if not self._is_readable():
            return False
        found = {work.artwork_id: work for work in read_gallery(self.folder)}
        known = self.works.keys() | self._seen
        works = {name: work for name, work in found.items() if is_settled or name in known}
        has_changed = works.keys() != self.works.keys()
        self.works, self._seen = works, set(found)
        return has_changed

    def _is_readable(self) -> bool:
        try:
            with os.scandir(self.folder):
                self._is_lost = False
        except OSError as error:
            if not self._is_lost:
                _log.warning("gallery %s cannot be read (%s); the works known so far stay", self.folder, error.strerror)
            self._is_lost = True
        return not self._is_lost
