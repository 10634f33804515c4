"""How a model lives on a machine: decided once, before it is loaded, from what the machine has and the model needs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from art2mus.models import BUNDLED, load_pipeline
from art2mus.models.weights import EARS, SELDOM_ASKED, count_weights

if TYPE_CHECKING:
    import torch

    from art2mus.pipeline import Art2MusPipeline

CPU, CUDA = "cpu", "cuda"
FLOAT32, FLOAT16, BFLOAT16 = "float32", "float16", "bfloat16"
BYTES = {FLOAT32: 4, FLOAT16: 2, BFLOAT16: 2}

SMALL_MODEL = 50_000_000
"""A model of fewer weights stays on the processor in float32: it is fast enough there, and no card can be lost."""
WORK_BYTES = {"large": (0.5e9, 0.25e9), "small": (0.15e9, 0.05e9)}
"""What the first candidate of ten seconds needs beside the weights, and each further one.

Source: peaks of resident memory, rounded up; full size with random weights, fp32 and bf16, one and three candidates,
and one of mini, on the processor. Further ones of mini have not been measured, nor has a graphics card; it is taken to
need the same.
"""
PROCESS_BYTES = 0.5e9
"""Python and its libraries, and about as much for a card's driver. Source: resident memory after importing them."""
SHOW_STEPS = 20
WORTH_NAMING_BYTES = 0.05e9
FIXED_PROMPT_TOKENS = 128
"""As many as T5 reads at most: a compiled UNet sees one shape, whatever a visitor says."""


class DoesNotFitError(Exception):
    """No form of the model fits into this machine's memory; the message is for the user, in one or two lines."""


@dataclass(frozen=True)
class Machine:
    """What a machine has, as plain facts.

    Attributes:
        free_bytes: Main memory that can be had.
        card_free_bytes: Of the graphics card; None without one.
        has_bfloat16: Whether the card computes in bfloat16 itself.
    """

    free_bytes: int
    card_free_bytes: int | None = None
    has_bfloat16: bool = False

    @classmethod
    def look(cls, card: str | None = CUDA) -> Machine:
        """Look at this one, and at a card, if there is one; None leaves cards in peace, for asking takes memory."""
        import psutil

        free = int(psutil.virtual_memory().available)
        if card is None:
            return cls(free)
        import torch

        if not torch.cuda.is_available():
            return cls(free)
        return cls(free, torch.cuda.mem_get_info(card)[0], torch.cuda.is_bf16_supported(including_emulation=False))


