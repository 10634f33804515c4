"""A histogram as a picture: how the similarity of the pairs of one or two sets is distributed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1280, 720
"""In pixels."""
LEFT, RIGHT, TOP, BOTTOM = 110, 40, 70, 90
"""Room around the axes (pixels)."""
NUM_BINS = 60
OVERSAMPLING = 2
"""Pillow draws without smoothing: drawn larger, then reduced."""

GROUND, INK, FAINT = (255, 255, 255), (34, 34, 34), (214, 214, 214)
COLOURS = ((0, 90, 160, 150), (213, 94, 0, 150))
"""Blue and orange that the colour-blind tell apart, seen through each other. Source: Okabe & Ito 2008."""
_TICK_STEPS = (1.0, 2.0, 5.0, 10.0)

Values = NDArray[np.float32]


def draw_histogram(sets: Mapping[str, Values], axis: str) -> Image.Image:
    """Draw how the values of sets are distributed, with the average of each as a line.

    Args:
        sets: By what they are called, at most two; none of them is empty.
        axis: What the values are.

    Shape: each (n,).
    """
    everything = np.concatenate(list(sets.values()))
    edges = np.histogram_bin_edges(everything, NUM_BINS)
    counts = {name: np.histogram(values, edges)[0] for name, values in sets.items()}
    plot = _Plot(edges[0], edges[-1], max(int(each.max()) for each in counts.values()))
    plot.axes(axis)
    for number, (name, values) in enumerate(sets.items()):
        colour = COLOURS[number % len(COLOURS)]
        plot.bars(edges, counts[name], colour)
        plot.average(float(values.mean()), colour)
        plot.legend(number, f"{name} (n = {len(values):,}, average {values.mean():.4f})", colour)
    return plot.picture()


class _Plot:
    """Axes from one value to another and from zero to the highest bar, in pixels of the large drawing."""

    def __init__(self, lowest: float, highest: float, most: int) -> None:
        self._lowest, self._highest, self._most = lowest, highest, most * 1.05
        self._image = Image.new("RGB", (WIDTH * OVERSAMPLING, HEIGHT * OVERSAMPLING), GROUND)
        self._pen = ImageDraw.Draw(self._image, "RGBA")
        self._font = ImageFont.load_default(20 * OVERSAMPLING)

    def picture(self) -> Image.Image:
        return self._image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)

    def axes(self, name: str) -> None:
        for count in _ticks(0.0, self._most):
            self._line([(LEFT, self._y(count)), (WIDTH - RIGHT, self._y(count))], FAINT)
            self._text((LEFT - 12, self._y(count)), f"{count:,.0f}" if count >= 1 or not count else f"{count:g}", "rm")
        for value in _ticks(self._lowest, self._highest):
            self._line([(self._x(value), self._y(0)), (self._x(value), self._y(0) + 6)], INK)
            self._text((self._x(value), self._y(0) + 12), f"{value:g}", "mt")
        self._line([(LEFT, self._y(0)), (WIDTH - RIGHT, self._y(0))], INK)
        self._text(((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14), name, "mb")

    def bars(self, edges: NDArray[np.float64], counts: NDArray[np.int64], colour: tuple[int, ...]) -> None:
        for left, right, count in zip(edges[:-1], edges[1:], counts, strict=True):
            if count:
                box = (self._x(left), self._y(count), self._x(right) - 1, self._y(0))
                self._pen.rectangle([side * OVERSAMPLING for side in box], fill=colour)

    def average(self, value: float, colour: tuple[int, ...]) -> None:
        self._line([(self._x(value), TOP), (self._x(value), self._y(0))], colour[:3], width=2)

    def legend(self, number: int, text: str, colour: tuple[int, ...]) -> None:
        left, top = LEFT + 10, 10 + 26 * number
        self._pen.rectangle([side * OVERSAMPLING for side in (left, top, left + 18, top + 18)], fill=colour)
        self._text((left + 28, top + 9), text, "lm")

    def _x(self, value: float) -> float:
        return LEFT + (value - self._lowest) / (self._highest - self._lowest) * (WIDTH - LEFT - RIGHT)

    def _y(self, count: float) -> float:
        return HEIGHT - BOTTOM - count / self._most * (HEIGHT - TOP - BOTTOM)

    def _line(self, points: list[tuple[float, float]], colour: tuple[int, ...], width: int = 1) -> None:
        large = [(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in points]
        self._pen.line(large, fill=colour, width=width * OVERSAMPLING)

    def _text(self, place: tuple[float, float], text: str, anchor: str) -> None:
        x, y = place
        self._pen.text((x * OVERSAMPLING, y * OVERSAMPLING), text, fill=INK, font=self._font, anchor=anchor)


def _ticks(lowest: float, highest: float) -> list[float]:
    """Round values within a range, about six.

    >>> _ticks(0.15, 0.47)
    [0.2, 0.25, 0.3, 0.35, 0.4, 0.45]
    """
    rough = (highest - lowest) / 7
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(step for step in _TICK_STEPS if step * power >= rough) * power
    first = int(np.ceil(lowest / step - 1e-9))
    return [round(float(number * step), 10) for number in range(first, int(np.floor(highest / step + 1e-9)) + 1)]
