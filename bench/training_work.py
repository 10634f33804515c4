"""What a training step of the full model has to compute and to keep, in the published order of work and in ours.

Counted on the real architecture on torch's meta device, without weights and without taking any time: an example of
10.24 s, in bfloat16.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from diffusers import AudioLDM2UNet2DConditionModel
from rich.table import Table
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from art2mus import unet_step
from art2mus.conditioning import Condition
from art2mus.training.denoising import predict, predict_apart
from tests.art2mus import audioldm2

AT_ONCE = {"published": 4, "reference": 8, "conditional": 8}
"""Examples that go through the networks together: as many as keep equally much for the gradient; 4 as published."""
CLAP_TOKENS, SENTENCE_TOKENS, NEGATIVE_TOKENS = 512, 10, 5
"""The published code pads CLAP's text to all that it can read; T5's sentence and negative prompt, about."""
NUM_LOA_TOKENS, NUM_ENDS = 8, 5
"""What GPT-2 writes; what it reads beside T5's tokens: SOS, CLAP, EOS, SOS, EOS."""

Step = Callable[[int], torch.Tensor]
"""A training step of so many examples."""


@dataclass(frozen=True)
class Need:
    """What an order of work asks for.

    Attributes:
        gflop: Of each part, for an example.
        kept_gb: By the UNet, for the gradient, of the examples that go through it together.
    """

    gflop: Mapping[str, float]
    kept_gb: float

    @property
    def total(self) -> float:
        """GFLOP of an example."""
        return sum(self.gflop.values())


@dataclass(frozen=True)
class UNetSteps:
    """The UNet's part of a step, in each order of work; the constant conditions were heard before."""

    unet: AudioLDM2UNet2DConditionModel

    def published(self, num_examples: int) -> torch.Tensor:
        """Both branches as one batch, and the gradient goes through both."""
        return predict(self.unet, *self._noisy(2 * num_examples), self._condition(2 * num_examples, is_learned=True))

    def reference(self, num_examples: int) -> torch.Tensor:
        """Both branches, of which one is learned."""
        constant = self._constant_for(num_examples)
        towards, away = predict_apart(
            self.unet, *self._noisy(num_examples), self._heard(num_examples, constant), constant
        )
        assert away is not None
        return away + towards

    def conditional(self, num_examples: int) -> torch.Tensor:
        """One branch."""
        heard = self._heard(num_examples, self._constant_for(num_examples))
        return predict_apart(self.unet, *self._noisy(num_examples), heard, None)[0]

    @cached_property
    def constant(self) -> unet_step.Heard:
        """What is heard once for the whole training."""
        return unet_step.listen(self.unet, self._condition(1, is_learned=False))

    def _constant_for(self, num_examples: int) -> unet_step.Heard:
        return {place: each.take([0] * num_examples) for place, each in self.constant.items()}

    def _heard(self, num_examples: int, constant: unet_step.Heard) -> unet_step.Heard:
        return unet_step.listen(self.unet, self._condition(num_examples, is_learned=True), constant)

    def _noisy(self, num_examples: int) -> tuple[torch.Tensor, torch.Tensor]:
        latents = torch.empty(num_examples, self.unet.config.in_channels, 256, 16, dtype=self.unet.dtype)
        return latents, torch.empty(num_examples, dtype=torch.long)

    def _condition(self, num_items: int, *, is_learned: bool) -> Condition:
        _, loa_dim, text_dim = self.unet.config.cross_attention_dim[0]
        loa_tokens = torch.empty(num_items, NUM_LOA_TOKENS, loa_dim, dtype=self.unet.dtype, requires_grad=is_learned)
        texts = torch.empty(num_items, SENTENCE_TOKENS, text_dim, dtype=self.unet.dtype)
        return Condition(loa_tokens, texts, torch.ones(num_items, SENTENCE_TOKENS, dtype=torch.long))


