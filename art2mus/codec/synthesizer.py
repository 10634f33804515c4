"""FluidSynth as a function from timed MIDI messages to samples: no driver, no device, no terminal output."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import logging
import math
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

FloatArray = NDArray[np.float32]

BUNDLED_SOUNDFONT: Final = Path(__file__).parent.parent / "assets" / "soundfont" / "fluidr3mono-12.sf3"
BLOCK: Final = 64
"""FluidSynth hears messages once per 64 samples.

Source: ``FLUID_BUFSIZE`` in FluidSynth's ``fluidsynth_priv.h``.
"""

_FILTER_CUTOFF_GENERATOR = 8  # SoundFont 2.04, section 8.1.2: initialFilterFc, in cents
_LOG_LEVELS = (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)
_LOWEST_HZ = 10.0
_MAX_VOICES = 160
_GAIN = 2.4
_log = logging.getLogger(__name__)


class SynthesizerMissingError(RuntimeError):
    """FluidSynth's library cannot be loaded; the message says what to install."""


class Kind(IntEnum):
    """What a message is about; simultaneous ones are obeyed in this order."""

    NOTE_OFF = 0
    CONTROL = 1
    FILTER = 2
    NOTE_ON = 3


@dataclass(frozen=True, order=True, slots=True)
class Message:
    """Something the synthesizer is told.

    Attributes:
        time_s: When, counted from the beginning of the piece.
        kind: What it is about.
        channel: MIDI channel, 0 to 15.
        number: Pitch or controller; nothing for the filter.
        value: Velocity, value of the controller, or the filter's shift in cents.
    """

    time_s: float
    kind: Kind
    channel: int
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class Room:
    """The space the music sounds in, in FluidSynth's terms.

    Attributes:
        size: 0 (a chamber) to 1 (a cathedral).
        damping: How much the walls swallow high sound, 0 to 1.
        level: Loudness of the reverberation, 0 to 1.
    """

    size: float
    damping: float
    level: float


def volume_value(level_db: float) -> int:
    """The MIDI value by which volume (controller 7) and expression (11) change the level so much.

    Source: General MIDI level 1 and SoundFont 2.04, section 8.4: 40 log10(value / 127) dB.

    >>> volume_value(0.0), volume_value(-12.0)
    (127, 64)
    """
    return min(max(round(127.0 * math.pow(10.0, level_db / 40.0)), 1), 127)


