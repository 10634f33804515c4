"""A sound file becomes a clip: stereo samples at the device's rate, held as small as they were."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from installation.audio import CHANNELS
from installation.audio.beats import Beat

FloatArray = npt.NDArray[np.float32]

MIN_LENGTH_S = 0.1
"""What is shorter can neither be looped nor faded."""

CHUNK_FRAMES = 1 << 16

HEAD_S = 6.0
"""So much of a clip is decoded before it can be played: longer than the fade that it begins with."""

UNKNOWN_FRAMES = (1 << 63) - 1
"""The length libsndfile gives a file whose header says none, such as a FLAC written into a pipe."""


class ClipError(Exception):
    """This file is not music that can be played; the message says why in one line."""


@dataclass(eq=False)
class Clip:
    """A decoded clip.

    16-bit files stay 16-bit until they are mixed (exact, and half the memory: 17 MB for 90 s);
    everything else is float32.

    Attributes:
        clip_id: Which.
        samples: int16, or float32 in [-1, 1].
        loop_length: So many frames before its end the clip sounds like its end; None while nobody has looked.
        beat: Its steady beat; None where it has none, or while nobody has looked.

    Shape: samples (audio_frames, 2).
    """

    clip_id: str
    samples: npt.NDArray[np.int16] | FloatArray
    loop_length: int | None = None
    beat: Beat | None = None

    def __len__(self) -> int:
        return len(self.samples)

    def frames(self, start: int, stop: int) -> FloatArray:
        """A copy of these frames as float32.

        Shape: result (stop - start, 2).
        """
        part = self.samples[start:stop]
        if part.dtype == np.int16:
            return np.multiply(part, np.float32(1 / 32768), dtype=np.float32)
        return part.astype(np.float32)


def load_clip(
    path: Path,
    clip_id: str,
    sample_rate: int,
    on_playable: Callable[[Clip], None] | None = None,
    start_s: float = 0.0,
) -> Clip:
    """Decode a FLAC, WAV or other file libsndfile knows; one channel is heard on both sides.

    Args:
        path: The file.
        clip_id: What it is called from now on.
        sample_rate: Of the device, in Hz; a file at another rate is resampled.
        on_playable: Told once of the clip, as soon as `HEAD_S` of it are decoded; the rest follows many times faster
            than it is played. Where the rest is damaged or missing, the clip comes to its end.
        start_s: Where in it playing begins.

    Raises: ClipError, one line, if there is no music in it, or not all of it can be decoded.
    """
    growing: _Growing | None = None
    try:
        with soundfile.SoundFile(path) as file:
            growing = _Growing(file, clip_id, sample_rate, on_playable, (start_s + HEAD_S) * sample_rate)
            for chunk in _resampled(file, growing.dtype, sample_rate):
                growing.add(chunk)
        return growing.whole()
    except (OSError, soundfile.SoundFileError, MemoryError, ValueError, ClipError) as error:
        if growing is not None:
            growing.cut()
        reason = error.error_string if isinstance(error, soundfile.LibsndfileError) else str(error)
        raise ClipError(f"{path}: {reason if path.is_file() else 'no such file'}") from error


class _Growing:
    """A clip that is being decoded, in one array: a list of chunks joined at the end would need twice the memory."""

    def __init__(
        self,
        file: soundfile.SoundFile,
        clip_id: str,
        sample_rate: int,
        on_playable: Callable[[Clip], None] | None,
        num_head: float,
    ) -> None:
        self.dtype = "int16" if file.subtype == "PCM_16" else "float32"
        if file.frames == UNKNOWN_FRAMES:
            raise ClipError("its header does not say how long it is; write it anew, into a file")
        is_exact = file.samplerate == sample_rate
        num_expected = round(file.frames * sample_rate / file.samplerate)
        self._samples = np.zeros((num_expected + (0 if is_exact else CHUNK_FRAMES), CHANNELS), self.dtype)
        self._rate = sample_rate
        self._clip = Clip(clip_id, self._samples)
        self._num_frames = 0
        self._on_playable = on_playable
        self._num_head = num_head if is_exact else math.inf

    def add(self, chunk: Any) -> None:
        """Take what comes next."""
        stop = self._num_frames + len(chunk)
        if stop > len(self._samples):
            raise ClipError("longer than its header says")
        if self.dtype == "float32" and not np.isfinite(chunk).all():
            raise ClipError("not a number in the samples")
        self._samples[self._num_frames : stop] = chunk[:, :CHANNELS]
        self._num_frames = stop
        if stop >= self._num_head and self._samples[:stop].any():
            self._tell()

    def whole(self) -> Clip:
        """The clip, when all of it has come."""
        if self._num_frames < MIN_LENGTH_S * self._rate:
            raise ClipError(f"only {self._num_frames / self._rate:.2f} s long")
        if not self._samples[: self._num_frames].any():
            raise ClipError("digital silence")
        self.cut()
        self._tell()
        return self._clip

    def cut(self) -> None:
        """Let the clip end where decoding does."""
        self._clip.samples = self._samples[: self._num_frames]

    def _tell(self) -> None:
        tell, self._on_playable = self._on_playable, None
        if tell is not None:
            tell(self._clip)


def _resampled(file: soundfile.SoundFile, dtype: str, sample_rate: int) -> Iterator[Any]:
    if file.samplerate == sample_rate:
        yield from file.blocks(CHUNK_FRAMES, dtype=dtype, always_2d=True)
        return
    import soxr  # only where it is needed: clips are made at the device's rate

    stream = soxr.ResampleStream(file.samplerate, sample_rate, file.channels, dtype=dtype)
    for chunk in file.blocks(CHUNK_FRAMES, dtype=dtype, always_2d=True):
        yield stream.resample_chunk(chunk)
    yield stream.resample_chunk(np.zeros((0, file.channels), dtype), last=True)
