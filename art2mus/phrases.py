"""Music longer than a denoiser oversees at once, and music without an end, out of what it does oversee: phrases."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from art2mus.conditioning import Condition
from art2mus.sampling import Denoiser, GenerationInterruptedError, set_timesteps, with_beginning

if TYPE_CHECKING:
    from art2mus.pipeline import Art2MusPipeline, StepCallback

GOLDEN_SHARE = (5**0.5 - 1) / 2


def denoise(
    pipeline: Art2MusPipeline,
    latents: torch.Tensor,
    condition: Condition,
    avoided: Condition | None,
    guidance_scale: float,
    num_inference_steps: int,
    *,
    held: torch.Tensor | None = None,
    loop: bool = False,
    callback_on_step_end: StepCallback | None = None,
    **step_kwargs: Any,
) -> torch.Tensor:
    """Turn noise into latents of music, in float32; only the UNet works in its own precision.

    What is longer than the denoiser oversees is made phrase by phrase, each continuing the last; a `loop` is made
    all at once, and has no beginning and no end while it is made.

    Args:
        pipeline: The model.
        latents: The noise.
        condition: What to move towards.
        avoided: What to keep away from; None is without guidance.
        guidance_scale: How far, if there is something to keep away from.
        num_inference_steps: For each phrase.
        held: What the latents begin with, and go on from.
        loop: Whether their end is to join their beginning; nothing is held then.
        callback_on_step_end: As of the pipeline's call.
        step_kwargs: For the scheduler's `step`.

    Shape: latents and result (B, C, latent_steps, latent_bins); held, the first of these steps, likewise.
    Raises: GenerationInterruptedError.
    """
    how = (num_inference_steps, callback_on_step_end, step_kwargs)
    if loop:
        whole = Denoiser(pipeline.unet, pipeline.scheduler, condition, avoided, guidance_scale, None, noise=latents)
        return _denoise_phrase(pipeline, whole, *how, loop=True)
    num_held = 0 if held is None else held.shape[2]
    done = latents if held is None else with_beginning(latents, held)
    for begin, held_end, end in pipeline.windows(latents.shape[2], num_held):
        past = done[:, :, begin:held_end] if held_end > begin else None
        noise = latents[:, :, begin:end]
        phrase = Denoiser(pipeline.unet, pipeline.scheduler, condition, avoided, guidance_scale, past, noise=noise)
        part = _denoise_phrase(pipeline, phrase, *how)
        done = torch.cat([done[:, :, :held_end], part[:, :, held_end - begin :], done[:, :, end:]], dim=2)
    return done


def _denoise_phrase(
    pipeline: Art2MusPipeline,
    denoiser: Denoiser,
    num_steps: int,
    callback: StepCallback | None,
    step_kwargs: dict[str, Any],
    *,
    loop: bool = False,
) -> torch.Tensor:
    scheduler = pipeline.scheduler
    set_timesteps(scheduler, num_steps, denoiser.noise.device, pipeline.config.timestep_exponent)
    latents = denoiser.noise * scheduler.init_noise_sigma
    for step, timestep in enumerate(pipeline.progress_bar(scheduler.timesteps)):
        if pipeline.interrupt:
            raise GenerationInterruptedError
        if loop:
            turn = turn_at(step, latents.shape[2], pipeline.codec.latent_grid)
            prediction = predict_in_circle(denoiser, latents, timestep, turn, pipeline.phrase or latents.shape[2])
        else:
            latents = denoiser.hold(latents, timestep)
            prediction = denoiser.predict(latents, timestep)
        latents = scheduler.step(prediction, timestep, latents, **step_kwargs).prev_sample
        if callback is not None:
            latents = callback(pipeline, step, timestep, {"latents": latents}).get("latents", latents)
    return latents


def windows(num_steps: int, num_held: int, phrase: int) -> list[tuple[int, int, int]]:
    """Divide long latents into what a denoiser oversees at once: each window but the first goes on from half of it.

    Where too little is given, a window goes on from all of it; the last one goes on from more.

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
