"""The audio process: threads for messages, decoding, mixing and output, held together."""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from installation.audio.ahead import MixAhead
from installation.audio.beats import Beat, find_beat
from installation.audio.clips import Clip, ClipError, load_clip
from installation.audio.devices import PREFERRED_RATE as RATE_WITHOUT_DEVICE
from installation.audio.devices import Found, NoSoundError, ask, look_again
from installation.audio.limiter import Limiter
from installation.audio.mixer import Mixer, MixerState, Started, longest_joint
from installation.audio.output import Device, Feed, Output, SilentDevice, Speakers
from installation.audio.recorder import Recorder
from installation.audio.seam import find_loop
from installation.audio.tap import TapWriter
from installation.audio.voice import joint_of
from installation.messages import (
    BED_CLIP_ID,
    AppendClip,
    AudioChannel,
    AudioHeartbeat,
    AudioReady,
    ClipFailed,
    ClipInfo,
    ClipStarted,
    FromAudio,
    PlayClip,
    SetVolume,
    Shutdown,
    ToAudio,
)
from installation.settings import AudioSettings

_log = logging.getLogger(__name__)

AHEAD_S = 0.35
"""How far the mixer works ahead; a PlayClip that is to sound at once does not wait for so long."""

AHEAD_AT_START_S = 1.0
"""More at first: while the other processes start, the machine is at its busiest."""

MIXER_PERIOD_S = 0.02
HEARTBEAT_S = 0.1
MIN_LATENCY_S = 0.2
"""Below this a Python callback loses samples under load (measured: none in 60 s at 0.2 s)."""

FIRST_FADE_S = 0.3
"""The first sound of the process rises within this."""

MAX_UNEXAMINED = 4
"""Clips whose seam is still to be found; of more that came at once, the latest matter."""

LAST_WORDS_S = 0.2
"""How long to wait for a fade, and again for the device to sound it, when leaving."""


def main(channel: AudioChannel, settings: AudioSettings) -> None:
    """Play until `Shutdown`, or until the director is gone.

    What is in the channel already when the process starts is what it starts with: a director that
    restarts it says `PlayClip(start_s=...)` at once and hears no bed in between.

    Raises: FileNotFoundError if the tap's memory is not there.
    """
    sys.setswitchinterval(0.001)  # the device's callback waits for the interpreter no longer than this
    player = Player(channel, settings)
    try:
        player.run()
    finally:
        player.close()


@dataclass(frozen=True)
class _Loaded:
    """A message whose clip is decoded."""

    message: PlayClip | AppendClip
    clip: Clip


@dataclass(frozen=True)
class _Bed:
    """The bed is decoded."""

    clip: Clip


