"""A living spectrum of what the speakers play, where there is no score to show."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter

from installation.ui.layout import Layout
from installation.ui.palette import Palette

NUM_BANDS = 72
NUM_AUDIO_FRAMES = 4096
LOWEST_HZ, HIGHEST_HZ = 110.0, 7000.0
_DEEPEST_HZ = 35.0
"""What is lower than the lowest band, down to here, is shown in it."""
_RANGE_DB = 46.0
_MIN_CEILING_DB = -62.0
_CEILING_FALL_DB_PER_S = 2.0
"""Soft music lives as well: the scale follows the loudest band, down to a limit."""
_TILT_DB_PER_OCTAVE = 2.5
"""Music falls by about this much (pink noise by 3); lifted, so that high bands live as well."""
_ATTACK_S, _RELEASE_S = 0.07, 0.45


class Spectrum:
    """Levels of third-octave-like bands, rising quickly and sinking slowly."""

    def __init__(self) -> None:
        """Silence."""
        self.levels: npt.NDArray[np.float64] = np.zeros(NUM_BANDS)
        self._window = np.hanning(NUM_AUDIO_FRAMES)
        self._edges_hz = np.geomspace(LOWEST_HZ, HIGHEST_HZ, NUM_BANDS + 1)
        self._edges_hz[0] = _DEEPEST_HZ
        self._ceiling_db = _MIN_CEILING_DB
        self._reeds: dict[tuple[Palette, int, int], list[QImage]] = {}

    def update(self, samples: npt.NDArray[np.float32], sample_rate: int, passed_s: float) -> None:
        """Take in what was heard last.

        Args:
            samples: The most recent audio frames.
            sample_rate: In Hz; 0 while there is no device.
            passed_s: Since the last update.

        Shape: samples (NUM_AUDIO_FRAMES, channels).
        """
        target = np.zeros(NUM_BANDS)
        if sample_rate > 0 and len(samples) == NUM_AUDIO_FRAMES:
            target = self._measure(samples.mean(axis=1), sample_rate, passed_s)
        time_s = np.where(target > self.levels, _ATTACK_S, _RELEASE_S)
        self.levels += (1.0 - np.exp(-passed_s / time_s)) * (target - self.levels)

    def _measure(self, mono: npt.NDArray[np.float32], sample_rate: int, passed_s: float) -> npt.NDArray[np.float64]:
        """Level of every band between floor and ceiling, 0 to 1."""
        spectrum = np.abs(np.fft.rfft(mono * self._window)) / (0.25 * NUM_AUDIO_FRAMES)
        bin_hz = sample_rate / NUM_AUDIO_FRAMES
        edges = self._edges_hz / bin_hz
        centres = np.sqrt(edges[:-1] * edges[1:])
        loudest = np.interp(centres, np.arange(len(spectrum)), spectrum)
        for band in np.flatnonzero(np.diff(edges) > 1.5):
            start, stop = int(edges[band]), int(edges[band + 1]) + 1
            loudest[band] = spectrum[start:stop].max(initial=0.0)
        octaves = np.maximum(0.0, np.log2(centres * bin_hz / LOWEST_HZ))
        level_db = 20 * np.log10(loudest + 1e-9) + _TILT_DB_PER_OCTAVE * octaves
        smooth = np.convolve(np.pad(level_db, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
        sunk_db = self._ceiling_db - _CEILING_FALL_DB_PER_S * passed_s
        self._ceiling_db = max(_MIN_CEILING_DB, sunk_db, float(smooth.max()))
        unit: npt.NDArray[np.float64] = np.clip((smooth - self._ceiling_db) / _RANGE_DB + 1.0, 0.0, 1.0)
        return unit

    def paint(self, painter: QPainter, layout: Layout, palette: Palette, strength: float) -> None:
        """Draw the bands as a field of reeds, the lowest in the middle, the highest at both edges.

        Args:
            painter: Of the window.
            layout: Where.
            palette: In which colours.
            strength: Opacity of the whole, 0 to 1.
        """
        band, unit = layout.music, layout.unit
        floor = round(band.y + 0.64 * band.height)
        pitch = max(layout.now_x, band.width - layout.now_x) / NUM_BANDS
        reeds = self._reeds_for(layout, palette, max(2, round(min(4.0 * unit, 0.4 * pitch))))
        for index, level in enumerate(self.levels):
            away, reed = index / (NUM_BANDS - 1), reeds[index]
            shade = min(1.0, strength * (1.0 - away**2.2) * (0.30 + 0.65 * float(level)))
            width = reed.width()
            height = round(width + float(level) ** 1.5 * 0.60 * band.height * (1.0 - 0.3 * away))
            for x in {round(layout.now_x + index * pitch), round(layout.now_x - index * pitch)}:
                painter.setOpacity(shade)
                painter.drawImage(x - width // 2, floor - height, reed, 0, 0, width, height)
                painter.setOpacity(0.26 * shade)
                below = floor + round(2 * unit)
                painter.drawImage(x - width // 2, below, reed, 0, reed.height() - height // 2, width, height // 2)
        painter.setOpacity(1.0)

    def _reeds_for(self, layout: Layout, palette: Palette, width: int) -> list[QImage]:
        """One reed of every band, round at both ends, painted once and then only copied as far as it stands out."""
        key = (palette, layout.music.height, width)
        if key not in self._reeds:
            while len(self._reeds) > 1:  # during a crossfade there are two
                self._reeds.pop(next(iter(self._reeds)))
            colours = (_colour_at(palette, index / (NUM_BANDS - 1)) for index in range(NUM_BANDS))
            self._reeds[key] = [_reed_image(colour, width, layout.music.height) for colour in colours]
        return self._reeds[key]


def _reed_image(colour: QColor, width: int, height: int) -> QImage:
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(0, 0, width, height), width / 2, width / 2)
    painter.end()
    return image


def _colour_at(palette: Palette, away: float) -> QColor:
    """From the painting's shadows, where the low sounds are, to its lights."""
    low, high = (scale[round(away * (len(scale) - 1))] for scale in (palette.pad, palette.melody))
    share = min(1.0, max(0.0, 2.2 * away - 0.5))
    return QColor(*(round(a + share * (b - a)) for a, b in zip(low, high, strict=True)))
