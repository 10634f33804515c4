"""How far a set of music is from another, as Gaussians in the space of an embedder.

Named FAD in the space of VGGish (as published), FAD-CLAP in CLAP's, FD-MusiCNN in that of the bundled tagger. The
estimate from few clips is too large, by about as much as it shrinks when twice as many are taken. That bias is
measured by thinning both sets, and taken off: FAD∞.

    python -m art2mus.metrics.frechet REFERENCE_FOLDER GENERATED_FOLDER

Source: Kilgour et al. 2019, Interspeech (FAD); Chong & Forsyth 2020, CVPR (FID∞); Gui et al. 2024, ICASSP (FAD∞).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from art2mus.exit_codes import exit_code
from art2mus.metrics.bootstrap import Estimate, IntArray, bootstrap, mean_estimate
from art2mus.metrics.embedders import DISTANCE_NAMES, load_embedder
from art2mus.metrics.embedding_cache import embed_sounds
from art2mus.models import ModelMissingError
from art2mus.sound_files import list_sounds
from art2mus.whole_files import whole_file

Points = NDArray[np.float32] | NDArray[np.float64]

MAX_BIAS = 0.1
"""A distance is called biased when more than this share of it comes from the number of clips."""
NUM_RESAMPLES = 100
_SHARES = 1.0 / np.linspace(1.0, 4.0, 7)
"""Thinned sets, down to a quarter, evenly spaced in 1 / n, in which the bias is a straight line."""


@dataclass(frozen=True)
class SetDistance:
    """The distance between two sets of music.

    Attributes:
        distance: As it is estimated from these clips.
        unbiased: With what comes from the number of clips taken off (FAD∞).
        num_clips: Of the reference, of the generated set.
        num_windows: Likewise.
        warnings: What keeps the figures from being trusted, for people.
    """

    distance: Estimate
    unbiased: Estimate
    num_clips: tuple[int, int]
    num_windows: tuple[int, int]
    warnings: tuple[str, ...]


def frechet_distance(reference: Points, generated: Points) -> float:
    """Give the Fréchet distance (squared) of the Gaussians that fit two sets of points.

    With covariances A and B it is |mean difference|² + tr A + tr B − 2 tr √(AB). Factors Rᵀ R = A and Qᵀ Q = B come
    straight from the points, and the last trace is the sum of the singular values of R Qᵀ: no matrix is ever squared
    or inverted, so that sets smaller than their dimension need no special care.

    Shape: reference (n, dim); generated (m, dim).
    Raises: ValueError for fewer than two points, or for points of different dimensions.
    Source: Dowson & Landau 1982, J. Multivariate Anal. 12.
    """
    if min(len(reference), len(generated)) < 2 or reference.shape[1:] != generated.shape[1:]:
        raise ValueError(f"need two or more points of one dimension, not {reference.shape} and {generated.shape}")
    (mean_a, factor_a), (mean_b, factor_b) = _gaussian(reference), _gaussian(generated)
    shared = np.linalg.svd(factor_a @ factor_b.T, compute_uv=False).sum()
    spread = np.square(factor_a).sum() + np.square(factor_b).sum() - 2.0 * shared
    return float(np.square(mean_a - mean_b).sum() + max(spread, 0.0))


def unbiased_distance(
    reference: Sequence[Points], generated: Sequence[Points], num_draws: int = 4, seed: int = 0
) -> float:
    """Give the distance that sets without end would have: FAD∞. Below zero when nothing tells the sets apart.

    Both sets are thinned by the same share, so that the bias of both goes; the line through the distances over
    1 / share is read at 0. (Published FID∞ thins the generated set alone, against a reference of many thousands.)

    Args:
        reference: The embeddings of each clip; clips are left out whole.
        generated: Likewise.
        num_draws: Thinned sets of each size.
        seed: Of what is drawn.

    Shape: each element (num_windows, dim), one for each clip; three clips or more.
    """
    rng = np.random.default_rng(seed)
    sizes = len(reference), len(generated)
    inverse, distances = [], []
    for share in _SHARES:
        kept = [max(2, round(share * size)) for size in sizes]
        for _ in range(num_draws if share < 1.0 else 1):
            drawn = [rng.choice(size, num, replace=False) for size, num in zip(sizes, kept, strict=True)]
            inverse.append(np.mean([size / num for size, num in zip(sizes, kept, strict=True)]))
            distances.append(frechet_distance(_together(reference, drawn[0]), _together(generated, drawn[1])))
    _, at_infinity = np.polyfit(inverse, distances, 1)
    return float(at_infinity)


def estimate_distance(
    reference: Sequence[Points], generated: Sequence[Points], num_resamples: int = NUM_RESAMPLES, seed: int = 0
) -> Estimate:
    """Give the distance of two sets as it is estimated from them, with its interval by drawing clips.

    Shape: each element (num_windows, dim), one for each clip.
    """

    def distance(drawn_a: IntArray, drawn_b: IntArray) -> float:
        return frechet_distance(_together(reference, drawn_a), _together(generated, drawn_b))

    return bootstrap(distance, len(reference), len(generated), is_biased=True, num_resamples=num_resamples, seed=seed)


def distances_over_halves(
    real: Sequence[Points], generated: Sequence[Points], num_divisions: int = 20, seed: int = 0
) -> tuple[list[float], list[float]]:
    """Give the distance of two halves of real music, and that of one half to generated music, for many divisions.

    One division says little: of the same music, one may give twice the distance of another.

    Args:
        real: The embeddings of each clip.
        generated: Likewise, of half as many clips, so that what is estimated from few clips is too large alike.
        num_divisions: How often the real music is divided.
        seed: Of the divisions.

    Shape: each element (num_windows, dim), one for each clip.
    Raises: ValueError if there are not half as many.
    """
    half = len(generated)
    if half < 1 or len(real) != 2 * half:
        raise ValueError(f"need half as many generated clips as real ones, not {half} and {len(real)}")
    rng = np.random.default_rng(seed)
    divisions = [np.split(rng.permutation(2 * half), 2) for _ in range(num_divisions)]
    everything = _together(generated, np.arange(half))
    return (
        [frechet_distance(_together(real, one), _together(real, other)) for one, other in divisions],
        [frechet_distance(_together(real, one), everything) for one, _ in divisions],
    )


def compare_sets(
    reference: Sequence[Points], generated: Sequence[Points], num_resamples: int = NUM_RESAMPLES, seed: int = 0
) -> SetDistance:
    """Compare two sets of music, with intervals and warnings.

    Clips are drawn, not windows: those of one clip are alike and say little more together than alone.

    Shape: each element (num_windows, dim), one for each clip.
    Raises: ValueError for fewer than three clips: of two, none can be left out to see what their number does.
    """
    sizes = len(reference), len(generated)
    if min(sizes) < 3:
        raise ValueError(f"need three or more clips on each side, not {sizes[0]} and {sizes[1]}")

    def unbiased(drawn_a: IntArray, drawn_b: IntArray) -> float:
        return unbiased_distance([reference[a] for a in drawn_a], [generated[b] for b in drawn_b], num_draws=1)

    estimated = estimate_distance(reference, generated, num_resamples, seed)
    # In the resamples one thinned set of each size will do: what that adds to the interval is little.
    spread = bootstrap(unbiased, *sizes, is_biased=True, num_resamples=num_resamples, seed=seed)
    best = unbiased_distance(reference, generated, seed=seed)
    shift = best - spread.value
    num_windows = sum(map(len, reference)), sum(map(len, generated))
    return SetDistance(
        distance=estimated,
        unbiased=Estimate(best, spread.low + shift, spread.high + shift, spread.num_items),
        num_clips=sizes,
        num_windows=num_windows,
        warnings=tuple(_warnings(estimated, sizes, num_windows, reference[0].shape[1])),
    )


def frechet_by_pair(truths: Sequence[Points], generated: Sequence[Points]) -> Estimate:
    """Give the distance of each clip from the true one alone, averaged: FAD as the tables of Art2Mus have it.

    Ten windows make no Gaussian of 128 dimensions: for comparing with those tables only.

    Shape: each element (num_windows, dim), two or more windows.
    Source: Rinaldi et al. 2024, arXiv 2410.04906, table 3, and the code published with it.
    """
    distances = [frechet_distance(truth, made) for truth, made in zip(truths, generated, strict=True)]
    return mean_estimate(np.array(distances))


def describe(name: str, distance: SetDistance) -> str:
    """Put the figures into words."""
    (clips_a, clips_b), (windows_a, windows_b) = distance.num_clips, distance.num_windows
    return "\n".join(
        [
            f"{name}: {clips_b} clips ({windows_b} windows) against {clips_a} ({windows_a})",
            f"  as estimated             {distance.distance}",
            f"  for sets without end (∞) {distance.unbiased}",
            *(f"  warning: {warning}" for warning in distance.warnings),
        ]
    )


def _gaussian(points: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the mean, and a factor R of the covariance RᵀR. Shape: (dim,), (min(n, dim), dim)."""
    values = np.asarray(points, dtype=np.float64)
    mean = values.mean(axis=0)
    return mean, np.asarray(np.linalg.qr((values - mean) / np.sqrt(len(values) - 1), mode="r"))


