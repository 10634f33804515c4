"""Windows of music to learn from: ``python -m art2mus.data.scores CONFIG``.

Written scores are cut into windows of eight bars and arranged in several ways, music composed by rule
is added, and the windows of one score in twenty are held out.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field
from tqdm import tqdm

from art2mus.data.composed import compose
from art2mus.data.corpus import COLLECTIONS, TUNE_COLLECTIONS, CorpusError, WrittenScore, load_corpus
from art2mus.data.excerpts import Excerpt, excerpts_of, variants_of
from art2mus.data.split import hold_out, without_copies
from art2mus.data.windows import (
    ATTRIBUTES,
    MIN_NOTES,
    WINDOW_STEPS,
    Window,
    Windows,
    load_windows,
    measure_attributes,
)
from art2mus.exit_codes import exit_code
from art2mus.metrics.harmony import repetition
from art2mus.strict_yaml import ConfigError, Section, load

__all__ = ["ATTRIBUTES", "WINDOW_STEPS", "Window", "Windows", "build", "load_windows", "measure_attributes"]

_SCORES_PER_TASK = 16
_SEEDS_PER_TASK = 500
_REPEATS_ABOVE = 0.3


class WindowsConfig(Section):
    """What the windows are made of; explained key by key in ``configs/train/mini-data.yaml``."""

    output: Annotated[Path, Field(strict=False)]
    cache: Annotated[Path, Field(strict=False)]
    collections: Annotated[tuple[str, ...], Field(strict=False)] = COLLECTIONS
    seed: int = Field(default=0, ge=0)
    num_processes: int = Field(default=2, ge=1)
    tune_hop_bars: int = Field(default=4, ge=1)
    variants_per_tune: int = Field(default=5, ge=1)
    variants_per_chorale: int = Field(default=2, ge=1)
    variants_per_quartet: int = Field(default=2, ge=1)
    num_composed: int = Field(default=45_000, ge=0)
    held_out_share: float = Field(default=0.05, ge=0.0, lt=1.0)


def build(config: WindowsConfig) -> Windows:
    """Make all windows; the same configuration gives the same ones.

    Raises: ConfigError if there is nothing to make them of; CorpusError if the written scores cannot be read.
    """
    if not config.collections and not config.num_composed:
        raise ConfigError(["collections, num_composed: there is nothing to make windows of; name one, or compose some"])
    scores = load_corpus(config.collections, config.cache, config.num_processes) if config.collections else []
    tasks = [scores[i : i + _SCORES_PER_TASK] for i in range(0, len(scores), _SCORES_PER_TASK)]
    seeds = range(config.num_composed)
    composed = [seeds[i : i + _SEEDS_PER_TASK] for i in range(0, len(seeds), _SEEDS_PER_TASK)]
    with ProcessPoolExecutor(config.num_processes) as pool:
        cut = pool.map(partial(_arrange, config), tasks)
        made = pool.map(partial(_compose, config.seed), composed)
        packs = list(tqdm(cut, total=len(tasks), desc="cutting scores", unit="task"))
        packs += tqdm(made, total=len(composed), desc="composing", unit="task")
    windows = hold_out(Windows.merge(packs), config.held_out_share, config.seed)
    return without_copies(windows)


def _arrange(config: WindowsConfig, scores: Sequence[WrittenScore]) -> Windows:
    windows: list[Window] = []
    for written in scores:
        rng = np.random.default_rng([config.seed, zlib.crc32(written.name.encode())])
        is_tune = written.collection in TUNE_COLLECTIONS
        # Slow music is rare, so chorales are also sung at half the pace.
        for stretch in (1.0, 2.0) if written.collection == "bach" else (1.0,):
            for excerpt in excerpts_of(written, config.tune_hop_bars if is_tune else 1, stretch):
                windows.extend(variants_of(excerpt, _num_variants(excerpt, config), rng))
    return Windows.pack(windows)


def _num_variants(excerpt: Excerpt, config: WindowsConfig) -> int:
    """More arrangements of music that begins with a phrase, or that repeats and answers itself."""
    if excerpt.collection in TUNE_COLLECTIONS:
        usual = config.variants_per_tune
    else:
        usual = config.variants_per_chorale if excerpt.collection == "bach" else config.variants_per_quartet
    is_favoured = excerpt.is_phrase_start or repetition(excerpt.score) > _REPEATS_ABOVE
    return 2 * usual if is_favoured else usual


def _compose(seed: int, numbers: Sequence[int]) -> Windows:
    windows = (compose(number, seed) for number in numbers)
    return Windows.pack([window for window in windows if len(window.score.notes) >= MIN_NOTES])


def describe(windows: Windows) -> str:
    """Say in a few lines what there is."""
    kinds = Counter(windows.kind.tolist())
    lines = [
        f"{len(windows):,} windows of {len(np.unique(windows.source)):,} scores, "
        f"{len(windows.held_out):,} of them held out, {windows.is_minor.mean():.0%} minor",
        "  ".join(f"{kind} {count:,}" for kind, count in kinds.most_common()),
    ]
    for name, values in zip(ATTRIBUTES, windows.attributes.T, strict=True):
        low, middle, high = np.percentile(values, (5, 50, 95))
        lines.append(f"{name:10s} 5 % {low:6.2f}   median {middle:6.2f}   95 % {high:6.2f}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m art2mus.data.scores", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("config", type=Path, help="a YAML file such as configs/train/mini-data.yaml")
    path = parser.parse_args(arguments).config
    return exit_code(lambda: _run(load(path, WindowsConfig)), ConfigError, CorpusError)


def _run(config: WindowsConfig) -> int:
    windows = build(config)
    windows.save(config.output)
    print(describe(windows))
    print(f"wrote {config.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
