"""Paintings are composed; walls, doors and empty frames are not, whatever light falls on them."""

import cv2
import numpy as np
import pytest

from installation.camera.evidence import MIN_COMPOSITION, composition, shows_picture
from installation.camera.rectify import rectangle
from tests.installation.camera.conftest import GALLERY
from tests.scenes import draw_conditions, read_artwork, render_wall
from tests.scenes_parts import Pixels


def in_light(picture: Pixels, strength: float) -> Pixels:
    """Brighter to the lower right."""
    height, width = picture.shape[:2]
    across, down = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, None]
    lit = picture * (1 + strength * (0.6 * across + 0.4 * down))[..., None]
    return np.clip(lit, 0, 255).astype(np.uint8)


def test_every_work_of_the_gallery_is_composed_also_in_little_light() -> None:
    for path in sorted(GALLERY.glob("*.jpg")):
        artwork = read_artwork(path)
        for view in (artwork, in_light((artwork * 0.5).astype(np.uint8), 0.3)):
            assert composition(view) > 1.1 * MIN_COMPOSITION, path.stem


def test_light_on_one_colour_is_not() -> None:
    plain = np.full((90, 120, 3), (150, 170, 180), np.uint8)
    assert composition(plain) < 1e-9
    assert composition(in_light(plain, 0.4)) < 0.3 * MIN_COMPOSITION
    assert composition(np.zeros((90, 120, 3), np.uint8)) < 1e-9


@pytest.mark.parametrize("seed", range(8))
def test_no_part_of_a_wall_is(seed: int) -> None:
    rng = np.random.default_rng((9, seed))
    wall = render_wall(rng, draw_conditions(rng)).camera_frame
    for size in ((200, 150), (600, 400)):
        for _ in range(4):
            place = rectangle(*size) + rng.uniform(0, (1280 - size[0], 500 - size[1])).astype(np.float32)
            assert not shows_picture(wall, place)


def test_an_empty_passe_partout_and_a_panelled_door_are_not() -> None:
    paper = np.full((300, 200, 3), (225, 232, 235), np.uint8)
    assert composition(in_light(paper, 0.2)) < MIN_COMPOSITION
    door = np.full((300, 140, 3), (120, 140, 150), np.uint8)
    for top in (20, 160):
        cv2.rectangle(door, (20, top), (120, top + 120), (100, 118, 126), 3)
    cv2.circle(door, (128, 150), 4, (60, 90, 110), -1)
    assert composition(in_light(door, 0.2)) < MIN_COMPOSITION
