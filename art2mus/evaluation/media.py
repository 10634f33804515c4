"""Pictures and sound as `data:` addresses, small enough for a page that holds all of them."""

from __future__ import annotations

import io
from base64 import b64encode
from pathlib import Path

import numpy as np
import soundfile
import soxr
from PIL import Image

from art2mus.data.tables import DataError
from art2mus.metrics.musicnn import SAMPLE_RATE, log_mel
from art2mus.picture import Palette, draw_mel
from art2mus.sound_files import UnreadableSoundError, Waveform, load_mono, read_sound

MAX_PLAYED_S = 30.0
MAX_PLAYED_RATE = 48_000
"""What is finer is reduced to this rate (Hz): a page needs no more, and above 200 kHz libvorbis ends the process."""
_BLOCK = 4096
SPECTROGRAM_SIZE = (640, 200)
"""In pixels."""


def jpeg_address(image: Image.Image, max_side: int | None = None) -> str:
    """Give a picture as a JPEG in an address; longer sides are reduced to `max_side` (pixels)."""
    shown = image.convert("RGB")
    if max_side is not None:
        shown.thumbnail((max_side, max_side))
    file = io.BytesIO()
    shown.save(file, "JPEG", quality=82)
    return _address("image/jpeg", file.getvalue())


def file_address(path: Path, kind: str) -> str:
    """Give a file as it is in an address; `kind` is its MIME type."""
    return _address(kind, path.read_bytes())


def sound_address(path: Path, length_s: float) -> str:
    """Give the beginning of a sound file as Ogg Vorbis in an address.

    Raises: DataError if the file cannot be read.
    """
    try:
        samples, sample_rate = read_sound(path)
    except UnreadableSoundError as error:
        raise DataError(str(error)) from error
    played = samples[: round(min(length_s, MAX_PLAYED_S) * sample_rate)]
    if sample_rate > MAX_PLAYED_RATE:
        played, sample_rate = soxr.resample(played, sample_rate, MAX_PLAYED_RATE), MAX_PLAYED_RATE
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", sample_rate, samples.shape[1], format="OGG", subtype="VORBIS") as out:
        # Block by block: libsndfile encodes what it is given on its stack.
        for start in range(0, len(played), _BLOCK):
            out.write(played[start : start + _BLOCK])
    return _address("audio/ogg", file.getvalue())


def spectrogram_address(path: Path, length_s: float, palette: Palette) -> str:
    """Draw the log-mel spectrogram of the beginning of a sound file, in an artwork's colours.

    Raises: DataError if the file cannot be read.
    """
    try:
        waveform = load_mono(path, SAMPLE_RATE)
    except UnreadableSoundError as error:
        raise DataError(str(error)) from error
    mel = log_mel(_exactly(waveform, round(length_s * SAMPLE_RATE)))
    return jpeg_address(draw_mel(mel, SPECTROGRAM_SIZE, palette))


def _exactly(waveform: Waveform, num_frames: int) -> Waveform:
    """All spectrograms have one scale of time: what is short ends in silence."""
    return np.pad(waveform[:num_frames], (0, max(0, num_frames - len(waveform))))


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"
