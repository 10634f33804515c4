"""Rendered rooms with a painting on the wall, and the truth about where it hangs.

The painting and its wall are one plane before a camera with square pixels; what the lens, the light and people do to
the picture comes on top. The same generator gives the same scene.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from art2mus.images import load_artwork
from tests import scenes_parts as parts
from tests.scenes_parts import Pixels, Random

WIDTH, HEIGHT = 1280, 720
FOCAL_LENGTH = 1.0
"""In picture widths."""
Corners = NDArray[np.float32]


@dataclass(frozen=True)
class Conditions:
    """How a painting hangs, and how it is seen.

    Attributes:
        yaw_deg: The camera stands so far to the side.
        pitch_deg: So far below or above.
        roll_deg: And is held at such a slant.
        share: Of the picture's width or height, whichever is fuller, that the painting takes.
        style: Of the frame; see `scenes_parts.framed`.
        gradient: How much the light differs from the middle to the sides.
        exposure: By what it is multiplied.
        has_glare: A lamp is reflected in the painting.
        noise: Of the sensor, in steps of 255.
        blur_px: Way of the picture while the shutter is open.
        has_hand: A hand is before the painting.
        has_neighbour: Another painting hangs beside it.
        place: Of its middle in the picture, from -1 to 1, as far as there is room.
    """

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    share: float = 0.6
    style: str = "wood"
    gradient: float = 0.1
    exposure: float = 1.0
    has_glare: bool = False
    noise: float = 2.0
    blur_px: int = 0
    has_hand: bool = False
    has_neighbour: bool = False
    place: tuple[float, float] = (0.0, 0.0)

    @property
    def angle_deg(self) -> float:
        """Between the camera's axis and the wall's normal."""
        cosine = np.cos(np.radians(self.yaw_deg)) * np.cos(np.radians(self.pitch_deg))
        return float(np.degrees(np.arccos(cosine)))


def draw_conditions(rng: Random, max_angle_deg: float = 40.0) -> Conditions:
    """Draw conditions as they are met with; each difficulty in a part of the scenes, some together."""
    angle, direction = max_angle_deg * np.sqrt(rng.uniform()), rng.uniform(0, 2 * np.pi)
    return Conditions(
        yaw_deg=float(angle * np.cos(direction)),
        pitch_deg=float(angle * np.sin(direction) / 2),
        roll_deg=float(rng.uniform(-20, 20)),
        share=float(rng.uniform(0.15, 0.9)),
        style=str(rng.choice(["wood", "gilded", "thin", "mount", "white"], p=[0.3, 0.2, 0.2, 0.2, 0.1])),
        gradient=float(rng.uniform(0, 0.35)),
        exposure=float(rng.uniform(0.6, 1.1)),
        has_glare=bool(rng.uniform() < 0.15),
        noise=float(rng.uniform(1, 6)),
        blur_px=int(rng.integers(3, 10)) if rng.uniform() < 0.15 else 0,
        has_hand=bool(rng.uniform() < 0.1),
        has_neighbour=bool(rng.uniform() < 0.2),
        place=(float(rng.uniform(-0.8, 0.8)), float(rng.uniform(-0.8, 0.8))),
    )


@dataclass(frozen=True, eq=False)
class Scene:
    """A camera's picture and the truth about it.

    Attributes:
        camera_frame: (HEIGHT, WIDTH, 3) BGR.
        corners: Of the painting, in pixels; None where there is none.
        aspect: Width of the painting for its height.
        conditions: How it was rendered.
    """

    camera_frame: Pixels
    corners: Corners | None
    aspect: float
    conditions: Conditions


def read_artwork(path: Path) -> Pixels:
    """Read a picture as BGR, without the margin of its paper, which nobody could tell from a passe-partout."""
    picture = np.asarray(cv2.cvtColor(np.asarray(load_artwork(path)), cv2.COLOR_RGB2BGR), np.uint8)
    for _ in range(4):
        is_paper = (picture.min(axis=2) > 190).mean(axis=1) > 0.93
        first = int(np.argmin(is_paper)) if is_paper[0] else 0
        picture = np.ascontiguousarray(np.rot90(picture[first:]))
    return picture


def render(rng: Random, artwork: Pixels, conditions: Conditions, neighbour: Pixels | None = None) -> Scene:
    """Hang an artwork on a wall and take its picture.

    Args:
        rng: Draws what the conditions leave open.
        artwork: What hangs there.
        conditions: How.
        neighbour: What hangs beside it, if the conditions want that.
    """
    height, width = artwork.shape[:2]
    to_frame, corners = truth(artwork, conditions)
    picture = _wall(rng, to_frame, max(width, height))
    if conditions.has_neighbour and neighbour is not None:
        _hang(rng, picture, _beside(rng, to_frame, artwork, neighbour, corners), neighbour, "wood")
    _hang(rng, picture, to_frame, artwork, conditions.style)
    return Scene(_seen(rng, picture, conditions, corners), corners, width / height, conditions)


def truth(artwork: Pixels, conditions: Conditions) -> tuple[NDArray[np.float64], Corners]:
    """Say where an artwork is seen: the homography from its pixels to the camera's, and its corners there."""
    height, width = artwork.shape[:2]
    to_frame = _camera(conditions, width, height)
    return to_frame, _moved(to_frame, np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32))


