"""The walls behind the pages, prepared on a thread of their own."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from art2mus.images import UnreadableImageError
from installation.messages import WallLabel
from installation.ui.stage import Stage, prepare_stage
from installation.ui.study.hanging import hang_beside_questions

_log = logging.getLogger(__name__)

BARE = ""
"""The id of the wall without an artwork."""

_MAX_KEPT = 3

WallKey = tuple[str, int, int]
"""Artwork, width, height."""


class Walls(QObject):
    """Hangs artworks beside the questions; keeps the last few.

    Attributes:
        ready: Emitted with an artwork whose wall can be had now.
        failed: Emitted with an artwork that cannot be shown.
    """

    ready = pyqtSignal(str)
    failed = pyqtSignal(str)
    _prepared = pyqtSignal(object, object)

    def __init__(self, pictures: Mapping[str, Path]) -> None:
        """Prepare nothing yet; `pictures` says where each artwork's is."""
        super().__init__()
        self._pictures = pictures
        self._kept: dict[WallKey, Stage] = {}
        self._asked: set[WallKey] = set()
        self._workshop = ThreadPoolExecutor(max_workers=1, thread_name_prefix="workshop")
        self._prepared.connect(self._keep)

    def get(self, artwork: str, width: int, height: int) -> Stage | None:
        """The wall of this size with an artwork, if it is ready; else `ready` or `failed` will say."""
        key = (artwork, width, height)
        if key not in self._kept and key not in self._asked:
            self._asked.add(key)
            self._workshop.submit(self._prepare, key)
        return self._kept.get(key)

    def close(self) -> None:
        """Stop preparing."""
        self._workshop.shutdown(wait=True, cancel_futures=True)

    def _prepare(self, key: WallKey) -> None:
        """On the workshop's thread."""
        artwork, width, height = key
        picture = self._pictures[artwork] if artwork != BARE else None
        stage: Stage | None = None
        try:
            stage = prepare_stage(artwork, picture, WallLabel(""), width, height, hang_beside_questions)
            stage.paint_face(1.0)
        except (UnreadableImageError, OSError, MemoryError) as error:
            _log.error("not shown: %s", error)
        self._prepared.emit(key, stage)

    def _keep(self, key: WallKey, stage: Stage | None) -> None:
        self._asked.discard(key)
        if stage is None:
            self.failed.emit(key[0])
            return
        while len(self._kept) >= _MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = stage
        self.ready.emit(key[0])
