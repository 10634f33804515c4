"""`python -m art2mus.train CONFIG`: train one stage of a model, from its last checkpoint if there is one."""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns: Exit code: 0, or 2 for a mistake in what was given.
    """
    parser = argparse.ArgumentParser(prog="python -m art2mus.train", description=__doc__)
    parser.add_argument("config", type=Path, help="a YAML of configs/train/")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args(arguments)

    from art2mus.strict_yaml import ConfigError, load
    from art2mus.training.settings import TrainSettings

    try:
        settings = load(options.config, TrainSettings, options.overrides).train
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2

    from art2mus.training.loop import TrainingError, run
    from art2mus.training.tasks import make_task

    try:
        run(make_task(settings), settings.loop, settings.output)
    except (TrainingError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
