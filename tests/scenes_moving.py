"""Pictures that follow each other: rooms without a painting, a camera that passes by, one that is held still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tests import scenes_parts as parts
from tests.scenes import HEIGHT, WIDTH, Conditions, draw_conditions, render, render_wall
from tests.scenes_parts import Pixels, Random

SCENE_FRAMES = 50
"""Pictures before the scene is another; somebody who walks through it stands still in the middle of them."""
STANDS, LEAVES = 18, 38
NUM_NOISES = 8


def empty_rooms(seed: int, num_frames: int, first: int = 0) -> Iterator[Pixels]:
    """Walls without a painting, one after the other; the light changes, and people walk through.

    Args:
        seed: Draws it all.
        num_frames: So many pictures.
        first: The number of the first of them, a multiple of SCENE_FRAMES.
    """
    noises = _noises(np.random.default_rng(seed))
    for number in range(first, first + num_frames):
        step = number % SCENE_FRAMES
        if step == 0:
            rng = np.random.default_rng((seed, 1, number))
            wall = render_wall(rng, draw_conditions(rng)).camera_frame
            walker = _Walker(rng)
        frame = wall.copy()
        walker.draw(frame, step)
        light = 1 + 0.05 * np.sin(step / 8)
        yield _with(cv2.convertScaleAbs(frame, alpha=light), noises[number % NUM_NOISES])


def furnished_rooms(seed: int, num_frames: int, first: int = 0) -> Iterator[Pixels]:
    """Walls with a door or an empty frame, one after the other, and nobody there.

    No hand either: one that is held before an empty frame for ten seconds is as good as a picture of a hand.
    """
    noises = _noises(np.random.default_rng(seed))
    for number in range(first, first + num_frames):
        if number % SCENE_FRAMES == 0:
            rng = np.random.default_rng((seed, 3, number))
            conditions = replace(draw_conditions(rng), has_hand=False)
            wall = render(rng, parts.no_artwork(rng), conditions).camera_frame
        light = 1 + 0.05 * np.sin(number % SCENE_FRAMES / 8)
        yield _with(cv2.convertScaleAbs(wall, alpha=light), noises[number % NUM_NOISES])


def passing_by(
    seed: int, artworks: Sequence[Pixels], num_frames: int, first: int = 0, frames_per_s: float = 5.0
) -> Iterator[Pixels]:
    """A camera that is carried past paintings, and never stays on one for as long as half a second.

    Args:
        seed: Draws it all.
        artworks: What hangs there.
        num_frames: So many pictures.
        first: The number of the first of them, a multiple of SCENE_FRAMES.
        frames_per_s: Of the camera.
    """
    noises = _noises(np.random.default_rng(seed))
    for number in range(first, first + num_frames):
        step = number % SCENE_FRAMES
        if step == 0:
            rng = np.random.default_rng((seed, 2, number))
            artwork, neighbour = (artworks[index] for index in rng.integers(len(artworks), size=2))
            scene = render(rng, artwork, draw_conditions(rng), neighbour).camera_frame
            wider = cv2.copyMakeBorder(scene, *(HEIGHT // 3,) * 2, *(WIDTH // 3,) * 2, cv2.BORDER_REFLECT)
            phases, speed = rng.uniform(0, 2 * np.pi, 3), rng.uniform(0.25, 0.8)
        now = step / frames_per_s * speed * 2 * np.pi
        x = WIDTH / 3 * (1 + 0.9 * np.sin(0.31 * now + phases[0]))
        y = HEIGHT / 3 * (1 + 0.9 * np.sin(0.47 * now + phases[1]))
        slant = 0.08 * np.sin(0.7 * now + phases[2])
        window = np.array([[1, -slant, x + slant * HEIGHT / 2], [slant, 1, y - slant * WIDTH / 2]])
        seen = cv2.warpAffine(wider, window, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        yield _with(seen, noises[number % NUM_NOISES])


def held_still(rng: Random, artwork: Pixels, num_frames: int, conditions: Conditions | None = None) -> Iterator[Pixels]:
    """A painting held before the camera by a hand that trembles a little."""
    conditions = conditions or Conditions(yaw_deg=10, pitch_deg=5, roll_deg=3, style="wood")
    scene = render(rng, artwork, conditions).camera_frame
    noises = _noises(rng)
    for number in range(num_frames):
        tremor = np.array([[1, 0, rng.normal(0, 0.7)], [0, 1, rng.normal(0, 0.7)]])
        seen = cv2.warpAffine(scene, tremor, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        yield _with(seen, noises[number % NUM_NOISES])


class _Walker:
    """Somebody in dark or light clothes who crosses the picture, stops, and goes on."""

    def __init__(self, rng: Random) -> None:
        self._height = rng.uniform(0.5, 1.1) * HEIGHT
        self._speed = rng.uniform(-14, 14)
        self._start = rng.uniform(0, WIDTH)
        self._colour = tuple(float(shade) for shade in rng.uniform(20, 200, 3))

    def draw(self, frame: Pixels, step: int) -> None:
        walked = min(step, STANDS) + max(step - LEAVES, 0)
        x, size = self._start + self._speed * walked, self._height
        sway = 0.02 * size * np.sin(step / 3)
        head = (int(x + sway), int(HEIGHT - 0.88 * size))
        cv2.ellipse(
            frame, (int(x), int(HEIGHT - 0.3 * size)), (int(0.17 * size), int(0.48 * size)), 0, 0, 360, self._colour, -1
        )
        cv2.ellipse(frame, head, (int(0.07 * size), int(0.1 * size)), 0, 0, 360, (120, 150, 200), -1)


def _with(frame: cv2.typing.MatLike, noise: Pixels) -> Pixels:
    return np.asarray(cv2.add(frame, noise), np.uint8)


def _noises(rng: Random) -> list[NDArray[np.uint8]]:
    """The sensor's noise, drawn in advance: as differences it would need signs, so it only brightens."""
    return [parts.noisy(rng, np.full((HEIGHT, WIDTH, 3), 6, np.float32), 2.5) for _ in range(NUM_NOISES)]
