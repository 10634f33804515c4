"""Where the samples go: loudspeakers by PortAudio, or a silent device that takes as long.

The only file that knows sounddevice. Whatever the device, it asks a `Feed` for samples in a thread
of its own, and the feed never keeps it waiting.
"""

from __future__ import annotations

import ctypes.util
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from installation.audio import BLOCK_FRAMES, CHANNELS
from installation.audio.ring import Ring

log = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float32]

PREFERRED_RATE = 48000
"""Asked for where the device takes it: PortAudio calls 44100 the default of every virtual device."""

RELEASE_S = 0.08
"""Length of the fade when the process leaves."""


class NoSoundError(Exception):
    """No loudspeaker can be opened; the message says why and what to do, in one line."""


class Feed:
    """Gives a device the samples it asks for, and counts.

    Threads: `fill` is called by one device's thread at a time. It copies, pads with zeros and
    counts; it takes no lock, writes no file and no log, and waits for nothing. The counters may be
    read from any thread; `release` may be called from any thread.
    """

    def __init__(self, ring: Ring, sample_rate: int, recording: Ring | None = None) -> None:
        """Read from the mixer's ring; pass what the device was given on to `recording`."""
        self._ring = ring
        self._recording = recording
        self._rate = sample_rate
        self._release_ramp = np.linspace(1.0, 0.0, round(RELEASE_S * sample_rate), dtype=np.float32)[:, None]
        self._released = 0
        self._is_releasing = False
        self.is_released = threading.Event()
        self.num_played = 0
        self.num_underruns = 0
        self.padded_frames = 0
        """Zeros given in place of samples that were not there in time, after the first sound."""
        self.clock: tuple[int, float, float] | None = None
        """Frame of the ring that the last block began with, when it will be heard, when it was asked for."""

    def fill(self, out: FloatArray, now_s: float, latency_s: float) -> None:
        """Fill a block. Called by the device's thread.

        Args:
            out: The block, overwritten.
            now_s: The time (monotonic).
            latency_s: Until the block's first frame is heard.

        Shape: out (audio_frames, 2).
        """
        first = self._ring.num_read
        num_frames = self._ring.read_into(out)
        if num_frames < len(out):
            out[num_frames:] = 0.0
            if self.num_played:
                self.num_underruns += 1
                self.padded_frames += len(out) - num_frames
        if self._is_releasing:
            self._fade_away(out)
        if self._recording is not None:
            self._recording.write(out)
        self.num_played += len(out)
        self.clock = (first, now_s + latency_s, now_s)

    def release(self) -> None:
        """Fade away within `RELEASE_S`; then `is_released` is set and only zeros follow."""
        self._is_releasing = True

    def _fade_away(self, out: FloatArray) -> None:
        ramp = self._release_ramp[self._released : self._released + len(out)]
        out[: len(ramp)] *= ramp
        out[len(ramp) :] = 0.0
        self._released += len(out)
        if self._released >= len(self._release_ramp):
            self.is_released.set()


class Device(Protocol):
    """Something that asks a feed for samples in real time."""

    name: str
    latency_s: float

    def start(self) -> None:
        """Begin to ask.

        Raises: NoSoundError if the device is gone.
        """

    def stop(self) -> None:
        """Let what was given be heard, then let go of the device. Never raises."""

    @property
    def is_lost(self) -> bool:
        """It will not ask any more."""


class SilentDevice:
    """Takes samples at the pace of the clock and drops them."""

    name = "silent device"
    latency_s = 0.0
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
        block = np.empty((BLOCK_FRAMES, CHANNELS), np.float32)
        began_s, num_frames = time.monotonic(), 0
        while not self._stopped.wait(max(0.0, began_s + num_frames / self._rate - time.monotonic())):
            self._feed.fill(block, time.monotonic(), self.latency_s)
            num_frames += len(block)


