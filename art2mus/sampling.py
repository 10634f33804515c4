"""The chance and the steps of the diffusion."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import torch
from diffusers import AudioLDM2UNet2DConditionModel, SchedulerMixin

from art2mus import unet_step
from art2mus.conditioning import Condition

Generators = torch.Generator | list[torch.Generator] | None
ItemT = TypeVar("ItemT")


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
        """Whether the UNet is told which latents are given: by one input channel more than latents have."""
        return bool(self.unet.config.in_channels == self.noise.shape[1] + 1)

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
        sample = self._with_mask(self.scheduler.scale_model_input(latents, timestep)).to(self.unet.dtype)
        if self.avoided is None:
            return self._ask(sample, timestep)
        away, towards = self._ask(sample, timestep).chunk(2)
        return away + self.guidance_scale * (towards - away)

    def _with_mask(self, sample: torch.Tensor) -> torch.Tensor:
        if not self.has_mask_channel:
            return sample
        mask = torch.zeros_like(sample[:, :1])
        if self.held is not None:
            sample = with_beginning(sample, self.held)
            mask[:, :, : self.held.shape[2]] = 1.0
        return torch.cat([sample, mask], dim=1)

    @cached_property
    def _branches(self) -> Condition:
        """All that the UNet is asked about, as one batch."""
        return self.condition if self.avoided is None else self.condition.after(self.avoided)

    @cached_property
    def _heard(self) -> unet_step.Heard:
        return unet_step.listen(self.unet, self._branches)

    def _ask(self, sample: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """On a processor go through the UNet step by step; elsewhere call it, as a whole that can be compiled."""
        if sample.device.type == "cpu" and self.unet._compiled_call_impl is None:
            return unet_step.predict(self.unet, sample, timestep, self._heard).float()
        condition = self._branches
        sample = sample.repeat(len(condition.loa_tokens) // len(sample), 1, 1, 1)
        return call_unet(self.unet, sample, timestep, condition).float()


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


def windows(num_steps: int, num_held: int, phrase: int) -> list[tuple[int, int, int]]:
    """Divide long latents into what a denoiser oversees at once, each window holding at least the half of it.

    Args:
        num_steps: Length of the latents.
        num_held: How many of them are given.
        phrase: What the denoiser oversees.

    Returns: (begin, end of what is held, end) of each window.

    >>> windows(72, 0, 32)
    [(0, 0, 32), (16, 32, 48), (32, 48, 64), (40, 64, 72)]
    >>> windows(32, 24, 32)
    [(0, 24, 32)]
    """
    if num_steps <= phrase:
        return [(0, num_held, num_steps)]
    found = []
    done = num_held
    while done < num_steps:
        end = min(num_steps, max(0, done - phrase // 2) + phrase)
        found.append((end - phrase, done, end))
        done = end
    return found


def set_timesteps(
    scheduler: SchedulerMixin, num_steps: int, device: torch.device, exponent: float | None = None
) -> None:
    """Choose the times to denoise at: the scheduler's own or, with an exponent, ones that begin at pure noise.

    The larger the exponent, the closer they lie where there is much noise, and what a clip will be is decided; at 1
    they are evenly spaced.
    """
    if exponent is None:
        scheduler.set_timesteps(num_steps, device=device)
        return
    last = scheduler.config.num_train_timesteps - 1
    times = [round(last * (1 - (step / num_steps) ** exponent)) for step in range(num_steps)]
    scheduler.set_timesteps(timesteps=times, device=device)


GOLDEN_SHARE = (5**0.5 - 1) / 2


def turn_at(step: int, num_latents: int, grid: int) -> int:
    """Where a circle of latents is cut open at a step: each time elsewhere, and evenly spread over the steps.

    >>> [turn_at(step, 32, 4) for step in range(5)]
    [0, 20, 8, 28, 16]
    """
    return round(step * GOLDEN_SHARE * num_latents / grid) * grid % num_latents


def predict_in_circle(
    denoiser: Denoiser, latents: torch.Tensor, timestep: torch.Tensor, turn: int, phrase: int
) -> torch.Tensor:
    """Ask a denoiser about latents whose end joins their beginning.

    It sees the circle cut open at `turn`, in as many phrases as go round it; a circle shorter than a phrase goes round
    more than once. What is seen more than once is averaged.

    Shape: latents and result (B, C, latent_steps, latent_bins).
    """
    num_latents = latents.shape[2]
    num_phrases = math.ceil(num_latents / phrase)
    places = (turn + torch.arange(num_phrases * phrase, device=latents.device)) % num_latents
    seen = [denoiser.predict(latents[:, :, part], timestep) for part in places.chunk(num_phrases)]
    total = torch.zeros_like(latents).index_add(2, places, torch.cat(seen, dim=2))
    return total / torch.bincount(places, minlength=num_latents)[:, None]


def with_context(latents: torch.Tensor, num_context: int) -> torch.Tensor:
    """Put before a circle of latents what ends it, and after it what begins it.

    Shape: latents (B, C, latent_steps, latent_bins); result the same with 2 * num_context steps more.
    """
    places = torch.arange(-num_context, latents.shape[2] + num_context, device=latents.device)
    return latents[:, :, places % latents.shape[2]]


def with_beginning(latents: torch.Tensor, beginning: torch.Tensor) -> torch.Tensor:
    """Replace the first steps of latents.

    Shape: latents and result (B, C, steps, bins); beginning (B, C, fewer steps, bins).
    """
    return torch.cat([beginning, latents[:, :, beginning.shape[2] :]], dim=2)


def draw_each(
    draw: Callable[[Sequence[int]], list[ItemT]],
    members: Sequence[int],
    is_bad: Callable[[ItemT], bool],
    max_draws: int,
) -> dict[int, ItemT]:
    """Draw items together, and those that turn out bad again, until none is or they have been drawn often enough.

    >>> draw_each(lambda members: [10 * member for member in members], [1, 2], lambda item: item > 10, 3)
    {1: 10, 2: 20}
    """
    drawn: dict[int, ItemT] = {}
    for _ in range(max_draws):
        drawn |= zip(members, draw(members), strict=True)
        members = [member for member in members if is_bad(drawn[member])]
        if not members:
            break
    return drawn


def player_seeds(generator: Generators, num_items: int) -> list[int]:
    """Draw a seed per item for what is left to the player, from where the generator stands, without moving it.

    The noise is thus the one that every other diffusers pipeline draws from the same generator.
    """
    if isinstance(generator, list):
        num_candidates = len(generator) // num_items
        return [player_seeds(generator[item * num_candidates], 1)[0] for item in range(num_items)]
    source = (torch.default_generator if generator is None else generator).clone_state()
    return [int(seed) for seed in torch.randint(2**31, (num_items,), generator=source, device=source.device)]


def generators_of(generator: Generators, members: Sequence[int], num_clips: int) -> Generators:
    """Pick the generators of some clips.

    Raises: ValueError if there is a list, but not one for each clip.
    """
    if not isinstance(generator, list):
        return generator
    if len(generator) != num_clips:
        raise ValueError(f"a list of generators needs one per clip: {num_clips}, not {len(generator)}")
    return [generator[member] for member in members]
