"""What sounds at every sample: three tiers against silence, and a crossfade for every change.

Tier one is the clip that was asked for, tier two its seamless loop when nothing follows in time,
tier three the bed. Time is counted in samples, so the same commands at the same frames always
give the same sound. Pure numpy; knows no device, file, process or clock.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from installation.audio import CHANNELS, MAX_VOICES
from installation.audio.beats import frames_earlier
from installation.audio.clips import Clip
from installation.audio.fade import correlation, equal_power_gains, fold, folding_gains
from installation.audio.voice import Voice

FloatArray = npt.NDArray[np.float32]
Tier = Literal[1, 2, 3]

LOOP_JOINT_S = 1.5
"""Length of the fade from a clip's end into its own beginning."""

MIN_FADE_S = 0.01
"""A cut is a fade of this length: no click."""

SHORTEST_FADE_S = 0.5
"""A piece that comes to its own end is not looped to have time for a longer fade; one that is nearer to it is."""

FOLD_S = 0.1
"""When more than `MAX_VOICES` would sound, the quietest goes in this time: too fast to be missed, too slow to click."""

INAUDIBLE = 1e-4
"""A voice at -80 dB is none."""

VOLUME_TIME_S = 0.12
"""In this time the volume comes to a third of its distance from what is wanted, and so on: one pole."""

SAME_VOLUME = 1e-4
"""A difference of -80 dB is none."""

MAX_LOOPS = 4
"""After so many repeats of a clip the bed takes over: the same half minute again and again is worse."""


@dataclass(frozen=True, slots=True)
class Started:
    """The first frame of a clip is frame `at_frame` of the mix."""

    clip_id: str
    at_frame: int


@dataclass(frozen=True, slots=True)
class Refused:
    """This clip will not sound."""

    clip_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class VoiceState:
    """One voice at one frame of the mix; `position` in frames of its clip."""

    clip_id: str
    position: int
    gain: float


@dataclass(frozen=True, slots=True)
class MixerState:
    """What is mixed at one moment, and what was counted up to it.

    Attributes:
        frame: Frames mixed so far.
        tier: 1 the clip asked for, 2 its loop, 3 the bed (or nothing yet).
        clip_id: The newest voice's clip.
        position: Where in it, in frames.
        remaining: Frames until the end of its chain; 0 once it loops.
        tier_frames: Frames mixed on tiers 1, 2 and 3.
        silent_frames: Frames of blocks that were all zeros before the volume, after the first sound: not asked for.
        voices: Everything that sounds, the newest last: for `FOLD_S` perhaps more than `MAX_VOICES`.
    """

    frame: int
    tier: Tier
    clip_id: str
    position: int
    remaining: int
    tier_frames: tuple[int, int, int]
    silent_frames: int
    voices: tuple[VoiceState, ...]


@dataclass(frozen=True, slots=True)
class _Next:
    clip: Clip
    fade: int
    start: int


