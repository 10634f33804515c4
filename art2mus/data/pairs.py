"""Pairs of artwork and music for training the projection: `python -m art2mus.data.pairs CONFIG`.

Pictures are crops and colour variations of paintings, and generated abstract pictures. Music is windows of scores, all
performed in the same way, so that what differs between them is what the notes do; their affect is measured from the
sound. Both are standardised, and paired so that the sum of all distances is smallest, each window used once at most.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from tqdm import tqdm

from art2mus.codec.performance import Performance
from art2mus.codec.performer import Performer
from art2mus.codec.score import STEPS_PER_BAR
from art2mus.codec.synthesizer import SynthesizerMissingError
from art2mus.data.abstract import paint
from art2mus.data.arrays import read_arrays
from art2mus.data.paintings import list_paintings, vary_paintings
from art2mus.data.windows import ATTRIBUTES, Windows, load_windows
from art2mus.digests import content_digest
from art2mus.exit_codes import exit_code
from art2mus.metrics.affect import AFFECT_DIMENSIONS, MAX_Z, load_scale, measure_picture
from art2mus.metrics.sound_affect import ANALYSIS_RATE, sound_features
from art2mus.strict_yaml import ConfigError, Section, load
from art2mus.whole_files import whole_file

Affects = NDArray[np.float32]
IntArray = NDArray[np.int64]

KEPT_OUT = (
    "giuseppe-arcimboldo_spring-1573",
    "katsushika-hokusai_the-great-wave-off-kanagawa-1831",
    "pierre-auguste-renoir_bal-du-moulin-de-la-galette-1876",
    "vincent-van-gogh_the-harvest-1888",
)
"""Paintings that no training picture is made from: a dark, a stirred, a crowded and a sunny one."""

_WINDOWS_PER_TASK = 64


class PairsConfig(Section):
    """What the pairs are made of; explained key by key in `configs/train/mini-pairs.yaml`."""

    windows: Annotated[Path, Field(strict=False)]
    paintings: Annotated[Path, Field(strict=False)]
    cache: Annotated[Path, Field(strict=False)]
    output: Annotated[Path, Field(strict=False)]
    num_pairs: PositiveInt = 4000
    painting_share: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5
    num_windows: PositiveInt = 5000
    num_bars: Annotated[int, Field(ge=1, le=8)] = 4
    num_processes: PositiveInt = 1
    seed: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class Pairs:
    """Artworks and the music that goes with them.

    Attributes:
        picture_affect: What every picture expresses.
        window_index: The window paired with it, of those in the file of windows.
        music_affect: What that window expresses under the constant performance, standardised over the windows measured.
        similarity: Cosine of both.
        picture_name: What every picture was made from: a painting's file name, or "abstract" with its seed.
        correlation: Of every dimension of the music's affect with every attribute of the notes.

    Shape: picture_affect, music_affect (n, 6) float32; window_index (n,) int64; similarity (n,) float32; picture_name
        (n,); correlation (6, 4).
    """

    picture_affect: Affects
    window_index: IntArray
    music_affect: Affects
    similarity: NDArray[np.float32]
    picture_name: NDArray[np.str_]
    correlation: Affects

    def __len__(self) -> int:
        return len(self.window_index)

    def save(self, path: Path) -> None:
        """Write one compressed file, whole or not at all."""
        with whole_file(path) as partial, partial.open("wb") as file:
            np.savez_compressed(file, **vars(self))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises: FileNotFoundError, naming the command that makes the file, if there is none; OSError if it is damaged.
        """
        return read_arrays(path, cls, "pairs", "python -m art2mus.data.pairs configs/train/mini-pairs.yaml")


def build(config: PairsConfig) -> Pairs:
    """Make the pairs; the same configuration gives the same ones.

    Raises: ConfigError if the configuration asks for more pairs than windows; FileNotFoundError without the windows or
        the paintings.
    """
    windows = load_windows(config.windows)
    if config.num_pairs > min(config.num_windows, len(windows.train)):
        raise ConfigError([f"num_pairs: {config.num_pairs} pairs need as many windows; raise num_windows"])
    rng = np.random.default_rng(config.seed)
    chosen = choose_windows(windows, config.num_windows, rng)
    music = music_affects(chosen, config)
    names, pictures = picture_affects(config, rng)
    partner = nearest_partners(pictures, music)
    paired = music[partner]
    lengths = np.linalg.norm(pictures, axis=1) * np.linalg.norm(paired, axis=1)
    return Pairs(
        picture_affect=pictures,
        window_index=chosen[partner],
        music_affect=paired,
        similarity=((pictures * paired).sum(axis=1) / np.maximum(lengths, 1e-9)).astype(np.float32),
        picture_name=np.array(names, dtype=np.str_),
        correlation=note_correlations(music, windows.attributes[chosen]),
    )


def choose_windows(windows: Windows, count: int, rng: np.random.Generator) -> IntArray:
    """Draw training windows so that rare densities and registers are as frequent as common ones.

    Shape: result (min(count, number of training windows),).
    """
    candidates = windows.train
    count = min(count, len(candidates))
    cell = np.zeros(len(candidates), dtype=np.int64)
    for values in windows.attributes[candidates, :2].T:
        low, high = np.percentile(values, (1, 99))
        cell = cell * 8 + np.clip((values - low) / max(high - low, 1e-6) * 8, 0, 7).astype(np.int64)
    # At most ten times the share they would have, or a handful of odd windows would stand for everything.
    share = 1.0 / np.maximum(np.bincount(cell)[cell], len(candidates) / 640)
    return np.sort(rng.choice(candidates, count, replace=False, p=share / share.sum()))


