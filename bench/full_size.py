"""`python -m bench.full_size`: what the full model costs on this processor, beside what others make of it.

Random weights of the published size; seconds and memory do not depend on what they are. Steps of the UNet take turns
in one process; clips have a process each, in which few of 200 steps are made, and the seconds of the others are
extrapolated. Needs 12 GB of memory, and 11 GB of disk while it runs.
"""

from __future__ import annotations

import argparse
import copy
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

# Read when torch is imported: threads that wait actively slow down everything else.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import torch
from diffusers.utils import logging as diffusers_logging
from rich.console import Console
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

from art2mus import unet_step
from art2mus.arguments import at_least, at_least_1
from art2mus.conditioning import Condition
from art2mus.sampling import call_unet
from bench.full_clips import SIZES, WAYS, Cost, differences, measure

MIN_STEP_RATIO, MIN_RATE_SHARE, MIN_CLIP_RATIO, MAX_MEMORY_SHARE = 1.4, 0.55, 20.0, 0.5
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
MATRIX = 4096
NUM_PROMPT_TOKENS = 12


@dataclass(frozen=True)
class StepCost:
    """What a guided step of the UNet takes.

    Attributes:
        seconds: The best of some rounds: what disturbs only adds.
        processor_s: Likewise, of all threads together; other work on the machine hardly changes it.
        work: Floating-point operations of the products, in all.
        difference: From the stock step in fp32, as a share of its largest value.
    """

    seconds: float
    processor_s: float
    work: float
    difference: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code: 0, or 1 where a goal was missed."""
    options = _parser().parse_args(arguments)
    console = Console(soft_wrap=True)
    diffusers_logging.set_verbosity_error()  # a change of precision is meant
    is_reached: list[bool] = []
    if options.only in (None, "steps"):
        rates = {name: product_rate(dtype) for name, dtype in DTYPES.items()}
        steps = step_costs(options.size, options.rounds)
        console.print(step_table(steps, rates))
        is_reached += steps_reach(steps, rates)
    if options.only in (None, "clips"):
        clips = {way: measure(way, options.size, options.steps) for way in WAYS}
        console.print(clip_table(clips, options.steps))
        is_reached += clips_reach(clips)
    if options.only in (None, "differences"):
        console.print(difference_table(differences(options.size, options.steps)))
    return 0 if all(is_reached) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.full_size", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=at_least_1, default=3, metavar="N", help="of steps (default: %(default)s)")
    parser.add_argument(
        "--steps", type=at_least(3), default=3, metavar="N", help="of each clip, 3 or more (default: %(default)s)"
    )
    parser.add_argument("--size", choices=SIZES, default="full", help="of the model (default: %(default)s)")
    parser.add_argument("--only", choices=("steps", "clips", "differences"), help="one of the tables (default: all)")
    return parser


def product_rate(dtype: torch.dtype, num_rounds: int = 5) -> float:
    """Measure how many operations a second a product of large matrices runs at: the best of some rounds."""
    left, right = (torch.randn(MATRIX, MATRIX).to(dtype) for _ in range(2))
    return 2.0 * MATRIX**3 / min(seconds_of(lambda: left @ right)[0] for _ in range(num_rounds))


@torch.no_grad()
def step_costs(size: str, num_rounds: int) -> dict[str, StepCost]:
    """Measure a guided step of the UNet, stock and ours, in both precisions, by turns."""
    network = SIZES[size].unet().eval()
    ways: dict[str, Callable[[], torch.Tensor]] = {}
    for name, dtype in DTYPES.items():
        unet = network if dtype is torch.float32 else copy.deepcopy(network).to(dtype)
        sample, condition, timestep = *_inputs(network.config), torch.tensor(500)
        both = torch.cat([sample, sample]).to(dtype)
        heard = unet_step.listen(unet, condition)
        ways[f"stock, {name}"] = partial(call_unet, unet, both, timestep, condition)
        ways[f"ours, {name}"] = partial(unet_step.predict, unet, sample.to(dtype), timestep, heard)
    results = {name: way().float() for name, way in ways.items()}  # counts as warming up
    exact = results["stock, fp32"]
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(num_rounds):
        for name, way in ways.items():
            rounds[name].append(seconds_of(way))
    costs = {}
    for name, way in ways.items():
        seconds, processor_s = (min(each) for each in zip(*rounds[name], strict=True))
        difference = float((results[name] - exact).abs().max() / exact.abs().max())
        costs[name] = StepCost(seconds, processor_s, work_of(way), difference)
    return costs


def work_of(way: Callable[[], Any]) -> float:
    """Count the floating-point operations of products, of those in attention as well."""
    attention = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu

    def of_attention(query: Sequence[int], key: Sequence[int], *_args: Any, **_kwargs: Any) -> int:
        batch, heads, num_queries, dim = query
        return 4 * batch * heads * num_queries * key[2] * dim

    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # what other threads do is not counted
    try:
        with FlopCounterMode(display=False, custom_mapping={attention: of_attention}) as counter:
            way()
    finally:
        torch.set_num_threads(num_threads)
    return float(counter.get_total_flops())


def seconds_of(work: Callable[[], Any]) -> tuple[float, float]:
    """Take the time: by the clock, and of the processor."""
    began_s, began_processor_s = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began_s, time.process_time() - began_processor_s


def steps_reach(steps: Mapping[str, StepCost], rates: Mapping[str, float]) -> list[bool]:
    """Whether the bf16 step is as much faster, and as near to the rate of products, as it should be."""
    ours = steps["ours, bf16"]
    ratio = steps["stock, bf16"].seconds / ours.seconds
    return [ratio >= MIN_STEP_RATIO, ours.work / ours.seconds / rates["bf16"] >= MIN_RATE_SHARE]


def clips_reach(clips: Mapping[str, Cost]) -> list[bool]:
    """Whether a clip at its defaults is as much faster, and as much smaller, as it should be."""
    stock, ours = clips["stock"], clips["ours"]
    is_faster = stock.seconds() / ours.seconds() >= MIN_CLIP_RATIO
    return [is_faster, ours.memory_gb <= MAX_MEMORY_SHARE * stock.memory_gb]


def step_table(steps: Mapping[str, StepCost], rates: Mapping[str, float]) -> Table:
    """One row for each way to do a step."""
    table = Table(title=f"A guided step of the UNet, {torch.get_num_threads()} threads", title_justify="left")
    columns = ("", "seconds", "× stock", "of processor", "× stock", "GFLOP", "of products' rate", "from stock fp32")
    for column in columns:
        table.add_column(column, justify="right" if column else "left")
    for name, cost in steps.items():
        precision = name.split(", ")[1]
        stock = steps[f"stock, {precision}"]
        table.add_row(
            name,
            f"{cost.seconds:.3f}",
            f"{stock.seconds / cost.seconds:.2f}",
            f"{cost.processor_s:.2f}",
            f"{stock.processor_s / cost.processor_s:.2f}",
            f"{cost.work / 1e9:.0f}",
            f"{cost.work / cost.seconds / rates[precision]:.0%}",
            f"{cost.difference:.1e}",
        )
    products = ", ".join(f"{rate / 1e9:.0f} GFLOP/s in {name}" for name, rate in rates.items())
    table.caption = (
        f"Products of matrices run at {products}. Goals, ours in bf16: {MIN_STEP_RATIO:g} times stock in bf16, "
        f"{MIN_RATE_SHARE:.0%} of the rate."
    )
    return table


def clip_table(clips: Mapping[str, Cost], num_measured: int) -> Table:
    """One row for each way to make a clip."""
    stock = clips["stock"]
    equal = clips["ours"].num_steps
    title = f"A clip of 10.24 s, in seconds; of 200 steps {num_measured} were made"
    table = Table(title=title, title_justify="left")
    columns = ("", "a step", "the rest", f"{equal} steps", "steps by default", "clip by default", "× stock", "GB")
    for column in columns:
        table.add_column(column, justify="right" if column else "left")
    for name, cost in clips.items():
        table.add_row(
            name,
            f"{cost.step_s:.2f}",
            f"{cost.rest_s:.2f}",
            f"{cost.seconds(equal):.1f}",
            str(cost.num_steps),
            f"{cost.seconds():.0f}",
            f"{stock.seconds() / cost.seconds():.1f}",
            f"{cost.memory_gb:.1f}",
        )
    table.caption = (
        "stock: diffusers, a text, DDIM, fp32. published: a picture, ImageBind read from disk twice. ours: a text or a "
        f"picture, as a show on a processor. Goals of ours: {MIN_CLIP_RATIO:g} times stock at defaults, at most "
        f"{MAX_MEMORY_SHARE:.0%} of its memory."
    )
    return table


def difference_table(found: Mapping[str, float]) -> Table:
    """One row for each stage that was compared."""
    table = Table(title="What bf16 changes: our clip in fp32 and in bf16, from the same noise", title_justify="left")
    table.add_column("")
    table.add_column("root mean square of the difference, share of that of fp32", justify="right")
    for name, share in found.items():
        table.add_row(name, f"{share:.1%}")
    return table


def _inputs(config: Any) -> tuple[torch.Tensor, Condition]:
    """Noise, and both branches of guidance; what is to be kept away from is said in fewer words."""
    generator = torch.Generator().manual_seed(0)
    _, loa_dim, text_dim = config.cross_attention_dim[0]
    places = (256, 16) if config.sample_size == 256 else (24, 4)  # 10.24 s at full size
    mask = torch.ones(2, NUM_PROMPT_TOKENS, dtype=torch.long)
    mask[0, NUM_PROMPT_TOKENS // 2 :] = 0
    condition = Condition(
        torch.randn(2, 8, loa_dim, generator=generator),
        torch.randn(2, NUM_PROMPT_TOKENS, text_dim, generator=generator),
        mask,
    )
    return torch.randn(1, config.in_channels, *places, generator=generator), condition


if __name__ == "__main__":
    sys.exit(main())