@dataclass(frozen=True)
class Residency:
    """Where a model is, and how it computes there. Its weights are never moved again.

    Attributes:
        model: Its name or folder.
        device: "cpu", "cuda"...
        dtype: Of its networks.
        num_candidates: Clips that are made at once, of which the nearest is kept.
        needs: Bytes of memory by component, the work beside the weights included.
        on_disk: Bytes by component, of those that are in memory only while they are asked (see `art2mus.shelf`).
        note: What was chosen smaller than would be best, and why; empty if nothing was.
    """

    model: str
    device: str = CPU
    dtype: str = FLOAT32
    num_candidates: int = 1
    needs: Mapping[str, int] = field(default_factory=dict)
    on_disk: Mapping[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def is_on_card(self) -> bool:
        """Whether it is on a graphics card."""
        return self.device.startswith(CUDA)

    @property
    def num_bytes(self) -> int:
        """What it needs of memory in all."""
        return sum(self.needs.values())

    def load(self, cache: Path, *, for_show: bool) -> Art2MusPipeline:
        """Load the model to where it stays.

        On a graphics card its convolutions take their channels last and, for a show, the UNet is compiled, in CUDA
        graphs, for one shape; that happens when it is first called. Attention is torch's own everywhere.

        Args:
            cache: Where compiled code is kept for the next start, and on whose disk lies what is seldom asked.
            for_show: Whether many clips will be made, as soon as possible: a model that was published with DDIM's 200
                steps then takes `SHOW_STEPS` of DPM-Solver++.

        Raises: ModelMissingError; RuntimeError or AssertionError from torch if there is no such device.
        """
        import torch

        shelf = cache / "shelf" if self.on_disk else None
        pipeline = load_pipeline(self.model, getattr(torch, self.dtype), hears=self.num_candidates > 1, shelf=shelf)
        pipeline.to(torch.device(self.device))
        if self.is_on_card and not is_small_model(count_weights(self.model)):
            for network in (pipeline.unet, pipeline.codec):
                network.to(memory_format=torch.channels_last)
            if for_show:
                keep_compiled(cache)
                compile_for_one_shape(pipeline)
        if for_show:
            take_fewer_steps(pipeline)
        return pipeline

    def statement(self) -> str:
        """Say in a line what it needs, component by component; small ones are only counted."""
        parts = [f"{name} {gigabytes(size)}" for name, size in self.needs.items() if size >= WORTH_NAMING_BYTES]
        aside = sum(self.on_disk.values())
        on_disk = f"; on disk {gigabytes(aside)} ({', '.join(self.on_disk)})" if aside else ""
        return (
            f"{self.model} in {self.dtype} on {self.device}: {gigabytes(self.num_bytes)} ({', '.join(parts)}){on_disk}"
        )


def decide(
    model: str,
    machine: Machine | None = None,
    *,
    device: str | None = None,
    dtype: str | None = None,
    num_candidates: int = 1,
    faster_dtype: Callable[[], str] | None = None,
) -> Residency:
    """Choose how a model lives on a machine: the best way that fits.

    Args:
        model: Its name or folder.
        machine: What there is; None looks at this one.
        device: Where; None is the card for a large model, if there is one, and otherwise the processor.
        dtype: Of its networks; None chooses.
        num_candidates: Clips to be made at once.
        faster_dtype: Measures which dtype is faster on the processor; None is `faster_on_processor`.

    Raises: DoesNotFitError; ModelMissingError.
    """
    weights = count_weights(model)
    is_small = is_small_model(weights)
    card = device if device is not None and device.startswith(CUDA) else CUDA
    machine = machine or Machine.look(None if is_small or device == CPU else card)
    device = device or (CUDA if machine.card_free_bytes is not None and not is_small else CPU)
    dtypes = [dtype] if dtype else _dtypes(device, machine, is_small, faster_dtype or faster_on_processor)
    forms = [(each, number) for each in dtypes for number in dict.fromkeys((num_candidates, 1))]
    refused = ""
    for each, number in forms:
        needs, on_disk = divide(needs_of(weights, each, number), device, is_small=is_small)
        residency = Residency(model, device, each, number, needs, on_disk)
        missing = _missing(residency, machine)
        if not missing:
            return replace(residency, note=refused and f"{refused}; {_form(residency)} fit")
        refused = refused or missing
    smaller = ", and no smaller form of it fits" if len(forms) > 1 else ""
    raise DoesNotFitError(f"{refused}{smaller}\n  close other programs, or take {BUNDLED!r}")


def is_small_model(weights: Mapping[str, int]) -> bool:
    """Whether a model of so many weights, by component, is a small one."""
    return sum(weights.values()) < SMALL_MODEL


def needs_of(weights: Mapping[str, int], dtype: str, num_candidates: int = 1) -> dict[str, int]:
    """Say how many bytes a model needs, by component, the work beside the weights included.

    Args:
        weights: As `count_weights` gives them.
        dtype: Of the networks.
        num_candidates: Clips made at once.
    """
    first, further = WORK_BYTES["small" if is_small_model(weights) else "large"]
    needs = {name: count * BYTES[dtype] for name, count in weights.items() if name != EARS or num_candidates > 1}
    return needs | {"work": round(first + further * (num_candidates - 1)), "process": round(PROCESS_BYTES)}


def divide(needs: Mapping[str, int], device: str, *, is_small: bool) -> tuple[dict[str, int], dict[str, int]]:
    """Say what of a model is to be in memory, and what on disk until it is asked.

    That is for large models on a processor, where the encoders of pictures and texts are more than half of the weights;
    the system keeps in memory what it read of them as long as there is room.

    Args:
        needs: As `needs_of` gives them.
        device: Where the model is.
        is_small: Whether it is a small one.
    """
    is_kept = is_small or device.startswith(CUDA)
    on_disk = {} if is_kept else {name: size for name, size in needs.items() if name.startswith(SELDOM_ASKED)}
    return {name: size for name, size in needs.items() if name not in on_disk}, on_disk


def _dtypes(device: str, machine: Machine, is_small: bool, faster_dtype: Callable[[], str]) -> list[str]:
    if is_small:
        return [FLOAT32]
    if device.startswith(CUDA):
        return [BFLOAT16 if machine.has_bfloat16 else FLOAT16]
    return list(dict.fromkeys((faster_dtype(), BFLOAT16)))


def _missing(residency: Residency, machine: Machine) -> str:
    """What does not fit; empty if everything does."""
    in_main = residency.num_bytes
    if residency.is_on_card and machine.card_free_bytes is not None:
        if residency.num_bytes > machine.card_free_bytes:
            return _too_large(residency, machine.card_free_bytes, "on the graphics card")
        in_main -= residency.needs["work"]  # the weights come by way of main memory
    return _too_large(residency, machine.free_bytes, "of memory") if in_main > machine.free_bytes else ""


def _too_large(residency: Residency, free: int, where: str) -> str:
    needed = gigabytes(residency.num_bytes)
    return f"{residency.model} needs {needed} ({_form(residency)}), and {gigabytes(free)} {where} are free"


def _form(residency: Residency) -> str:
    number = residency.num_candidates
    return f"{residency.dtype}, {number} candidate{'' if number == 1 else 's'}"


def gigabytes(size: float) -> str:
    """A number of bytes for people.

    >>> gigabytes(1.26e9)
    '1.3 GB'
    """
    return f"{size / 1e9:.1f} GB"


def faster_on_processor() -> str:
    """Measure whether this processor is faster in float32 or in bfloat16, in about a tenth of a second.

    A convolution and an attention of the size that AudioLDM 2's UNet has where most of its time goes; each dtype has
    three tries.
    """
    import torch

    def seconds(dtype: torch.dtype) -> float:
        sample, kernel = torch.zeros(2, 128, 256, 16, dtype=dtype), torch.zeros(128, 128, 3, 3, dtype=dtype)
        query = torch.zeros(2, 8, 1024, 32, dtype=dtype)
        tries = []
        for _ in range(3):
            began_s = time.perf_counter()
            torch.conv2d(sample, kernel, padding=1)
            torch.nn.functional.scaled_dot_product_attention(query, query, query)
            tries.append(time.perf_counter() - began_s)
        return min(tries)

    return min((FLOAT32, BFLOAT16), key=lambda name: seconds(getattr(torch, name)))


def take_fewer_steps(pipeline: Art2MusPipeline) -> None:
    """Have DPM-Solver++ do in few steps what DDIM does in many; another scheduler stays."""
    from diffusers import DDIMScheduler, DPMSolverMultistepScheduler

    if isinstance(pipeline.scheduler, DDIMScheduler):
        pipeline.register_modules(scheduler=DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config))
        pipeline.register_to_config(num_inference_steps=SHOW_STEPS)


def keep_compiled(cache: Path) -> None:
    """Have torch keep what it compiles in a folder, unless the environment names another; before it compiles."""
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache / "inductor"))
    os.environ.setdefault("TORCHINDUCTOR_FX_GRAPH_CACHE", "1")


def compile_for_one_shape(pipeline: Art2MusPipeline, **options: object) -> None:
    """Compile the UNet where it stands, when it is first called, and give it prompts of one length from now on."""
    pipeline.num_prompt_tokens = FIXED_PROMPT_TOKENS
    pipeline.unet.compile(**{"mode": "reduce-overhead", "dynamic": False, **options})
