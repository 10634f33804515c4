"""Where the samples go: loudspeakers by PortAudio, or a silent device that takes as long.

Whatever the device, it asks a `Feed` for samples in a thread of its own, and the feed never keeps it waiting.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from installation.audio import BLOCK_FRAMES, CHANNELS
from installation.audio.devices import Found, NoSoundError, index_of, portaudio, reason_of
from installation.audio.ring import Ring

FloatArray = npt.NDArray[np.float32]

RELEASE_S = 0.08
"""Length of the fade when the process leaves, or another device takes over."""

RISE_S = 0.3
"""Length of the fade when a device comes (back)."""

LOOK_EVERY_S = 0.05

FIRST_ASK_S = 3.0
"""So long loudspeakers that were started may take until they ask for samples."""


class _Ramp:
    """Gains that a feed goes through once, and how far it is; the last of them stays."""

    def __init__(self, gains: FloatArray) -> None:
        self._gains = gains
        self._num_done = 0

    def apply(self, out: FloatArray) -> None:
        ramp = self._gains[self._num_done : self._num_done + len(out)]
        out[: len(ramp)] *= ramp
        out[len(ramp) :] *= self._gains[-1]
        self._num_done += len(out)

    @property
    def has_faded_away(self) -> bool:
        return self._num_done >= len(self._gains) and not self._gains[-1]


class Feed:
    """Gives a device the samples it asks for, and counts.

    Threads: every device has one, in which it calls `take` once and then `fill`. `fill` copies, pads with zeros and
    counts; it takes no lock, writes no file and no log, and waits for nothing. A device that was given up and wakes
    again does no harm: samples are for the one that took the feed last. The counters may be read from any thread;
    `release` may be called from any thread.
    """

    def __init__(self, ring: Ring, sample_rate: int, recording: Ring | None = None) -> None:
        """Read from the mixer's ring; pass what the device was given on to `recording`."""
        self._ring = ring
        self._recording = recording
        self._rise = np.linspace(0.0, 1.0, round(RISE_S * sample_rate), dtype=np.float32)[:, None]
        self._fall = np.linspace(1.0, 0.0, round(RELEASE_S * sample_rate), dtype=np.float32)[:, None]
        self._ramp: _Ramp | None = None
        self._taker: object = None
        self.is_released = threading.Event()
        self.num_played = 0
        self.num_underruns = 0
        self.padded_frames = 0
        """Zeros given in place of samples that were not there in time, after the first sound."""
        self.clock: tuple[int, float, float] | None = None
        """Frame of the ring that the last block began with, when it will be heard, when it was asked for."""

    def take(self, device: object) -> None:
        """From now on this device gets the samples; they come up from silence within `RISE_S`."""
        self.is_released.clear()
        self._ramp = _Ramp(self._rise)
        self._taker = device

    def fill(self, device: object, out: FloatArray, now_s: float, latency_s: float) -> None:
        """Fill a block.

        Args:
            device: Which asks.
            out: The block, overwritten.
            now_s: The time (monotonic).
            latency_s: Until the block's first frame is heard.

        Shape: out (audio_frames, 2).
        """
        if device is not self._taker:
            out[:] = 0.0
            return
        first = self._ring.num_read
        num_frames = self._ring.read_into(out)
        if num_frames < len(out):
            out[num_frames:] = 0.0
            if self.num_played:
                self.num_underruns += 1
                self.padded_frames += len(out) - num_frames
        if (ramp := self._ramp) is not None:
            ramp.apply(out)
            if ramp.has_faded_away:
                self.is_released.set()
        if self._recording is not None:
            self._recording.write(out)
        self.num_played += len(out)
        self.clock = (first, now_s + latency_s, now_s)

    def release(self) -> None:
        """Fade away within `RELEASE_S`; then `is_released` is set, and only zeros follow until a device takes it."""
        self._ramp = _Ramp(self._fall)


