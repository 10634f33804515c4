"""What the pipeline gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from art2mus.codec.protocol import Clip, FloatArray
from art2mus.codec.score import Score


@dataclass(frozen=True)
class Art2MusOutput:
    """What was made: `num_waveforms_per_prompt` clips for each item, the nearest to its subject first."""

    clips: list[Clip]
    sample_rate: int

    @property
    def audios(self) -> FloatArray:
        """Waveforms, where all are equally long.

        Clips of a model that chooses their tempo, such as `mini`, are so only with an `audio_length_in_s`.

        Shape: (B, audio_frames, channels).
        Raises: ValueError for clips of different lengths, or without sound; see `clips`.
        """
        waveforms = [clip.waveform for clip in self.clips if clip.waveform is not None]
        if len(waveforms) < len(self.clips) or len({len(waveform) for waveform in waveforms}) > 1:
            raise ValueError("the clips have different lengths or no sound: see `clips`, or pass `audio_length_in_s`")
        return np.stack(waveforms)

    @property
    def scores(self) -> list[Score]:
        """Notes, where the codec has notes."""
        return [clip.score for clip in self.clips if clip.score is not None]

    @property
    def latents(self) -> list[torch.Tensor]:
        """Shape: each (C, latent_steps, latent_bins); their lengths differ where tempi do."""
        return [clip.latents for clip in self.clips]