class Speakers:
    """A PortAudio output stream that fills itself from a feed."""

    def __init__(self, device: str | None, sample_rate: int, latency_s: float, feed: Feed) -> None:
        """Open the device, silent until `start`.

        Args:
            device: "host API: name" or a part of it; None is the system's default.
            sample_rate: In Hz.
            latency_s: What to ask of PortAudio.
            feed: Where the samples come from.

        Raises: NoSoundError.
        """
        sounddevice = _portaudio()
        index, self.name = _find(sounddevice, device)
        self._feed = feed
        self._finished = threading.Event()
        self._asked_s = latency_s
        try:
            self._stream: Any = sounddevice.OutputStream(
                samplerate=sample_rate,
                blocksize=BLOCK_FRAMES,
                device=index,
                channels=CHANNELS,
                dtype="float32",
                latency=latency_s,
                callback=self._callback,
                finished_callback=self._finished.set,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise NoSoundError(f"{self.name} cannot be opened: {_reason(error)}") from error
        self.latency_s = float(self._stream.latency)

    def start(self) -> None:
        """Begin to ask.

        Raises: NoSoundError if the device is gone.
        """
        try:
            self._stream.start()
        except _portaudio().PortAudioError as error:
            raise NoSoundError(f"{self.name} cannot be started: {_reason(error)}") from error

    def stop(self) -> None:
        """Let go of the device; what it was given in the last `latency_s` may be cut."""
        self._stream.close(ignore_errors=True)

    @property
    def is_lost(self) -> bool:
        """PortAudio says that it is over."""
        return self._finished.is_set()

    def _callback(self, out: FloatArray, _num_frames: int, times: Any, _status: Any) -> None:
        """PortAudio's thread. Must not raise: that would end the stream without a word."""
        latency_s = times.outputBufferDacTime - times.currentTime
        if not 0.0 < latency_s < 2.0:  # some drivers do not tell
            latency_s = self._asked_s
        self._feed.fill(out, time.monotonic(), latency_s)


def choose_rate(device: str | None, wanted: int | None) -> int:
    """The rate to run at: the wanted one, else 48 kHz where the device takes it, else the device's default.

    Raises: NoSoundError.
    """
    if wanted is not None:
        return wanted
    sounddevice = _portaudio()
    index, _ = _find(sounddevice, device)
    try:
        sounddevice.check_output_settings(index, CHANNELS, "float32", samplerate=PREFERRED_RATE)
    except (sounddevice.PortAudioError, ValueError):
        return int(sounddevice.query_devices(index)["default_samplerate"])
    return PREFERRED_RATE


def describe(device: str | None) -> str:
    """Name and rate of the loudspeakers that would be played through, for a table.

    Raises: NoSoundError.
    """
    _, name = _find(_portaudio(), device)
    return f"{name}, {choose_rate(device, None)} Hz"


def look_again() -> None:
    """Let PortAudio list the devices anew; it does so only when it starts. No stream may be open."""
    try:
        sounddevice = _portaudio()
    except NoSoundError:
        return
    try:
        sounddevice._terminate()
        sounddevice._initialize()
    except sounddevice.PortAudioError as error:
        log.warning("PortAudio does not start: %s", _reason(error))


def _portaudio() -> Any:
    try:
        import sounddevice
    except OSError as error:
        if ctypes.util.find_library("portaudio") is None:
            raise NoSoundError("the PortAudio library is missing: install the package libportaudio2") from error
        raise NoSoundError(f"PortAudio does not start: {_reason(error)}") from error
    return sounddevice


def _find(sounddevice: Any, wanted: str | None) -> tuple[int, str]:
    """Index (good until PortAudio starts anew) and full name of an output device."""
    try:
        apis = sounddevice.query_hostapis()
        names = {
            index: f"{apis[device['hostapi']]['name']}: {device['name']}"
            for index, device in enumerate(sounddevice.query_devices())
            if device["max_output_channels"] >= CHANNELS
        }
    except sounddevice.PortAudioError as error:
        raise NoSoundError(f"PortAudio cannot list the sound devices: {_reason(error)}") from error
    if not names:
        raise NoSoundError("there is no sound device: connect one, or start the sound server")
    if wanted is None:
        default = int(sounddevice.default.device[1])
        index = default if default in names else next(iter(names))
        return index, names[index]
    matches = [index for index, name in names.items() if name.casefold() == wanted.casefold()]
    matches += [index for index, name in names.items() if wanted.casefold() in name.casefold()]
    if not matches:
        raise NoSoundError(f"no sound device is called '{wanted}'; there are: {'; '.join(names.values())}")
    return matches[0], names[matches[0]]


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


class Output:
    """Keeps the feed drained: by the loudspeakers whenever there are any, else by a silent device.

    Threads: `start` and `stop` by the player's main thread; devices are opened, watched and
    reopened by a thread of its own, because opening one may take seconds.
    """

    FIRST_PAUSE_S = 1.0
    LAST_PAUSE_S = 30.0
    STALL_S = 3.0
    """A device that asked for nothing for so long is taken for lost."""

    def __init__(
        self,
        open_speakers: Callable[[], Device],
        feed: Feed,
        sample_rate: int,
        announce: Callable[[Device, str], None],
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            open_speakers: Opens the loudspeakers, silent until started; raises NoSoundError.
            feed: What is played.
            sample_rate: In Hz, for the silent device.
            announce: Called with every device that has begun, and why it is a silent one (else empty).
        """
        self._open_speakers = open_speakers
        self._feed = feed
        self._rate = sample_rate
        self._announce = announce
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def is_alive(self) -> bool:
        """It plays, or tries to."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Stop playing and close the device."""
        self._stopped.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        pause_s = self.FIRST_PAUSE_S
        silence: Device | None = None
        while not self._stopped.is_set():
            speakers: Device | None = None
            try:
                speakers = self._open_speakers()
                if silence is not None:
                    silence.stop()
                    silence = None
                speakers.start()
            except NoSoundError as error:
                reason = str(error)
            else:
                self._announce(speakers, "")
                began_s = time.monotonic()
                self._watch(speakers)
                if time.monotonic() - began_s > self.LAST_PAUSE_S:
                    pause_s = self.FIRST_PAUSE_S
                reason = f"{speakers.name} is gone, trying to open it again"
            if speakers is not None:
                speakers.stop()
            if self._stopped.is_set():
                break
            silence = silence or self._be_silent(reason)
            self._stopped.wait(pause_s)
            pause_s = min(2 * pause_s, self.LAST_PAUSE_S)
            look_again()
        if silence is not None:
            silence.stop()

    def _be_silent(self, reason: str) -> Device:
        device = SilentDevice(self._feed, self._rate)
        device.start()
        self._announce(device, reason)
        return device

    def _watch(self, device: Device) -> None:
        """Return when the device is lost or nobody wants it any more."""
        num_played, stalled_s = -1, 0.0
        while not self._stopped.wait(0.05) and not device.is_lost and stalled_s < self.STALL_S:
            stalled_s = 0.0 if self._feed.num_played != num_played else stalled_s + 0.05
            num_played = self._feed.num_played
