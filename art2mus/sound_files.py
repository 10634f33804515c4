"""Sound files as people have them, read into one form: float32, and mono at the rate that is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Waveform = NDArray[np.float32]

SUFFIXES = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".aif", ".aiff"})
"""Which files of a folder are taken for sound."""

MIN_SHARE = 0.95
"""Of the length that a file states; what is shorter was cut off."""


MAX_SAMPLE = 2.0**31
"""What no sample is beyond, not even where whole numbers were saved as they are: the power of it, summed over a file or
a spectrum, is still a number in float32."""


class UnreadableSoundError(Exception):
    """A file is not sound that can be read; the message is one line for the user."""


def list_sounds(folder: Path) -> list[Path]:
    """List the sound files of a folder by name.

    Raises: FileNotFoundError if there are none.
    """
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    paths = [path for path in files if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise FileNotFoundError(f"{folder}: no sound here; name a folder of WAV, FLAC, MP3, Ogg or AIFF files")
    return paths


def read_sound(path: Path) -> tuple[Waveform, int]:
    """Read a file as it is; gives the samples and their rate in Hz.

    Shape: samples (audio_frames, channels).
    Raises: UnreadableSoundError, saying what is wrong with the file and what to do.
    """
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            stated, sample_rate = len(file), file.samplerate
            samples = file.read(dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        reason = "there is no such file" if not path.is_file() else "not sound that can be read; convert it to WAV"
        raise UnreadableSoundError(f"{path}: {reason}") from error
    if not len(samples) or not are_sensible(samples):
        raise UnreadableSoundError(f"{path}: {'empty' if not len(samples) else 'damaged'}; make it again")
    if len(samples) < MIN_SHARE * stated:
        lengths = f"{len(samples) / sample_rate:.1f} of {stated / sample_rate:.1f} s"
        raise UnreadableSoundError(f"{path}: cut off, {lengths} are there; copy it again")
    return samples, sample_rate


def are_sensible(samples: Waveform) -> bool:
    """Say whether samples are numbers that sound can be made of.

    Shape: samples (audio_frames, channels), at least one.
    """
    return bool(samples.min() >= -MAX_SAMPLE and samples.max() <= MAX_SAMPLE)


def load_mono(path: Path, sample_rate: int) -> Waveform:
    """Read a file, mix its channels, and bring it to a rate in Hz.

    Shape: (audio_frames,).
    Raises: UnreadableSoundError.
    """
    import soxr

    samples, rate = read_sound(path)
    mono = samples.mean(axis=1)
    return mono if rate == sample_rate else np.asarray(soxr.resample(mono, rate, sample_rate))
