"""The figures of an evaluation as tables, which the terminal and the report show alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from art2mus.evaluation.scores import AFFECT_RANK, HIGHER_IS_BETTER, IBSC_RANK, PER_PAIR, Scores
from art2mus.metrics.affect import AFFECT_DIMENSIONS
from art2mus.metrics.bootstrap import Estimate

NOTHING = "–"
PUBLISHED_COLUMNS = ("FAD ↓", "KL ↓", "IBSc artwork–generated ↑", "IBSc truth–generated ↑")
PUBLISHED = {
    "Art2Mus": ("22", ".002285", "−.000474", ".100854"),
    "Art2Mus-4": ("21", ".003082", ".007739", ".102437"),
    "AudioLDM 2": ("20", ".004107", ".097634", ".232370"),
    "AudioLDM 2-Music": ("21", ".005168", ".083886", ".220064"),
}
"""Source: Rinaldi et al. 2024, arXiv 2410.04906, table 3."""


@dataclass(frozen=True)
class Table:
    """Cells as text; the first column says what a row is about."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def tables_of(scores: Scores, *, has_published: bool) -> list[Table]:
    """Lay out all there is: the main table, the affect by dimension and, if asked for, the published figures."""
    names = list(dict.fromkeys(name for row in scores.figures.values() for name in row))
    today = [name for name in names if not name.endswith(PER_PAIR)]
    note = "Each figure with its 95 % interval, by drawing artworks again; for distances, by drawing clips."
    if not {AFFECT_RANK, IBSC_RANK}.isdisjoint(names):
        note += f" By chance the rank of the own artwork is {(scores.num_items + 1) / 2:.4g} of {scores.num_items}, "
        note += f"R@5 is {min(1.0, 5 / scores.num_items):.2g}."
    tables = [_figures("Scores", scores, today, note)]
    if scores.affects:
        tables.append(_affect(scores))
    if has_published:
        by_pair = [name for name in names if name.endswith(PER_PAIR)]
        note = (
            "Computed as in the published code, for each pair alone and averaged: only for comparing with its tables."
        )
        tables += [_figures("Scores as published", scores, by_pair, note), _published()]
    return tables


def in_words(estimate: Estimate | None) -> str:
    """Give a figure with its interval, if it has one.

    >>> in_words(Estimate(0.25, 0.125, 0.5, 40)), in_words(None)
    ('0.25 (0.125 to 0.5)', '–')
    """
    if estimate is None:
        return NOTHING
    interval = "" if math.isnan(estimate.low) else f" ({_number(estimate.low)} to {_number(estimate.high)})"
    return f"{_number(estimate.value)}{interval}"


def _number(value: float) -> str:
    """Three digits; what differs from zero by rounding alone is zero."""
    return f"{round(value, 9) + 0.0:.3g}"


def _figures(title: str, scores: Scores, names: Sequence[str], note: str) -> Table:
    columns = tuple(f"{name} {'↑' if name in HIGHER_IS_BETTER else '↓'}" for name in names)
    rows = [(condition, *(in_words(row.get(name)) for name in names)) for condition, row in scores.figures.items()]
    return Table(f"{title} ({scores.num_items} pairs)", ("", *columns), tuple(rows), note)


def _affect(scores: Scores) -> Table:
    rows = [
        (condition, *(in_words(each.correlation[name]) for name in AFFECT_DIMENSIONS), f"{each.retrieval.p_value:.4f}")
        for condition, each in scores.affects.items()
    ]
    note = "Rank correlation of the artworks' affect with that of the music; p: as good a rank of the own artwork by "
    note += "chance. A model that sees the affect itself is judged here by what it was given."
    return Table("Affect, asked for and heard", ("", *AFFECT_DIMENSIONS, "p"), tuple(rows), note)


def _published() -> Table:
    rows = tuple((name, *cells) for name, cells in PUBLISHED.items())
    note = "Table 3 of Rinaldi et al. 2024, arXiv 2410.04906: other artworks, tracks and weights than here."
    return Table("For comparison, from the paper", ("", *PUBLISHED_COLUMNS), rows, note)
