"""Abstract pictures painted from an affect, so that training sees the whole space of affects.

A hint is not a promise: what a picture really expresses is measured from it (`art2mus.metrics.affect`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from art2mus.metrics.affect import AFFECT_DIMENSIONS

FloatArray = NDArray[np.float64]
Colour = tuple[int, int, int]

WARM_HUES_DEG, COOL_HUES_DEG = (25.0, 100.0), (140.0, 310.0)


@dataclass(frozen=True)
class Plan:
    """What a hint asks of a picture.

    Attributes:
        palette: Colours from the top of the picture to its bottom.
        num_shapes: How much there is to see.
        shape_size: Typical size of a shape as a share of the picture.
        tilt: How far lines lean from upright and level, 0 to 1.
        rng: What all chance is drawn from.
    """

    palette: tuple[Colour, ...]
    num_shapes: int
    shape_size: float
    tilt: float
    rng: np.random.Generator

    def colour_at(self, height: float) -> Colour:
        """Give a colour for a place between the top (0) and the bottom (1), mostly a neighbour's."""
        place = height * len(self.palette) + self.rng.normal(0.0, 1.5)
        return self.palette[int(np.clip(place, 0, len(self.palette) - 1))]

    def angle(self) -> float:
        """Give a direction in radians: level or upright, or leaning."""
        return float(
            self.rng.integers(2) * pi / 2 + self.tilt * self.rng.choice((-1, 1)) * self.rng.uniform(0.3, 1.0) * pi / 4
        )


def paint(affect_hint: NDArray[np.floating], seed: int, size: int = 256) -> Image.Image:
    """Paint an abstract picture that leans towards an affect.

    Args:
        affect_hint: What it should express, standardised as in `AFFECT_DIMENSIONS`.
        seed: The same seed paints the same picture.
        size: Longest side in pixels.

    Shape: affect_hint (6,).
    """
    hint = dict(zip(AFFECT_DIMENSIONS, np.clip(affect_hint, -3.0, 3.0).tolist(), strict=True))
    rng = np.random.default_rng(seed)
    plan = _plan(hint, rng)
    width, height = ((size, size), (size, round(size * 0.72)), (round(size * 0.72), size))[rng.integers(3)]
    canvas = Image.new("RGB", (width, height), plan.colour_at(rng.uniform()))
    style = STYLES[int(rng.choice(len(STYLES), p=_style_odds(hint)))]
    style(canvas, plan)
    if rng.uniform() < 0.7:
        canvas.paste(_with_grain(canvas, hint, rng))
    softness = float(rng.uniform(0.0, 1.0) * np.clip(1.2 - hint["complexity"], 0.0, 3.0) * size / 256)
    return canvas.filter(ImageFilter.GaussianBlur(softness))


def _with_grain(canvas: Image.Image, hint: dict[str, float], rng: np.random.Generator) -> Image.Image:
    """Lay the uneven light of canvas and brush over flat colours: noise with equal energy in every octave of size."""
    width, height = canvas.size
    noise = np.zeros((height, width))
    for octave in range(2, 8):
        cells = rng.normal(0.0, 1.0, (2**octave, 2**octave)).astype(np.float32)
        noise += np.asarray(Image.fromarray(cells).resize((width, height), Image.Resampling.BICUBIC))
    strength = float(np.clip(7 + 4 * hint["complexity"], 0.0, 18.0) * rng.uniform(0.3, 1.5))
    grained = np.asarray(canvas, dtype=np.float64) + strength * noise[:, :, None]
    return Image.fromarray(np.clip(grained, 0, 255).astype(np.uint8))


