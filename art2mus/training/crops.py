"""Pieces of tracks to learn from, as spectrograms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from art2mus.codec.log_mel import log_mel
from art2mus.sound_files import Waveform, load_mono, read_sound

PUBLISHED_START_S, PUBLISHED_END_S = 10, 20
PEAK = 0.5


@dataclass(frozen=True)
class CropReader:
    """Reads a track, and draws the spectrograms of pieces of it; needs no model, and runs in other processes.

    Attributes:
        kind: "random" takes pieces of all channels together, from anywhere; "published" takes seconds 10 to 20 of the
            first channel, and silence to the end.
        num_crops: How many.
        mel_frames: Length of each.
        sample_rate: In Hz.
        hop: Audio frames per mel frame.
        n_mels: Bands.
        seed: With the name of the file it decides where random pieces begin.
    """

    kind: Literal["random", "published"]
    num_crops: int
    mel_frames: int
    sample_rate: int
    hop: int
    n_mels: int
    seed: int

    def __call__(self, path: Path) -> Waveform:
        """Read a file.

        Shape: result (num_crops, mel_frames, n_mels).
        Raises: UnreadableSoundError.
        """
        is_published = self.kind == "published"
        sound = self._first_channel(path) if is_published else load_mono(path, self.sample_rate)
        sound = sound - sound.mean() if len(sound) else sound
        pieces = self._published(sound) if is_published else self._random(sound, path.name)
        waveforms = torch.from_numpy(np.stack([to_peak(piece) for piece in pieces]))
        mels = log_mel(waveforms, self.sample_rate, self.hop, self.n_mels)
        return np.asarray(mels[:, : self.mel_frames].numpy(), np.float32)

    def _first_channel(self, path: Path) -> Waveform:
        import soxr

        samples, rate = read_sound(path)
        sound = samples[:, 0]
        return sound if rate == self.sample_rate else np.asarray(soxr.resample(sound, rate, self.sample_rate))

    def _published(self, sound: Waveform) -> list[Waveform]:
        first, last = PUBLISHED_START_S * self.sample_rate, PUBLISHED_END_S * self.sample_rate
        return [self._fitted(sound[first:last])] * self.num_crops

    def _random(self, sound: Waveform, name: str) -> list[Waveform]:
        rng = np.random.default_rng([self.seed, *name.encode(errors="surrogateescape")])
        starts = rng.integers(0, max(1, len(sound) - self.mel_frames * self.hop + 1), self.num_crops)
        return [self._fitted(sound[start:]) for start in starts.tolist()]

    def _fitted(self, sound: Waveform) -> Waveform:
        """Cut sound to the length of a crop, or let silence follow."""
        num_frames = self.mel_frames * self.hop
        return np.pad(sound[:num_frames], (0, max(0, num_frames - len(sound))))


def to_peak(waveform: Waveform) -> Waveform:
    """Bring sound to a peak of one half; silence stays silence, where the published code divides by its peak.

    Shape: waveform and result (audio_frames,).
    Source: AudioLDM's training data.
    """
    return np.asarray(PEAK * waveform / max(float(np.abs(waveform).max()), 1e-8), np.float32)
