"""The paper's Table 4 from the answers of a study: printed, and as CSV files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from art2mus.data.tables import write_rows
from art2mus.metrics.bootstrap import Estimate
from art2mus.study.answers import Answers, Question, Record
from art2mus.study.figures import (
    ModelFigures,
    PairFigures,
    agreement,
    model_figures,
    pair_figures,
    ratings_of,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a study has come to so far.

    Attributes:
        records: The confirmed trials of all sessions with sound.
        sessions: How many there are, by state.
        num_listeners: Who confirmed at least one trial.
        num_replays: Starts of a track beyond its first.
        models: Table 4, row by row.
        pairs: Models side by side.
        alpha: Krippendorff's, by question; None where NLTK is not installed.
    """

    records: tuple[Record, ...]
    sessions: Mapping[str, int]
    num_listeners: int
    num_replays: int
    models: tuple[ModelFigures, ...]
    pairs: tuple[PairFigures, ...]
    alpha: Mapping[Question, float] | None


def make_report(answers: Answers, models: Sequence[str]) -> Report:
    """Count and compare; models that nobody heard are left out."""
    records = tuple(record for record in answers.records() if record.is_confirmed)
    heard = {model for record in records for model in (record.trial.first, record.trial.second)}
    names = [model for model in models if model in heard]
    try:
        alpha = agreement(records)
    except ImportError:
        alpha = None
    return Report(
        records=records,
        sessions=answers.count_sessions(),
        num_listeners=len({record.listener for record in records}),
        num_replays=sum(count - 1 for record in records for count in record.plays.values()),
        models=tuple(model_figures(records, model) for model in names),
        pairs=tuple(pair_figures(records, names)),
        alpha=alpha,
    )


def print_report(report: Report, console: Console) -> None:
    """Print everything as tables."""
    table = Table(title="Listeners' ratings (mean, 95 % interval over listeners)", title_justify="left")
    for heading in ("model", "ratings", "quality 1–5", "pertinence 1–5", "fits better"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for row in report.models:
        share = _text(row.preference, as_percent=True)
        table.add_row(row.model, str(row.num_ratings), _text(row.quality), _text(row.pertinence), share)
    console.print(table)
    for pair in report.pairs:
        console.print(_pair_table(pair))
    console.print(_agreement_line(report.alpha))
    states = report.sessions
    console.print(
        f"{report.num_listeners} listeners, {len(report.records)} comparisons, {report.num_replays} replays; sessions: "
        f"{states.get('finished', 0)} finished, {states.get('broken off', 0)} broken off, {states.get('open', 0)} open"
        + (f"; {states['silent']} without sound, not counted" if "silent" in states else "")
    )


def _pair_table(pair: PairFigures) -> Table:
    table = Table(title=f"{pair.one} against {pair.other}", title_justify="left", show_header=False)
    table.add_row(f"{pair.one} fits better", f"{pair.num_preferred} of {pair.num_comparisons}")
    table.add_row("  interval over listeners", _text(pair.preference, as_percent=True))
    table.add_row("  Wilson, answers taken as independent", _text(pair.wilson, as_percent=True))
    table.add_row("sign test over answers", _p(pair.sign_test_p))
    majorities = f"{pair.num_listeners_for} for, {pair.num_listeners_against} against"
    table.add_row("sign test over listeners", f"{_p(pair.listeners_sign_test_p)} ({majorities})")
    table.add_row("difference in quality", _text(pair.quality, has_sign=True))
    table.add_row("difference in pertinence", _text(pair.pertinence, has_sign=True))
    return table


def _agreement_line(alpha: Mapping[Question, float] | None) -> str:
    if alpha is None:
        return "Agreement between listeners: needs NLTK; pip install nltk"
    parts = [f"{question} {_number(value)}" for question, value in alpha.items()]
    return f"Agreement between listeners (Krippendorff's alpha): {', '.join(parts)}"


def _text(estimate: Estimate, *, as_percent: bool = False, has_sign: bool = False) -> str:
    kind = ".1%" if as_percent else "+.2f" if has_sign else ".2f"
    value, *ends = (_number(v, kind) for v in (estimate.value, estimate.low, estimate.high))
    return f"{value} [{ends[0]}, {ends[1]}]" if not math.isnan(estimate.low) else value


def _number(value: float, kind: str = ".2f") -> str:
    return "–" if math.isnan(value) else format(value, kind)


def _p(value: float) -> str:
    return "p < 0.0001" if value < 1e-4 else f"p = {_number(value, '.4f')}"


# ---------------------------------------------------------------- CSV


def write_csv(report: Report, folder: Path) -> list[Path]:
    """Write `ratings.csv` (a line for each track rated), `models.csv`, `pairs.csv` and `agreement.csv`.

    Raises: OSError if that cannot be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables: dict[str, list[dict[str, Any]]] = {
        "ratings": [row for record in report.records for row in _rating_rows(record)],
        "models": [_flat(asdict(figures)) for figures in report.models],
        "pairs": [_flat(asdict(figures)) for figures in report.pairs],
        "agreement": [{"question": q, "krippendorff_alpha": value} for q, value in (report.alpha or {}).items()],
    }
    paths = {folder / f"{name}.csv": rows for name, rows in tables.items() if rows}
    for path, rows in paths.items():
        write_rows(path, list(rows[0]), rows)
    return list(paths)


def _rating_rows(record: Record) -> Iterable[dict[str, Any]]:
    for track, rating in enumerate(ratings_of(record), start=1):
        yield {
            "listener": record.listener,
            "position": record.position + 1,
            "artwork": rating.artwork,
            "model": rating.model,
            "track": "AB"[track - 1],
            "quality": rating.quality,
            "pertinence": rating.pertinence,
            "is_preferred": int(rating.is_preferred),
            "plays": record.plays.get(track, 0),
        }


def _flat(figures: dict[str, Any]) -> dict[str, Any]:
    """An estimate becomes three columns: NAME, NAME_low and NAME_high."""
    flat: dict[str, Any] = {}
    for name, value in figures.items():
        if isinstance(value, dict):
            flat |= {name: value["value"], f"{name}_low": value["low"], f"{name}_high": value["high"]}
        else:
            flat[name] = value
    return flat
