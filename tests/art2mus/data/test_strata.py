"""Parts of a collection with the make-up of the whole."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from art2mus.data.strata import Cell, allocate, draw

STYLES, GENRES = ("Baroque", "Realism", "Symbolism", ""), ("landscape", "portrait", "")


def collection(sizes: dict[Cell, int]) -> dict[str, Cell]:
    return {
        f"{style}-{genre}-{number}": (style, genre) for (style, genre), size in sizes.items() for number in range(size)
    }


def share_of(counts: Counter[str], total: int) -> dict[str, tuple[int, int]]:
    """For every name, its exact share of the total, rounded down and up."""
    number = sum(counts.values())
    return {name: (count * total // number, -(-count * total // number)) for name, count in counts.items()}


sizes = st.dictionaries(st.tuples(st.sampled_from(STYLES), st.sampled_from(GENRES)), st.integers(1, 40), min_size=1)


@given(sizes, st.floats(0, 1), st.integers(0, 100))
def test_every_cell_style_and_genre_has_its_share_rounded_up_or_down(
    sizes: dict[Cell, int], part: float, seed: int
) -> None:
    total = round(part * sum(sizes.values()))
    quotas = allocate(sizes, total, np.random.default_rng(seed))
    assert sum(quotas.values()) == total
    for name_of in (lambda cell: cell, lambda cell: cell[0], lambda cell: cell[1]):
        there, allotted = Counter(), Counter()
        for cell, size in sizes.items():
            there[name_of(cell)] += size
            allotted[name_of(cell)] += quotas[cell]
        assert all(low <= allotted[name] <= high for name, (low, high) in share_of(there, total).items())


def test_a_genre_that_is_rare_in_every_style_is_not_rounded_away() -> None:
    sizes = {
        (f"style {number}", genre): size for number in range(30) for genre, size in (("still life", 2), ("other", 98))
    }
    quotas = allocate(sizes, 300, np.random.default_rng(0))
    assert sum(quota for (_, genre), quota in quotas.items() if genre == "still life") == 6


def test_the_largest_remainders_are_rounded_up() -> None:
    sizes = {("a", ""): 26, ("b", ""): 57, ("c", ""): 17}  # of 10: 2.6, 5.7, 1.7
    assert allocate(sizes, 10, np.random.default_rng(0)) == {("a", ""): 2, ("b", ""): 6, ("c", ""): 2}


def test_the_same_seed_draws_the_same_items_in_whatever_order_they_come() -> None:
    cells = collection({("a", "x"): 50, ("a", "y"): 20, ("b", "x"): 30})
    drawn = draw(cells, 20, seed=4)
    assert len(set(drawn)) == 20
    assert drawn == draw(dict(reversed(cells.items())), 20, seed=4)
    assert drawn != draw(cells, 20, seed=5)
    assert Counter(cells[item] for item in drawn) == {("a", "x"): 10, ("a", "y"): 4, ("b", "x"): 6}


@given(st.integers(0, 50))
def test_every_style_is_kept_where_the_count_allows(seed: int) -> None:
    cells = collection(
        {("common", "x"): 900, ("frequent", "y"): 90, **{(f"rare {number}", "x"): 1 for number in range(10)}}
    )
    kept = Counter(cells[item][0] for item in draw(cells, 12, seed))
    assert len(kept) == 12
    kept = Counter(cells[item][0] for item in draw(cells, 50, seed))
    assert len(kept) == 12
    assert kept["common"] in (36, 37)
    assert len(draw(cells, 11, seed)) == 11
    assert len({cells[item][0] for item in draw(cells, 20, seed, keeps_rare_styles=False)}) < 12


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (5, 5), (6, 6), (99, 6)])
def test_no_more_is_drawn_than_there_is(count: int, expected: int) -> None:
    assert len(draw(collection({("a", "x"): 4, ("b", ""): 2}), count, seed=0)) == expected
    assert draw({}, count, seed=0) == []
