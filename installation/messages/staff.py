"""Between the director and the ui, for the people who look after the kiosk; and how the kiosk is, for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from installation.messages.camera import Outline

MIN_PIN_DIGITS = 4
MAX_PIN_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics card at one moment.

    Attributes:
        memory_mb: In use.
        total_memory_mb: There is.
        temperature_c: Of the chip.
    """

    memory_mb: float
    total_memory_mb: float
    temperature_c: float


@dataclass(frozen=True, slots=True)
class Status:
    """How the kiosk is at one moment; the names are those of `status.json`. Counts are since its start.

    Attributes:
        time: The clock's, with its offset from universal time.
        ran_s: Since the start.
        scene: Of the show.
        clips: Composed.
        clips_from_library: Played from the library: for a work met before, or because the composer was down.
        real_time_factor: Of the newest clip: seconds of composing per second of music.
        stage_seconds: Of the newest clip, by stage.
        queue_s: Music ahead: until the end of what sounds and all that continues it; 0 while it loops.
        tier: What sounds: 1 what was asked for, 2 a loop, 3 the bed; None before the first sound.
        tier_s: Seconds spent on each of the three.
        underruns: Blocks that came too late for the device.
        silence_s: Silence nobody asked for.
        sound_device: Its name; empty before there is one.
        is_sound_lost: There is no device: the music plays into nothing.
        camera_age_s: Of the newest picture; None without a camera, and while it gives none.
        frames: Pictures painted.
        late_frames: Of these, more than a frame's time late.
        library_clips: In the library.
        library_mb: Their size.
        restarts: Times a process was lost and replaced, by name.
        memory_mb: Resident now, by process.
        peak_memory_mb: At its highest, by process.
        gpus: Every graphics card that NVIDIA's tool knows of.
    """

    time: str
    ran_s: float
    scene: str
    clips: int
    clips_from_library: int
    real_time_factor: float | None
    stage_seconds: dict[str, float]
    queue_s: float
    tier: Literal[1, 2, 3] | None
    tier_s: tuple[float, float, float]
    underruns: int
    silence_s: float
    sound_device: str
    is_sound_lost: bool
    camera_age_s: float | None
    frames: int
    late_frames: int
    library_clips: int
    library_mb: float
    restarts: dict[str, int]
    memory_mb: dict[str, float]
    peak_memory_mb: dict[str, float]
    gpus: tuple[Gpu, ...]


# ---------------------------------------------------------------- from the ui


@dataclass(frozen=True, slots=True)
class AdminWanted:
    """From ui: somebody knocked at the door of the admin screen. Answered by PinAsked."""


@dataclass(frozen=True, slots=True)
class PinEntered:
    """From ui: open the admin screen with this PIN. Answered by AdminState, or by PinAsked again."""

    pin: str


@dataclass(frozen=True, slots=True)
class PinChosen:
    """From ui: this is the PIN from now on. Heard while the admin screen is open, or while there is no PIN at all."""

    pin: str


@dataclass(frozen=True, slots=True)
class AdminLeft:
    """From ui: the admin screen was left."""


@dataclass(frozen=True, slots=True)
class SkipWanted:
    """From ui, admin screen: the next work, now."""


@dataclass(frozen=True, slots=True)
class MuteWanted:
    """From ui, admin screen: no sound until told otherwise."""

    is_muted: bool


@dataclass(frozen=True, slots=True)
class StaffVolume:
    """From ui, admin screen: so loud, 0 to 1, until the kiosk is started again."""

    volume: float


@dataclass(frozen=True, slots=True)
class RestartWanted:
    """From ui, admin screen: start this process afresh."""

    name: str


@dataclass(frozen=True, slots=True)
class MarkersWanted:
    """From ui, admin screen: the painting hangs between the four printed markers that the camera sees."""


# ---------------------------------------------------------------- to the ui


@dataclass(frozen=True, slots=True)
class PinAsked:
    """To ui: show the pad for the PIN.

    Attributes:
        is_first: There is no PIN yet: have one chosen.
        wait_s: Nothing is accepted before so many seconds have passed.
        is_wrong: What was entered last was not the PIN.
    """

    is_first: bool = False
    wait_s: float = 0.0
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class AdminState:
    """To ui, once a second while the admin screen is open: all that stands there.

    Attributes:
        status: How the kiosk is.
        running: The processes that are there, of those in `status.restarts`.
        volume: As set here, 0 to 1, before the night takes its part.
        is_muted: By hand.
        gain_db: Of the night.
        corners: Where the painting hangs, as the staff has said; None lets the camera look for it.
        remark: What came of the last that was asked of the camera; empty when all is said by the picture.
    """

    status: Status
    running: tuple[str, ...]
    volume: float
    is_muted: bool
    gain_db: float
    corners: Outline | None
    remark: str = ""


FromStaff = (
    AdminWanted
    | PinEntered
    | PinChosen
    | AdminLeft
    | SkipWanted
    | MuteWanted
    | StaffVolume
    | RestartWanted
    | MarkersWanted
)
ToStaff = PinAsked | AdminState
