"""Latents that stand for a log-mel spectrogram; HiFi-GAN makes it sound."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

from art2mus.codec.protocol import Clip, ClipRequest, FloatArray, Plan

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

    @property
    def reach(self) -> int:
        """Mel frames on either side that a sample of the waveform depends on; 27 as published."""
        config, rate, reach = self.vocoder.config, 1, 3.0  # the first and the last convolution are 7 wide
        for upsampling, kernel in zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True):
            reach += (kernel - 1) / 2 / (rate * upsampling)
            rate *= upsampling
            blocks = zip(config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True)
            reach += (
                max((width - 1) / 2 * sum(dilation + 1 for dilation in dilations) for width, dilations in blocks) / rate
            )
        return math.ceil(reach + 3 / rate) + 1

    def plan(self, request: ClipRequest) -> Plan:
        """Take as many whole latents as cover the length; what is too long is cut from the waveform.

        A loop is not cut: it is as many whole latents as come nearest to the length.
        """
        length_s = request.length_s or USUAL_LENGTH_S
        latents_per_s = self.sample_rate / self.hop / self.stride
        if request.is_loop:
            num_latents = max(1, round(length_s * latents_per_s))
            return Plan(num_latents, num_latents / latents_per_s, request.seed, is_loop=True)
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
            mel_part = mel[num_held * self.stride : end * self.stride]
            clips.append(Clip(latent[:, num_held:end], plan, mel=mel_part))
        return clips

    def sonify(self, clip: Clip) -> Clip:
        """Let the vocoder speak; mono."""
        (waveform,) = self.stream(clip, piece_s=math.inf)
        return replace(clip, waveform=waveform)

    @torch.no_grad()
    def stream(self, clip: Clip, piece_s: float = 1.0) -> Iterator[FloatArray]:
        """Let the vocoder speak piece by piece, each with as much of its neighbours as it depends on; mono.

        Raises: ValueError if there is no spectrogram.
        """
        if clip.mel is None:
            raise ValueError("this clip has no spectrogram to make sound of")
        num_frames, reach = len(clip.mel), self.reach
        mel = torch.from_numpy(clip.mel).to(self.device, self.dtype)
        if clip.plan.is_loop:
            mel = mel[torch.arange(-reach, num_frames + reach) % num_frames]
        margin = reach if clip.plan.is_loop else 0
        num_samples = round(clip.plan.length_s * self.sample_rate)
        step = max(1, round(min(piece_s, clip.plan.length_s + 1) * self.sample_rate / self.hop))
        for begin in range(margin, margin + num_frames, step):
            end, first = min(begin + step, margin + num_frames), max(0, begin - reach)
            heard = self.vocoder(mel[first : end + reach]).float().cpu().numpy()
            piece = heard[(begin - first) * self.hop : (end - first) * self.hop, None]
            piece = piece[: max(0, num_samples - (begin - margin) * self.hop)]
            if len(piece):
                yield np.ascontiguousarray(piece, dtype=np.float32)
