"""Sound files as people have them, read into one form: float32, and mono at the rate that is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Waveform = NDArray[np.float32]

SUFFIXES = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".aif", ".aiff"})
"""Which files of a folder are taken for sound."""


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
        samples, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        reason = "there is no such file" if not path.is_file() else "not sound that can be read; convert it to WAV"
        raise UnreadableSoundError(f"{path}: {reason}") from error
    if not len(samples) or not np.isfinite(samples).all():
        raise UnreadableSoundError(f"{path}: {'empty' if not len(samples) else 'damaged'}; make it again")
    return samples, sample_rate


def load_mono(path: Path, sample_rate: int) -> Waveform:
    """Read a file, mix its channels, and bring it to a rate in Hz.

    Shape: (audio_frames,).
    Raises: UnreadableSoundError.
    """
    import soxr

    samples, rate = read_sound(path)
    mono = samples.mean(axis=1)
    return mono if rate == sample_rate else np.asarray(soxr.resample(mono, rate, sample_rate))
