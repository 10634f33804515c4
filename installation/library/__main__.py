"""The curator's command: `python -m installation.library list | show | pin | unpin | ban | unban ID...`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from installation.__main__ import default_config
from installation.config import ConfigError, load_config
from installation.library.index import Library, Mark
from installation.places import library_dir

_PATIENCE_S = 5.0
_MARKS: dict[str, tuple[Mark, bool]] = {
    "pin": ("is_pinned", True),
    "unpin": ("is_pinned", False),
    "ban": ("is_banned", True),
    "unban": ("is_banned", False),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, while the kiosk runs or not; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_config(options.config or default_config()).library
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    folder = settings.folder or library_dir()
    if not folder.is_dir():
        print(f"{folder}: there is no library yet; start the kiosk, or name its --config", file=sys.stderr)
        return 2
    library = Library(folder, settings.max_bytes, patience_s=_PATIENCE_S)
    try:
        if library.is_in_memory:
            return _fail(
                f"{folder}: its index cannot be opened, so no pins and bans are known, and none would be kept;\n"
                "  run this as the user whom the kiosk runs as, and see that the disk is not full"
            )
        if options.action == "list":
            return _list(library)
        if options.action == "show":
            return _show(library, options.ids)
        return _mark(library, options.ids, *_MARKS[options.action])
    finally:
        library.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m installation.library",
        description="The clips that the kiosk keeps. A pinned clip never goes, a banned one never plays again.",
    )
    parser.add_argument("--config", type=Path, metavar="PATH", help="the kiosk's YAML, where it names another folder")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="what there is")
    for action, help_text in {
        "show": "all that is known of a clip, its receipt included",
        "pin": "keep for ever",
        "unpin": "let go when its turn comes",
        "ban": "never play again, however it comes about",
        "unban": "forgive",
    }.items():
        actions.add_parser(action, help=help_text).add_argument("ids", nargs="+", metavar="ID")
    return parser


def _list(library: Library) -> int:
    table = Table(title=f"{len(library)} clips, {library.num_bytes() / 1e6:.0f} MB in {library.folder}")
    for heading in ("clip", "work", "piece", "place", "words", "made", "heard", "MB", ""):
        table.add_column(heading)
    for row in library.clips():
        marks = [name for name, column in (("pinned", "is_pinned"), ("banned", "is_banned")) if row[column]]
        table.add_row(
            row["clip_id"], row["artwork_id"], str(row["seed"]), str(row["place"]), row["prompt"],
            _day(row["made_at"]), _day(row["heard_at"]), f"{row['num_bytes'] / 1e6:.1f}", ", ".join(marks),
        )  # fmt: skip
    # A visitor's words are shown as they are.
    Console(soft_wrap=True, markup=False, emoji=False, highlight=False).print(table)
    return 0


def _show(library: Library, clip_ids: Sequence[str]) -> int:
    exit_code = 0
    for clip_id in clip_ids:
        found = library.find(clip_id)
        if found is None:
            exit_code = _unknown(library, clip_id)
            continue
        clip, receipt = found
        print(json.dumps({"clip": clip_id, "work": clip.artwork_id, "length_s": clip.length_s, **receipt}, indent=2))
    return exit_code


def _mark(library: Library, clip_ids: Sequence[str], mark: Mark, is_set: bool) -> int:
    exit_code = 0
    for clip_id in clip_ids:
        if library.mark(clip_id, mark, is_set):
            continue
        if library.find(clip_id) is None:
            exit_code = _unknown(library, clip_id)
        else:
            exit_code = _fail(f"{clip_id}: could not be marked in {library.folder}, all is as before; try again")
    return exit_code


def _unknown(library: Library, clip_id: str) -> int:
    return _fail(f"{clip_id}: no such clip in {library.folder}; 'list' names them all")


def _fail(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 2


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


if __name__ == "__main__":
    sys.exit(main())
