"""Between the director and the audio process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from installation.channel import Channel
from installation.messages.common import ClipInfo, LogLine, Shutdown


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
    """To audio: glide to this volume, 0 to 1, raised or lowered by a gain."""

    volume: float
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class AudioReady:
    """From audio: a device is open (again). Sent at the start and after every change of device.

    Attributes:
        device: Its name as a person knows it.
        sample_rate: In Hz; clips are wanted at this rate.
        is_silent: No sound device: time passes, samples go nowhere.
        reason: Why it is silent and what to do about it, in one line; else empty.
    """

    device: str
    sample_rate: int
    is_silent: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ClipStarted:
    """From audio: this clip's first sample is (or will be) heard at `heard_at_s`.

    Sent for every PlayClip and AppendClip that comes to sound, and for the bed, not for loops. What a later PlayClip
    overtakes in the last moment may be said to start, though it is not heard.
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
    """From audio, about ten times a second, while samples go out or the device that asks for none is looked after.

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

AudioChannel = Channel[FromAudio, ToAudio]
"""As the audio process holds it: `installation.audio.player.main(channel, settings)`."""