def render_wall(rng: Random, conditions: Conditions) -> Scene:
    """Take the picture of a wall with nothing on it, or with its foot and the floor."""
    to_frame = _camera(replace(conditions, share=0.6), 1000, 700)
    picture = _wall(rng, to_frame, 1000)
    if rng.uniform() < 0.5:
        foot = _moved(to_frame, np.array([(-8500, 900), (9500, 900)], np.float32))
        foot = foot if np.abs(foot).max() < 1e5 else np.array([(0, 650), (WIDTH, 650)])
        outline = np.array([foot[0], foot[1], (foot[1][0], 9000), (foot[0][0], 9000)])
        cv2.fillConvexPoly(picture, outline.astype(np.int32), tuple(rng.uniform(40, 160, 3).tolist()), cv2.LINE_AA)
    middle = np.array([(0.4 * WIDTH, 0.4 * HEIGHT), (0.6 * WIDTH, 0.6 * HEIGHT)] * 2, np.float32)
    return Scene(_seen(rng, picture, conditions, middle), None, 1.0, conditions)


def _camera(conditions: Conditions, width: float, height: float) -> NDArray[np.float64]:
    """From pixels of the artwork to pixels of the camera: the homography of its plane."""
    yaw, pitch, roll = np.radians([conditions.yaw_deg, conditions.pitch_deg, conditions.roll_deg])
    turned = _turn(2, roll) @ _turn(0, pitch) @ _turn(1, yaw)
    focal = FOCAL_LENGTH * WIDTH
    lens = np.array([[focal, 0, WIDTH / 2], [0, focal, HEIGHT / 2], [0, 0, 1]])
    centring = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    outline = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    away = np.array([0, 0, focal * max(width / WIDTH, height / HEIGHT) / conditions.share])
    for _ in range(12):
        plane = np.column_stack([turned[:, 0], turned[:, 1], away])
        homography = lens @ plane @ centring
        seen = _moved(homography, outline)
        extent = np.ptp(seen, axis=0) / (WIDTH, HEIGHT)
        away[2] *= (extent.max() / conditions.share) ** 0.9
        room = np.maximum(0.94 - extent, 0) / 2 * (WIDTH, HEIGHT) * conditions.place
        middle = (seen.max(axis=0) + seen.min(axis=0)) / 2
        away[:2] += (np.array([WIDTH, HEIGHT]) / 2 + room - middle) * away[2] / focal
    return np.asarray(homography, np.float64)


def _turn(axis: int, angle: float) -> NDArray[np.float64]:
    rotation = np.zeros(3)
    rotation[axis] = angle
    return np.asarray(cv2.Rodrigues(rotation)[0], np.float64)


