"""What ImageBind's towers are given: pictures as pixels, sound as spectrograms."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from art2mus.codec.protocol import FloatArray

PIXEL_MEAN = (0.48145466, 0.4578275, 0.40821073)
PIXEL_STD = (0.26862954, 0.26130258, 0.27577711)
"""Of CLIP's training pictures, by channel."""

SAMPLE_RATE = 16_000
CLIP_S, NUM_CLIPS = 2.0, 3
FRAME_LENGTH, FRAME_SHIFT, FFT_SIZE = 400, 160, 512
"""In samples: 25 ms, 10 ms, and the next power of two."""
PRE_EMPHASIS, LOWEST_HZ = 0.97, 20.0
SPECTROGRAM_MEAN, SPECTROGRAM_STD = -4.268, 9.138
"""Of the training spectrograms."""


def views_of(image: Image.Image, side: int, view: str = "crop") -> torch.Tensor:
    """See a picture through one or more squares.

    Args:
        image: RGB.
        side: Of the squares, in pixels.
        view: "crop": reduced until its short side fits, then the middle of it, as published; a wide picture loses its
            ends. "pad": reduced until its long side fits, on the colour that normalises to zero. "multi-crop":
            reduced as for "crop", then as many evenly spaced squares as cover all of it.

    Shape: result (squares, 3, side, side), normalised.
    """
    if view == "pad":
        return _normalised([_padded(image, side)])
    width, height = image.size
    scale_to = (side, int(side * height / width)) if width <= height else (int(side * width / height), side)
    if min(image.size) != side:
        image = image.resize(scale_to, Image.Resampling.BICUBIC)
    spare = max(image.size) - side
    num_squares = math.ceil(max(image.size) / side) if view == "multi-crop" else 1
    starts = [round(spare * place / (num_squares - 1)) for place in range(num_squares)] if num_squares > 1 else [None]
    corners = [_corner(image, side, start) for start in starts]
    return _normalised([image.crop((left, top, left + side, top + side)) for left, top in corners])


def spectrogram_clips(waveform: FloatArray, sample_rate: int, num_mel_bins: int, mel_frames: int) -> torch.Tensor:
    """Take clips from beginning, middle and end of a sound, and draw their spectrograms.

    Sound shorter than a clip is taken three times; what is missing of a spectrogram is zero before it is normalised.

    Args:
        waveform: Of several channels the first is taken, as published.
        sample_rate: In Hz; other rates than 16,000 are resampled with soxr, where the published code uses
            torchaudio's resampler.
        num_mel_bins: Bands of the spectrogram.
        mel_frames: Its length.

    Shape: waveform (audio_frames,) or (audio_frames, channels); result (3, 1, num_mel_bins, mel_frames).
    Raises: ValueError if the sound is shorter than one frame of the spectrogram.
    Source: the published preprocessing of ImageBind.
    """
    samples = waveform if waveform.ndim == 1 else waveform[:, 0]
    if sample_rate != SAMPLE_RATE:
        import soxr

        samples = soxr.resample(samples, sample_rate, SAMPLE_RATE)
    if len(samples) < FRAME_LENGTH:
        raise ValueError(f"{len(waveform)} samples at {sample_rate} Hz are too short to be heard: 25 ms at least")
    last_start_s = max(len(samples) / SAMPLE_RATE - CLIP_S, 0.0)
    clips = []
    for number in range(NUM_CLIPS):
        start_s = last_start_s * number / (NUM_CLIPS - 1)
        clip = samples[int(start_s * SAMPLE_RATE) : int((start_s + CLIP_S) * SAMPLE_RATE)]
        bands = kaldi_fbank(clip, num_mel_bins)[:mel_frames]
        clips.append(np.pad(bands, ((0, mel_frames - len(bands)), (0, 0))).T)
    return (torch.from_numpy(np.stack(clips)[:, None]) - SPECTROGRAM_MEAN) / SPECTROGRAM_STD


def kaldi_fbank(waveform: FloatArray, num_mel_bins: int) -> FloatArray:
    """Draw a log-mel spectrogram as Kaldi does: windows of 25 ms every 10 ms, Hanning, no dither.

    Kaldi itself refuses as many bands as ImageBind has, because the lowest of 128 lie between two lines of the
    spectrum and stay empty; torchaudio's restatement of it, which ImageBind used, does not.

    Shape: waveform (audio_frames,), at 16 kHz; result (mel_frames, num_mel_bins).
    Source: Kaldi's feature-window.cc and mel-computations.cc, with pre-emphasis .97 and bands from 20 Hz on.
    """
    centred = (waveform - waveform.mean()).astype(np.float64)
    frames = sliding_window_view(centred, FRAME_LENGTH)[::FRAME_SHIFT]
    frames = frames - frames.mean(axis=1, keepdims=True)
    emphasised = frames - PRE_EMPHASIS * np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    power = np.abs(np.fft.rfft(emphasised * np.hanning(FRAME_LENGTH), FFT_SIZE)) ** 2
    energies = power @ mel_banks(num_mel_bins).T
    return np.log(np.maximum(energies, np.finfo(np.float32).eps)).astype(np.float32)


@cache
def mel_banks(num_mel_bins: int) -> NDArray[np.float64]:
    """Give Kaldi's triangles, which are straight on the mel scale.

    Shape: result (num_mel_bins, FFT_SIZE // 2 + 1).
    """
    lines = _mel(np.arange(FFT_SIZE // 2 + 1) * SAMPLE_RATE / FFT_SIZE)
    lowest, highest = _mel(np.array([LOWEST_HZ, SAMPLE_RATE / 2])).tolist()
    edges = np.linspace(lowest, highest, num_mel_bins + 2)[:, None]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    return np.maximum(0.0, np.minimum((lines - left) / (centre - left), (right - lines) / (right - centre)))


def _mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(hz / 700.0)


def _corner(image: Image.Image, side: int, start: int | None) -> tuple[int, int]:
    """Left and top of a square that begins at `start` of the long side; None is the middle."""
    width, height = image.size
    if start is None:
        return round((width - side) / 2.0), round((height - side) / 2.0)
    return (start, 0) if width > height else (0, start)


def _padded(image: Image.Image, side: int) -> Image.Image:
    scale = side / max(image.size)
    width, height = (max(1, round(length * scale)) for length in image.size)
    square = Image.new("RGB", (side, side), tuple(round(255 * mean) for mean in PIXEL_MEAN))
    reduced = image.resize((width, height), Image.Resampling.BICUBIC)
    square.paste(reduced, ((side - width) // 2, (side - height) // 2))
    return square


def _normalised(squares: list[Image.Image]) -> torch.Tensor:
    pixels = np.stack([np.asarray(square.convert("RGB"), dtype=np.float32) for square in squares]) / 255
    normal = (pixels - np.array(PIXEL_MEAN, np.float32)) / np.array(PIXEL_STD, np.float32)
    return torch.from_numpy(normal).permute(0, 3, 1, 2).contiguous()
