"""One step of AudioLDM 2's UNet on a processor, in which nothing is computed that was known already.

What a condition is to the cross-attentions is computed once for all steps (`listen`). Both branches of guidance begin
with the same latents, and are one up to the first cross-attention. From there on each has threads of its own, which
need not wait for each other after every operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any, TypeVar

import torch
from diffusers import AudioLDM2UNet2DConditionModel
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from torch import nn

from art2mus.attention import Kept, attend_to_itself, keep
from art2mus.conditioning import Condition

Heard = Mapping[nn.Module, Kept]
"""A condition as each cross-attention of a UNet sees it."""
Layer = tuple[str, Any]
"""What is to be done (see `run`), and the module that does it; None where there is none."""

PartT = TypeVar("PartT")

_threads = ThreadPoolExecutor(thread_name_prefix="denoise")


def listen(unet: AudioLDM2UNet2DConditionModel, condition: Condition, known: Heard | None = None) -> Heard:
    """Compute what all steps under a condition have in common; differentiable with respect to its `loa_tokens`.

    Args:
        unet: In any precision.
        condition: What to listen to.
        known: The same texts as they were heard before, so that only the `loa_tokens` are listened to anew.
    """
    loa_tokens, prompt_embeds = (each.to(unet.dtype) for each in (condition.loa_tokens, condition.prompt_embeds))
    heard: dict[nn.Module, Kept] = {}
    for block in (*unet.down_blocks, unet.mid_block, *unet.up_blocks):
        dims = getattr(block, "cross_attention_dim", ())
        for index, transformer in enumerate(getattr(block, "attentions", ())):
            place = index % len(dims)
            if dims[place] is None:
                continue
            for inner in transformer.transformer_blocks:
                # As diffusers counts: what comes third in a block listens to the second condition.
                if place <= 1:
                    heard[inner.attn2] = keep(inner.attn2, loa_tokens, None)
                elif known is not None:
                    heard[inner.attn2] = known[inner.attn2]
                else:
                    heard[inner.attn2] = keep(inner.attn2, prompt_embeds, condition.attention_mask)
    return heard


@torch.no_grad()
def predict(
    unet: AudioLDM2UNet2DConditionModel, sample: torch.Tensor, timestep: torch.Tensor, heard: Heard
) -> torch.Tensor:
    """Do what calling the UNet does, for each item of what was heard.

    Args:
        unet: In any precision.
        sample: There may be fewer items than were heard: these then come round again, as the branches of guidance do.
        timestep: One for all.
        heard: From `listen`.

    Shape: sample (B, C, T, F); result (B of what was heard, C', T, F).
    """
    num_items = len(next(iter(heard.values())).keys)
    shared, listening = layers_apart(unet, heard)
    emb = unet.time_embedding(unet.time_proj(timestep.expand(num_items)).to(sample.dtype))
    skips: list[torch.Tensor] = []
    sample = run(shared, sample, skips, emb[: len(sample)], heard)

    def finish(items: slice) -> torch.Tensor:
        part, *kept = (_round(each, num_items)[items] for each in (sample, *skips))
        own = {module: each.take(items) for module, each in heard.items()}
        return run(listening, part, kept, emb[items], own)

    return torch.cat(side_by_side(finish, _shares(num_items, torch.get_num_threads())))


def layers_apart(unet: AudioLDM2UNet2DConditionModel, heard: Heard) -> tuple[list[Layer], list[Layer]]:
    """Give the layers before the first that listens, and the rest: up to there, all conditions are one."""
    layers = list(layers_of(unet))
    first = next(index for index, (_, module) in enumerate(layers) if _listens(module, heard))
    return layers[:first], layers[first:]


def layers_of(unet: AudioLDM2UNet2DConditionModel) -> Iterator[Layer]:
    """Give the layers of a UNet in their order."""
    yield from (("apply", unet.conv_in), ("keep", None))
    for block in unet.down_blocks:
        for resnet, transformers in zip(block.resnets, _by_layer(block), strict=True):
            yield from (("resnet", resnet), *zip(repeat("transformer"), transformers), ("keep", None))
        for downsampler in block.downsamplers or ():
            yield from (("apply", downsampler), ("keep", None))
    first, *resnets = unet.mid_block.resnets
    yield "resnet", first
    for resnet, transformers in zip(resnets, _by_layer(unet.mid_block, len(resnets)), strict=True):
        yield from (*zip(repeat("transformer"), transformers), ("resnet", resnet))
    for block in unet.up_blocks:
        for resnet, transformers in zip(block.resnets, _by_layer(block), strict=True):
            yield from (("join", None), ("resnet", resnet), *zip(repeat("transformer"), transformers))
        for upsampler in block.upsamplers or ():
            yield "upsample", upsampler
    yield from zip(repeat("apply"), (unet.conv_norm_out, unet.conv_act, unet.conv_out))


def run(
    layers: Sequence[Layer], sample: torch.Tensor, skips: list[torch.Tensor], emb: torch.Tensor, heard: Heard
) -> torch.Tensor:
    """Go through layers.

    Args:
        layers: From `layers_of`, some of them.
        sample: What goes in.
        skips: What was kept on the way down, and is joined on the way up; it grows and shrinks.
        emb: The time, embedded.
        heard: What the transformers listen to.

    Shape: sample (B, C, T, F); emb (B, time_dim).
    """
    for work, module in layers:
        match work:
            case "keep":
                skips.append(sample)
            case "join":
                sample = torch.cat([sample, skips.pop()], dim=1)
            case "resnet":
                sample = module(sample, emb)
            case "transformer":
                sample = transform(module, sample, heard)
            case "upsample":
                sample = module(sample, skips[-1].shape[2:])
            case _:
                sample = module(sample)
    return sample


def transform(transformer: Transformer2DModel, sample: torch.Tensor, heard: Heard) -> torch.Tensor:
    """Let the places of a sample look at each other, and at what was heard.

    Shape: sample and result (B, W, T, F).
    """
    image = transformer.proj_in(transformer.norm(sample))
    tokens = image.permute(0, 2, 3, 1).flatten(1, 2)
    for block in transformer.transformer_blocks:
        tokens = attend_to_itself(block.attn1, block.norm1(tokens)) + tokens
        query = block.norm2(tokens)
        known = heard.get(block.attn2)
        seen = attend_to_itself(block.attn2, query) if known is None else known.attend(block.attn2, query)
        tokens = seen + tokens
        tokens = block.ff(block.norm3(tokens)) + tokens
    image = tokens.unflatten(1, sample.shape[2:]).permute(0, 3, 1, 2).contiguous()
    return transformer.proj_out(image) + sample


def side_by_side(work: Callable[[PartT], torch.Tensor], parts: Sequence[PartT]) -> list[torch.Tensor]:
    """Do the same with several parts at once, with an equal share of torch's threads for each; without gradients."""
    if len(parts) == 1:
        return [work(parts[0])]
    num_threads = torch.get_num_threads()

    def alone(part: PartT) -> torch.Tensor:
        torch.set_num_threads(num_threads // len(parts))  # of this thread; others keep theirs
        with torch.no_grad():
            return work(part)

    try:
        return list(_threads.map(alone, parts))
    finally:
        torch.set_num_threads(num_threads)  # what threads begin with that torch has not seen yet


def _by_layer(block: Any, num_layers: int | None = None) -> list[Sequence[nn.Module]]:
    """The transformers after each layer of a block; there may be none."""
    count = num_layers or len(block.resnets)
    transformers = list(getattr(block, "attentions", ()))
    each = len(transformers) // count
    return [transformers[index * each : (index + 1) * each] for index in range(count)]


def _listens(module: Any, heard: Heard) -> bool:
    blocks = getattr(module, "transformer_blocks", ())
    return any(block.attn2 in heard for block in blocks)


def _round(tensor: torch.Tensor, num_items: int) -> torch.Tensor:
    return tensor.repeat(num_items // len(tensor), *[1] * (tensor.ndim - 1))


def _shares(num_items: int, num_threads: int) -> list[slice]:
    """Divide a batch into as many equal parts as can have threads of their own.

    >>> _shares(4, 2)
    [slice(0, 2, None), slice(2, 4, None)]
    """
    num_parts = max(count for count in range(1, num_items + 1) if num_items % count == 0 and count <= num_threads)
    size = num_items // num_parts
    return [slice(begin, begin + size) for begin in range(0, num_items, size)]