def _together(clips: Sequence[Points], drawn: IntArray) -> Points:
    return np.concatenate([clips[index] for index in drawn])


def _warnings(estimated: Estimate, num_clips: tuple[int, int], num_windows: tuple[int, int], dim: int) -> list[str]:
    warnings = []
    num_filling = round(dim / _SHARES.min())
    if min(num_windows) <= num_filling:
        # Thinned sets that do not fill the space have a bias that is no straight line.
        warnings.append(f"{min(num_windows)} windows in {dim} dimensions: ∞ is too large for fewer than {num_filling}")
    share = min(1.0, estimated.bias / max(estimated.value, 1e-12))
    if share > MAX_BIAS:
        text = f"biased: about {share:.0%} of the estimate comes from the number of clips"
        if share < 1.0:
            # The bias falls as 1 / n: with this many times as many clips it is MAX_BIAS of what is estimated then.
            needed = share / (1.0 - share) * (1.0 - MAX_BIAS) / MAX_BIAS
            enough = " and ".join(f"{size * needed:.0f}" for size in num_clips)
            text += f"; {enough} clips would bring it to {MAX_BIAS:.0%}"
        warnings.append(text)
    return warnings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 2 if anything could not be read, though the rest was compared."""
    parser = argparse.ArgumentParser(
        prog="python -m art2mus.metrics.frechet", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("reference", type=Path, help="folder of music as it should be")
    parser.add_argument("generated", type=Path, help="folder of music to be judged")
    parser.add_argument("--embedder", choices=sorted(DISTANCE_NAMES), default="musicnn", help="(default: %(default)s)")
    parser.add_argument("--weights", help="file, folder or name of its weights (default: the usual place)")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file as well")
    options = parser.parse_args(arguments)
    return exit_code(lambda: _compare(options), ModelMissingError, ValueError)


def _compare(options: argparse.Namespace) -> int:
    folders = [list_sounds(folder) for folder in (options.reference, options.generated)]
    embedder = load_embedder(options.embedder, options.weights)
    reference, generated = (embed_sounds(paths, embedder) for paths in folders)
    for mistake in (*reference.failed.values(), *generated.failed.values()):
        print(mistake, file=sys.stderr)
    distance = compare_sets(reference.windows, generated.windows)
    print(describe(DISTANCE_NAMES[options.embedder], distance))
    if options.output is not None:
        report = {"embedder": embedder.identity, **asdict(distance)}
        with whole_file(options.output) as partial:
            partial.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return 2 if reference.failed or generated.failed else 0


if __name__ == "__main__":
    sys.exit(main())