class Device(Protocol):
    """Something that takes a feed, and asks it for samples in real time."""

    name: str
    latency_s: float
    rank: int
    """Its place in the list of wishes; 0 is the dearest."""

    def start(self) -> None:
        """Begin to ask; loudspeakers have asked for the first time when this returns.

        Raises: NoSoundError if the device is gone, or does not ask.
        """

    def stop(self) -> None:
        """Let go of the device. Never raises."""

    @property
    def is_lost(self) -> bool:
        """It will not ask any more."""


class SilentDevice:
    """Takes samples at the pace of the clock and drops them."""

    name = "silent device"
    latency_s = 0.0
    rank = 0
    is_lost = False

    def __init__(self, feed: Feed, sample_rate: int) -> None:
        self._feed = feed
        self._rate = sample_rate
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="silent device", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Stop asking."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        self._feed.take(self)
        block = np.empty((BLOCK_FRAMES, CHANNELS), np.float32)
        began_s, num_frames = time.monotonic(), 0
        while not self._stopped.wait(max(0.0, began_s + num_frames / self._rate - time.monotonic())):
            self._feed.fill(self, block, time.monotonic(), self.latency_s)
            num_frames += len(block)


class Speakers:
    """A PortAudio output stream that fills itself from a feed."""

    def __init__(self, found: Found, latency_s: float, feed: Feed) -> None:
        """Open the device, silent until `start`.

        Args:
            found: Which, and at which rate.
            latency_s: What to ask of PortAudio.
            feed: Where the samples come from.

        Raises: NoSoundError.
        """
        sounddevice = portaudio()
        self.name, self.rank = found.name, found.rank
        self._feed = feed
        self._has_asked, self._finished = threading.Event(), threading.Event()
        self._asked_s = latency_s
        try:
            self._stream: Any = sounddevice.OutputStream(
                samplerate=found.sample_rate,
                blocksize=BLOCK_FRAMES,
                device=index_of(found.name),
                channels=CHANNELS,
                dtype="float32",
                latency=latency_s,
                callback=self._callback,
                finished_callback=self._finished.set,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise NoSoundError(f"{self.name} cannot be opened: {reason_of(error)}") from error
        self.latency_s = float(self._stream.latency)

    def start(self) -> None:
        """Begin to ask; returns when PortAudio has asked for the first time.

        Raises: NoSoundError if the device is gone, or does not ask.
        """
        try:
            self._stream.start()
        except portaudio().PortAudioError as error:
            raise NoSoundError(f"{self.name} cannot be started: {reason_of(error)}") from error
        if not self._has_asked.wait(FIRST_ASK_S):
            raise NoSoundError(f"{self.name} was started and does not play")

    def stop(self) -> None:
        """Let go of the device; what it was given in the last `latency_s` may be cut."""
        self._stream.close(ignore_errors=True)

    @property
    def is_lost(self) -> bool:
        """PortAudio says that it is over."""
        return self._finished.is_set()

    def _callback(self, out: FloatArray, _num_frames: int, times: Any, _status: Any) -> None:
        """PortAudio's thread. Must not raise: that would end the stream without a word."""
        if not self._has_asked.is_set():
            self._feed.take(self)
            self._has_asked.set()
        latency_s = times.outputBufferDacTime - times.currentTime
        if not 0.0 < latency_s < 2.0:  # some drivers do not tell
            latency_s = self._asked_s
        self._feed.fill(self, out, time.monotonic(), latency_s)


class Output:
    """Keeps the feed drained: by the loudspeakers whenever there are any, else by a silent device.

    Threads: `start` and `stop` by the player's main thread; devices are opened, watched and reopened by a thread of
    its own, because a sound server may keep it waiting for seconds or for ever. Meanwhile the show goes on: a silent
    device plays until the loudspeakers ask, and again before those that were lost are let go of.
    """

    PAUSE_S = 0.5
    """From one attempt to open loudspeakers to the next: they are to sound within 2 s of their coming."""
    WISH_EVERY_S = 1.5
    """How often to look for dearer loudspeakers than those that play."""
    STALL_S = 3.0
    """A device that asked for nothing for so long is taken for lost. One that has just been opened may need half of it:
    PulseAudio takes what it can hold at once, and its sink may still be busy with silence for 1.6 s (measured)."""
    STUCK_S = 12.0
    """Longer than this no attempt takes, and no farewell; then only a new process helps."""

    def __init__(
        self,
        open_speakers: Callable[[], Device],
        feed: Feed,
        sample_rate: int,
        announce: Callable[[Device, str], None],
        is_dearer_there: Callable[[int], bool] = lambda _: False,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            open_speakers: Opens the loudspeakers, silent until started; raises NoSoundError.
            feed: What is played.
            sample_rate: In Hz, for the silent device.
            announce: Called with every device that has begun, and why it is a silent one (else empty).
            is_dearer_there: Says whether loudspeakers of a better rank than this could be opened.
        """
        self._open_speakers = open_speakers
        self._feed = feed
        self._rate = sample_rate
        self._announce = announce
        self._is_dearer_there = is_dearer_there
        self._silence: Device | None = None
        self.num_looks = 0
        """How often the device that plays was looked after: the output works, though a device may ask for nothing."""
        self._waiting_since_s: float | None = None  # for the sound server
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def is_alive(self) -> bool:
        """It plays, or can try to."""
        since_s = self._waiting_since_s
        return self._thread.is_alive() and (since_s is None or time.monotonic() - since_s < self.STUCK_S)

    def stop(self) -> None:
        """Stop playing and close the device."""
        self._stopped.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        while not self._stopped.is_set():
            began_s = time.monotonic()
            try:
                with self._waiting():
                    speakers = self._begin()
            except NoSoundError as error:
                self._be_silent(str(error))
            else:
                self._end_silence()
                self._announce(speakers, "")
                reason = self._watch(speakers)
                if not self._stopped.is_set():
                    self._be_silent(reason)
                with self._waiting():
                    speakers.stop()
            self._stopped.wait(self.PAUSE_S - (time.monotonic() - began_s))
        self._end_silence()

    def _begin(self) -> Device:
        """Loudspeakers that play.

        Raises: NoSoundError.
        """
        speakers = self._open_speakers()
        try:
            speakers.start()
        except NoSoundError:
            speakers.stop()
            if self._silence is not None:  # they may have asked all the same
                self._feed.take(self._silence)
            raise
        return speakers

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        self._waiting_since_s = time.monotonic()
        try:
            yield
        finally:
            self._waiting_since_s = None

    def _be_silent(self, reason: str) -> None:
        if self._silence is None:
            self._silence = SilentDevice(self._feed, self._rate)
            self._silence.start()
            self._announce(self._silence, reason)

    def _end_silence(self) -> None:
        if self._silence is not None:
            self._silence.stop()
            self._silence = None

    def _watch(self, device: Device) -> str:
        """Return when the device is lost, dearer ones are there, or nobody wants it any more; says which."""
        num_played, stalled_s, looked_at_s = -1, 0.0, time.monotonic()
        while not self._stopped.wait(LOOK_EVERY_S) and not device.is_lost and stalled_s < self.STALL_S:
            self.num_looks += 1
            stalled_s = 0.0 if self._feed.num_played != num_played else stalled_s + LOOK_EVERY_S
            num_played = self._feed.num_played
            if device.rank > 0 and time.monotonic() > looked_at_s + self.WISH_EVERY_S:
                looked_at_s = time.monotonic()
                if self._is_dearer_there(device.rank):
                    self._feed.release()
                    self._feed.is_released.wait(self.STALL_S)
                    return f"{device.name} makes room for dearer loudspeakers"
        return f"{device.name} is gone, trying to open it again"
