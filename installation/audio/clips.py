"""A sound file becomes a clip: stereo samples at the device's rate, held as small as they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from installation.audio import CHANNELS

FloatArray = npt.NDArray[np.float32]

MIN_LENGTH_S = 0.1
"""What is shorter can neither be looped nor faded."""

CHUNK_FRAMES = 1 << 16


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

    Shape: samples (audio_frames, 2).
    """

    clip_id: str
    samples: npt.NDArray[np.int16] | FloatArray
    loop_length: int | None = None

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


def load_clip(path: Path, clip_id: str, sample_rate: int) -> Clip:
    """Decode a FLAC, WAV or other file libsndfile knows; one channel is heard on both sides.

    Args:
        path: The file.
        clip_id: What it is called from now on.
        sample_rate: Of the device, in Hz; a file at another rate is resampled.

    Raises: ClipError, one line, if there is no music in it.
    """
    try:
        with soundfile.SoundFile(path) as file:
            dtype = "int16" if file.subtype == "PCM_16" else "float32"
            samples = _gather(_resampled(file, dtype, sample_rate), file, dtype, sample_rate)
    except (OSError, soundfile.SoundFileError) as error:
        reason = error.error_string if isinstance(error, soundfile.LibsndfileError) else str(error)
        raise ClipError(f"{path}: {reason if path.is_file() else 'no such file'}") from error
    if len(samples) < MIN_LENGTH_S * sample_rate:
        raise ClipError(f"{path}: only {len(samples) / sample_rate:.2f} s long")
    if not samples.any():
        raise ClipError(f"{path}: digital silence")
    return Clip(clip_id, samples)


def _gather(chunks: Iterator[Any], file: soundfile.SoundFile, dtype: str, sample_rate: int) -> Any:
    """One array, grown in place: a list of chunks joined at the end would need twice the memory."""
    samples = np.empty((round(file.frames * sample_rate / file.samplerate) + CHUNK_FRAMES, CHANNELS), dtype)
    num_frames = 0
    for chunk in chunks:
        stop = num_frames + len(chunk)
        if stop > len(samples):
            raise ClipError(f"{file.name}: longer than its header says")
        samples[num_frames:stop] = chunk[:, :CHANNELS]
        num_frames = stop
    if dtype == "float32" and not np.isfinite(samples[:num_frames]).all():
        raise ClipError(f"{file.name}: not a number in the samples")
    return samples[:num_frames]


def _resampled(file: soundfile.SoundFile, dtype: str, sample_rate: int) -> Iterator[Any]:
    if file.samplerate == sample_rate:
        yield from file.blocks(CHUNK_FRAMES, dtype=dtype, always_2d=True)
        return
    import soxr  # only where it is needed: clips are made at the device's rate

    stream = soxr.ResampleStream(file.samplerate, sample_rate, file.channels, dtype=dtype)
    for chunk in file.blocks(CHUNK_FRAMES, dtype=dtype, always_2d=True):
        yield stream.resample_chunk(chunk)
    yield stream.resample_chunk(np.zeros((0, file.channels), dtype), last=True)