class Synthesizer:
    """One piece's synthesizer. Time only goes forward; ``close`` frees everything it holds.

    The samples do not depend on how they are asked for: many short calls of ``render`` and one long
    one give the same. They have no constant offset, whatever the SoundFont's samples have (a pad of the bundled
    one would take a fifth of the range): a first-order high-pass takes it away. A new piece takes a new
    synthesizer, because FluidSynth's reset leaves the phases of its reverberation as they are; while another one
    has the same SoundFont loaded, that takes milliseconds (measured: 7 ms against 0.15 s).

    Raises: SynthesizerMissingError without FluidSynth's library; FileNotFoundError without the SoundFont;
        ValueError if it is none.
    """

    def __init__(self, soundfont: Path = BUNDLED_SOUNDFONT, sample_rate: int = 48000, room: Room | None = None) -> None:
        self._library = _load_library()
        _check_soundfont(soundfont)
        self._sample_rate = sample_rate
        self._num_samples = 0
        self._pending: deque[Message] = deque()
        self._feedback = np.float32(math.exp(-2.0 * math.pi * _LOWEST_HZ / sample_rate))
        self._offset = np.zeros((1, 2), dtype=np.float32)
        self._synth: Any = self._library.new_synth(
            gain=_GAIN, samplerate=sample_rate, channels=16, **{"synth.polyphony": _MAX_VOICES, "synth.lock-memory": 0}
        )
        self._delete = weakref.finalize(self, self._synth.delete)
        self._soundfont_id = self._synth.sfload(str(soundfont))
        if self._soundfont_id < 0:
            self.close()
            raise ValueError(f"{soundfont}: FluidSynth cannot read this SoundFont")
        if room is not None:
            self._synth.set_reverb(room.size, room.damping, 0.9, room.level)

    def choose_program(self, channel: int, program: int) -> None:
        """Give a channel its instrument.

        Raises: ValueError if the SoundFont has no such program.
        """
        if self._synth.program_select(channel, self._soundfont_id, 0, program) != 0:
            raise ValueError(f"the SoundFont has no program {program}")

    def render(self, messages: Iterable[Message], until_s: float) -> FloatArray:
        """Play on up to a moment.

        Args:
            messages: What happens from where the last call ended until ``until_s``, in order.
            until_s: Where to stop, counted from the beginning of the piece.

        Shape: result (audio_frames, 2), float32; over all calls exactly round(until_s * sample_rate) frames.
        Raises: ValueError if the synthesizer is closed.
        """
        if not self._delete.alive:
            raise ValueError("the synthesizer is closed")
        self._pending.extend(messages)
        begin, end = self._num_samples, round(until_s * self._sample_rate)
        if end <= begin:
            return np.empty((0, 2), dtype=np.float32)
        waveform = np.zeros((end - begin, 2), dtype=np.float32)
        num_blocks = -(-end // BLOCK)
        while self._pending and (block := self._block_of(self._pending[0])) < num_blocks:
            self._write(waveform, begin, block * BLOCK)
            self._obey(self._pending.popleft())
        self._write(waveform, begin, end)
        return self._without_offset(waveform)

    def close(self) -> None:
        """Free the synthesizer; more than once does no harm."""
        self._delete()

    def _block_of(self, message: Message) -> int:
        """The first block that begins at or after the message: late by at most 1.3 ms, never early."""
        return -(-round(message.time_s * self._sample_rate) // BLOCK)

    def _write(self, waveform: FloatArray, begin: int, end: int) -> None:
        num_samples = end - self._num_samples
        if num_samples <= 0:
            return
        address = waveform[self._num_samples - begin :].ctypes.data
        self._library.write_float(self._synth.synth, num_samples, address, 0, 2, address, 1, 2)
        self._num_samples = end

    def _without_offset(self, waveform: FloatArray) -> FloatArray:
        difference, feedback = np.array([1, -1], dtype=np.float32), np.array([1, -self._feedback], dtype=np.float32)
        centred, self._offset = lfilter(difference, feedback, waveform, axis=0, zi=self._offset)
        return centred

    def _obey(self, message: Message) -> None:
        match message.kind:
            case Kind.NOTE_OFF:
                self._synth.noteoff(message.channel, message.number)
            case Kind.CONTROL:
                self._synth.cc(message.channel, message.number, message.value)
            case Kind.FILTER:
                self._library.set_generator(self._synth.synth, message.channel, _FILTER_CUTOFF_GENERATOR, message.value)
            case Kind.NOTE_ON:
                self._synth.noteon(message.channel, message.number, message.value)


def _check_soundfont(path: Path) -> None:
    """Refuse what FluidSynth would complain about on the terminal."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no SoundFont there; name another one or install art2mus again")
    with path.open("rb") as file:
        header = file.read(12)
    if header[:4] != b"RIFF" or header[8:] != b"sfbk":
        raise ValueError(f"{path}: this is not a SoundFont (.sf2 or .sf3)")
    if path.stat().st_size < int.from_bytes(header[4:8], "little") + 8:
        raise ValueError(f"{path}: this SoundFont is cut short; copy or download it again")


@dataclass(frozen=True, slots=True)
class _Library:
    """FluidSynth as pyfluidsynth binds it, and two functions that it leaves out."""

    new_synth: Callable[..., Any]
    write_float: Callable[..., int]
    set_generator: Callable[..., int]
    keep_alive: tuple[object, ...]


@functools.cache
def _load_library() -> _Library:
    try:
        # With CI set in the environment pyfluidsynth prints where it found the library.
        with contextlib.redirect_stdout(io.StringIO()):
            import fluidsynth
    except (ImportError, OSError) as error:
        raise SynthesizerMissingError(
            "FluidSynth's library is missing: install it with 'sudo apt-get install libfluidsynth3' "
            "(macOS: 'brew install fluid-synth')"
        ) from error
    handle, integer, pointer = ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
    buffers = (("lout", pointer), ("loff", integer), ("lincr", integer), ("rout", pointer), ("roff", integer))
    arguments = (("synth", handle), ("len", integer), *buffers, ("rincr", integer))
    write_float = fluidsynth.cfunc("fluid_synth_write_float", integer, *((*argument, 1) for argument in arguments))
    set_generator = fluidsynth.cfunc(
        "fluid_synth_set_gen", integer, ("synth", handle, 1), ("chan", integer, 1), ("param", integer, 1),
        ("value", ctypes.c_float, 1),
    )  # fmt: skip
    listener_type = ctypes.CFUNCTYPE(None, integer, ctypes.c_char_p, ctypes.c_void_p)
    set_listener = fluidsynth.cfunc(
        "fluid_set_log_function", ctypes.c_void_p, ("level", integer, 1), ("fun", listener_type, 1), ("data", handle, 1)
    )
    listener = listener_type(_hear_log)
    for level in range(len(_LOG_LEVELS)):
        set_listener(level, listener, None)
    return _Library(fluidsynth.Synth, write_float, set_generator, (listener,))


def _hear_log(level: int, text: bytes, _data: object) -> None:
    _log.log(_LOG_LEVELS[level], "FluidSynth: %s", text.decode(errors="replace"))
