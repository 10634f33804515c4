"""What a call was given, lined up: is it right, which clips are made together, and what do they begin as?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import torch
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image

from art2mus.codec.protocol import Plan
from art2mus.conditioning import alike, count_items

if TYPE_CHECKING:
    from art2mus.pipeline import Art2MusPipeline

Generators = torch.Generator | list[torch.Generator] | None


ItemT = TypeVar("ItemT")


@dataclass(frozen=True)
class Batch:
    """Clips of a call that are denoised at once, because their latents are equally long.

    Attributes:
        clips: Which of the call's clips these are.
        items: Which of the call's items each is for.
        plans: How each will be played.
        num_steps: How many latent steps are denoised.
        num_held: How many of these are given.
        num_clips: How many clips the call has.
    """

    clips: Sequence[int]
    items: Sequence[int]
    plans: Sequence[Plan]
    num_steps: int
    num_held: int
    num_clips: int

    def only(self, clips: Sequence[int]) -> Batch:
        """Some of its clips."""
        places = [self.clips.index(clip) for clip in clips]
        items, plans = [self.items[place] for place in places], [self.plans[place] for place in places]
        return replace(self, clips=clips, items=items, plans=plans)


def check_inputs(
    pipeline: Art2MusPipeline,
    image: Image.Image | list[Image.Image] | None,
    prompt: str | list[str] | None,
    negative_prompt: str | list[str] | None,
    image_embeds: torch.Tensor | None,
    image_tokens: torch.Tensor | None,
    held_latents: torch.Tensor | None,
    output_type: str,
    *,
    loop: bool,
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
    if loop and held_latents is not None:
        raise ValueError("a loop continues nothing but itself: pass `loop` or `held_latents`, not both")
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


def check_num_steps(num_steps: int | None) -> None:
    """Make sure that there is something to denoise by; None is the model's own.

    Raises: ValueError.
    """
    if num_steps is not None and num_steps < 1:
        raise ValueError(f"`num_inference_steps` is {num_steps}, but at least one has to be taken")


def check_generators(generator: Generators, num_items: int, num_candidates: int) -> None:
    """Make sure that a list of generators has one for each clip.

    Raises: ValueError if it has not, or no clips are asked for.
    """
    if num_candidates < 1:
        raise ValueError(f"`num_waveforms_per_prompt` is {num_candidates}, but at least one has to be made")
    num_clips = num_items * num_candidates
    if isinstance(generator, list) and len(generator) != num_clips:
        raise ValueError(f"a list of generators needs one per clip: {num_clips}, not {len(generator)}")


def batches_of(
    pipeline: Art2MusPipeline, plans: Sequence[Plan], num_candidates: int, held_latents: torch.Tensor | None = None
) -> list[Batch]:
    """Bring together the clips of a call that can be denoised at once.

    Args:
        pipeline: The model.
        plans: One for each item.
        num_candidates: Clips for each item.
        held_latents: What the clips continue.

    Shape: held_latents (1 or B, C, held steps, latent_bins).
    """
    num_held = 0 if held_latents is None else held_latents.shape[2]
    items = [item for item in range(len(plans)) for _ in range(num_candidates)]
    num_steps = [pipeline.num_steps_for(plans[item], num_held) for item in items]
    return [
        Batch(
            clips=clips,
            items=[items[clip] for clip in clips],
            plans=[plans[items[clip]] for clip in clips],
            num_steps=num_steps[clips[0]],
            num_held=num_held,
            num_clips=len(items),
        )
        for clips in alike(num_steps)
    ]


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


def prepare_latents(
    pipeline: Art2MusPipeline,
    batch: Batch,
    generator: Generators = None,
    latents: torch.Tensor | None = None,
    held_latents: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Draw the noise that clips begin as, and line up what they continue.

    Args:
        pipeline: The model.
        batch: Which clips these are.
        generator: Of these clips.
        latents: Noise for all clips of the call, instead of drawing it.
        held_latents: For all clips of the call, or one for each.

    Shape: result (len(batch.clips), C, batch.num_steps, latent_bins), and what is held of it.
    Raises: ValueError if a shape does not fit.
    """
    codec, device = pipeline.codec, pipeline._execution_device
    channels, bins = codec.latent_channels, codec.latent_bins
    held = None
    if held_latents is not None:
        if len(held_latents) not in (1, batch.num_clips):
            raise ValueError(f"`held_latents` are for {len(held_latents)} clips, of which there are {batch.num_clips}")
        held = held_latents.to(device, torch.float32).expand(batch.num_clips, -1, -1, -1)[list(batch.clips)]
        if held.shape[1] != channels or held.shape[3] != bins or held.shape[2] % codec.latent_grid:
            raise ValueError(
                f"`held_latents` must be ({channels}, a multiple of {codec.latent_grid}, {bins}) "
                f"after the batch, not {tuple(held.shape[1:])}"
            )
    shape = (channels, batch.num_steps, bins)
    if latents is None:
        drawn = randn_tensor((len(batch.clips), *shape), generator=generator, device=device, dtype=torch.float32)
        return drawn, held
    if latents.shape != (batch.num_clips, *shape):
        raise ValueError(f"`latents` must be {(batch.num_clips, *shape)}, not {tuple(latents.shape)}")
    return latents[list(batch.clips)].to(device, torch.float32), held


def player_seeds(generator: Generators, num_items: int) -> list[int]:
    """Draw a seed per item for what is left to the player, from where the generator stands, without moving it.

    The noise is thus the one that every other diffusers pipeline draws from the same generator.
    """
    if isinstance(generator, list):
        num_candidates = len(generator) // num_items
        return [player_seeds(generator[item * num_candidates], 1)[0] for item in range(num_items)]
    source = (torch.default_generator if generator is None else generator).clone_state()
    return [int(seed) for seed in torch.randint(2**31, (num_items,), generator=source, device=source.device)]


def generators_of(generator: Generators, clips: Sequence[int]) -> Generators:
    """Pick the generators of some clips; one for all of them stays what it is."""
    return [generator[clip] for clip in clips] if isinstance(generator, list) else generator
