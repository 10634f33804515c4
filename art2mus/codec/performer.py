"""Scores made sound: a resident synthesizer that plays a piece stretch by stretch, to the sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from art2mus.codec.interpretation import Interpreter, SoundingNote
from art2mus.codec.performance import Performance
from art2mus.codec.score import Score
from art2mus.codec.synthesizer import BUNDLED_SOUNDFONT, Synthesizer

FloatArray = NDArray[np.float32]

_FADE_S = 1.0


@dataclass(frozen=True, slots=True)
class Rendering:
    """A stretch of music as sound, and its notes for the eye.

    Attributes:
        waveform: Samples between −1 and 1.
        notes: What is played, in seconds from the beginning of the stretch.

    Shape: waveform (audio_frames, 2), float32.
    """

    waveform: FloatArray
    notes: tuple[SoundingNote, ...]


class Performer:
    """Keeps the SoundFont in memory and plays one piece at a time. For one thread.

    Args:
        soundfont: An .sf2 or .sf3 file with the programs of ``INSTRUMENTS``.
        sample_rate: Frames per second of what it renders.

    Raises: SynthesizerMissingError without FluidSynth's library; FileNotFoundError or ValueError
        for a SoundFont that is not there or cannot be read.
    """

    def __init__(self, soundfont: Path = BUNDLED_SOUNDFONT, sample_rate: int = 48000) -> None:
        self.sample_rate = sample_rate
        self._soundfont = soundfont
        self._keeper = Synthesizer(soundfont, sample_rate)
        self._piece: tuple[Synthesizer, Interpreter] | None = None

    def start(self, performance: Performance, seed: int) -> None:
        """Begin a piece; the one before is over, however far it had come."""
        self._end_piece()
        synthesizer = Synthesizer(self._soundfont, self.sample_rate, performance.room)
        interpreter = Interpreter(performance, seed)
        for part in interpreter.parts:
            for channel in part.channels:
                synthesizer.choose_program(channel, part.instrument.program)
        self._piece = (synthesizer, interpreter)

    def render(self, score: Score) -> Rendering:
        """Play the next stretch of the piece.

        Held notes and the room's reverberation go on from the stretch before. When the stretches are
        whole bars, rendering two of them is the same, to the sample, as rendering them joined. A
        piece of n steps has exactly round(n * step_s * sample_rate) frames, however it is divided.

        Raises: ValueError if no piece has been started.
        """
        synthesizer, interpreter = self._current()
        messages, notes = interpreter.play(score)
        return Rendering(synthesizer.render(messages, interpreter.now_s), tuple(notes))

    def finish(self, tail_s: float = 4.0) -> Rendering:
        """Let the piece ring out into silence; it is over then.

        Raises: ValueError if no piece has been started.
        """
        synthesizer, interpreter = self._current()
        waveform = synthesizer.render(interpreter.finish(), interpreter.now_s + tail_s)
        num_fading = min(round(_FADE_S * self.sample_rate), len(waveform))
        fade = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, num_fading + 1, dtype=np.float32) / max(num_fading, 1))
        waveform[len(waveform) - num_fading :] *= fade[:, np.newaxis]
        self._end_piece()
        return Rendering(waveform, ())

    def close(self) -> None:
        """Free the synthesizer and the SoundFont; more than once does no harm."""
        self._end_piece()
        self._keeper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _current(self) -> tuple[Synthesizer, Interpreter]:
        if self._piece is None:
            raise ValueError("no piece has been started: call start first")
        return self._piece

    def _end_piece(self) -> None:
        if self._piece is not None:
            self._piece[0].close()
            self._piece = None
