import numpy as np
import pytest

from art2mus.data.abstract import paint, to_rgb
from art2mus.metrics.affect import AFFECT_DIMENSIONS, measure_picture
from art2mus.metrics.picture_affect import to_lab


def test_the_same_seed_paints_the_same_picture() -> None:
    hint = np.array([0.5, -1.0, 0.0, 1.0, 0.3, 0.0])
    assert paint(hint, 7).tobytes() == paint(hint, 7).tobytes()
    assert paint(hint, 7).tobytes() != paint(hint, 8).tobytes()


@pytest.mark.parametrize("size", [16, 64, 300])
def test_pictures_have_the_size_asked_for(size: int) -> None:
    for seed in range(8):
        picture = paint(np.zeros(6), seed, size)
        assert max(picture.size) == size
        assert picture.mode == "RGB"


def test_extreme_hints_are_painted_too() -> None:
    for corner in (-9.0, 9.0):
        for seed in range(7):
            assert np.isfinite(measure_picture(paint(np.full(6, corner), seed, 96))).all()


@pytest.mark.parametrize("dimension", AFFECT_DIMENSIONS)
def test_pictures_lean_towards_their_hint(dimension: str) -> None:
    number = AFFECT_DIMENSIONS.index(dimension)
    hint = np.zeros(6)
    hint[number] = 1.5
    leaning, opposite = (
        np.mean([measure_picture(paint(h, seed, 128))[number] for seed in range(12)]) for h in (hint, -hint)
    )
    assert leaning > opposite + 0.5


def test_colours_survive_the_way_to_lab_and_back() -> None:
    picture = paint(np.zeros(6), 1, 256)
    assert np.abs(to_rgb(to_lab(picture)).astype(int) - np.asarray(picture)).max() <= 2
