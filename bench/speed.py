"""How long a model takes, stage by stage."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from art2mus.images import load_artwork
from art2mus.pipeline import Art2MusPipeline

MUSIC_S = 10.24
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
