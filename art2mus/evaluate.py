"""`python -m art2mus.evaluate CONFIG`: make music for the artworks of a test, judge it, and report."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import art2mus
from art2mus.evaluation.settings import EvaluateSettings
from art2mus.exit_codes import FAILED, exit_code

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

if TYPE_CHECKING:
    from art2mus.evaluation.tables import Table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns: Exit code: 0; 2 for a mistake in what was given, or if a metric had to be left out, though the others
        were computed; 130 when interrupted.
    """
    parser = argparse.ArgumentParser(prog="python -m art2mus.evaluate", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("config", type=Path, help="a YAML such as configs/evaluate-mini.yaml")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--paper", action="store_true", help="add the figures as published, pair by pair")
    options = parser.parse_args(arguments)

    from art2mus.data.tables import DataError
    from art2mus.images import UnreadableImageError
    from art2mus.models import ModelMissingError
    from art2mus.strict_yaml import ConfigError, load
    from art2mus.whole_files import FolderInUseError, sole_run

    def run() -> int:
        settings = load(options.config, EvaluateSettings, options.overrides)
        with sole_run(settings.output):
            return evaluate(settings, has_published=options.paper)

    return exit_code(run, ConfigError, DataError, FolderInUseError, ModelMissingError, UnreadableImageError)


def evaluate(settings: EvaluateSettings, *, has_published: bool) -> int:
    """Make what is missing, judge everything, write `scores.json` and `report.html`; returns the exit code.

    Raises: DataError, ModelMissingError, UnreadableImageError.
    """
    from art2mus.evaluation.clips import make_clips, plan_clips, sound_path
    from art2mus.evaluation.items import load_items
    from art2mus.evaluation.report import write_report
    from art2mus.evaluation.scores import score, with_truths
    from art2mus.evaluation.tables import tables_of
    from art2mus.whole_files import whole_file

    # 1. Which pairs, and which clips
    items = load_items(settings)
    orders = plan_clips(settings, items)
    folder = settings.output / "clips"

    # 2. Make the music
    make_clips(orders, folder, settings.device)
    music = {
        name: [[sound_path(order, folder) for order in of_item] for of_item in of_items]
        for name, of_items in orders.items()
    }

    # 3. Judge it
    scores = score(settings, items, with_truths(music, items, settings.seed), has_published=has_published)
    tables = tables_of(scores, has_published=has_published)

    # 4. Report
    figures = {"art2mus": art2mus.__version__, "settings": settings.model_dump(mode="json"), **scores.to_json()}
    with whole_file(settings.output / "scores.json") as partial:
        partial.write_text(json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    write_report(settings.output / "report.html", settings, items, orders, scores, tables)
    _print(tables, scores.remarks)
    print(f"wrote {settings.output / 'scores.json'} and {settings.output / 'report.html'}")
    for line in scores.missing:
        print(line, file=sys.stderr)
    return FAILED if scores.missing else 0


def _print(tables: Sequence[Table], remarks: Sequence[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    console = Console()
    for table in tables:
        grid = Grid(title=table.title, title_justify="left", caption=table.note, caption_justify="left", box=box.SIMPLE)
        for column in table.columns:
            grid.add_column(Text(column), justify="right" if column else "left")
        for row in table.rows:
            grid.add_row(*map(Text, row))
        console.print(grid)
    for remark in remarks:
        console.print(Text(f"remark: {remark}"))


if __name__ == "__main__":
    sys.exit(main())