def music_affects(chosen: IntArray, config: PairsConfig) -> Affects:
    """Measure the affect of windows under the constant performance, standardised over these windows.

    What was measured before of the same file of windows, and of as many bars, is taken from the cache.

    Shape: chosen (n,); result (n, 6).
    """
    identity = f"{content_digest(config.windows)}, {config.num_bars} bars"
    known = _load_cache(config.cache, identity)
    missing = np.array([index for index in chosen.tolist() if index not in known], dtype=np.int64)
    batches = [missing[i : i + _WINDOWS_PER_TASK] for i in range(0, len(missing), _WINDOWS_PER_TASK)]
    with ProcessPoolExecutor(config.num_processes, mp_context=get_context("spawn")) as pool:
        results = pool.map(_perform_and_measure, [config] * len(batches), batches)
        for batch, features in zip(batches, tqdm(results, total=len(batches), desc="performing windows"), strict=True):
            known.update(zip(batch.tolist(), features, strict=True))
            _save_cache(config.cache, identity, known)
    scores = load_scale("sound").score(np.array([known[index] for index in chosen.tolist()]))
    spread = np.maximum(scores.std(axis=0), 1e-6)
    return np.clip((scores - scores.mean(axis=0)) / spread, -MAX_Z, MAX_Z).astype(np.float32)


def picture_affects(config: PairsConfig, rng: np.random.Generator) -> tuple[list[str], Affects]:
    """Make the pictures and measure them.

    Shape: result's second part (num_pairs, 6).
    Raises: FileNotFoundError if there are no paintings.
    """
    num_abstract = round(config.num_pairs * (1.0 - config.painting_share))
    names, affects = [], []
    num_varied = config.num_pairs - num_abstract
    paths = list_paintings(config.paintings, KEPT_OUT)
    for name, picture in tqdm(vary_paintings(paths, num_varied, rng), desc="varying paintings", total=num_varied):
        names.append(name)
        affects.append(measure_picture(picture))
    for number in tqdm(range(num_abstract), desc="painting abstract pictures"):
        hint = np.clip(rng.normal(0.0, 1.3, len(AFFECT_DIMENSIONS)), -MAX_Z, MAX_Z)
        names.append(f"abstract {number}")
        affects.append(measure_picture(paint(hint, number)))
    return names, np.array(affects, dtype=np.float32).reshape(-1, len(AFFECT_DIMENSIONS))


def nearest_partners(pictures: Affects, music: Affects) -> IntArray:
    """Find a window for every picture, each used once at most, so that all distances together are smallest.

    Shape: pictures (n, 6); music (m, 6) with m >= n; result (n,), indices into music.
    """
    _, partner = linear_sum_assignment(cdist(pictures, music, "sqeuclidean"))
    return np.asarray(partner, dtype=np.int64)


def note_correlations(music: Affects, attributes: NDArray[np.float32]) -> Affects:
    """Correlate every dimension of affect with every attribute of the notes.

    Shape: music (n, 6); attributes (n, 4); result (6, 4).
    """
    return np.corrcoef(music.T, attributes.T)[: music.shape[1], music.shape[1] :].astype(np.float32)


def describe(pairs: Pairs) -> str:
    """Say in a few lines how well the pairs match, and what in the notes moves the affect of the music."""
    lines = [f"{len(pairs):,} pairs, similarity {pairs.similarity.mean():.3f} on average", f"{'':12s}  r of pair"]
    lines[-1] += "".join(f"{name:>11s}" for name in ATTRIBUTES)
    for number, name in enumerate(AFFECT_DIMENSIONS):
        agreement = np.corrcoef(pairs.picture_affect[:, number], pairs.music_affect[:, number])[0, 1]
        lines.append(f"{name:12s} {agreement:10.2f}" + "".join(f"{r:11.2f}" for r in pairs.correlation[number]))
    return "\n".join(lines)


@cache
def _windows_of(path: Path) -> Windows:
    return load_windows(path)


def _perform_and_measure(config: PairsConfig, batch: IntArray) -> NDArray[np.float64]:
    windows = _windows_of(config.windows)
    features = []
    with Performer(sample_rate=ANALYSIS_RATE) as performer:
        for index in batch.tolist():
            performer.start(Performance.neutral(), seed=0)
            score = windows.score(index).slice(0, config.num_bars * STEPS_PER_BAR)
            features.append(sound_features(performer.render(score).waveform, ANALYSIS_RATE))
    return np.array(features)


@dataclass(frozen=True)
class _Measured:
    """What was measured of windows: of which file and how much of each, which of them, and what."""

    identity: NDArray[np.str_]
    index: IntArray
    features: NDArray[np.float64]


def _load_cache(path: Path, identity: str) -> dict[int, NDArray[np.float64]]:
    try:
        stored = read_arrays(path, _Measured, "measures", "the same command")
    except OSError:  # none yet, or nothing that can be used: all is measured anew
        return {}
    is_same = str(stored.identity) == identity
    return dict(zip(stored.index.tolist(), stored.features, strict=True)) if is_same else {}


def _save_cache(path: Path, identity: str, known: dict[int, NDArray[np.float64]]) -> None:
    measured = _Measured(np.array(identity), np.array(list(known)), np.array(list(known.values())))
    with whole_file(path) as partial, partial.open("wb") as file:
        np.savez(file, **vars(measured))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m art2mus.data.pairs", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("config", type=Path, help="a YAML file such as configs/train/mini-pairs.yaml")
    path = parser.parse_args(arguments).config
    return exit_code(lambda: _run(load(path, PairsConfig)), ConfigError, SynthesizerMissingError)


def _run(config: PairsConfig) -> int:
    pairs = build(config)
    pairs.save(config.output)
    print(describe(pairs))
    print(f"wrote {config.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
