"""A picture of the music beside its artwork: notes or a spectrogram, in the artwork's own colours."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from art2mus.codec.interpretation import SoundingNote
from art2mus.codec.protocol import Clip, FloatArray

HEIGHT, MUSIC_WIDTH, MARGIN = 720, 1280, 36
MAX_ARTWORK_WIDTH = 1080
OVERSAMPLING = 2
"""Pillow draws without smoothing: drawn larger, then reduced."""

NUM_HUES = 24
MIN_SEMITONES = 30
"""Music of few pitches is not drawn larger than this makes it."""

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """Colours taken from an artwork.

    Attributes:
        ground: Its dark, to draw upon.
        voices: Its clearest colours, light enough to be seen on the ground: the melody's, and the rest's.
    """

    ground: Colour
    voices: tuple[Colour, Colour]

    @classmethod
    def of(cls, artwork: Image.Image) -> Palette:
        """Find the colours that stand for an RGB picture."""
        pixels = np.asarray(artwork.resize((96, 96), Image.Resampling.BOX)).reshape(-1, 3).astype(np.float32)
        darkest = pixels[np.argsort(pixels.sum(axis=1))[: len(pixels) // 20]].mean(axis=0)
        hues, clarity = _hues(pixels)
        weight = np.bincount(hues, clarity, minlength=NUM_HUES)
        first = int(weight.argmax())
        # The second speaks by its clarity as well, but the more the further it is from the first.
        away = 1.0 - np.cos((np.arange(NUM_HUES) - first) * 2 * np.pi / NUM_HUES)
        second = int((weight * away).argmax())
        melody, rest = (np.average(pixels, axis=0, weights=1e-3 + clarity * (hues == hue)) for hue in (first, second))
        return cls(
            _with_lightness(darkest, 0.09),
            (_with_lightness(melody, 0.66), _with_lightness(rest, 0.46)),
        )


def draw(artwork: Image.Image, clip: Clip, length_s: float) -> Image.Image:
    """Draw what was made beside what it was made for.

    Args:
        artwork: An RGB picture.
        clip: With notes as played, or with a spectrogram.
        length_s: How long the clip is.
    """
    palette = Palette.of(artwork)
    shown = ImageOps.contain(artwork, (MAX_ARTWORK_WIDTH, HEIGHT - 2 * MARGIN), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", (shown.width + MUSIC_WIDTH + 3 * MARGIN, HEIGHT), palette.ground)
    sheet.paste(shown, (MARGIN, (HEIGHT - shown.height) // 2))
    size = (MUSIC_WIDTH, HEIGHT - 2 * MARGIN)
    music = draw_mel(clip.mel, size, palette) if clip.mel is not None else draw_notes(clip, length_s, size, palette)
    sheet.paste(music, (shown.width + 2 * MARGIN, MARGIN))
    return sheet


def draw_notes(clip: Clip, length_s: float, size: tuple[int, int], palette: Palette) -> Image.Image:
    """Draw the notes of a clip as played: time to the right, pitch upwards, loud ones lighter."""
    width, height = size[0] * OVERSAMPLING, size[1] * OVERSAMPLING
    image = Image.new("RGB", (width, height), palette.ground)
    pen = ImageDraw.Draw(image)
    pitches = [note.pitch for note in clip.sounding_notes] or [60]
    margin = max(1, (MIN_SEMITONES - max(pitches) + min(pitches)) // 2)
    lowest, highest = min(pitches) - margin, max(pitches) + 1 + margin
    row = height / (highest - lowest)
    for pitch in range(lowest, highest):
        if pitch % 12 == 0:
            y = height - (pitch - lowest) * row
            pen.line([(0, y), (width, y)], fill=_mixed(palette.ground, palette.voices[1], 0.18), width=OVERSAMPLING)
    # The melody last, so that nothing covers it.
    for note in sorted(clip.sounding_notes, key=lambda note: -note.layer):
        pen.rounded_rectangle(_box(note, length_s, width, height, lowest, row), row / 3, fill=_shade(note, palette))
    return image.resize(size, Image.Resampling.LANCZOS)


def _box(
    note: SoundingNote, length_s: float, width: int, height: int, lowest: int, row: float
) -> tuple[float, float, float, float]:
    left = note.onset_s / length_s * width
    right = max(left + row / 2, (note.onset_s + note.duration_s) / length_s * width - OVERSAMPLING)
    bottom = height - (note.pitch - lowest) * row
    return left, bottom - row * 0.9, right, bottom


def _shade(note: SoundingNote, palette: Palette) -> Colour:
    return _mixed(palette.ground, palette.voices[min(note.layer, 1)], 0.45 + 0.55 * note.velocity / 127)


def draw_mel(mel: FloatArray, size: tuple[int, int], palette: Palette) -> Image.Image:
    """Draw a spectrogram, low bands below: from the ground through the one colour to the other, by loudness.

    Shape: mel (mel_frames, n_mels).
    """
    lowest, highest = float(mel.min()), float(mel.max())
    loudness = np.flipud(((mel - lowest) / max(highest - lowest, 1e-6)).T)
    stops = np.array([palette.ground, palette.voices[1], palette.voices[0]], dtype=np.float32)
    places = (0.0, 0.6, 1.0)
    colours = np.stack([np.interp(loudness, places, stops[:, channel]) for channel in range(3)], axis=-1)
    return Image.fromarray(colours.round().astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)


def _hues(pixels: FloatArray) -> tuple[NDArray[np.int64], FloatArray]:
    """Hue of each pixel, in steps around the circle, and how clearly one sees it.

    Shape: pixels (n, 3), 0 to 255; result (n,) and (n,).
    """
    red, green, blue = pixels.T
    angle = np.arctan2(np.sqrt(3.0) * (green - blue), 2.0 * red - green - blue)
    chroma = pixels.max(axis=1) - pixels.min(axis=1)
    hues = np.floor(angle / (2 * np.pi) * NUM_HUES).astype(np.int64) % NUM_HUES
    return hues, chroma * (0.3 + pixels.max(axis=1) / 255.0)


def _mixed(colour: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _with_lightness(colour: NDArray[np.float32], lightness: float) -> Colour:
    """The same hue, as light as asked (0 to 1), and no greyer than it must be."""
    hue, _, saturation = colorsys.rgb_to_hls(*(float(channel) / 255 for channel in colour))
    red, green, blue = (round(255 * channel) for channel in colorsys.hls_to_rgb(hue, lightness, saturation))
    return red, green, blue
