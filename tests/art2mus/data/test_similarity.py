import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from art2mus.data.similarity import exact_similarity, margin, near_best, rows_with_direction, unit_vectors

RNG = np.random.default_rng(0)


def vectors(count: int, dim: int) -> np.ndarray:
    return RNG.standard_normal((count, dim)).astype(np.float32)


def test_what_has_no_direction_is_found() -> None:
    some = vectors(6, 3)
    some[1, 2], some[2, 0], some[4] = np.nan, np.inf, 0.0
    assert rows_with_direction(some).tolist() == [0, 3, 5]
    assert rows_with_direction(some[:0]).tolist() == []


@pytest.mark.parametrize("dim", [1, 6, 1024])
def test_a_similarity_hangs_on_nothing_but_its_pair(dim: int) -> None:
    left, right = (unit_vectors(vectors(50, dim), np.arange(50)) for _ in range(2))
    together = exact_similarity(left, right)
    alone = [exact_similarity(left[n], right[n : n + 1])[0] for n in range(50)]
    assert together.tolist() == alone
    assert np.abs(together - np.einsum("nd,nd->n", left, right, dtype=np.float64)).max() < 1e-14


@pytest.mark.parametrize("dim", [1, 6, 128, 1024])
def test_no_product_of_matrices_is_wrong_by_more_than_half_the_margin(dim: int) -> None:
    # Numbers of one sign, where nothing cancels, are the worst that can be.
    for some in (vectors(200, dim), np.abs(vectors(200, dim)), np.ones((2, dim), np.float32)):
        unit = unit_vectors(some, np.arange(len(some)))
        products = unit @ unit.T
        for row, product in zip(unit, products, strict=True):
            assert np.abs(product - exact_similarity(row, unit)).max() <= margin(dim) / 2


@given(
    st.lists(st.integers(-20, 20), min_size=1, max_size=40), st.integers(0, 700), st.integers(1, 50), st.integers(0, 3)
)
def test_nothing_that_can_be_among_the_best_is_missed(levels: list[int], padding: int, count: int, within: int) -> None:
    row = np.random.default_rng(padding).permutation(np.pad(np.array(levels, np.float32), (padding, 0)))
    found = near_best(row, count, within)
    least = np.sort(row)[-min(count, len(row))]
    assert set(np.flatnonzero(row >= least - within)) <= set(found.tolist()) or count >= len(row)
    assert len(found) >= min(count, len(row))
    assert (np.diff(found) > 0).all()
