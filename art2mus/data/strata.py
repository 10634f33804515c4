"""Draw a part of a collection that has the same make-up as the whole: its styles, and its genres."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

Cell = tuple[str, str]
"""A style and a genre; empty where it is not known, which counts as one of its own."""
IntArray = NDArray[np.int64]

_TIE_BREAK = 1e-6


def draw(cells: Mapping[str, Cell], count: int, seed: int, keeps_rare_styles: bool = True) -> list[str]:
    """Draw items so that every style and every genre has its share of them.

    The same seed draws the same items, in whatever order they are given.

    Args:
        cells: Style and genre of every item.
        count: How many to draw; all of them if there are no more.
        seed: Of the draw.
        keeps_rare_styles: A style whose share is less than one item has one nevertheless, if `count` allows for one of
            every style.

    Returns: The items drawn, sorted.
    """
    rng = np.random.default_rng(seed)
    waiting = dict(sorted(cells.items()))
    count = min(count, len(waiting))
    drawn: list[str] = []
    if keeps_rare_styles and count >= len({style for style, _ in waiting.values()}):
        while rare := _rare_style(waiting, count - len(drawn)):
            drawn.append(rare[rng.integers(len(rare))])
            for item in rare:
                del waiting[item]
    members = defaultdict(list)
    for item, cell in waiting.items():
        members[cell].append(item)
    quotas = allocate(Counter(waiting.values()), count - len(drawn), rng)
    for cell, quota in sorted(quotas.items()):
        drawn += rng.permutation(members[cell])[:quota].tolist()
    return sorted(drawn)


def allocate(counts: Mapping[Cell, int], total: int, rng: np.random.Generator) -> dict[Cell, int]:
    """Divide a total among cells by their counts: the largest remainders are rounded up.

    They are so under the condition that every style and every genre as a whole comes to its exact share, rounded up or
    down, as well. Without it, a genre that is rare in every style would be rounded away everywhere.

    Args:
        counts: How many items every cell has.
        total: What to divide, no more than all items.
        rng: Decides between equal remainders.

    Returns: For every cell its exact share, rounded up or down; together they make the total.
    Source: controlled rounding, Cox 1987, J. Am. Stat. Assoc. 82; that it is always possible, Bacharach 1966, Manage.
        Sci. 12.
    """
    cells = sorted(counts)
    num_items = sum(counts.values())
    if not num_items:
        return {}
    shares = np.array([counts[cell] * total for cell in cells], dtype=np.int64)
    rounded_down, remainders = shares // num_items, shares % num_items
    groups = [*_members(cells, place=0), *_members(cells, place=1), np.ones(len(cells), dtype=np.int64)]
    missing = np.array([group @ shares for group in groups]) / num_items - [group @ rounded_down for group in groups]
    solution = milp(
        -(remainders / num_items + _TIE_BREAK * rng.uniform(size=len(cells))),
        integrality=np.ones(len(cells)),
        bounds=Bounds(0, (remainders > 0).astype(np.float64)),
        constraints=LinearConstraint(np.array(groups), np.floor(missing + 1e-9), np.ceil(missing - 1e-9)),
    )
    rounded_up = np.rint(solution.x).astype(np.int64)
    return dict(zip(cells, (rounded_down + rounded_up).tolist(), strict=True))


def _members(cells: list[Cell], place: int) -> list[IntArray]:
    """For every style (place 0) or genre (place 1): which cells are its own, as zeros and ones."""
    names = sorted({cell[place] for cell in cells})
    return [np.array([cell[place] == name for cell in cells], dtype=np.int64) for name in names]


def _rare_style(cells: Mapping[str, Cell], count: int) -> list[str]:
    """The items of the rarest style, if its share of the count is less than one; else nothing."""
    sizes = Counter(style for style, _ in cells.values())
    rarest = min(sorted(sizes), key=sizes.__getitem__, default="")
    if sizes[rarest] * count >= len(cells):
        return []
    return [item for item, (style, _) in cells.items() if style == rarest]
