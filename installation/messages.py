"""What the processes say to each other: the one contract they all import.

The director (`app.py`) talks to three children, each over one two-way `Channel`:

    director --> audio      ToAudio       director <-- audio      FromAudio
    director --> composer   ToComposer    director <-- composer   FromComposer
    director --> ui         ToUi          director <-- ui         FromUi

Messages are small and frozen. Sound never travels in them: a clip is a file, and what is heard
at this moment is read from shared memory through a `PlaybackTap`. Times ending in `_at_s` are
readings of `time.monotonic()`, which all processes of one machine share.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from installation.channel import Channel

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BED_CLIP_ID = "bed"
"""The id of the bundled piece that needs no model; audio starts it by itself."""

MAX_CLIP_ID_BYTES = 63
"""Clip ids are ASCII and no longer than this, so that they fit into the tap's fixed slots."""


@dataclass(frozen=True, slots=True)
class SoundingNote:
    """A note as it sounds in a clip, for the eye.

    Attributes:
        onset_s: Seconds from the beginning of its clip.
        duration_s: How long it is held.
        pitch: MIDI note number.
        velocity: MIDI velocity, 1 to 127.
        layer: 0 is the melody, 1 the pad.
    """

    onset_s: float
    duration_s: float
    pitch: int
    velocity: int
    layer: int


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """Finished music for one work: a stereo file at the device's rate, levelled.

    Attributes:
        clip_id: Unique, ASCII, at most `MAX_CLIP_ID_BYTES` long.
        artwork_id: The work it was made for.
        audio_path: FLAC or WAV.
        length_s: Exactly the length of the file.
        sample_rate: Of the file, in Hz.
        notes: What sounds in it, by onset; empty where there is no score.
        continues: The clip whose last sample this one's first sample follows, or None.
    """

    clip_id: str
    artwork_id: str
    audio_path: Path
    length_s: float
    sample_rate: int
    notes: tuple[SoundingNote, ...] = ()
    continues: str | None = None


