"""The kiosk's audio process, playing one track at a time with silence between: `TrackPlayer` in earnest."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

from installation.audio import CHANNELS, NICENESS, TAP_BYTES
from installation.messages import (
    BED_CLIP_ID,
    AudioHeartbeat,
    AudioReady,
    ClipFailed,
    ClipInfo,
    ClipStarted,
    FromAudio,
    PlayClip,
)
from installation.service import Service
from installation.settings import AudioSettings
from installation.study.sitting import Track
from installation.supervisor import ChildPlan, Lost, Said, Supervisor

FADE_S = 0.2
"""Of every start, stop and switch; a track's end is its own."""

READY_WITHIN_S = 20.0
LEAVE_WITHIN_S = 1.0

_SILENCE_S = 10
_SILENCE_RATE = 48000
_START_WITHIN_S = 3.0
"""A track that is not heard after so long does not come."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Playing:
    """The track that was asked for last."""

    clip: ClipInfo
    asked_at_s: float
    heard_at_s: float | None = None


class StudySound:
    """Owns the audio process. One thread uses it."""

    def __init__(self, device: str | None, silence: Path, service: Service, *, may_be_silent: bool = False) -> None:
        """Start the process; nothing is heard yet.

        Args:
            device: A part of the device's name; None is the system's default.
            silence: What sounds while nothing plays, as `write_silence` made it.
            service: Is told that samples go out.
            may_be_silent: A missing device is no trouble: tests.
        """
        self._memory = SharedMemory(create=True, size=TAP_BYTES)
        settings = AudioSettings(self._memory.name, silence, devices=(device,) if device else (), crossfade_s=FADE_S)
        plan = ChildPlan("audio", "installation.audio.player:main", (settings,), 20, 5, niceness=NICENESS)
        self._supervisor = Supervisor([plan], time.monotonic())
        self._silence = ClipInfo(BED_CLIP_ID, "", silence, _SILENCE_S, _SILENCE_RATE)
        self._service, self._may_be_silent = service, may_be_silent
        self._numbers = itertools.count()
        self._playing: _Playing | None = None
        self._trouble = "the sound is being started"
        self.device = ""

    def close(self) -> None:
        """End the process."""
        self._supervisor.close(LEAVE_WITHIN_S)
        self._memory.close()
        self._memory.unlink()

    def wait_until_ready(self) -> None:
        """Wait until it is known whether there is sound; `trouble` says."""
        deadline_s = time.monotonic() + READY_WITHIN_S
        while not self.device and time.monotonic() < deadline_s:
            self._take_in(0.1)

    # ------------------------------------------------------------ TrackPlayer

    def play(self, track: Track) -> None:
        """Fade from whatever sounds to the beginning of this track; it plays to its end."""
        clip = ClipInfo(f"track-{next(self._numbers)}", "", track.path, track.length_s, track.sample_rate)
        self._playing = _Playing(clip, time.monotonic())
        self._supervisor.send("audio", PlayClip(clip, FADE_S))

    def stop(self) -> None:
        """Fade to silence."""
        if self._playing is not None:
            self._playing = None
            self._supervisor.send("audio", PlayClip(self._silence, FADE_S))

    def poll(self) -> None:
        """Take in what happened since the last call."""
        self._take_in(0.0)
        playing, now_s = self._playing, time.monotonic()
        if playing is None:
            return
        if playing.heard_at_s is None and now_s > playing.asked_at_s + _START_WITHIN_S:
            _log.warning("%s: does not begin", playing.clip.audio_path)
            self.stop()
        elif playing.heard_at_s is not None and now_s >= playing.heard_at_s + playing.clip.length_s:
            self._playing = None

    @property
    def position_s(self) -> float | None:
        """Where in the track we are: 0 until it is heard, None when nothing plays (any more)."""
        if self._playing is None:
            return None
        heard_at_s = self._playing.heard_at_s
        return 0.0 if heard_at_s is None else max(0.0, time.monotonic() - heard_at_s)

    @property
    def trouble(self) -> str:
        """Why nothing can be heard, in one line; empty while all is well."""
        return self._trouble

    # ------------------------------------------------------------ inside

    def _take_in(self, timeout_s: float) -> None:
        for news in self._supervisor.wait(timeout_s):
            match news:
                case Said(_, message):
                    self._service.hear(message)
                    self._hear(message)
                case Lost():
                    self._playing = None
                    self._trouble = "the sound is being started again"

    def _hear(self, message: FromAudio) -> None:
        match message:
            case AudioReady():
                self.device = message.device
                _log.info("sound: %s", message.device)
                self._trouble = "" if self._may_be_silent or not message.is_silent else message.reason
                if self._trouble:
                    self.stop()
            case ClipStarted(clip_id, heard_at_s) if self._playing and clip_id == self._playing.clip.clip_id:
                self._playing.heard_at_s = heard_at_s
                # Only now: armed any earlier, it would be the end of what sounded before.
                self._supervisor.send("audio", PlayClip(self._silence, FADE_S, is_at_end=True))
            case ClipFailed(clip_id, reason) if self._playing and clip_id == self._playing.clip.clip_id:
                _log.warning("not played: %s", reason)
                self.stop()  # or the track before it goes on
            case AudioHeartbeat():
                self._supervisor.note_work("audio")


@contextlib.contextmanager
def study_sound(
    device: str | None, silence: Path, service: Service, *, may_be_silent: bool = False
) -> Iterator[StudySound]:
    """The sound while the context is entered, once it is known whether there is any."""
    write_silence(silence)
    sound = StudySound(device, silence, service, may_be_silent=may_be_silent)
    try:
        sound.wait_until_ready()
        yield sound
    finally:
        sound.close()


def write_silence(path: Path) -> None:
    """Ten seconds in which one sample is the smallest that is not zero (-90 dBFS): silence that counts as a clip."""
    frames = bytearray(_SILENCE_S * _SILENCE_RATE * CHANNELS * 2)
    frames[0] = 1
    with wave.open(str(path), "wb") as file:
        file.setnchannels(CHANNELS)
        file.setsampwidth(2)
        file.setframerate(_SILENCE_RATE)
        file.writeframes(bytes(frames))
