"""What the show is told and what it asks for: scenes, events and commands. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scene(StrEnum):
    """What the room is doing."""

    ATTRACT = "attract"  # nobody in particular: the gallery goes by, its music plays
    LOOKING = "looking"  # somebody holds the camera up
    COMPOSING = "composing"  # a visitor's work was seen, its music is being made
    LISTENING = "listening"  # the visitor's work and its music
    FAILSAFE = "failsafe"  # no music can be made: pictures and sound go on all the same
    CLOSED = "closed"  # outside opening hours


@dataclass(frozen=True, slots=True)
class Clip:
    """As much of a clip as the show needs to know."""

    clip_id: str
    artwork_id: str
    length_s: float


# ---------------------------------------------------------------- events: what happened


@dataclass(frozen=True, slots=True)
class Opened:
    """The room is open."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The room closes."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """A little time has passed."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """The staff has had enough of this work: the next one, as soon as there is music for it."""


@dataclass(frozen=True, slots=True)
class VisitorCame:
    """Somebody holds the camera up."""


@dataclass(frozen=True, slots=True)
class VisitorLeft:
    """Nobody has for a moment."""


@dataclass(frozen=True, slots=True)
class CameraLost:
    """Nobody is seen any more, because the camera is not there."""


@dataclass(frozen=True, slots=True)
class ArtworkFound:
    """The camera has found a work: it was held still."""

    artwork_id: str


@dataclass(frozen=True, slots=True)
class AnotherWanted:
    """A visitor wants another piece for the work that is shown, perhaps with words of their own beside it."""

    text: str | None = None


@dataclass(frozen=True, slots=True)
class ClipComposed:
    """A job is done."""

    job_id: str
    clip: Clip


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A job came to nothing.

    `is_lost_piece`: only because its piece can no longer be continued; `is_unreadable`: only because there is no
    picture in its file, which will not be drawn again.
    """

    job_id: str
    is_lost_piece: bool = False
    is_unreadable: bool = False


@dataclass(frozen=True, slots=True)
class ClipStarted:
    """A clip is heard; its first sample was, or would have been, at `begun_at_s`."""

    clip_id: str
    begun_at_s: float


@dataclass(frozen=True, slots=True)
class ClipFailed:
    """A clip could not be played."""

    clip_id: str


@dataclass(frozen=True, slots=True)
class AudioRestarted:
    """The audio process is a new one and knows nothing; the old one had come to this point."""

    clip_id: str
    position_s: float


Event = (
    Opened
    | Closed
    | Ticked
    | Skipped
    | VisitorCame
    | VisitorLeft
    | CameraLost
    | ArtworkFound
    | AnotherWanted
    | ClipComposed
    | JobFailed
    | ClipStarted
    | ClipFailed
    | AudioRestarted
)


# ---------------------------------------------------------------- commands: what is to be done


@dataclass(frozen=True, slots=True)
class Compose:
    """Make a clip for a work: the beginning of a piece, or what follows `continues`; `text` is a visitor's.

    `is_awaited`: nothing made for this work or another one is heard, or a visitor stands before it: any of its pieces
    will do, if only it comes at once.
    """

    job_id: str
    artwork_id: str
    continues: str | None = None
    text: str | None = None
    is_awaited: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Nobody waits for this job any more."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Play:
    """Crossfade to a clip, now or so that the fade is complete when the music at hand ends."""

    clip: Clip
    is_at_end: bool = False
    start_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Append:
    """Play a clip without a seam after the last one."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class ShowWork:
    """Crossfade to a work's picture and label, beginning at `start_at_s`."""

    artwork_id: str
    start_at_s: float


@dataclass(frozen=True, slots=True)
class EnterScene:
    """The scene is another one now."""

    scene: Scene


@dataclass(frozen=True, slots=True)
class Hush:
    """Let the sound fade away: the room is closed."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Let the sound come back."""


Command = Compose | Cancel | Play | Append | ShowWork | EnterScene | Hush | Sound
