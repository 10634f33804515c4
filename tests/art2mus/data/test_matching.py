"""Pairs, against the loop that everybody would write first."""

import itertools

import numpy as np
import pytest

from art2mus.data import matching
from art2mus.data.matching import Matches, greedy, nearly_optimal, optimal, top_k
from art2mus.data.similarity import unit_vectors
from art2mus.data.tables import DataError

CELLS = (1, 1000, 2**27)
"""One artwork at a time; a few; all of them."""


def random_vectors(count: int, dim: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)


def collections(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Artworks and tracks, of every kind there is trouble with."""
    artworks, tracks = random_vectors(120, 16, 1), random_vectors(150, 16, 2)
    if name == "more artworks than tracks":
        return tracks, artworks
    if name == "ties":
        return np.sign(artworks[:, :4]), np.sign(tracks[:, :4])
    if name == "duplicates":
        return artworks[np.arange(120) % 7], tracks[np.arange(150) % 11]
    if name == "almost duplicates":
        # Closer to each other than a float32 product can tell, so that it orders them as it likes.
        nudges = 1e-7 * random_vectors(150, 16, 3)
        return artworks, (tracks[np.arange(150) % 5] + nudges).astype(np.float32)
    if name == "not numbers":
        artworks[::5], tracks[::3] = np.nan, np.nan
        artworks[1], tracks[1] = 0.0, 0.0
    return artworks, tracks


TROUBLES = ("none", "more artworks than tracks", "ties", "duplicates", "almost duplicates", "not numbers")


def similarities(artworks: np.ndarray, tracks: np.ndarray) -> np.ndarray:
    """All of them, exactly; minus infinity where there is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        left, right = (unit_vectors(each, np.arange(len(each))).astype(np.float64) for each in (artworks, tracks))
        exact = np.array([(row * right).sum(axis=1) for row in left])
    return np.where(np.isfinite(exact), exact, -np.inf)


def naive_greedy(artworks: np.ndarray, tracks: np.ndarray) -> list[tuple[int, int]]:
    similarity, pairs = similarities(artworks, tracks), []
    for artwork, row in enumerate(similarity):
        track = int(row.argmax())
        if np.isfinite(row[track]):
            pairs.append((artwork, track))
            similarity[:, track] = -np.inf
    return pairs


def pairs_of(matches: Matches) -> list[tuple[int, int]]:
    return list(zip(matches.artwork.tolist(), matches.track.tolist(), strict=True))


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("cells", CELLS)
def test_greedy_gives_the_pairs_of_the_naive_loop(trouble: str, cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MAX_CELLS", cells)
    artworks, tracks = collections(trouble)
    matches = greedy(artworks, tracks)
    expected = naive_greedy(artworks, tracks)
    assert pairs_of(matches) == expected
    assert matches.similarity.tolist() == [similarities(artworks, tracks)[pair] for pair in expected]


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("cells", CELLS)
def test_top_k_gives_the_best_first_and_the_first_of_equals(
    trouble: str, cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "MAX_CELLS", cells)
    artworks, tracks = collections(trouble)
    similarity = similarities(artworks, tracks)
    best = np.argsort(-similarity, axis=1, stable=True)[:, :4]
    expected = [(a, int(t)) for a in range(len(artworks)) for t in best[a] if np.isfinite(similarity[a, t])]
    assert pairs_of(top_k(artworks, tracks, 4)) == expected


def test_top_k_gives_every_track_where_there_are_fewer() -> None:
    assert len(top_k(random_vectors(3, 4, 0), random_vectors(2, 4, 1), 5)) == 6


def test_optimal_is_the_best_of_all_assignments() -> None:
    artworks, tracks = random_vectors(4, 3, 5), random_vectors(6, 3, 6)
    similarity = similarities(artworks, tracks)
    best = max(similarity[range(4), list(order)].sum() for order in itertools.permutations(range(6), 4))
    assert optimal(artworks, tracks).similarity.sum() == pytest.approx(best, abs=1e-12)
    assert nearly_optimal(artworks, tracks, 6).similarity.sum() == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_more_candidates_the_nearer_to_the_optimum(trouble: str) -> None:
    artworks, tracks = collections(trouble)
    least, most = greedy(artworks, tracks), optimal(artworks, tracks)
    totals = [nearly_optimal(artworks, tracks, count) for count in (1, 5, 200)]
    sums = [matches.similarity.sum() for matches in (least, *totals, most)]
    assert (np.diff(sums) > -1e-9).all()
    assert sums[-2] == pytest.approx(sums[-1], abs=1e-9)
    for matches in (*totals, most):
        assert len(matches) == len(least)
        assert len(set(matches.artwork.tolist())) == len(set(matches.track.tolist())) == len(matches)
        assert (np.diff(matches.artwork) > 0).all()
    if trouble == "none":
        assert sums[-1] > sums[0] + 1e-3


@pytest.mark.parametrize("method", [greedy, optimal, lambda a, t: top_k(a, t, 3), lambda a, t: nearly_optimal(a, t, 3)])
def test_nothing_is_paired_with_nothing(method) -> None:
    nothing, some = np.full((3, 4), np.nan, np.float32), random_vectors(3, 4, 0)
    for artworks, tracks in ((nothing, some), (some, nothing), (some[:0], some), (some, some[:0])):
        assert len(method(artworks, tracks)) == 0


def test_too_many_for_the_optimum_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MAX_OPTIMAL_CELLS", 100)
    with pytest.raises(DataError, match="--candidates 50"):
        optimal(random_vectors(11, 4, 0), random_vectors(10, 4, 1))


def test_progress_is_told() -> None:
    told: list[int] = []
    greedy(random_vectors(30, 4, 0), random_vectors(40, 4, 1), told.append)
    top_k(random_vectors(30, 4, 0), random_vectors(40, 4, 1), 2, told.append)
    assert sum(told) == 60
