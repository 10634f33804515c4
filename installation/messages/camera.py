"""Between the director and the camera process."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from installation.channel import Channel
from installation.messages.common import LogLine, Shutdown

Outline = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""The corners of a painting in the camera's picture: top left, top right, bottom right, bottom left of the
painting itself, as shares of the picture's width and height."""


class Hint(StrEnum):
    """What would help the camera, as the visitor is told it in the language chosen."""

    NONE = ""
    HOLD_STILL = "hold still"
    COME_CLOSER = "come closer"
    TOO_DARK = "too dark"
    GLARE = "glare"


@dataclass(frozen=True, slots=True)
class KnowWorks:
    """To camera: the works of the gallery, to be recognised. Replaces what was said before.

    Attributes:
        works: artwork_id and picture of each.
    """

    works: tuple[tuple[str, Path], ...]


@dataclass(frozen=True, slots=True)
class FixCorners:
    """To camera: the painting hangs here and nowhere else; None lets the camera look for it again."""

    corners: Outline | None


@dataclass(frozen=True, slots=True)
class FindMarkers:
    """To camera: look for the four printed markers at the painting's corners. Answered by MarkersFound."""


@dataclass(frozen=True, slots=True)
class CameraReady:
    """From camera: pictures come (again)."""

    source: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CameraLost:
    """From camera: no pictures come, or always the same; it goes on trying. Said once each time."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class CameraHeartbeat:
    """From camera, several times a second, while pictures come or the source is tried again; not while it hangs in it.

    Attributes:
        frames_per_s: Pictures of late, where one like the last to the byte is none.
        age_s: Of the newest picture; before the first, of the process.
    """

    frames_per_s: float
    age_s: float


@dataclass(frozen=True, slots=True)
class CameraView:
    """From camera, and passed on to the ui, as often as it changes: what is seen in the picture.

    Attributes:
        outline: The painting, or None.
        hint: What would help.
        held: How far the painting has been held still, 0 to 1.
    """

    outline: Outline | None
    hint: Hint
    held: float


@dataclass(frozen=True, slots=True)
class VisitorCame:
    """From camera: somebody holds it up to something, or stands before it."""


@dataclass(frozen=True, slots=True)
class VisitorLeft:
    """From camera: nobody has for a while."""


@dataclass(frozen=True, slots=True)
class ArtworkSeen:
    """From camera: a work was held still. Said once, until another is.

    Attributes:
        artwork_id: Of the gallery, or one of the camera's own for a work it does not know; the same for the same work.
        picture_path: The rectified artwork, in memory (tmpfs) unless the configuration keeps it; None for a work of
            the gallery, which has a better picture.
    """

    artwork_id: str
    picture_path: Path | None


@dataclass(frozen=True, slots=True)
class MarkersFound:
    """From camera: where the painting hangs by its markers, or what is missing.

    Attributes:
        corners: None where the markers do not say.
        missing: Those that were not seen, counted from 1: top left, top right, bottom right, bottom left.
    """

    corners: Outline | None
    missing: tuple[int, ...]


ToCamera = KnowWorks | FixCorners | FindMarkers | Shutdown
FromCamera = (
    CameraReady
    | CameraLost
    | CameraHeartbeat
    | CameraView
    | VisitorCame
    | VisitorLeft
    | ArtworkSeen
    | MarkersFound
    | LogLine
)

CameraChannel = Channel[FromCamera, ToCamera]
"""As the camera process holds it: `installation.camera.watcher.main(channel, settings)`."""
