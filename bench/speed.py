"""How long a model takes for music, stage by stage: `python -m bench.speed`, and a part of `make bench`."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Read when torch is imported: threads that wait actively slow down everything else.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import torch
from rich.console import Console
from rich.table import Table

from art2mus.arguments import at_least_1
from art2mus.images import load_artwork
from art2mus.models import load_pipeline
from art2mus.pipeline import Art2MusPipeline
from bench.kiosk import PICTURE

MUSIC_S = 10.24
MAX_SECONDS = 0.5
UNGUIDED = 1.0
TOTAL = "all of it"
OF_A_PHRASE = "as part of a phrase"
"""The same length of music, as a share of a clip of the codec's usual length: this is how the kiosk composes."""


@dataclass(frozen=True)
class Stage:
    """A part of the work.

    Attributes:
        name: What it is called in the table.
        method: What does it.
        is_codecs: Whether the codec does it, and not the pipeline.
    """

    name: str
    method: str
    is_codecs: bool = False


STAGES = (
    Stage("see the picture", "encode_artwork"),
    Stage("read the texts", "encode_text"),
    Stage("language of audio", "compose_loa"),
    Stage("denoise", "denoise"),
    Stage("decode", "decode_clips", is_codecs=True),
    Stage("perform", "sonify", is_codecs=True),
)


@dataclass(frozen=True)
class Variant:
    """One way to run a model; those of one table take turns, so that a busy moment hits all of them.

    Attributes:
        name: Heads its column.
        pipeline: The model.
        guidance_scale: None is the model's own.
    """

    name: str
    pipeline: Art2MusPipeline
    guidance_scale: float | None = None


def measure(variants: Sequence[Variant], picture: Path, num_rounds: int) -> dict[str, dict[str, float]]:
    """Seconds that each variant takes for 10.24 s of music, by stage and in all, from the file to the waveform.

    Returns: Variant → stage → median over the rounds; one more round, before them, is not counted.
    """
    rounds: dict[str, list[dict[str, float]]] = {variant.name: [] for variant in variants}
    for seed in range(num_rounds + 1):
        for variant in variants:
            rounds[variant.name].append(_make(variant, picture, seed))
    return {name: _medians(counted[1:]) for name, counted in rounds.items()}


def _make(variant: Variant, picture: Path, seed: int) -> dict[str, float]:
    with _stopwatch(variant.pipeline) as seconds:
        began_s = time.perf_counter()
        variant.pipeline(
            load_artwork(picture),
            audio_length_in_s=MUSIC_S,
            guidance_scale=variant.guidance_scale,
            generator=torch.Generator().manual_seed(seed),
        )
        seconds[TOTAL] = time.perf_counter() - began_s
    seconds[OF_A_PHRASE] = _make_phrase(variant, picture, seed)
    return dict(seconds)


def _make_phrase(variant: Variant, picture: Path, seed: int) -> float:
    began_s = time.perf_counter()
    output = variant.pipeline(
        load_artwork(picture),
        guidance_scale=variant.guidance_scale,
        generator=torch.Generator().manual_seed(seed),
    )
    length_s: float = output.audios.shape[1] / output.sample_rate
    return (time.perf_counter() - began_s) * MUSIC_S / length_s


@contextmanager
def _stopwatch(pipeline: Art2MusPipeline) -> Iterator[dict[str, float]]:
    """Count the seconds spent in each stage, by putting a clock around its method."""
    seconds: defaultdict[str, float] = defaultdict(float)
    with ExitStack() as clocks:
        for stage in STAGES:
            owner = pipeline.codec if stage.is_codecs else pipeline
            setattr(owner, stage.method, _timed(getattr(owner, stage.method), stage.name, seconds))
            clocks.callback(delattr, owner, stage.method)
        yield seconds


def _timed(method: Callable[..., Any], name: str, seconds: dict[str, float]) -> Callable[..., Any]:
    def timed(*args: Any, **kwargs: Any) -> Any:
        began_s = time.perf_counter()
        try:
            return method(*args, **kwargs)
        finally:
            seconds[name] += time.perf_counter() - began_s

    return timed


def _medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: statistics.median(seconds[name] for seconds in rounds) for name in rounds[0]}


def measure_model(
    model: str, picture: Path, num_rounds: int, num_threads: int | None = None
) -> dict[str, dict[str, float]]:
    """Measure a model in both precisions, with guidance and without.

    Args:
        model: Its name or folder.
        picture: Music for this one.
        num_rounds: The median of so many.
        num_threads: None is as many as the kiosk's composer takes: one less than there are cores.

    Returns: Variant → stage → seconds.
    """
    torch.set_num_threads(num_threads or max(1, len(os.sched_getaffinity(0)) - 1))
    pipelines = {"fp32": load_pipeline(model, torch.float32), "bf16": load_pipeline(model, torch.bfloat16)}
    scales = {"guided": None, "not guided": UNGUIDED}
    variants = [
        Variant(f"{precision}\n{guidance}", pipeline, scale)
        for precision, pipeline in pipelines.items()
        for guidance, scale in scales.items()
    ]
    return measure(variants, picture, num_rounds)


def speed_table(seconds: Mapping[str, Mapping[str, float]]) -> Table:
    """One column for each variant, one row for each stage.

    Args:
        seconds: Variant → stage → seconds.
    """
    table = Table(
        title=f"Seconds for {MUSIC_S} s of music, {torch.get_num_threads()} of {len(os.sched_getaffinity(0))} cores",
        title_justify="left",
    )
    table.add_column("", no_wrap=True)
    for variant in seconds:
        table.add_column(variant, justify="right")
    table.add_column("goal", justify="right")
    for stage in (*(stage.name for stage in STAGES), TOTAL, OF_A_PHRASE):
        cells = [f"{stages[stage]:.3f}" for stages in seconds.values()]
        goal = f"{MAX_SECONDS:.1f}" if stage in (TOTAL, OF_A_PHRASE) else ""
        table.add_row(stage, *cells, goal, end_section=stage == STAGES[-1].name)
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 1 if the goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="mini", help="name of a model, or folder of a saved one (default: mini)")
    parser.add_argument("--picture", type=Path, default=PICTURE, help=f"music for this one (default: {PICTURE.name})")
    parser.add_argument("--rounds", type=at_least_1, default=7, metavar="N", help="the median of so many (default: 7)")
    help_threads = "of torch (default: one less than there are cores)"
    parser.add_argument("--threads", type=at_least_1, metavar="N", help=help_threads)
    options = parser.parse_args(arguments)
    seconds = measure_model(options.model, options.picture, options.rounds, options.threads)
    Console(soft_wrap=True).print(speed_table(seconds))
    return 0 if next(iter(seconds.values()))[TOTAL] <= MAX_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