@dataclass(frozen=True, slots=True)
class WallLabel:
    """The wall text of a work; every field but the title may be empty."""

    title: str
    artist: str = ""
    year: str = ""
    style: str = ""
    text: str = ""
    provenance: str = ""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """To any child: leave cleanly, now. A closed channel means the same."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """From any child: one line for the director's log file. Sent by the supervisor's handler."""

    level: int
    logger: str
    text: str


# ---------------------------------------------------------------- audio


@dataclass(frozen=True, slots=True)
class PlayClip:
    """To audio: crossfade from whatever sounds to this clip.

    Attributes:
        clip: What to play.
        crossfade_s: Length of the equal-power fade; 0 is a cut.
        start_s: Where in the clip to begin; not 0 when a restarted audio process resumes.
        is_at_end: False fades now. True arms the clip: the fade begins so that it is complete
            when what sounds now (appended clips included) comes to its end. A later PlayClip
            replaces an armed one. An AppendClip after it moves the end.
    """

    clip: ClipInfo
    crossfade_s: float
    start_s: float = 0.0
    is_at_end: bool = False


@dataclass(frozen=True, slots=True)
class AppendClip:
    """To audio: play this clip from the exact sample at which the last one queued ends.

    `clip.continues` names that last one; if that is no longer what is played or queued, or it is
    already looping, the clip is crossfaded to instead.
    """

    clip: ClipInfo


@dataclass(frozen=True, slots=True)
class SetVolume:
    """To audio: glide to this volume, 0 to 1."""

    volume: float


@dataclass(frozen=True, slots=True)
class AudioReady:
    """From audio: a device is open (again). Sent at the start and after every change of device.

    Attributes:
        device: Its name as a person knows it.
        sample_rate: In Hz; clips are wanted at this rate.
        latency_s: From the mixer's ring to the speaker, as measured by PortAudio.
        is_silent: No sound device: time passes, samples go nowhere.
        reason: Why it is silent and what to do about it, in one line; else empty.
    """

    device: str
    sample_rate: int
    latency_s: float
    is_silent: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ClipStarted:
    """From audio: this clip's first sample is (or will be) heard at `heard_at_s`.

    Sent once for every PlayClip and AppendClip that comes to sound, and for the bed, not for loops.
    """

    clip_id: str
    heard_at_s: float


@dataclass(frozen=True, slots=True)
class ClipFailed:
    """From audio: this clip cannot be played; what sounded goes on."""

    clip_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class AudioHeartbeat:
    """From audio, about twice a second, only while samples go out.

    Attributes:
        samples_played: Audio frames given to the device since the process started.
        num_underruns: Blocks that could not be filled from the ring, since the process started.
        silence_s: Seconds of silence nobody asked for, since the process started.
        loop_s: Seconds on tier two (the current clip looped).
        bed_s: Seconds on tier three (the bed), the start included.
        tier: What sounds now: 1 the clip that was asked for, 2 its loop, 3 the bed.
        clip_id: What sounds now.
        position_s: Where in it.
        remaining_s: Until the end of it and of everything appended to it; 0 once it loops.
    """

    samples_played: int
    num_underruns: int
    silence_s: float
    loop_s: float
    bed_s: float
    tier: Literal[1, 2, 3]
    clip_id: str
    position_s: float
    remaining_s: float


ToAudio = PlayClip | AppendClip | SetVolume | Shutdown
FromAudio = AudioReady | ClipStarted | ClipFailed | AudioHeartbeat | LogLine


# ---------------------------------------------------------------- composer


@dataclass(frozen=True, slots=True)
class Compose:
    """To composer: make one clip. Jobs are done in the order they come.

    Attributes:
        job_id: Repeated in everything that is said about this job.
        artwork_id: The work.
        picture_path: Its picture.
        seed: Same picture, seed and settings, same music.
        sample_rate: In Hz, of the device.
        continues: The clip this one follows without a seam; None begins a new piece. A clip whose
            piece the composer does not hold (it was restarted) is refused with ComposeFailed.
    """

    job_id: str
    artwork_id: str
    picture_path: Path
    seed: int
    sample_rate: int
    continues: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """To composer: drop this job. Unknown ids are ignored."""

    job_id: str


@dataclass(frozen=True, slots=True)
class ComposerReady:
    """From composer: the model is loaded.

    Attributes:
        model: Its name.
        load_s: Seconds it took.
    """

    model: str
    load_s: float


@dataclass(frozen=True, slots=True)
class ComposeProgress:
    """From composer, and passed on to the ui: how far a job is.

    Attributes:
        job_id: The job.
        stage: What is being done, in a word: "denoise".
        step: Steps done, 0 to `num_steps`.
        num_steps: Steps of the whole job, over all stages.
    """

    job_id: str
    stage: str
    step: int
    num_steps: int


@dataclass(frozen=True, slots=True)
class ClipReady:
    """From composer: the clip is on disk.

    Attributes:
        job_id: The job.
        clip: The finished clip.
        stage_seconds: Wall time by stage, in the order they ran.
    """

    job_id: str
    clip: ClipInfo
    stage_seconds: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class ComposeFailed:
    """From composer: no clip will come of this job.

    Attributes:
        job_id: The job.
        reason: One line.
        is_lost_piece: The piece to be continued is not held here: begin a new one.
    """

    job_id: str
    reason: str
    is_lost_piece: bool = False


@dataclass(frozen=True, slots=True)
class ComposeCancelled:
    """From composer: the job was dropped as asked."""

    job_id: str


@dataclass(frozen=True, slots=True)
class ComposerHeartbeat:
    """From composer, after every step of work.

    Attributes:
        num_steps: Steps done since the process started.
    """

    num_steps: int


ToComposer = Compose | Cancel | Shutdown
FromComposer = (
    ComposerReady | ComposeProgress | ClipReady | ComposeFailed | ComposeCancelled | ComposerHeartbeat | LogLine
)


# ---------------------------------------------------------------- ui


@dataclass(frozen=True, slots=True)
class ShowWork:
    """To ui: crossfade to this work.

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
    """To ui: the show is in this scene now (the name of a `show.Scene`)."""

    scene: str


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


ToUi = ShowWork | CueClip | ComposeProgress | SceneChanged | Shutdown
FromUi = UiReady | UiHeartbeat | QuitRequested | LogLine


# ---------------------------------------------------------------- what is heard now


@dataclass(frozen=True, slots=True)
class HeardClip:
    """A clip that is heard at a moment; two of them during a crossfade.

    Attributes:
        clip_id: Which.
        position_s: Where in it.
        gain: Its part of the mix, 0 to 1.
    """

    clip_id: str
    position_s: float
    gain: float


class PlaybackTap(Protocol):
    """Reads what is really played. Never blocks; survives a restart of the audio process."""

    def heard(self, now_s: float) -> tuple[HeardClip, ...]:
        """What comes out of the speakers at `now_s` (monotonic), latency taken into account.

        Empty when nothing was played in the last half second.
        """
        ...

    def samples(self, num_frames: int, now_s: float) -> npt.NDArray[np.float32]:
        """The most recent mixed audio frames, the last of them heard at about `now_s`.

        Shape: (num_frames, 2), zeros where nothing was played.
        """
        ...

    def sample_rate(self) -> int:
        """Of `samples`, in Hz; 0 before there is a device."""
        ...

    def close(self) -> None:
        """Let go of the shared memory."""
        ...


AudioChannel = Channel[FromAudio, ToAudio]
"""As the audio process holds it: `installation.audio.player.main(channel, settings)`."""

ComposerChannel = Channel[FromComposer, ToComposer]
"""As the composer process holds it: `installation.composer.main(channel, settings)`."""

UiChannel = Channel[FromUi, ToUi]
"""As the ui process holds it: `installation.ui.window.main(channel, settings, tap)`."""
