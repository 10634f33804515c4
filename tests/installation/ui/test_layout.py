"""Geometry: on any screen with any painting, everything is seen whole and nothing lies on anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.ui.layout import Layout, Rect


def overlap(one: Rect, other: Rect) -> bool:
    shared = one.within(other)
    return shared.width > 0 and shared.height > 0


@given(st.integers(480, 4000), st.integers(480, 4000), st.floats(0.15, 7.0))
def test_everything_is_on_the_screen_and_nothing_overlaps(width: int, height: int, aspect: float) -> None:
    layout = Layout.hang(width, height, aspect)
    for part in (layout.picture, layout.label, layout.music):
        assert part.within(layout.screen) == part
    assert not overlap(layout.picture, layout.label)
    assert not overlap(layout.picture, layout.music)
    assert not overlap(layout.label, layout.music)
    assert 0 < layout.now_x < width


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (3840, 2160), (1280, 720)])
@pytest.mark.parametrize("aspect", [0.4, 0.66, 1.0, 1.5, 2.4])
def test_a_painting_keeps_its_shape_and_is_large(size: tuple[int, int], aspect: float) -> None:
    layout = Layout.hang(*size, aspect)
    assert layout.picture.width / layout.picture.height == pytest.approx(aspect, rel=0.01)
    assert layout.picture.width > 0.62 * size[0] or layout.picture.height > 0.52 * size[1]


def test_twice_the_screen_is_the_same_picture_at_twice_the_size() -> None:
    small, large = Layout.hang(1920, 1080, 1.5), Layout.hang(3840, 2160, 1.5)
    assert large.unit == 2 * small.unit
    assert large.picture.width == pytest.approx(2 * small.picture.width, abs=4)
    assert large.music.y == pytest.approx(2 * small.music.y, abs=4)