class Mixer:
    """Mixes voices into blocks. Belongs to one thread."""

    def __init__(
        self, sample_rate: int, *, crossfade_s: float = 4.0, volume: float = 1.0, gain_db: float = 0.0
    ) -> None:
        """Start silent: nothing sounds before `set_bed` or `play`.

        Args:
            sample_rate: In Hz; all clips have it.
            crossfade_s: For changes nobody asked for: a late continuation, falling back to the bed.
            volume: 0 to 1.
            gain_db: On top of it.
        """
        self._rate = sample_rate
        self._crossfade_s = crossfade_s
        self._bed: Clip | None = None
        self._voices: list[Voice] = []
        self._fade = self._faded = 0
        self._likeness = 0.0
        self._left: frozenset[str] = frozenset()  # the clips that were faded away from in the fade that runs
        self._folded: tuple[float, ...] = ()  # where the gains of what leaves are gliding to; empty when they are there
        self._armed: _Next | None = None
        self._volume = self._volume_goal = volume * 10 ** (gain_db / 20)
        self._volume_decay = math.exp(-1.0 / (VOLUME_TIME_S * sample_rate))
        self._events: list[Started | Refused] = []
        self._frame = self._silent_frames = 0
        self._tier_frames = [0, 0, 0]
        self._has_sounded = False

    # ------------------------------------------------------------ commands

    def set_bed(self, bed: Clip, *, fade_s: float = 0.3) -> None:
        """Keep this piece as tier three, and begin with it if nothing sounds."""
        self._bed = bed
        if not self._voices:
            self._begin(_Next(bed, self._frames(fade_s), 0))

    def play(
        self, clip: Clip, crossfade_s: float | None = None, *, start_s: float = 0.0, is_at_end: bool = False
    ) -> None:
        """Crossfade to this clip, now or so that the fade is complete when what sounds now ends.

        During a fade the next one begins on top of it, at once: what sounds fades together, as one. Beyond
        `MAX_VOICES` the quietest of it goes within `FOLD_S`, and the others take over its power.
        """
        fade_s = self._crossfade_s if crossfade_s is None else crossfade_s
        arriving = _Next(clip, self._frames(fade_s), round(start_s * self._rate))
        self._armed = None
        if is_at_end and self._voices and self._tier() == 1:
            self._armed = arriving
        else:
            self._begin(arriving)

    def append(self, clip: Clip, continues: str | None = None) -> None:
        """Let this clip follow `continues` (or whatever is last) from its exact end.

        When that one loops already, or is not known here, crossfade at once; when it has been
        faded away from for something else, refuse: its piece is over.
        """
        newest = self._voices[-1] if self._voices else None
        if newest is not None and self._tier() == 1 and continues in (None, newest.last_clip.clip_id):
            newest.append(clip)
            return
        if continues in self._left:
            self._events.append(Refused(clip.clip_id, f"too late: {continues} has been faded away from"))
            return
        self._begin(_Next(clip, self._frames(self._crossfade_s), 0))

    def set_volume(self, volume: float, gain_db: float = 0.0) -> None:
        """Glide to this volume, 0 to 1, raised or lowered by a gain."""
        self._volume_goal = min(1.0, max(0.0, volume)) * 10 ** (gain_db / 20)

    def twin(self) -> Mixer:
        """Another mixer that sounds the same from here on, without the events so far; the clips are shared."""
        twin = copy.copy(self)
        twin._voices = [voice.twin() for voice in self._voices]
        twin._tier_frames = self._tier_frames.copy()
        twin._events = []
        return twin

    # ------------------------------------------------------------ results

    def take_events(self) -> list[Started | Refused]:
        """What happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    def state(self) -> MixerState:
        """The state at the next frame to be mixed."""
        newest = self._voices[-1] if self._voices else None
        return MixerState(
            frame=self._frame,
            tier=self._tier(),
            clip_id=newest.clip.clip_id if newest else "",
            position=newest.position if newest else 0,
            remaining=newest.frames_to_end if newest and not newest.is_looping else 0,
            tier_frames=(self._tier_frames[0], self._tier_frames[1], self._tier_frames[2]),
            silent_frames=self._silent_frames,
            voices=tuple(
                VoiceState(voice.clip.clip_id, voice.position, gain)
                for voice, gain in zip(self._voices, self._gains_now(), strict=True)
            ),
        )

    def render(self, num_frames: int) -> FloatArray:
        """Mix the next block.

        Shape: result (num_frames, 2); sums may exceed 1, the limiter is behind.
        """
        out = np.zeros((num_frames, CHANNELS), np.float32)
        self._fall_back_when_due()
        done = 0
        while done < num_frames and self._voices:
            self._start_armed_when_due()
            stretch = min(num_frames - done, self._frames_to_event())
            clip = self._voices[-1].clip
            self._mix(out[done : done + stretch])
            if self._voices[-1].clip is not clip:
                self._events.append(Started(self._voices[-1].clip.clip_id, self._frame + stretch))
            self._advance(stretch)
            done += stretch
        self._frame += num_frames - done
        self._tier_frames[2] += num_frames - done
        self._count_silence(out)
        self._apply_volume(out)
        return out

    # ------------------------------------------------------------ inside

    def _frames(self, seconds: float) -> int:
        return _frames(seconds, self._rate)

    def _tier(self) -> Tier:
        if not self._voices or (self._bed is not None and self._voices[-1].clip.clip_id == self._bed.clip_id):
            return 3
        return 2 if self._voices[-1].is_looping else 1

    def _new_voice(self, arriving: _Next) -> Voice:
        return Voice(arriving.clip, longest_joint(self._rate, self._crossfade_s), arriving.start)

    def _begin(self, arriving: _Next) -> None:
        voice, fade = self._new_voice(arriving), arriving.fade
        for old, gain in zip(self._voices, self._gains_now(), strict=True):
            old.gain = gain
            # A fade that ends exactly with the piece hears no loop; any other may need one.
            old.may_loop = old.frames_to_end != fade or old is not self._voices[-1]
        self._left |= {old.last_clip.clip_id for old in self._voices}
        leaving = [old for old in self._voices if old.gain > INAUDIBLE]
        self._folded = fold([old.gain for old in leaving], MAX_VOICES - 1)
        self._voices = leaving
        self._fade, self._faded = fade, 0
        self._likeness = self._correlation_with(voice, fade)
        self._voices.append(voice)
        self._events.append(Started(voice.clip.clip_id, self._frame))

    def _correlation_with(self, arriving: Voice, fade: int) -> float:
        """Near 0 for different music; a clip that goes on into itself is another matter."""
        if not self._voices:
            return 0.0
        num_frames = min(fade, 10 * self._rate)
        leaving = sum(voice.gain * voice.peek(num_frames) for voice in self._voices)
        return correlation(np.asarray(leaving, np.float32), arriving.peek(num_frames))

    def _gains_now(self) -> list[float]:
        if not self._fade:
            return [voice.gain for voice in self._voices]
        outgoing, incoming = self._fade_gains(1)
        return [*(float(gains[0]) for gains in outgoing), float(incoming[0])]

    def _fade_gains(self, num_frames: int) -> tuple[list[FloatArray], FloatArray]:
        """Of each voice that leaves, and of the one that arrives."""
        frames = np.arange(self._faded, self._faded + num_frames, dtype=np.float32)
        outgoing, incoming = equal_power_gains(frames / np.float32(self._fade), self._likeness)
        gains = [voice.gain for voice in self._voices[:-1]]
        if self._folded:
            shares = np.minimum(frames / np.float32(self._fold_frames), np.float32(1.0))
            return [part * outgoing for part in folding_gains(gains, self._folded, shares)], incoming
        return [np.float32(gain) * outgoing for gain in gains], incoming

    @property
    def _fold_frames(self) -> int:
        return min(self._frames(FOLD_S), self._fade)

    def _fall_back_when_due(self) -> None:
        if self._bed is not None and not self._fade and self._tier() == 2 and self._voices[-1].num_loops >= MAX_LOOPS:
            self._begin(_Next(self._bed, self._frames(self._crossfade_s), 0))

    def _start_armed_when_due(self) -> None:
        newest = self._voices[-1]
        if self._armed is None:
            newest.may_loop = True
        elif newest.is_looping or newest.frames_to_end <= self._armed_fade():
            armed, fade = self._armed, self._armed_fade()
            self._armed = None
            if not newest.is_looping and newest.frames_to_end >= self._frames(SHORTEST_FADE_S):
                armed = replace(armed, fade=min(fade, newest.frames_to_end))
            self._begin(armed)
        else:
            newest.may_loop = False

    def _armed_fade(self) -> int:
        """As long as was asked for, and longer by a part of a beat where that brings the beats of both together."""
        assert self._armed is not None
        leaving, arriving, fade = self._voices[-1].last_clip, self._armed.clip, self._armed.fade
        if leaving.beat is None or arriving.beat is None:
            return fade
        begin = len(leaving) - fade
        return fade + frames_earlier(leaving.beat, arriving.beat, begin, self._armed.start, fade, self._rate)

    def _frames_to_event(self) -> int:
        """Frames until something changes: a fade is over, a clip ends, an armed clip is due."""
        newest = self._voices[-1]
        frames = newest.frames_to_change
        if self._fade:
            frames = min(frames, self._fade - self._faded)
        if self._folded:
            frames = min(frames, self._fold_frames - self._faded)
        if self._armed is not None:
            frames = min(frames, newest.frames_to_end - self._armed_fade())
        return max(1, frames)

    def _mix(self, out: FloatArray) -> None:
        if not self._fade:
            out += self._voices[-1].read(len(out))
            return
        outgoing, incoming = self._fade_gains(len(out))
        for voice, gains in zip(self._voices, outgoing, strict=False):
            out += voice.read(len(out)) * gains[:, None]
        out += self._voices[-1].read(len(out)) * incoming[:, None]

    def _advance(self, num_frames: int) -> None:
        self._tier_frames[self._tier() - 1] += num_frames
        self._frame += num_frames
        if self._fade:
            self._faded += num_frames
            if self._folded and self._faded >= self._fold_frames:
                self._end_fold()
            if self._faded >= self._fade:
                self._end_fade()

    def _end_fade(self) -> None:
        self._fade = self._faded = 0
        del self._voices[:-1]
        self._voices[-1].gain = 1.0
        self._left = frozenset()

    def _end_fold(self) -> None:
        for voice, gain in zip(self._voices, self._folded, strict=False):
            voice.gain = gain
        self._voices = [voice for voice in self._voices[:-1] if voice.gain] + self._voices[-1:]
        self._folded = ()

    def _apply_volume(self, out: FloatArray) -> None:
        goal, away = self._volume_goal, self._volume - self._volume_goal
        if away:
            volumes = goal + away * self._volume_decay ** np.arange(1, len(out) + 1)
            out *= volumes.astype(np.float32)[:, None]
            self._volume = goal if abs(volumes[-1] - goal) < SAME_VOLUME else float(volumes[-1])
        elif goal != 1.0:
            out *= np.float32(goal)

    def _count_silence(self, out: FloatArray) -> None:
        if out.any():
            self._has_sounded = True
        elif self._has_sounded:
            self._silent_frames += len(out)


def longest_joint(sample_rate: int, crossfade_s: float) -> int:
    """How long the fade is, at most, in which a clip goes round, in frames."""
    return _frames(min(LOOP_JOINT_S, crossfade_s), sample_rate)


def _frames(seconds: float, sample_rate: int) -> int:
    return max(1, round(max(seconds, MIN_FADE_S) * sample_rate))
