"""One step of the diffusion: a denoiser, and the times it is asked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from diffusers import AudioLDM2UNet2DConditionModel, SchedulerMixin

from art2mus import unet_step
from art2mus.conditioning import Condition


class GenerationInterruptedError(Exception):
    """The pipeline was told to stop while it denoised; there is no result."""


@dataclass(frozen=True)
class Denoiser:
    """The UNet under one condition, with what it must know around it.

    Attributes:
        unet: In any precision; everything else is float32.
        scheduler: With its timesteps set.
        condition: What to move towards.
        avoided: What to keep away from; None is without guidance.
        guidance_scale: How far, if there is something to keep away from.
        held: Clean latents that the result begins with.
        noise: What the latents began as; for UNets that cannot be told what is held.

    Shape: held (B, C, held steps, latent_bins); noise (B, C, held steps + latent_steps, latent_bins).
    """

    unet: AudioLDM2UNet2DConditionModel
    scheduler: SchedulerMixin
    condition: Condition
    avoided: Condition | None
    guidance_scale: float
    held: torch.Tensor | None
    noise: torch.Tensor

    @property
    def has_mask_channel(self) -> bool:
        """Whether the UNet is told which latents are given."""
        return has_mask_channel(self.unet, self.noise.shape[1])

    def hold(self, latents: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """Put what is held into latents about to be denoised, as noisy as they are.

        This is time-masked sampling; a UNet with a mask channel sees the clean latents instead.

        Source: Lugmayr et al. 2022 (RePaint), equation 8a, without resampling.
        """
        if self.held is None or self.has_mask_channel:
            return latents
        noise = self.noise[:, :, : self.held.shape[2]]
        return with_beginning(latents, self.scheduler.add_noise(self.held, noise, timestep[None]))

    def predict(self, latents: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """Say what the scheduler wants to know (noise or velocity), guided.

        Shape: latents and result (B, C, held steps + latent_steps, latent_bins).
        """
        sample = self.scheduler.scale_model_input(latents, timestep)
        sample = with_mask(self.unet, sample, self.held).to(self.unet.dtype)
        if self.avoided is None:
            return self._ask(sample, timestep)
        away, towards = self._ask(sample, timestep).chunk(2)
        return away + self.guidance_scale * (towards - away)

    @cached_property
    def _branches(self) -> Condition:
        """All that the UNet is asked about, as one batch."""
        return self.condition if self.avoided is None else self.condition.after(self.avoided)

    @cached_property
    def _heard(self) -> unet_step.Heard:
        with torch.no_grad():
            return unet_step.listen(self.unet, self._branches)

    def _ask(self, sample: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """On a processor go through the UNet step by step; elsewhere call it, as a whole that can be compiled."""
        if sample.device.type == "cpu" and self.unet._compiled_call_impl is None:
            return unet_step.predict(self.unet, sample, timestep, self._heard).float()
        condition = self._branches
        sample = sample.repeat(len(condition.loa_tokens) // len(sample), 1, 1, 1)
        return call_unet(self.unet, sample, timestep, condition).float()


def has_mask_channel(unet: AudioLDM2UNet2DConditionModel, latent_channels: int) -> bool:
    """Say whether a UNet is told which latents are given: by one input channel more than latents have."""
    return bool(unet.config.in_channels == latent_channels + 1)


def with_mask(
    unet: AudioLDM2UNet2DConditionModel, sample: torch.Tensor, held: torch.Tensor | None = None
) -> torch.Tensor:
    """Tell a UNet what is held, if it is one that is told: it sees that clean, and a mask of it.

    Shape: sample (B, C, latent_steps, latent_bins); held (B, C, fewer steps, latent_bins); result as the UNet takes it.
    """
    if not has_mask_channel(unet, sample.shape[1]):
        return sample
    mask = torch.zeros_like(sample[:, :1])
    if held is not None:
        sample = with_beginning(sample, held)
        mask[:, :, : held.shape[2]] = 1.0
    return torch.cat([sample, mask], dim=1)


def call_unet(
    unet: AudioLDM2UNet2DConditionModel, sample: torch.Tensor, timestep: torch.Tensor, condition: Condition
) -> torch.Tensor:
    """Ask a UNet as diffusers' pipeline does, as a whole.

    Shape: sample and result (B, C, latent_steps, latent_bins), one item for each of the condition.
    """
    prediction: torch.Tensor = unet(
        sample,
        timestep,
        encoder_hidden_states=condition.loa_tokens.to(sample.dtype),
        encoder_hidden_states_1=condition.prompt_embeds.to(sample.dtype),
        encoder_attention_mask_1=condition.attention_mask,
        return_dict=False,
    )[0]
    return prediction


def set_timesteps(
    scheduler: SchedulerMixin, num_steps: int, device: torch.device, exponent: float | None = None
) -> None:
    """Choose the times to denoise at: the scheduler's own or, with an exponent, ones that begin at pure noise.

    The larger the exponent, the closer they lie where there is much noise, and what a clip will be is decided; at 1
    they are evenly spaced. No time comes twice.

    Raises: ValueError if there are more steps than the scheduler was trained on.
    """
    if exponent is None:
        scheduler.set_timesteps(num_steps, device=device)
        return
    last = scheduler.config.num_train_timesteps - 1
    if num_steps > last + 1:
        raise ValueError(f"`num_inference_steps` is {num_steps}, but this model has only {last + 1}")
    times = [round(last * (1 - (step / num_steps) ** exponent)) for step in range(num_steps)]
    for step in range(1, num_steps):  # where they lie closer than whole numbers do
        times[step] = max(min(times[step], times[step - 1] - 1), num_steps - 1 - step)
    scheduler.set_timesteps(timesteps=times, device=device)


def with_beginning(latents: torch.Tensor, beginning: torch.Tensor) -> torch.Tensor:
    """Replace the first steps of latents.

    Shape: latents and result (B, C, steps, bins); beginning (B, C, fewer steps, bins).
    """
    return torch.cat([beginning, latents[:, :, beginning.shape[2] :]], dim=2)