def to_rgb(lab: FloatArray) -> NDArray[np.uint8]:
    """Turn CIELAB (D65) into sRGB; what a screen cannot show is clipped.

    Shape: lab (3, ...); result (..., 3).
    Source: the inverse of `art2mus.metrics.picture_affect.to_lab`.
    """
    level = (lab[0] + 16) / 116
    root = np.stack([level + lab[1] / 500, level, level - lab[2] / 200])
    xyz = np.where(root > 6 / 29, root**3, 3 * (6 / 29) ** 2 * (root - 4 / 29))
    xyz = xyz * np.array([0.9505, 1.0, 1.089]).reshape(3, *[1] * (lab.ndim - 1))
    matrix = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
    linear = np.clip(np.tensordot(matrix, xyz, axes=1), 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.moveaxis(np.round(encoded * 255), 0, -1).astype(np.uint8)


def _plan(hint: dict[str, float], rng: np.random.Generator) -> Plan:
    """The relations of `picture_affect`, read backwards."""
    num_colours = int(np.clip(rng.integers(5, 11) + 3 * hint["complexity"], 2, 20))
    middle = 58 + 10 * hint["brightness"] + 6 * hint["valence"] - 8 * hint["weight"]
    spread = np.clip(18 + 6 * hint["complexity"] + 3 * hint["arousal"], 3, 36)
    slope = -12 * hint["weight"] * np.linspace(-1, 1, num_colours)
    lightness = middle + slope + rng.normal(0, spread, num_colours)
    chroma = np.clip(32 + 13 * hint["arousal"] + 8 * hint["valence"], 2, 90) * rng.uniform(0.5, 1.4, num_colours)
    is_warm = rng.uniform(size=num_colours) < 1 / (1 + np.exp(-0.6 - 1.8 * hint["warmth"]))
    warm = WARM_HUES_DEG[0] + (WARM_HUES_DEG[1] - WARM_HUES_DEG[0]) * rng.beta(
        *_yellowness(hint["valence"]), num_colours
    )
    hue = np.deg2rad(np.where(is_warm, warm, rng.uniform(*COOL_HUES_DEG, num_colours)))
    lab = np.stack([np.clip(lightness, 4, 97), chroma * np.cos(hue), chroma * np.sin(hue)])
    return Plan(
        palette=tuple((int(r), int(g), int(b)) for r, g, b in to_rgb(lab)),
        num_shapes=int(np.clip(45 * 2.6 ** (hint["complexity"] + 0.3 * hint["arousal"]), 2, 900)),
        shape_size=float(np.clip(0.13 * 1.5 ** (0.7 * hint["weight"] - hint["complexity"]), 0.02, 0.5)),
        tilt=float(np.clip(0.45 + 0.3 * hint["arousal"] + rng.normal(0, 0.2), 0.0, 1.0)),
        rng=rng,
    )


def _yellowness(valence: float) -> tuple[float, float]:
    """Happy warm colours are yellow, sad ones red and brown: parameters of a beta distribution over the warm hues."""
    lean = 1 / (1 + np.exp(-valence))
    return 0.5 + 3 * lean, 0.5 + 3 * (1 - lean)


def _style_odds(hint: dict[str, float]) -> FloatArray:
    """Colour fields for calm and simple hints, strokes and shards for excited and complex ones."""
    busy = hint["complexity"] + 0.5 * hint["arousal"]
    odds = np.exp(np.array([-busy, -0.5 * busy, 0.0, 0.5 * busy, 0.3 * busy, 0.3 * hint["arousal"], 0.0]))
    result: FloatArray = odds / odds.sum()
    return result


def _fields(canvas: Image.Image, plan: Plan) -> None:
    """Stacked fields with soft edges."""
    width, height = canvas.size
    draw = ImageDraw.Draw(canvas)
    edges = np.sort(plan.rng.uniform(0.05, 0.95, int(np.clip(plan.num_shapes // 12, 1, 12))))
    margin = plan.rng.uniform(0.0, 0.1) * width
    for top, bottom in zip([0.0, *edges], [*edges, 1.0], strict=True):
        box = (
            margin,
            top * height + margin / 2,
            width - margin,
            max(bottom * height - margin / 2, top * height + margin),
        )
        draw.rectangle(box, fill=plan.colour_at((top + bottom) / 2))
    canvas.paste(canvas.filter(ImageFilter.GaussianBlur(width / 60)))


def _landscape(canvas: Image.Image, plan: Plan) -> None:
    """A sky that fades, a sun, hills in front of one another."""
    width, height = canvas.size
    ends = np.array([plan.palette[0], plan.palette[len(plan.palette) // 2]], dtype=np.float64)
    fade = np.linspace(0, 1, height)[:, None, None]
    canvas.paste(
        Image.fromarray(np.broadcast_to(ends[0] * (1 - fade) + ends[1] * fade, (height, width, 3)).astype(np.uint8))
    )
    draw = ImageDraw.Draw(canvas)
    _disc(
        draw,
        plan,
        (plan.rng.uniform(0.1, 0.9) * width, plan.rng.uniform(0.1, 0.4) * height),
        plan.shape_size * width / 2,
    )
    x = np.linspace(0, 1, 48)
    for ground in np.linspace(plan.rng.uniform(0.35, 0.7), 0.92, int(np.clip(plan.num_shapes // 12, 1, 12))):
        bumps = sum(
            plan.rng.normal(0, 0.05 * plan.tilt / k) * np.sin(2 * pi * k * x + plan.rng.uniform(0, 2 * pi))
            for k in (1, 2, 5)
        )
        outline = [(float(u * width), float(v * height)) for u, v in zip(x, ground + bumps, strict=True)]
        draw.polygon([*outline, (width, height), (0, height)], fill=plan.colour_at(ground))


def _circles(canvas: Image.Image, plan: Plan) -> None:
    """Discs and rings over one another, with lines between them."""
    width, height = canvas.size
    draw = ImageDraw.Draw(canvas)
    for _ in range(plan.num_shapes):
        x, y = plan.rng.uniform(0, 1, 2)
        radius = plan.shape_size * plan.rng.lognormal(-0.4, 0.5) * width / 1.5
        _disc(draw, plan, (x * width, y * height), radius)
        if plan.rng.uniform() < plan.tilt / 2:
            _line(draw, plan, (x * width, y * height), 4 * radius, max(1, round(width / 150)))


def _strokes(canvas: Image.Image, plan: Plan) -> None:
    """Short brush strokes that follow a slow field of directions."""
    width, height = canvas.size
    draw = ImageDraw.Draw(canvas)
    turn, phase = plan.rng.uniform(1, 5, 2), plan.rng.uniform(0, 2 * pi, 2)
    length = max(0.03, plan.shape_size / 2) * width
    for _ in range(plan.num_shapes * 8):
        x, y = plan.rng.uniform(0, 1, 2)
        angle = plan.tilt * pi / 2 * (sin(turn[0] * x * pi + phase[0]) + sin(turn[1] * y * pi + phase[1]))
        step = (length * cos(angle) / 2, length * sin(angle) / 2)
        ends = (x * width - step[0], y * height - step[1], x * width + step[0], y * height + step[1])
        draw.line(ends, fill=plan.colour_at(y), width=max(2, round(length / 4)))


def _tiles(canvas: Image.Image, plan: Plan) -> None:
    """A chequered plane of unequal tiles."""
    width, height = canvas.size
    draw = ImageDraw.Draw(canvas)
    count = int(np.clip(round(plan.num_shapes**0.5), 1, 20))
    columns, rows = (np.cumsum(plan.rng.uniform(0.4, 1.6, count)) for _ in range(2))
    columns, rows = np.append(0, columns / columns[-1]) * width, np.append(0, rows / rows[-1]) * height
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            draw.rectangle((left, top, right, bottom), fill=plan.colour_at((top + bottom) / 2 / height))


def _shards(canvas: Image.Image, plan: Plan) -> None:
    """Triangles and beams that lean."""
    width, height = canvas.size
    draw = ImageDraw.Draw(canvas)
    for index in range(plan.num_shapes):
        x, y = plan.rng.uniform(0, 1, 2) * (width, height)
        if index % 3 == 0:
            _line(draw, plan, (x, y), plan.shape_size * 6 * width, max(2, round(plan.shape_size * width / 8)))
            continue
        corners = plan.rng.normal(0, plan.shape_size * width, (3, 2)) + np.array([x, y])
        draw.polygon([(float(u), float(v)) for u, v in corners], fill=plan.colour_at(y / height))


def _waves(canvas: Image.Image, plan: Plan) -> None:
    """Bands of colour that swing, level or upright."""
    width, height = canvas.size
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    angle = plan.angle()
    along, across = x * cos(angle) + y * sin(angle), y * cos(angle) - x * sin(angle)
    swing = 0.12 * plan.tilt * np.sin(2 * pi * plan.rng.uniform(0.5, 4) * along + plan.rng.uniform(0, 2 * pi))
    num_bands = int(np.clip(plan.num_shapes, 2, 60))
    band = np.floor((across + swing + 2) * num_bands).astype(np.int64)
    colours = np.array([plan.colour_at(place % 1.0) for place in np.arange(5 * num_bands) / num_bands], dtype=np.uint8)
    canvas.paste(Image.fromarray(colours[np.clip(band, 0, len(colours) - 1)]))


STYLES: tuple[Callable[[Image.Image, Plan], None], ...] = (
    _fields,
    _landscape,
    _circles,
    _strokes,
    _tiles,
    _shards,
    _waves,
)


def _disc(draw: ImageDraw.ImageDraw, plan: Plan, centre: tuple[float, float], radius: float) -> None:
    box = (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)
    is_ring = plan.rng.uniform() < 0.3
    colour = plan.colour_at(plan.rng.uniform())
    draw.ellipse(box, fill=None if is_ring else colour, outline=colour, width=max(1, round(radius / 5)))


def _line(draw: ImageDraw.ImageDraw, plan: Plan, centre: tuple[float, float], length: float, width: int) -> None:
    angle = plan.angle()
    step = (length * cos(angle) / 2, length * sin(angle) / 2)
    ends = (centre[0] - step[0], centre[1] - step[1], centre[0] + step[0], centre[1] + step[1])
    draw.line(ends, fill=plan.colour_at(plan.rng.uniform()), width=width)