def needs() -> dict[str, Need]:
    """Count for every order of work."""
    with torch.device("meta"):
        parts = audioldm2.full_parts()
        for part in ("text_encoder", "text_encoder_2", "vae", "language_model", "unet"):
            nn.Module.to(parts[part], torch.bfloat16).requires_grad_(False)
        steps = UNetSteps(parts["unet"])
        assert len(steps.constant)
        frozen = _frozen_work(parts)
        gpt2 = _gpt2_work(parts, 1, is_learned=True)
        found = {}
        for name, at_once in AT_ONCE.items():
            step: Step = getattr(steps, name)
            forwards, gradient = work_of(step, at_once)
            of_unet = {"UNet": forwards, "UNet, gradient": gradient}
            before = frozen if name == "published" else {}
            found[name] = Need(
                {**before, "GPT-2": gpt2 + before.get("GPT-2", 0.0), **of_unet}, kept_gb(steps.unet, step, at_once)
            )
        return found


def work_of(step: Step, num_examples: int) -> tuple[float, float]:
    """Count what a step computes forwards, and for the gradient: GFLOP of products, an example."""
    with FlopCounterMode(display=False) as counter:
        result = step(num_examples)
        forwards = counter.get_total_flops()
        if result.requires_grad:
            result.sum().backward()
    return forwards / num_examples / 1e9, (counter.get_total_flops() - forwards) / num_examples / 1e9


def kept_gb(network: nn.Module, step: Step, num_examples: int) -> float:
    """Measure what a step keeps for the gradient, beside the weights, in GB."""
    weights = {parameter.untyped_storage()._cdata for parameter in network.parameters()}
    kept: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage._cdata] = storage
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        step(num_examples)
    return sum(storage.nbytes() for place, storage in kept.items() if place not in weights) / 1e9


def _frozen_work(parts: audioldm2.Parts) -> dict[str, float]:
    """What the published order computes anew at each step though it never changes."""
    mel = torch.empty(1, 1, 1024, 64, dtype=torch.bfloat16)
    clap, t5 = parts["text_encoder"].text_model, parts["text_encoder_2"]

    def read(encoder: nn.Module, num_tokens: int) -> float:
        def step(_: int) -> torch.Tensor:
            ids, mask = torch.empty(1, num_tokens, dtype=torch.long), torch.ones(1, 1, num_tokens, num_tokens)
            more = {"position_ids": ids} if encoder is clap else {}
            states: torch.Tensor = encoder(input_ids=ids, attention_mask=mask, **more).last_hidden_state
            return states

        return work_of(step, 1)[0]

    return {
        "VAE": work_of(lambda _: parts["vae"].encode(mel).latent_dist.mean, 1)[0],
        "CLAP": read(clap, CLAP_TOKENS),
        "T5": read(t5, SENTENCE_TOKENS) + read(t5, NEGATIVE_TOKENS),
        "GPT-2": _gpt2_work(parts, NUM_ENDS + NEGATIVE_TOKENS, is_learned=False),
    }


def _gpt2_work(parts: audioldm2.Parts, num_read: int, *, is_learned: bool) -> float:
    """Of a sentence that is continued; with a cache, every token goes through GPT-2 once, the last not at all."""
    num_tokens = num_read + NUM_LOA_TOKENS - 1

    def step(_: int) -> torch.Tensor:
        tokens = torch.empty(1, num_tokens, 768, dtype=torch.bfloat16, requires_grad=is_learned)
        mask = torch.ones(1, 1, num_tokens, num_tokens)
        states: torch.Tensor = parts["language_model"](inputs_embeds=tokens, attention_mask=mask).last_hidden_state
        return states

    return sum(work_of(step, 1))


def work_table(found: Mapping[str, Need]) -> Table:
    """One row for each part of the full model."""
    published = found["published"]
    table = Table(title="The full model: GFLOP of a training step, an example", title_justify="left")
    for column in ("", *found):
        table.add_column(column, justify="right" if column else "left")
    for part in published.gflop:
        table.add_row(part, *(f"{need.gflop.get(part, 0):.0f}" for need in found.values()))
    table.add_section()
    table.add_row("all of it", *(f"{need.total:.0f}" for need in found.values()))
    table.add_row("saved", *(f"{1 - need.total / published.total:.0%}" for need in found.values()))
    table.add_row("times as fast by that", *(f"{published.total / need.total:.1f}" for need in found.values()))
    table.add_row("examples at once", *(str(AT_ONCE[name]) for name in found))
    table.add_row("kept for the gradient, GB", *(f"{need.kept_gb:.1f}" for need in found.values()))
    return table
