"""What the whole kiosk takes: seconds until something is heard, and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

REPOSITORY = Path(__file__).resolve().parent.parent
PICTURE = REPOSITORY / "installation/gallery/vincent-van-gogh_cafe-terrace-at-night-1888.jpg"
MAX_MEMORY_MB = {"ui": 250, "audio": 120, "composer": 900}
SETTLING_S = 120.0


class KioskError(Exception):
    """The kiosk did not run to its end; the message holds what it said."""


@dataclass(frozen=True)
class Figure:
    """Something measured.

    Attributes:
        name: What was measured.
        value: How much; None where it never came to that.
        unit: Of the value and the goal.
        goal: It should not be more; None is without a goal.
    """

    name: str
    value: float | None
    unit: str
    goal: float | None = None

    @property
    def is_reached(self) -> bool:
        """Whether there is a value, and it is within the goal."""
        return self.value is not None and (self.goal is None or self.value <= self.goal)


def run(run_for_s: float, model: str = "mini", settling_s: float = SETTLING_S) -> dict[str, Any]:
    """Run `python main.py` with a library of its own; returns what it wrote down about the run.

    It needs no screen, and plays to the sound device that there is, or to none.

    Args:
        run_for_s: How long.
        model: Its name or folder.
        settling_s: How much longer it may take to begin and to end.

    Raises: KioskError.
    """
    with tempfile.TemporaryDirectory(prefix="art2mus-bench") as home:
        try:
            finished = subprocess.run(
                [sys.executable, "main.py", "--run-for", str(run_for_s), "--set", f"model={model}"],
                cwd=REPOSITORY,
                env={"QT_QPA_PLATFORM": "offscreen"} | os.environ | {"ART2MUS_HOME": home},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=run_for_s + settling_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            said = error.output.decode(errors="replace") if isinstance(error.output, bytes) else error.output or ""
            raise KioskError(f"main.py had not ended after {error.timeout:g} s:\n{said}") from error
        summary = Path(home, "last-run.json")
        if finished.returncode != 0 or not summary.is_file():
            raise KioskError(f"main.py ended with exit code {finished.returncode}:\n{finished.stdout}")
        figures: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
        return figures


def figures_of(summary: Mapping[str, Any]) -> list[Figure]:
    """What there are goals for, from a run's summary."""
    return [
        Figure("command to first sound", summary["first_sound_s"], "s", 3),
        Figure("command to first composed piece", summary["first_piece_s"], "s", 12),
        Figure("blocks too late for the device", summary["underruns"], "", 0),
        Figure("silence nobody asked for", summary["silence_s"], "s", 0),
        *(
            Figure(f"memory of {process}, at most", megabytes, "MB", MAX_MEMORY_MB.get(process))
            for process, megabytes in summary["peak_memory_mb"].items()
        ),
    ]


def kiosk_table(figures: Sequence[Figure], title: str = "The kiosk") -> Table:
    """One row for each figure, with its goal; what misses it is red."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("measured", justify="right")
    table.add_column("goal", justify="right")
    for figure in figures:
        value = "never" if figure.value is None else f"{figure.value:.4g} {figure.unit}".rstrip()
        goal = "" if figure.goal is None else f"{figure.goal:g} {figure.unit}".rstrip()
        table.add_row(figure.name, value, goal, style=None if figure.is_reached else "red")
    return table
