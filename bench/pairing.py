"""`python -m bench.pairing`: how long it takes to pair two large collections, and how much memory.

Random unit vectors stand for the embeddings. The floor is the product of both matrices at the rate that this machine
multiplies at. `greedy` can be below it: the tracks that are taken need not be compared any more.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

# Read when NumPy loads its BLAS.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
from rich.console import Console
from rich.table import Table

from art2mus.arguments import at_least_0, at_least_1
from art2mus.data.matching import Matches, greedy, top_k
from art2mus.data.similarity import FloatArray, IntArray, parts, rows_with_direction, unit_vectors

NUM_ARTWORKS, NUM_TRACKS, DIM = 116_475, 105_885, 1024
"""ArtGraph's images, FMA-large without its corrupt files, and ImageBind's embeddings."""
MAX_MEMORY_GB = 3.0
METHODS: Mapping[str, Callable[[FloatArray, FloatArray], Matches]] = {
    "greedy": greedy,
    "top-k": lambda artworks, tracks: top_k(artworks, tracks, 5),
}
Row = tuple[str, str, str]
"""What was measured, how much, and the goal."""
ResultT = TypeVar("ResultT")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code: 0, or 1 where a goal was missed."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="art2mus-bench") as folder:
        artworks = draw(Path(folder, "artworks.npy"), options.artworks, options.dim, seed=0)
        tracks = draw(Path(folder, "tracks.npy"), options.tracks, options.dim, seed=1)
        # The naive loop comes second: it takes more memory.
        memory_gb, rows = against_floor(options.method, artworks, tracks)
        num_differing = 0
        if options.naive:
            num_differing, compared = against_naive(artworks[: options.naive], tracks[: options.naive])
            rows += compared
    Console().print(table_of(rows))
    return int(memory_gb > MAX_MEMORY_GB or num_differing > 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.pairing", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--artworks", type=at_least_1, default=NUM_ARTWORKS, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--tracks", type=at_least_1, default=NUM_TRACKS, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--dim", type=at_least_1, default=DIM, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--method", choices=METHODS, default="greedy", help="(default: %(default)s)")
    help_naive = "compare with the naive loop on the first N of both; 0 does not (default: %(default)s)"
    parser.add_argument("--naive", type=at_least_0, default=10_000, metavar="N", help=help_naive)
    return parser


def draw(path: Path, count: int, dim: int, seed: int) -> FloatArray:
    """Write random unit vectors, and map them as embeddings are mapped.

    Shape: result (count, dim).
    """
    rng = np.random.default_rng(seed)
    vectors = np.lib.format.open_memmap(path, "w+", np.float32, (count, dim))
    for part in parts(count):
        some = rng.standard_normal((part.stop - part.start, dim), dtype=np.float32)
        vectors[part] = some / np.linalg.norm(some, axis=1, keepdims=True)
    vectors.flush()
    return vectors


def multiplication_rate(artworks: FloatArray, tracks: FloatArray, num_rounds: int = 5) -> float:
    """Measure how many operations a second a product of float32 matrices runs at: the best of some rounds.

    Shape: artworks (num_artworks, dim); tracks (num_tracks, dim).
    """
    left, right = np.array(artworks[:1024]), np.array(tracks[:16_384])
    products = np.empty((len(left), len(right)), np.float32)
    seconds = min(timed(lambda: np.matmul(left, right.T, out=products))[1] for _ in range(num_rounds))
    return float(2.0 * products.size * left.shape[1] / seconds)


def against_floor(method: str, artworks: FloatArray, tracks: FloatArray) -> tuple[float, list[Row]]:
    """Pair two collections; gives the memory that this took (GB), and rows of the table.

    Shape: artworks (num_artworks, dim); tracks (num_tracks, dim).
    """
    rate = multiplication_rate(artworks, tracks)
    floor_s = 2.0 * len(artworks) * len(tracks) * artworks.shape[1] / rate
    matches, seconds = timed(lambda: METHODS[method](artworks, tracks))
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return memory_gb, [
        ("artworks × tracks × dimensions", f"{len(artworks):,} × {len(tracks):,} × {artworks.shape[1]:,}", ""),
        ("rate of multiplication", f"{rate / 1e9:.0f} GFLOP/s", ""),
        ("floor: the product of the matrices", f"{floor_s:.2f} s", ""),
        (method, f"{seconds:.2f} s", ""),
        ("as a multiple of the floor", f"{seconds / floor_s:.2f}", ""),
        ("pairs", f"{len(matches):,}", ""),
        ("memory, at most", f"{memory_gb:.2f} GB", f"{MAX_MEMORY_GB:g} GB"),
    ]


def against_naive(artworks: FloatArray, tracks: FloatArray) -> tuple[int, list[Row]]:
    """Pair the same collections both ways; gives how many pairs differ, and rows of the table.

    Shape: artworks (num_artworks, dim); tracks (num_tracks, dim).
    """
    matches, seconds = timed(lambda: greedy(artworks, tracks))
    partners, naive_seconds = timed(lambda: naive_greedy(artworks, tracks))
    num_differing = int((matches.track != partners).sum())
    return num_differing, [
        (f"greedy, of {len(artworks):,} × {len(tracks):,}", f"{seconds:.2f} s", ""),
        ("the naive loop", f"{naive_seconds:.2f} s", ""),
        ("so many times as long", f"{naive_seconds / seconds:.1f}", ""),
        ("pairs that differ", f"{num_differing:,}", "0"),
    ]


def naive_greedy(artworks: FloatArray, tracks: FloatArray) -> IntArray:
    """Compare every artwork by itself with all tracks, in float64, and take the best that is free.

    Shape: artworks (num_artworks, dim); tracks (num_tracks, dim); result (the smaller of both,).
    """
    seen, heard = (unit_vectors(each, rows_with_direction(each)).astype(np.float64) for each in (artworks, tracks))
    is_free = np.ones(len(heard), dtype=bool)
    partners = np.empty(min(len(seen), len(heard)), np.int64)
    for artwork in range(len(partners)):
        partners[artwork] = np.where(is_free, heard @ seen[artwork], -np.inf).argmax()
        is_free[partners[artwork]] = False
    return partners


def timed(work: Callable[[], ResultT]) -> tuple[ResultT, float]:
    """Give what the work gives, and the seconds it took."""
    began_s = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began_s


def table_of(rows: Sequence[Row]) -> Table:
    """One row for each figure, with its goal if it has one."""
    table = Table(title="Pairing", title_justify="left")
    table.add_column("")
    table.add_column("measured", justify="right")
    table.add_column("goal", justify="right")
    for row in rows:
        table.add_row(*row)
    return table


if __name__ == "__main__":
    sys.exit(main())
