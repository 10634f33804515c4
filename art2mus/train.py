"""`python -m art2mus.train CONFIG`: train one stage of a model, from its last checkpoint if there is one."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from art2mus.exit_codes import FAILED, exit_code

if TYPE_CHECKING:
    from art2mus.training.settings import AnyStage

os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns: Exit code: 0; 2 for a mistake in what was given, or if training cannot go on; 130 when interrupted.
    """
    parser = argparse.ArgumentParser(prog="python -m art2mus.train", description=__doc__)
    parser.add_argument("config", type=Path, help="a YAML of configs/train/")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument(
        "--resume", action="store_true", help="go on; a mistake if there is no checkpoint to go on from"
    )
    options = parser.parse_args(arguments)

    from art2mus.strict_yaml import ConfigError, load
    from art2mus.training.settings import TrainSettings

    try:
        settings = load(options.config, TrainSettings, options.overrides).train
    except ConfigError as error:
        print(error, file=sys.stderr)
        return FAILED

    from art2mus.data.tables import DataError
    from art2mus.models import ModelMissingError
    from art2mus.training.checkpoint import TrainingError
    from art2mus.training.loop import CHECKPOINT_FILE
    from art2mus.whole_files import FolderInUseError

    if options.resume and not (settings.output / CHECKPOINT_FILE).is_file():
        print(f"{settings.output}: no {CHECKPOINT_FILE} to go on from; leave --resume away to begin", file=sys.stderr)
        return FAILED
    return exit_code(lambda: _train(settings), DataError, FolderInUseError, ModelMissingError, TrainingError)


def _train(settings: AnyStage) -> int:
    from art2mus.processes import leave
    from art2mus.training.loop import run
    from art2mus.training.tasks import make_task

    run(make_task(settings), settings.loop, settings.output)
    leave()
    return 0


if __name__ == "__main__":
    sys.exit(main())