class Player:
    """Five threads and a device.

    main      messages in and out, heartbeats
    loader    decodes files, in the order they came
    examiner  finds the beats and seams of clips, which may play already
    mixer     keeps the ring filled; the only one that touches the `MixAhead`
    output    opens, watches and reopens the device, which asks the `Feed` in its own thread
    """

    def __init__(self, channel: AudioChannel, settings: AudioSettings) -> None:
        self._channel = channel
        self._settings = settings
        self._found: Found | None = None
        with contextlib.suppress(NoSoundError):
            self._found = ask(settings.devices, settings.sample_rate)
        self._rate = self._found.sample_rate if self._found else settings.sample_rate or RATE_WITHOUT_DEVICE
        self._device_latency_s = max(MIN_LATENCY_S, settings.latency_s)
        self._tap = TapWriter(settings.tap_name, self._rate)
        self._recorder = self._open_recorder()
        self._feed = Feed(self._tap.ring, self._rate, self._recorder.ring if self._recorder else None)
        self._output = Output(self._open_speakers, self._feed, self._rate, self._announce, self._is_dearer_device_there)
        self._mix_ahead = self._new_mix(SetVolume(settings.volume, settings.gain_db))
        self._state: MixerState = self._mix_ahead.state
        self._clock_offset_s: float | None = None
        self._to_load: queue.SimpleQueue[PlayClip | AppendClip | None] = queue.SimpleQueue()
        self._to_mix: queue.SimpleQueue[_Loaded | _Bed | SetVolume] = queue.SimpleQueue()
        self._to_examine: queue.SimpleQueue[Clip | None] = queue.SimpleQueue()
        self._early: deque[ToAudio] = deque()
        self._is_ready, self._is_leaving = threading.Event(), threading.Event()
        self._loader_thread = threading.Thread(target=self._load, name="loader", daemon=True)
        self._examiner_thread = threading.Thread(target=self._examine, name="examiner", daemon=True)
        self._mixer_thread = threading.Thread(target=self._mix, name="mixer", daemon=True)
        self._threads = (self._mixer_thread, self._loader_thread, self._examiner_thread)
        self._beat_at_s, self._beat_work = 0.0, (0, 0)
        self._has_bed = False

    # ------------------------------------------------------------ main thread

    def run(self) -> None:
        """Play until told to leave."""
        try:
            self._begin()
            while self._serve():
                self._beat()
        except (EOFError, ConnectionError):
            _log.info("the director is gone")

    def close(self) -> None:
        """Fade out, let go of everything."""
        self._feed.release()
        if self._mixer_thread.is_alive() and self._feed.is_released.wait(LAST_WORDS_S):
            self._is_leaving.wait(min(LAST_WORDS_S, self._device_latency_s))
        self._is_leaving.set()
        self._to_load.put(None)
        self._to_examine.put(None)
        self._output.stop()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(1.0)
        if self._recorder is not None:
            self._recorder.close()
        self._tap.close()

    def _begin(self) -> None:
        """Let something sound: what the channel says already, else the bed."""
        while (message := self._channel.receive(0.0)) is not None:
            if isinstance(message, SetVolume):  # known before the first sound: no glide, no sound in a closed room
                self._mix_ahead = self._new_mix(message)
            else:
                self._early.append(message)
        first = next((message for message in self._early if isinstance(message, PlayClip)), None)
        clip = None
        if first is not None:
            self._early.remove(first)
            clip = self._decode(first.clip.clip_id, first.clip.audio_path)
        if first is not None and clip is not None:
            start_s, clip.beat = first.start_s, self._beat_of(first.clip)
            self._mix_ahead.do(lambda mixer: mixer.play(clip, FIRST_FADE_S, start_s=start_s))
        elif (bed := self._decode(BED_CLIP_ID, self._settings.bed_path)) is not None:
            self._mix_ahead.do(lambda mixer: mixer.set_bed(bed, fade_s=FIRST_FADE_S))
            self._has_bed = True
        self._fill_ring(AHEAD_AT_START_S)
        for part in (*self._threads, self._output):
            part.start()

    def _serve(self) -> bool:
        """Take one message or wait a moment; False when it is time to leave.

        Raises: RuntimeError if a part has stopped: only a new process has all of them again.
        """
        stopped = [thread.name for thread in self._threads if not thread.is_alive()]
        if not self._output.is_alive():
            stopped.append("output")
        if stopped:
            raise RuntimeError(f"stopped: {', '.join(stopped)}")
        message = self._early.popleft() if self._early else self._channel.receive(0.05)
        match message:
            case PlayClip() | AppendClip():
                self._to_load.put(message)
            case SetVolume():
                self._to_mix.put(message)
            case Shutdown():
                return False
        return True

    def _beat(self) -> None:
        """Say now and then what was counted, if samples went out meanwhile, or the device was looked after."""
        now_s, state, num_played = time.monotonic(), self._state, self._feed.num_played
        work = (num_played, self._output.num_looks)
        if not self._is_ready.is_set() or now_s < self._beat_at_s + HEARTBEAT_S or work == self._beat_work:
            return
        self._beat_at_s, self._beat_work = now_s, work
        ahead = self._tap.ring.num_readable
        silent_frames = state.silent_frames + self._feed.padded_frames
        self._channel.send(
            AudioHeartbeat(
                samples_played=num_played,
                num_underruns=self._feed.num_underruns,
                silence_s=silent_frames / self._rate,
                loop_s=state.tier_frames[1] / self._rate,
                bed_s=state.tier_frames[2] / self._rate,
                tier=state.tier,
                clip_id=state.clip_id,
                position_s=max(0, state.position - ahead) / self._rate,
                remaining_s=(state.remaining + ahead) / self._rate if state.remaining else 0.0,
            )
        )

    # ------------------------------------------------------------ loader thread

    def _load(self) -> None:
        if not self._has_bed and (bed := self._decode(BED_CLIP_ID, self._settings.bed_path)) is not None:
            self._to_mix.put(_Bed(bed))
        while (message := self._to_load.get()) is not None:
            start_s = message.start_s if isinstance(message, PlayClip) else 0.0
            self._decode(message.clip.clip_id, message.clip.audio_path, partial(self._pass_on, message), start_s)

    def _pass_on(self, message: PlayClip | AppendClip, clip: Clip) -> None:
        clip.beat = self._beat_of(message.clip)
        self._to_mix.put(_Loaded(message, clip))

    def _beat_of(self, clip: ClipInfo) -> Beat | None:
        return Beat(clip.beat_s * self._rate, 0.0) if clip.beat_s else None

    def _decode(
        self, clip_id: str, path: Path, on_playable: Callable[[Clip], None] | None = None, start_s: float = 0.0
    ) -> Clip | None:
        try:
            clip = load_clip(path, clip_id, self._rate, on_playable, start_s)
        except ClipError as error:
            _log.warning("%s", error)
            self._say(ClipFailed(clip_id, str(error)))
            return None
        if clip_id != BED_CLIP_ID:
            self._to_examine.put(clip)
        return clip

    # ------------------------------------------------------------ examiner thread

    def _examine(self) -> None:
        """No clip waits for this: before its seam is found, it goes round into its own beginning, as the bed does."""
        while (clip := self._to_examine.get()) is not None:
            if self._to_examine.qsize() < MAX_UNEXAMINED:
                self._find_beat_and_seam(clip)
            del clip  # the mixer alone decides how long it is kept

    def _find_beat_and_seam(self, clip: Clip) -> None:
        try:
            samples = clip.frames(0, len(clip))
            clip.beat = clip.beat or find_beat(samples, self._rate)
            clip.loop_length = find_loop(samples, joint_of(clip, longest_joint(self._rate, self._settings.crossfade_s)))
        except MemoryError:
            _log.exception("no seam of %s was found", clip.clip_id)

    # ------------------------------------------------------------ mixer thread

    def _mix(self) -> None:
        started: deque[Started] = deque()
        while not self._is_leaving.is_set():
            with contextlib.suppress(queue.Empty):
                self._apply(self._to_mix.get(timeout=MIXER_PERIOD_S))
            self._fill_ring()
            for event in self._mix_ahead.take_events():
                if isinstance(event, Started):
                    started.append(event)
                else:
                    self._say(ClipFailed(event.clip_id, event.reason))
            clock_offset_s = self._follow_clock()
            while started and clock_offset_s is not None and self._is_ready.is_set():
                event = started.popleft()
                heard_at_s = self._mix_ahead.frame_of(event) / self._rate - clock_offset_s
                self._say(ClipStarted(event.clip_id, heard_at_s))

    def _apply(self, command: _Loaded | _Bed | SetVolume) -> None:
        match command:
            case SetVolume(volume, gain_db):
                self._mix_ahead.do(lambda mixer: mixer.set_volume(volume, gain_db))
            case _Bed(clip):
                self._mix_ahead.do(lambda mixer: mixer.set_bed(clip))
            case _Loaded(PlayClip(_, fade_s, start_s, is_at_end), clip):
                self._mix_ahead.do(
                    lambda mixer: mixer.play(clip, fade_s, start_s=start_s, is_at_end=is_at_end),
                    is_urgent=not is_at_end,
                )
            case _Loaded(AppendClip() as message, clip):
                self._mix_ahead.do(lambda mixer: mixer.append(clip, message.clip.continues))

    def _fill_ring(self, ahead_s: float = AHEAD_S) -> None:
        self._mix_ahead.fill(round(ahead_s * self._rate))
        self._state = self._mix_ahead.state

    def _new_mix(self, volume: SetVolume) -> MixAhead:
        mixer = Mixer(self._rate, crossfade_s=self._settings.crossfade_s, volume=volume.volume, gain_db=volume.gain_db)
        return MixAhead(mixer, Limiter(self._rate), self._tap)

    def _follow_clock(self) -> float | None:
        """Seconds to add to the monotonic time to get the ring's; None before a device has asked.

        Devices ask in bursts and drivers guess, so the difference is smoothed, or the notes on the
        screen would tremble; a jump (another device, an underrun) is believed at once.
        """
        if (clock := self._feed.clock) is None:
            return None
        frame, heard_at_s, asked_at_s = clock
        measured_s = frame / self._rate - heard_at_s
        offset_s = self._clock_offset_s
        if offset_s is None or abs(measured_s - offset_s) > 0.1:
            offset_s = measured_s
        self._clock_offset_s = offset_s + (measured_s - offset_s) * 0.05
        self._tap.note_clock(frame, frame / self._rate - self._clock_offset_s, asked_at_s)
        return self._clock_offset_s

    # ------------------------------------------------------------ output thread

    def _open_speakers(self) -> Speakers:
        found, self._found = self._found or ask(self._settings.devices, self._rate), None
        look_again()
        return Speakers(found, max(MIN_LATENCY_S, self._settings.latency_s), self._feed)

    def _is_dearer_device_there(self, rank: int) -> bool:
        with contextlib.suppress(NoSoundError):
            return ask(self._settings.devices[:rank], self._rate).rank < rank
        return False

    # ------------------------------------------------------------ any thread

    def _announce(self, device: Device, reason: str) -> None:
        is_silent = isinstance(device, SilentDevice)
        self._device_latency_s = device.latency_s
        if reason:
            _log.warning("%s; playing into a silent device", reason)
        self._say(AudioReady(device.name, self._rate, is_silent, reason))
        self._is_ready.set()  # the first thing that is said

    def _say(self, message: FromAudio) -> None:
        """Send; when the director is gone, the main thread reads it in the channel and leaves."""
        with contextlib.suppress(OSError):
            self._channel.send(message)

    def _open_recorder(self) -> Recorder | None:
        path, left_at_s = self._settings.record_path, self._tap.left_at_s
        if path is None:
            return None
        try:
            return Recorder(path, self._rate, gap_s=left_at_s and time.monotonic() - left_at_s)
        except OSError as error:
            _log.error("no recording: %s", error)
            return None
