"""Try everything that can go wrong, and print what it cost."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
from rich.console import Console
from rich.table import Table

from tests import screen, sound_server
from tests.busy import slowdown
from tests.chaos.room import Room, open_room
from tests.chaos.trouble import Trouble
from tests.chaos.troubles import all_troubles

TOLERANCE_S = 0.01


@dataclass(frozen=True)
class Result:
    """What a trouble cost, or why that is not known; how soon it was noticed; how busy the machine was meanwhile."""

    trouble: Trouble
    silence_s: float | None
    remark: str = ""
    slowdown: float = 1.0
    noticed_s: float | None = None

    @property
    def summary(self) -> str:
        """The silence, or the remark."""
        return self.remark if self.silence_s is None else f"{self.silence_s:.2f} s"

    @property
    def is_good(self) -> bool:
        """It cost no more than it may, and was noticed in time."""
        return (
            self.silence_s is not None
            and self.silence_s <= self.max_silence_s + TOLERANCE_S
            and (self.trouble.max_notice_s is None or self.is_noticed_in_time(self.trouble.max_notice_s))
        )

    def is_noticed_in_time(self, max_notice_s: float) -> bool:
        """Whether the kiosk said so soon, on this machine, that something is wrong."""
        return self.noticed_s is not None and self.noticed_s <= self.slowdown * max_notice_s

    @property
    def max_silence_s(self) -> float:
        """What it may cost on this machine: where everything takes twice as long, so does a start."""
        return self.slowdown * self.trouble.max_silence_s


def try_out(room: Room, trouble: Trouble) -> Result:
    """Make it happen."""
    if trouble.missing:
        return Result(trouble, None, trouble.missing)
    before, room.noticed_s = slowdown(), None
    try:
        silence_s = trouble.measure(room)
        return Result(trouble, silence_s, slowdown=max(before, slowdown()), noticed_s=room.noticed_s)
    except (TimeoutError, RuntimeError, psutil.Error) as error:
        return Result(trouble, None, f"not over: {error}")


def show(results: Sequence[Result]) -> Table:
    """The results as a table."""
    table = Table(title="Silence nobody asked for", title_justify="left")
    for heading in ("", "what went wrong", "silence", "at most", "noticed after"):
        table.add_column(heading)
    for result in results:
        mark = "[green]ok[/]" if result.is_good else ("[yellow]-[/]" if result.trouble.missing else "[red]no[/]")
        noticed = "" if result.noticed_s is None else f"{result.noticed_s:.1f} s"
        table.add_row(mark, result.trouble.name, result.summary, f"{result.max_silence_s:.1f} s", noticed)
    return table


def main() -> int:
    """Returns the exit code: 0 if nothing cost more than it may, 1 if something did, 2 if it cannot be tried."""
    options = _parser().parse_args()
    console = Console()
    if missing := screen.missing() or sound_server.missing():
        print(missing, file=sys.stderr)
        return 2
    troubles = [trouble for trouble in all_troubles() if options.only in trouble.name]
    with open_room(options.model) as room:
        results = []
        for trouble in troubles:
            console.print(f"{trouble.name} ...", end=" ")
            results.append(try_out(room, trouble))
            console.print(results[-1].summary)
    console.print(show(results))
    return 0 if all(result.is_good or result.trouble.missing for result in results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--model", choices=("mini", "sine"), default="mini", help="sine needs no model")
    parser.add_argument("--only", default="", metavar="WORD", help="what has this word in its name")
    return parser


if __name__ == "__main__":
    sys.exit(main())
