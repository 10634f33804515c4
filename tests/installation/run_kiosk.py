"""The kiosk with another composer: `python -m tests.installation.run_kiosk COMPOSER SECONDS [YAML] [KEY=VALUE ...]`."""

import sys
from functools import partial
from pathlib import Path

from installation.app import run_kiosk
from installation.clock import process_started_at_s
from installation.config import load_config
from installation.director import RunOptions
from installation.logs import start_logging
from installation.places import log_path

if __name__ == "__main__":
    composer, seconds, *rest = sys.argv[1:]
    config = Path(rest.pop(0)) if rest and "=" not in rest[0] else None
    read_config = partial(load_config, config, rest)
    start_logging(log_path())
    options = RunOptions(process_started_at_s(), run_for_s=float(seconds), composer=composer, read_config=read_config)
    sys.exit(run_kiosk(read_config(), options))