def _moved(homography: NDArray[np.float64], points: Corners) -> Corners:
    return np.asarray(cv2.perspectiveTransform(points[None].astype(np.float64), homography)[0], np.float32)


def _wall(rng: Random, to_frame: NDArray[np.float64], side: float) -> NDArray[np.float32]:
    scale = side * rng.uniform(0.4, 0.8) / parts.TEXTURE_SIDE
    texture = parts.wall(rng).astype(np.float32)
    flags = cv2.INTER_LINEAR
    return np.asarray(
        cv2.warpPerspective(
            texture, to_frame @ np.diag([scale, scale, 1]), (WIDTH, HEIGHT), flags=flags, borderMode=cv2.BORDER_WRAP
        ),
        np.float32,
    )


def _hang(
    rng: Random, picture: NDArray[np.float32], to_frame: NDArray[np.float64], artwork: Pixels, style: str
) -> None:
    """Draw artwork and frame over the wall, with the shadow they throw."""
    whole, border = parts.framed(rng, artwork, style)
    height, width = whole.shape[:2]
    drop = 0.02 * min(width, height)
    shift = to_frame @ np.array([[1, 0, -border], [0, 1, -border], [0, 0, 1]], np.float64)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    shadow = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillConvexPoly(shadow, _moved(shift, corners + drop).astype(np.int32), 255)
    scale = np.sqrt(cv2.contourArea(_moved(shift, corners)) / (width * height))
    darkness = cv2.GaussianBlur(shadow, (0, 0), max(1.0, drop * scale)).astype(np.float32) / 255
    picture *= 1 - rng.uniform(0.1, 0.4) * darkness[..., None]
    if scale < 0.7:  # as a lens does; warping alone would skip pixels
        whole = np.asarray(cv2.GaussianBlur(whole, (0, 0), 0.45 / scale), np.uint8)
    mask = np.full((height, width), 1, np.float32)
    covers = cv2.warpPerspective(mask, shift, (WIDTH, HEIGHT))[..., None]
    picture *= 1 - covers
    picture += covers * cv2.warpPerspective(whole, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)


def _beside(
    rng: Random, to_frame: NDArray[np.float64], artwork: Pixels, neighbour: Pixels, corners: Corners
) -> NDArray[np.float64]:
    """Where the neighbour hangs: on the side where there is more wall, somewhat smaller, further from the middle."""
    height, width = artwork.shape[:2]
    scale = rng.uniform(0.5, 0.8) * min(height / neighbour.shape[0], width / neighbour.shape[1])
    gap = width * rng.uniform(0.35, 0.6)
    is_right = corners[:, 0].mean() < WIDTH / 2
    left = width + gap if is_right else -gap - scale * neighbour.shape[1]
    top = (height - scale * neighbour.shape[0]) * rng.uniform(0.2, 0.8)
    return np.asarray(to_frame @ np.array([[scale, 0, left], [0, scale, top], [0, 0, 1]]), np.float64)


def _seen(rng: Random, picture: NDArray[np.float32], conditions: Conditions, corners: Corners) -> Pixels:
    """What light, people and the camera make of it."""
    weights = rng.dirichlet(np.ones(4))
    spot, extent = (weights @ corners).astype(np.float64), float(np.ptp(corners, axis=0).min())
    parts.lit(rng, picture, conditions.gradient)
    picture *= conditions.exposure
    if conditions.has_glare:
        parts.glare(rng, picture, spot, rng.uniform(0.06, 0.18) * extent)
    if conditions.has_hand:
        parts.hand(
            rng, picture, (rng.dirichlet(np.ones(4)) @ corners).astype(np.float64), rng.uniform(0.15, 0.3) * extent
        )
    np.clip(picture, 0, 255, out=picture)
    return parts.noisy(rng, parts.moved(picture, conditions.blur_px, rng.uniform(0, np.pi)), conditions.noise)
