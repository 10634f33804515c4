"""What scenes are made of: walls, frames, light, glare, hands. All of it drawn from a generator."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Random = np.random.Generator

TEXTURE_SIDE = 512


def clouds(rng: Random, side: int, octaves: tuple[int, ...]) -> NDArray[np.float32]:
    """Smooth noise of several coarsenesses that can be tiled, with mean 0 and deviation 1."""
    total = np.zeros((side, side), np.float32)
    for cells in octaves:
        grid = rng.standard_normal((cells, cells)).astype(np.float32)
        tiled = cv2.copyMakeBorder(grid, 2, 2, 2, 2, cv2.BORDER_WRAP)
        step = side // cells
        large = cv2.resize(tiled, ((cells + 4) * step,) * 2, interpolation=cv2.INTER_CUBIC)
        total += large[2 * step : 2 * step + side, 2 * step : 2 * step + side] / np.sqrt(cells)
    return np.asarray((total - total.mean()) / max(float(total.std()), 1e-6), np.float32)


def wall(rng: Random) -> Pixels:
    """Plaster, fabric, brick or boards, as a texture that can be tiled.

    Shape: (TEXTURE_SIDE, TEXTURE_SIDE, 3).
    """
    shade = rng.uniform(90, 225)
    colour = np.clip(shade + rng.normal(0, 14, 3), 40, 240)
    kind = rng.choice(["plaster", "fabric", "brick", "boards"], p=[0.55, 0.2, 0.15, 0.1])
    relief = clouds(rng, TEXTURE_SIDE, (8, 32, 128)) * rng.uniform(1, 5)
    if kind == "fabric":
        weave = np.sin(np.arange(TEXTURE_SIDE) * 2 * np.pi / 8)
        relief += (weave[:, None] + weave) * rng.uniform(1, 4)
    elif kind == "brick":
        relief += _joints(rng, row=32, brick=64) * rng.uniform(8, 22)
    elif kind == "boards":
        seams = (np.arange(TEXTURE_SIDE) % 128 < 3).astype(np.float32)
        relief = relief - seams * rng.uniform(10, 35)
    return np.clip(colour + relief[..., None], 0, 255).astype(np.uint8)


def _joints(rng: Random, row: int, brick: int) -> NDArray[np.float32]:
    relief = np.zeros((TEXTURE_SIDE, TEXTURE_SIDE), np.float32)
    for number, top in enumerate(range(0, TEXTURE_SIDE, row)):
        relief[top : top + row] += np.repeat(rng.normal(0, 0.4, TEXTURE_SIDE // brick), brick)
        relief[top : top + row] = np.roll(relief[top : top + row], brick // 2 * (number % 2), axis=1)
        relief[top : top + 3] -= 1
        for left in range(brick // 2 * (number % 2), TEXTURE_SIDE, brick):
            relief[top : top + row, left : left + 3] -= 1
    return relief


def framed(rng: Random, artwork: Pixels, style: str) -> tuple[Pixels, int]:
    """Put a frame around an artwork; also says how wide it is on each side.

    Args:
        rng: Draws colours and widths.
        artwork: What is framed.
        style: "wood", "gilded", "thin", "mount" (frame and passe-partout), "white" (white passe-partout and a hint of
            a frame), "none".
    """
    side = min(artwork.shape[:2])
    widths = {
        "wood": (0.05, 0.1),
        "gilded": (0.1, 0.2),
        "thin": (0.015, 0.03),
        "mount": (0.02, 0.05),
        "white": (0.008, 0.012),
    }
    if style == "none":
        return artwork, 0
    picture = artwork
    if style in ("mount", "white"):
        mount = round(side * rng.uniform(0.08, 0.22))
        paper = np.clip(rng.uniform(225, 250) + rng.normal(0, 3, 3), 0, 255)
        picture = _bordered(picture, mount, paper)
    width = max(2, round(side * rng.uniform(*widths[style])))
    colours = {"gilded": (60, 130, 170), "white": (228, 230, 230)}
    colour = np.array(colours.get(style, rng.choice([(25, 25, 28), (40, 60, 95), (70, 100, 140), (210, 215, 215)])))
    picture = _bordered(picture, width, np.clip(colour + rng.normal(0, 8, 3), 0, 255))
    _profile(rng, picture, width, rng.uniform(4, 40 if style == "gilded" else 15))
    return picture, (picture.shape[1] - artwork.shape[1]) // 2


def no_artwork(rng: Random) -> Pixels:
    """What has four corners and hangs or stands at a wall, and is no artwork: a door, or what an empty frame shows."""
    colour = np.clip(rng.uniform(60, 235) + rng.normal(0, 14, 3), 30, 245)
    if rng.uniform() < 0.5:
        picture = np.full((int(rng.integers(240, 480)), int(rng.integers(240, 480)), 3), colour)
        return np.clip(picture + rng.normal(0, 1, picture.shape), 0, 255).astype(np.uint8)
    door = np.full((640, 300, 3), colour, np.uint8)
    for top, bottom in ((40, 280), (330, 600)):
        _panel(rng, door[top:bottom, 40:260])
    cv2.circle(door, (275, 320), 9, (70, 110, 130), -1, cv2.LINE_AA)
    return door


def _panel(rng: Random, part: Pixels) -> None:
    """A sunken panel: what looks up is bright, what looks down is dark."""
    _profile(rng, part, 8, rng.uniform(10, 30))


def _bordered(picture: Pixels, width: int, colour: NDArray[np.float64]) -> Pixels:
    return np.asarray(
        cv2.copyMakeBorder(picture, *(width,) * 4, cv2.BORDER_CONSTANT, value=[float(each) for each in colour]),
        np.uint8,
    )


def _profile(rng: Random, picture: Pixels, width: int, depth: float) -> None:
    """Light from above on mouldings that run along the frame."""
    height, breadth = picture.shape[:2]
    phase = rng.uniform(0, 2 * np.pi)
    for ring in range(width):
        light = depth * np.sin(phase + 2 * np.pi * 1.5 * ring / width)
        for edge, gain in (
            (np.s_[ring, ring : breadth - ring], 1.0),
            (np.s_[ring : height - ring, ring], 0.5),
            (np.s_[height - 1 - ring, ring : breadth - ring], -1.0),
            (np.s_[ring : height - ring, breadth - 1 - ring], -0.5),
        ):
            picture[edge] = np.clip(picture[edge] + gain * light, 0, 255)


def lit(rng: Random, picture: NDArray[np.float32], strength: float) -> None:
    """Multiply by light that is stronger on one side, and coloured a little."""
    height, width = picture.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    across = np.linspace(-1, 1, width, dtype=np.float32) * np.cos(angle)
    down = np.linspace(-1, 1, height, dtype=np.float32) * np.sin(angle)
    picture *= (1 + strength * (across + down[:, None]))[..., None]
    picture *= (1 + rng.normal(0, 0.04, 3)).astype(np.float32)


def glare(rng: Random, picture: NDArray[np.float32], middle: NDArray[np.float64], radius: float) -> None:
    """Add the reflection of a lamp."""
    height, width = picture.shape[:2]
    across = ((np.arange(width) - middle[0]) / (radius * rng.uniform(0.6, 1.6))).astype(np.float32)
    down = ((np.arange(height) - middle[1]) / (radius * rng.uniform(0.6, 1.6))).astype(np.float32)
    picture += (rng.uniform(150, 400) * np.exp(-(across**2 + down[:, None] ** 2)))[..., None].astype(np.float32)


def hand(rng: Random, picture: NDArray[np.float32], tip: NDArray[np.float64], width: float) -> None:
    """Draw a hand with an arm that reaches in from below, pointing at `tip`."""
    tone = np.array(rng.choice([(150, 180, 225), (110, 140, 190), (60, 85, 125)]), np.float64) * rng.uniform(0.85, 1.1)
    colour = tuple(float(each) for each in tone)
    lean = rng.uniform(-0.5, 0.5)
    palm = tip + width * np.array([lean, 1.6])
    wrist = tip + np.array([lean * 3 * width, 2 * picture.shape[0]])
    cv2.line(picture, _point(palm), _point(wrist), colour, int(0.7 * width), cv2.LINE_AA)
    cv2.ellipse(picture, _point(palm), _point((0.55 * width, 0.7 * width)), 0, 0, 360, colour, -1, cv2.LINE_AA)
    for finger in np.linspace(-0.4, 0.4, 4):
        end = tip + width * np.array([finger, abs(finger)])
        cv2.line(picture, _point(palm), _point(end), colour, max(2, int(0.24 * width)), cv2.LINE_AA)


def _point(where: Iterable[float]) -> tuple[int, ...]:
    return tuple(int(each) for each in where)


def moved(picture: NDArray[np.float32], length: int, angle: float) -> NDArray[np.float32]:
    """Blur as a camera does that moves while the shutter is open."""
    if length < 2:
        return picture
    kernel = np.zeros((length, length), np.float32)
    middle = (length - 1) / 2
    step = np.array([np.cos(angle), np.sin(angle)]) * middle
    ends = [tuple(np.round(middle + sign * step).astype(int).tolist()) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.float32)


def noisy(rng: Random, picture: NDArray[np.float32], sigma: float) -> Pixels:
    """Add the sensor's noise, and count in whole steps."""
    cv2.setRNGSeed(int(rng.integers(2**31)))
    noise = cv2.randn(np.empty_like(picture), np.zeros(3), np.full(3, sigma))
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)
