"""`python -m art2mus.study run|plan|report STUDY.yaml`: ask listeners which music suits an artwork better."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from art2mus.arguments import at_least_1

DEFAULT_STUDY = Path("study.yaml")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["run"]:
        _become_the_window(given[1:])
    options = _parser().parse_args(given)
    from art2mus.exit_codes import exit_code
    from art2mus.strict_yaml import ConfigError
    from art2mus.study.answers import StudyError

    command = _plan if options.command == "plan" else _report
    return exit_code(lambda: command(options), ConfigError, StudyError, goes_on=False)


def _become_the_window(arguments: Sequence[str]) -> None:
    """Hand this process over: screen and sound belong to the kiosk's package, which may not be imported here."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "installation.study", *arguments])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m art2mus.study",
        description="A listening study: two tracks for each artwork, blind, in balanced order.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", add_help=False, help="ask listeners, in a window or full screen; see run --help")
    plan = commands.add_parser("plan", help="check a study and show what its listeners would hear")
    plan.add_argument("study", type=Path, metavar="STUDY.yaml")
    plan.add_argument("--listeners", type=at_least_1, default=10, metavar="N", help="to plan for (default: 10)")
    report = commands.add_parser("report", help="ratings with intervals, a sign test, agreement between listeners")
    report.add_argument(
        "study", type=Path, nargs="?", default=DEFAULT_STUDY, metavar="STUDY.yaml", help=f"default: {DEFAULT_STUDY}"
    )
    report.add_argument(
        "--csv", type=Path, metavar="FOLDER", help="also write the answers and the figures as CSV files"
    )
    return parser


def _plan(options: argparse.Namespace) -> int:
    from collections import Counter

    from art2mus.study.settings import load_study

    study = load_study(options.study)
    sessions = [study.draw(slot) for slot in range(options.listeners)]
    trials = [trial for session in sessions for trial in session]
    print(f"{len(study.artworks)} artworks, {study.num_artworks} in a session; answers go to {study.answers}")
    for model in study.settings.models:
        first, second = (sum(model == getattr(trial, place) for trial in trials) for place in ("first", "second"))
        print(f"  {model}: first {first} times, second {second} times")
    times = Counter(trial.artwork for trial in trials)
    shown = [times[artwork] for artwork in study.artworks]
    print(f"  every artwork: {min(shown)} to {max(shown)} times, over {len(sessions)} listeners")
    return 0


def _report(options: argparse.Namespace) -> int:
    from rich.console import Console

    from art2mus.study.answers import Answers
    from art2mus.study.report import make_report, print_report, write_csv
    from art2mus.study.settings import answers_path, load_settings

    settings = load_settings(options.study)
    with Answers(answers_path(options.study, settings)) as answers:
        report = make_report(answers, settings.models)
    print_report(report, Console(markup=False, highlight=False))
    if options.csv is not None:
        for path in write_csv(report, options.csv):
            print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
