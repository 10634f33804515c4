"""The command line of the kiosk."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from art2mus.arguments import positive
from installation.clock import process_started_at_s

if TYPE_CHECKING:
    from installation.config import KioskConfig

DEFAULT_CONFIG = Path(__file__).resolve().parent.parent / "configs" / "kiosk.yaml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the kiosk, or check whether it could run; returns the exit code."""
    options = _parser().parse_args(arguments)
    if options.set_pin:
        from installation.admin import set_pin
        from installation.places import pin_path

        return set_pin(pin_path())
    from installation.config import ConfigError, load_config

    overrides = [*options.set, *(["screen.windowed=true"] if options.windowed else [])]
    config_path = options.config or default_config()
    config: KioskConfig | None = None
    mistakes: tuple[str, ...] = ()
    try:
        config = load_config(config_path, overrides)
    except ConfigError as error:
        mistakes = error.mistakes
    if options.check:
        from installation.health import check

        return check(config, mistakes, config_path)
    if config is None:
        print("\n".join(mistakes), file=sys.stderr)
        return 2
    if options.recompose is not None:
        from installation.recompose import recompose

        return recompose(config, options.recompose, options.output)
    if config.study is not None:
        return _hold_study(config.study, config, options)
    from installation.app import run_kiosk
    from installation.director import RunOptions
    from installation.logs import start_logging
    from installation.places import log_path

    start_logging(log_path())
    read_config = partial(load_config, config_path, overrides)
    run_options = RunOptions(process_started_at_s(), options.run_for, options.record, read_config=read_config)
    return run_kiosk(config, run_options)


def default_config() -> Path | None:
    """The configuration that is read when none is named."""
    return DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None


def _hold_study(study: Path, config: KioskConfig, options: argparse.Namespace) -> int:
    """Become the program of the listening study, of which the kiosk knows nothing but its name."""
    if options.run_for is not None or options.record is not None:
        print("--run-for and --record are for the show; take `study` out of the configuration", file=sys.stderr)
        return 2
    words = [sys.executable, "-m", "installation.study", str(study), "--kiosk"]
    words += ["--windowed"] if config.screen.windowed else []
    words += ["--device", config.audio.devices[0]] if config.audio.devices else []
    return os.execv(sys.executable, words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py", description="Music for paintings: a room that answers works of art and is never silent."
    )
    parser.add_argument("--config", type=Path, metavar="PATH", help=f"a YAML file; else {DEFAULT_CONFIG.name}")
    parser.add_argument("--check", action="store_true", help="look whether everything is there, and what to do if not")
    parser.add_argument("--set-pin", action="store_true", help="choose the PIN of the admin screen")
    parser.add_argument("--windowed", action="store_true", help="a window instead of the full screen")
    parser.add_argument("--run-for", type=positive, metavar="SECONDS", help="leave after so long, with a summary")
    parser.add_argument("--record", type=Path, metavar="WAV", help="write what the speakers are given")
    parser.add_argument("--recompose", metavar="ID", help="make a clip of the library again, from its receipt")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to, FLAC or WAV; else ID.flac")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="such as show.seconds_per_work=60; repeatable"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
