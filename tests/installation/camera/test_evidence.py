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


Lamp = tuple[float, float, float, float, float, float]


def with_lamp(picture: Pixels, lamp: Lamp) -> Pixels:
    """With the reflection of a lamp: place in shares of the picture, size of its shorter side; slant, strength."""
    x, y, breadth, height, slant, strength = lamp
    across, down = np.meshgrid(np.arange(picture.shape[1]), np.arange(picture.shape[0]))
    side = min(picture.shape[:2])
    across, down = (across - x * picture.shape[1]) / side, (down - y * picture.shape[0]) / side
    along, beside = (across + slant * down) / breadth, (down - slant * across) / height
    lit = picture + strength * np.exp(-(along**2) - beside**2)[..., None]
    return np.clip(lit, 0, 255).astype(np.uint8)


LAMPS: list[Lamp] = [
    (0.5, 0.5, 0.2, 0.2, 0.0, 300.0),
    (0.6, 0.4, 0.35, 0.12, 0.0, 400.0),
    (0.3, 0.6, 0.15, 0.3, 0.6, 250.0),
    (0.95, 0.5, 0.3, 0.2, 0.0, 350.0),
    (0.5, 0.05, 0.2, 0.3, 0.3, 150.0),
]


@pytest.mark.parametrize("lamp", LAMPS)
@pytest.mark.parametrize("colour", [(40, 35, 60), (110, 150, 100), (190, 200, 205)])
def test_the_reflection_of_a_lamp_is_not(lamp: Lamp, colour: tuple[int, int, int]) -> None:
    plain = in_light(np.full((90, 120, 3), colour, np.uint8), 0.2)
    assert composition(with_lamp(plain, lamp)) < 0.7 * MIN_COMPOSITION


def test_a_painting_in_which_a_lamp_is_reflected_is() -> None:
    for path in sorted(GALLERY.glob("*.jpg")):
        artwork = cv2.resize(read_artwork(path), (200, 200), interpolation=cv2.INTER_AREA)
        for lamp in LAMPS:
            assert composition(with_lamp(np.asarray(artwork, np.uint8), lamp)) > MIN_COMPOSITION, path.stem


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
