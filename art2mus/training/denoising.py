"""How well a frozen UNet knows the noise in music again, under a condition that is being learned."""

from __future__ import annotations

import torch
from diffusers import AudioLDM2UNet2DConditionModel, DDPMScheduler
from diffusers.training_utils import compute_snr

from art2mus.conditioning import Condition
from art2mus.sampling import call_unet, with_mask
from art2mus.unet_step import Heard, layers_apart, run


def predict(
    unet: AudioLDM2UNet2DConditionModel, noisy: torch.Tensor, timesteps: torch.Tensor, condition: Condition
) -> torch.Tensor:
    """Say what the UNet takes for noise (or velocity); nothing is held.

    Shape: noisy and result (B, C, latent_steps, latent_bins); timesteps (B,).
    """
    return call_unet(unet, with_mask(unet, noisy), timesteps, condition)


def predict_apart(
    unet: AudioLDM2UNet2DConditionModel,
    noisy: torch.Tensor,
    timesteps: torch.Tensor,
    heard: Heard,
    avoided: Heard | None,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Say what the UNet takes for noise (or velocity) under two conditions, of which one is learned.

    Both go through the UNet as one up to the first layer that listens. Nothing before it, and nothing of what is
    avoided, is kept for the gradient.

    Args:
        unet: Frozen.
        noisy: Latents; nothing is held.
        timesteps: How noisy they are.
        heard: What is learned.
        avoided: What to keep away from; None is nothing.

    Shape: noisy and both results (B, C, latent_steps, latent_bins); timesteps (B,).
    """
    shared, listening = layers_apart(unet, heard)
    emb = unet.time_embedding(unet.time_proj(timesteps).to(noisy.dtype))
    skips: list[torch.Tensor] = []
    sample = run(shared, with_mask(unet, noisy), skips, emb, heard)
    away = None
    if avoided is not None:
        with torch.no_grad():
            away = run(listening, sample, list(skips), emb, avoided)
    return run(listening, sample, skips, emb, heard), away


def weighted_errors(
    scheduler: DDPMScheduler,
    predicted: torch.Tensor,
    latents: torch.Tensor,
    noise: torch.Tensor,
    timesteps: torch.Tensor,
    gamma: float | None,
) -> torch.Tensor:
    """Give the mean squared error of each item.

    Args:
        scheduler: Says what was to be predicted: noise or velocity.
        predicted: By the UNet.
        latents: Without noise.
        noise: That was added.
        timesteps: How much of it.
        gamma: Weight min(SNR, gamma) / SNR; for velocity / (SNR + 1). None weights all alike.

    Shape: predicted, latents and noise (B, C, latent_steps, latent_bins); timesteps and result (B,).
    Source: Hang et al. 2023 (min-SNR), section 3.4.
    """
    is_velocity = scheduler.config.prediction_type == "v_prediction"
    target = scheduler.get_velocity(latents, noise, timesteps) if is_velocity else noise
    errors = (predicted.float() - target).square().mean(dim=(1, 2, 3))
    if gamma is None:
        return errors
    snr = compute_snr(scheduler, timesteps)
    return errors * snr.clamp(max=gamma) / (snr + 1 if is_velocity else snr)
