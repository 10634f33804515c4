"""Between the director and the ui process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.channel import Channel
from installation.messages.camera import CameraLost, CameraReady, CameraView, FixCorners
from installation.messages.common import ClipInfo, LogLine, Shutdown, WallLabel
from installation.messages.composer import ComposeProgress
from installation.messages.staff import FromStaff, ToStaff


@dataclass(frozen=True, slots=True)
class ShowWork:
    """To ui: crossfade to this work; where it hangs already, only its wall text is set anew.

    Attributes:
        artwork_id: The work.
        picture_path: Its picture.
        label: Its wall text.
        crossfade_s: Length of the fade.
        start_at_s: When the fade begins, in step with the sound; may be a little in the past.
    """

    artwork_id: str
    picture_path: Path
    label: WallLabel
    crossfade_s: float
    start_at_s: float


@dataclass(frozen=True, slots=True)
class CueClip:
    """To ui: the notes of a clip that will sound; the tap says by its id when it does."""

    clip: ClipInfo


@dataclass(frozen=True, slots=True)
class SceneChanged:
    """To ui: the show is in this scene now (the value of a `cues.Scene`)."""

    scene: str


@dataclass(frozen=True, slots=True)
class TakeHome:
    """To ui: this clip can be taken home.

    Attributes:
        clip_id: The clip that is heard.
        url: Where it can be had, for a QR code.
        expires_at_s: Until then.
    """

    clip_id: str
    url: str
    expires_at_s: float


@dataclass(frozen=True, slots=True)
class UiReady:
    """From ui: the first picture is on the screen.

    Attributes:
        width: Of the screen or window, in pixels.
        height: Likewise.
        platform: Qt's name of it: "xcb", "wayland", "offscreen"...
    """

    width: int
    height: int
    platform: str


@dataclass(frozen=True, slots=True)
class UiHeartbeat:
    """From ui, about once a second.

    Attributes:
        num_frames: Pictures painted since the process started.
        num_late_frames: Of these, painted more than a frame's time late.
    """

    num_frames: int
    num_late_frames: int


@dataclass(frozen=True, slots=True)
class QuitRequested:
    """From ui: somebody at the keyboard wants to leave (window closed, Ctrl+Q)."""


@dataclass(frozen=True, slots=True)
class AnotherPiece:
    """From ui: a visitor wants another piece for the work that is shown."""


@dataclass(frozen=True, slots=True)
class OwnText:
    """From ui: a visitor adds words of their own to the work that is shown."""

    text: str


@dataclass(frozen=True, slots=True)
class SetVolumeWanted:
    """From ui: a visitor wants this volume, within the curator's bounds."""

    volume: float


ToUi = (
    ShowWork
    | CueClip
    | ComposeProgress
    | SceneChanged
    | CameraReady
    | CameraLost
    | CameraView
    | TakeHome
    | ToStaff
    | Shutdown
)
FromUi = (
    UiReady | UiHeartbeat | QuitRequested | AnotherPiece | OwnText | SetVolumeWanted | FromStaff | FixCorners | LogLine
)

UiChannel = Channel[FromUi, ToUi]
"""As the ui process holds it: `installation.ui.window.main(channel, settings, tap, eye=eye)`."""
