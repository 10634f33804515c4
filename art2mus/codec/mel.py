"""Latents that stand for a log-mel spectrogram; HiFi-GAN makes it sound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

from art2mus.codec.protocol import Clip, ClipRequest, Plan

USUAL_LENGTH_S = 10.24
"""What AudioLDM 2 was trained on."""


class MelCodec(ModelMixin, ConfigMixin):
    """The VAE and the vocoder of AudioLDM 2.

    Args:
        vae_config: Of an `AutoencoderKL` with one channel.
        vocoder_config: Of a `SpeechT5HifiGan`.
    """

    decoded_type = "mel"
    latent_grid = 1

    @register_to_config
    def __init__(self, vae_config: dict[str, Any], vocoder_config: dict[str, Any]) -> None:
        super().__init__()
        self.vae = AutoencoderKL.from_config(vae_config)
        self.vocoder = SpeechT5HifiGan(SpeechT5HifiGanConfig(**vocoder_config))

    @classmethod
    def from_parts(cls, vae: AutoencoderKL, vocoder: SpeechT5HifiGan) -> MelCodec:
        """Take the two components of a published AudioLDM 2, without copying their weights."""
        configs = dict(vae.config), vocoder.config.to_diff_dict()
        # What begins with an underline is about the file it came from.
        vae_config, vocoder_config = ({k: v for k, v in each.items() if not k.startswith("_")} for each in configs)
        with torch.device("meta"):
            codec = cls(vae_config, vocoder_config)
        codec.vae, codec.vocoder = vae, vocoder
        return codec.eval()

    @property
    def sample_rate(self) -> int:
        """In Hz; 16,000 as published."""
        return int(self.vocoder.config.sampling_rate)

    @property
    def latent_channels(self) -> int:
        """8 as published."""
        return int(self.vae.config.latent_channels)

    @property
    def latent_bins(self) -> int:
        """Mel bands, seen through the VAE; 16 as published."""
        return int(self.vocoder.config.model_in_dim) // self.stride

    @property
    def stride(self) -> int:
        """Mel frames, and mel bands, under one latent; 4 as published."""
        return int(2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def hop(self) -> int:
        """Audio frames per mel frame; 160 as published."""
        return math.prod(self.vocoder.config.upsample_rates)

    def plan(self, request: ClipRequest) -> Plan:
        """Take as many whole latents as cover the length; what is too long is cut from the waveform."""
        length_s = request.length_s or USUAL_LENGTH_S
        mel_frames = math.ceil(round(length_s * self.sample_rate) / self.hop)
        return Plan(math.ceil(mel_frames / self.stride), length_s, request.seed)

    @torch.no_grad()
    def decode_clips(self, latents: torch.Tensor, plans: Sequence[Plan], num_held: int = 0) -> list[Clip]:
        """Draw the spectrograms."""
        unscaled = latents.to(self.device, self.dtype) / self.vae.config.scaling_factor
        mels = self.vae.decode(unscaled).sample.squeeze(1).float().cpu().numpy()
        clips = []
        for latent, mel, plan in zip(latents, mels, plans, strict=True):
            end = num_held + plan.latent_steps
            clips.append(Clip(latents=latent[:, num_held:end], mel=mel[num_held * self.stride : end * self.stride]))
        return clips

    @torch.no_grad()
    def sonify(self, clip: Clip, plan: Plan) -> Clip:
        """Let the vocoder speak; mono."""
        if clip.mel is None:
            raise ValueError("this clip has no spectrogram to make sound of")
        waveform = self.vocoder(torch.from_numpy(clip.mel).to(self.device, self.dtype))
        samples = waveform.float().cpu().numpy()[: round(plan.length_s * self.sample_rate), None]
        return replace(clip, waveform=np.ascontiguousarray(samples, dtype=np.float32))
