"""How the published Art2Mus trains, written out step by step: nothing is kept from one step to the next.

The image embeddings come from a file, as published. Where the published code draws at random, the draws are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from tests.art2mus.slow import Parts, loa, sentence, t5

SAMPLE_RATE, HOP, WINDOW = 16_000, 160, 1024


@dataclass(frozen=True)
class Draws:
    """What is drawn for one example.

    Shape: latent_noise and noise (C, latent_steps, latent_bins).
    """

    latent_noise: torch.Tensor
    noise: torch.Tensor
    timestep: int


def loss(
    parts: Parts,
    weights: dict[str, torch.Tensor],
    image_embeds: torch.Tensor,
    tracks: Sequence[Path],
    draws: Sequence[Draws],
    *,
    mel_frames: int,
    guidance_scale: float | None = 3.5,
    gamma: float = 5.0,
) -> torch.Tensor:
    """The loss of a batch, one example after another.

    Args:
        parts: The components of the pipeline.
        weights: Of the projection.
        image_embeds: Of each example.
        tracks: 16 kHz, of each example.
        draws: Of each example.
        mel_frames: 1024 as published.
        guidance_scale: None takes the loss on the noise without guidance.
        gamma: Of the weights.

    Shape: image_embeds (B, embedding_dim).
    """
    betas = torch.linspace(0.0001**0.5, 0.02**0.5, 1000, dtype=torch.float64) ** 2
    alphas = torch.cumprod(1 - betas, 0)
    losses = []
    for embeds, track, drawn in zip(image_embeds, tracks, draws, strict=True):
        # 1. Sound -> spectrogram -> latents
        mel = torch.from_numpy(spectrogram(published_crop(track, mel_frames * HOP), parts["codec"].latent_bins * 4))
        with torch.no_grad():
            posterior = parts["codec"].vae.encode(mel[None, None, :mel_frames]).latent_dist
        latents = (posterior.mean + posterior.std * drawn.latent_noise) * parts["codec"].vae.config.scaling_factor
        # 2. Noise
        signal, rest = alphas[drawn.timestep].sqrt().float(), (1 - alphas[drawn.timestep]).sqrt().float()
        noisy = signal * latents + rest * drawn.noise
        # 3. The picture, and what to keep away from
        width = parts["language_model"].config.n_embd
        hidden = torch.tanh(embeds @ weights["projection1.weight"].T + weights["projection1.bias"])
        tokens = (hidden @ weights["projection2.weight"].T + weights["projection2.bias"]).reshape(1, -1, width)
        towards = (loa(parts["language_model"], tokens), *t5(parts, "Music representing the content of this artwork"))
        away = (loa(parts["language_model"], *sentence(parts, "Low quality.")), *t5(parts, "Low quality."))
        # 4. The UNet, twice
        seen = [
            parts["unet"](
                noisy,
                drawn.timestep,
                encoder_hidden_states=branch,
                encoder_hidden_states_1=states,
                encoder_attention_mask_1=mask,
            ).sample
            for branch, states, mask in (away, towards)
        ]
        predicted = seen[1] if guidance_scale is None else seen[0] + guidance_scale * (seen[1] - seen[0])
        # 5. The weighted error
        snr = (alphas[drawn.timestep] / (1 - alphas[drawn.timestep])).item()
        losses.append((predicted - drawn.noise).square().mean() * min(snr, gamma) / snr)
    return torch.stack(losses).mean()


def published_crop(track: Path, num_frames: int) -> NDArray[np.float64]:
    """Seconds 10 to 20 of the first channel, then silence."""
    sound, rate = soundfile.read(track, always_2d=True)
    assert rate == SAMPLE_RATE
    sound = sound[:, 0] - sound[:, 0].mean()
    crop = sound[10 * rate : 20 * rate][:num_frames]
    crop = np.concatenate([crop, np.zeros(num_frames - len(crop))])
    return 0.5 * crop / np.abs(crop).max()


def spectrogram(waveform: NDArray[np.float64], n_mels: int) -> NDArray[np.float32]:
    """Natural logarithm of magnitudes in mel bands; (mel_frames, n_mels)."""
    padded = np.pad(waveform, WINDOW // 2, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    frames = np.stack([padded[start : start + WINDOW] for start in range(0, len(padded) - WINDOW + 1, HOP)])
    energies = np.abs(np.fft.rfft(frames * window)) @ slaney_bands(n_mels)
    return np.log(np.maximum(energies, 1e-5)).astype(np.float32)


def slaney_bands(n_mels: int) -> NDArray[np.float64]:
    """Triangles of equal area: linear below 1 kHz, then 27 to a factor of 6.4; (WINDOW // 2 + 1, n_mels)."""

    def to_hz(mel: float) -> float:
        return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)

    highest = 15 + 27 * np.log(8) / np.log(6.4)
    edges = [to_hz(mel) for mel in np.linspace(0, highest, n_mels + 2)]
    bands = np.zeros((WINDOW // 2 + 1, n_mels))
    for band in range(n_mels):
        low, centre, high = edges[band : band + 3]
        for line in range(WINDOW // 2 + 1):
            hz = line * SAMPLE_RATE / WINDOW
            height = min((hz - low) / (centre - low), (high - hz) / (high - centre))
            bands[line, band] = max(0.0, height) * 2 / (high - low)
    return bands
