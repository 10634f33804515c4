"""Colours: known values, contrast on every bundled painting and on any colours at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from installation.labels import read_gallery
from installation.ui.palette import (
    MIN_GRAPHIC_CONTRAST,
    MIN_TEXT_CONTRAST,
    Palette,
    contrast,
    lab_to_rgb,
    mix,
    rgb_to_lab,
)
from installation.works import BUNDLED_GALLERY

channel = st.integers(0, 255)
colours = st.tuples(channel, channel, channel)


def assert_legible(palette: Palette) -> None:
    for wall in (palette.ground, palette.lit):
        for text in (palette.text, palette.quiet_text, palette.accent):
            assert contrast(text, wall) >= MIN_TEXT_CONTRAST
        assert all(contrast(colour, wall) >= MIN_TEXT_CONTRAST for colour in palette.melody)
        assert all(contrast(colour, wall) >= MIN_GRAPHIC_CONTRAST for colour in palette.pad)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
    ],
)
def test_lab_has_its_published_values(rgb: tuple[int, int, int], lab: tuple[float, float, float]) -> None:
    assert rgb_to_lab(np.array(rgb, dtype=float)) == pytest.approx(np.array(lab), abs=0.05)


def test_contrast_has_its_published_ends() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0, abs=0.01)
    assert contrast((10, 20, 30), (10, 20, 30)) == 1.0


@given(colours)
def test_a_colour_survives_the_way_to_lab_and_back(rgb: tuple[int, int, int]) -> None:
    there_and_back = lab_to_rgb(rgb_to_lab(np.array(rgb, dtype=float)))
    assert max(abs(a - b) for a, b in zip(there_and_back, rgb, strict=True)) <= 2


@given(colours, colours)
def test_a_mix_ends_at_its_colours(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    assert np.abs(np.array(mix(one, other, 0.0)) - one).max() <= 2
    assert np.abs(np.array(mix(one, other, 1.0)) - other).max() <= 2


def test_every_bundled_painting_lends_legible_colours_of_its_own() -> None:
    palettes = []
    for work in read_gallery(BUNDLED_GALLERY):
        with Image.open(work.path) as picture:
            palettes.append(Palette.of(picture))
        assert_legible(palettes[-1])
    assert len({(p.melody, p.pad) for p in palettes}) == len(palettes)


@given(st.lists(colours, min_size=1, max_size=6))
def test_any_picture_gives_legible_colours(painted: list[tuple[int, int, int]]) -> None:
    picture = Image.new("RGB", (len(painted) * 12, 12))
    for index, colour in enumerate(painted):
        picture.paste(colour, (index * 12, 0, (index + 1) * 12, 12))
    assert_legible(Palette.of(picture))


def test_the_night_has_a_blue_wall_and_a_yellow_melody() -> None:
    night = Image.new("RGB", (100, 100), (24, 30, 92))
    night.paste((246, 214, 60), (35, 35, 65, 65))
    palette = Palette.of(night)
    assert palette.lit[2] > palette.lit[0]
    assert all(red > blue for red, _, blue in palette.melody)
    assert all(blue > red for red, _, blue in palette.pad)
