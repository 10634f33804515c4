"""A playlist never ends and never repeats itself, whatever comes and goes."""

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from installation.playlist import Playlist

WORKS = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(WORKS, st.booleans(), st.integers())
def test_every_round_has_every_work_once_and_no_work_comes_twice_in_a_row(
    works: list[str], is_shuffled: bool, seed: int
) -> None:
    playlist = Playlist(works, random.Random(seed) if is_shuffled else None)
    drawn = [playlist.next() for _ in range(4 * len(works))]
    for start in range(0, len(drawn), max(1, len(works))):
        assert sorted(str(work) for work in drawn[start : start + len(works)]) == sorted(works)
    if len(works) > 1:
        assert all(one != other for one, other in itertools.pairwise(drawn))


@given(st.lists(st.one_of(WORKS, st.just(None)), max_size=30), st.booleans(), st.integers())
def test_it_goes_on_while_works_come_and_go(changes: list[list[str] | None], is_shuffled: bool, seed: int) -> None:
    playlist = Playlist((), random.Random(seed) if is_shuffled else None)
    works: list[str] = []
    last: str | None = None
    for change in changes:
        if change is not None:
            works = change
            playlist.replace(works)
            continue
        drawn = playlist.next()
        assert (drawn in works) if works else (drawn is None)
        assert drawn != last or len(works) < 2
        last = drawn or last


def test_the_order_of_the_gallery() -> None:
    playlist = Playlist(["c", "a", "b"])
    assert [playlist.next() for _ in range(6)] == ["c", "a", "b", "c", "a", "b"]


def test_a_new_work_is_part_of_the_round_that_is_on() -> None:
    playlist = Playlist(["a", "b", "c"])
    assert playlist.next() == "a"
    playlist.replace(["a", "b", "c", "d"])
    assert [playlist.next() for _ in range(3)] == ["b", "c", "d"]


def test_the_only_work_comes_again_and_again() -> None:
    playlist = Playlist(["a"])
    assert [playlist.next() for _ in range(3)] == ["a", "a", "a"]


def test_same_seed_same_order() -> None:
    one, two = (Playlist("abcdefgh", random.Random(5)) for _ in range(2))
    assert [one.next() for _ in range(20)] == [two.next() for _ in range(20)]
