"""The director's part of the camera: who is there, and the works visitors bring."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Container, Mapping
from pathlib import Path

from installation import cues, messages
from installation.corners import read_corners
from installation.labels import UNKNOWN, Work

MAX_WORKS = 32
"""Visitors' works that are remembered, and the few more that the show has in use."""
MAX_KNOWN = 1000
"""Works that the camera is told to recognise, at most: its message must fit into the line to it."""

_log = logging.getLogger(__name__)


class Visitors:
    """Turns what the camera says into events of the show, and tells the camera and the ui what they have to know.

    Attributes:
        works: Those of visitors, by id.
        state: How the camera is: CameraReady, CameraLost, or None before it said anything.
    """

    def __init__(
        self,
        tell_camera: Callable[[messages.ToCamera], object],
        tell_ui: Callable[[messages.CameraReady | messages.CameraLost | messages.CameraView], object],
        corners_path: Path,
        in_use: Callable[[], Container[str]],
        keeps_artworks: bool = False,
    ) -> None:
        """Nobody is there yet.

        Args:
            tell_camera: Sends to the camera.
            tell_ui: Sends to the ui; may drop what it has no room for.
            corners_path: Where the staff's corners are kept.
            in_use: The works that the show may ask for again.
            keeps_artworks: Pictures of works that are forgotten stay where they are.
        """
        self.works: OrderedDict[str, Work] = OrderedDict()
        self.state: messages.CameraReady | messages.CameraLost | None = None
        self._tell_camera, self._tell_ui = tell_camera, tell_ui
        self._corners_path, self._in_use, self._keeps_artworks = corners_path, in_use, keeps_artworks
        self._gallery: Mapping[str, Work] = {}
        self._taught: messages.KnowWorks | None = None  # None: this camera process knows nothing yet
        self._view: messages.CameraView | None = None
        self._lost_at_s: float | None = None

    def know(self, gallery: Mapping[str, Work]) -> None:
        """The gallery has these works now: the camera recognises them."""
        self._gallery = gallery
        if len(gallery) > MAX_KNOWN:
            _log.warning("the camera recognises only the first %d works of the gallery", MAX_KNOWN)
        if self._taught is not None and self._taught != self._lesson():
            self._teach()

    def take(self, message: messages.FromCamera, now_s: float) -> cues.Event | None:
        """Hear what the camera says at this moment (monotonic); returns what it means for the show."""
        match message:
            case messages.CameraView():
                self._view = message
                self._tell_ui(message)
            case messages.CameraReady(source, width, height):
                _log.info("camera: %s, %d x %d%s", source, width, height, self._absence(now_s))
                self._note(message, now_s)
            case messages.CameraLost(source, reason):
                _log.warning("camera %s: %s; the gallery goes on, and it is tried again", source, reason)
                self._note(message, now_s)
                return cues.CameraLost()
            case messages.VisitorCame():
                return cues.VisitorCame()
            case messages.VisitorLeft():
                return cues.VisitorLeft()
            case messages.ArtworkSeen(artwork_id, path):
                return self._welcome(artwork_id, path)
        return None

    def camera_went(self, now_s: float) -> cues.Event | None:
        """The camera's process is gone, and with it all it knew; there will be another."""
        self._taught = None
        if not isinstance(self.state, messages.CameraReady):
            return None
        return self.take(messages.CameraLost(self.state.source, "its process ended"), now_s)

    def tell_ui_again(self) -> None:
        """The ui is a new one."""
        for message in (self.state, self._view):
            if message is not None:
                self._tell_ui(message)

    # ------------------------------------------------------------ details

    def _absence(self, now_s: float) -> str:
        return f", after {now_s - self._lost_at_s:.1f} s without" if self._lost_at_s is not None else ""

    def _note(self, state: messages.CameraReady | messages.CameraLost, now_s: float) -> None:
        self.state, self._view = state, None
        self._lost_at_s = now_s if isinstance(state, messages.CameraLost) else None
        self._tell_ui(state)
        if self._taught is None:
            self._teach()  # it reads by now, so that telling it much does not keep us waiting
            self._tell_camera(messages.FixCorners(read_corners(self._corners_path)))

    def _teach(self) -> None:
        self._taught = self._lesson()
        self._tell_camera(self._taught)

    def _lesson(self) -> messages.KnowWorks:
        works = [*self.works.values(), *list(self._gallery.values())[: MAX_KNOWN - len(self.works)]]
        return messages.KnowWorks(tuple((work.artwork_id, work.path) for work in works))

    def _welcome(self, artwork_id: str, path: Path | None) -> cues.Event | None:
        if path is not None:
            self.works[artwork_id] = Work(artwork_id, path, messages.WallLabel(UNKNOWN))
            self.works.move_to_end(artwork_id)
            self._forget_the_oldest()
        elif artwork_id not in self._gallery:
            return None  # it has left the gallery meanwhile
        return cues.ArtworkFound(artwork_id)

    def _forget_the_oldest(self) -> None:
        in_use = self._in_use()
        for artwork_id in list(self.works)[:-MAX_WORKS]:
            if artwork_id not in in_use:
                work = self.works.pop(artwork_id)
                if not self._keeps_artworks:
                    work.path.unlink(missing_ok=True)
