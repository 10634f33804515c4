"""The steps of the pipeline that line up what a call was given: is it right, and what do its clips begin as?"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image

from art2mus.conditioning import count_items
from art2mus.sampling import Generators

if TYPE_CHECKING:
    from art2mus.pipeline import Art2MusPipeline


def check_inputs(
    pipeline: Art2MusPipeline,
    image: Image.Image | list[Image.Image] | None,
    prompt: str | list[str] | None,
    negative_prompt: str | list[str] | None,
    image_embeds: torch.Tensor | None,
    image_tokens: torch.Tensor | None,
    output_type: str,
) -> int:
    """Count the items of the batch.

    Raises: ValueError, saying what is missing or does not fit.
    """
    seen = (image, image_embeds, image_tokens)
    if prompt is None and all(each is None for each in seen):
        raise ValueError("there is nothing to make music of: pass `image`, `prompt`, `image_embeds` or `image_tokens`")
    if pipeline.image_projection is None and any(each is not None for each in seen):
        raise ValueError("this model reads only texts, not pictures: pass `prompt` alone")
    if image is not None and (image_embeds is not None or image_tokens is not None):
        raise ValueError("pass `image`, or what was made of it (`image_embeds`, `image_tokens`), not both")
    output_types = ("np", pipeline.codec.decoded_type, "latent")
    if output_type not in output_types:
        raise ValueError(f"`output_type` is {output_type!r}, but this model gives one of {', '.join(output_types)}")
    batches = {
        "image": [image] if isinstance(image, Image.Image) else image,
        "image_embeds": image_embeds,
        "image_tokens": image_tokens,
        "prompt": prompt if isinstance(prompt, list) else None,
    }
    return count_items(batches, {"negative_prompt": negative_prompt if isinstance(negative_prompt, list) else None})


def describe_artwork(pipeline: Art2MusPipeline, image: Image.Image | list[Image.Image] | None) -> list[str] | None:
    """Put pictures into words, if there is a `captioner`."""
    if image is None or pipeline.captioner is None:
        return None
    return pipeline.captioner.describe([image] if isinstance(image, Image.Image) else image)


def extra_step_kwargs(pipeline: Art2MusPipeline, generator: Generators, eta: float) -> dict[str, Any]:
    """Give what only some schedulers' `step` takes."""
    accepted = inspect.signature(pipeline.scheduler.step).parameters
    return {name: value for name, value in {"eta": eta, "generator": generator}.items() if name in accepted}


def prepare_latents(
    pipeline: Art2MusPipeline,
    num_steps: int,
    members: Sequence[int],
    num_clips: int,
    generator: Generators = None,
    latents: torch.Tensor | None = None,
    held_latents: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Draw the noise that clips begin as, and line up what they continue.

    Args:
        pipeline: The model.
        num_steps: From `num_steps_for`.
        members: Which clips of the call these are.
        num_clips: How many clips the call has.
        generator: Of these clips.
        latents: Noise for all clips of the call, instead of drawing it.
        held_latents: For all clips of the call, or one for each.

    Shape: result (len(members), C, num_steps, latent_bins), and what is held of it.
    Raises: ValueError if a shape does not fit.
    """
    codec, device = pipeline.codec, pipeline._execution_device
    channels, bins = codec.latent_channels, codec.latent_bins
    held = None
    if held_latents is not None:
        held = held_latents.to(device, torch.float32).expand(num_clips, -1, -1, -1)[list(members)]
        if held.shape[1] != channels or held.shape[3] != bins or held.shape[2] % codec.latent_grid:
            raise ValueError(
                f"`held_latents` must be ({channels}, a multiple of {codec.latent_grid}, {bins}) "
                f"after the batch, not {tuple(held.shape[1:])}"
            )
    shape = (len(members), channels, num_steps, bins)
    if latents is None:
        return randn_tensor(shape, generator=generator, device=device, dtype=torch.float32), held
    if latents.shape != (num_clips, *shape[1:]):
        raise ValueError(f"`latents` must be {(num_clips, *shape[1:])}, not {tuple(latents.shape)}")
    return latents[list(members)].to(device, torch.float32), held
