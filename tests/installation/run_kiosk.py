"""The kiosk with another composer: `python -m tests.installation.run_kiosk COMPOSER SECONDS [KEY=VALUE ...]`."""

import sys

from installation.app import run_kiosk
from installation.clock import process_started_at_s
from installation.config import load_config
from installation.director import RunOptions
from installation.logs import start_logging
from installation.places import log_path

if __name__ == "__main__":
    composer, seconds, *overrides = sys.argv[1:]
    start_logging(log_path())
    options = RunOptions(process_started_at_s(), run_for_s=float(seconds), composer=composer)
    sys.exit(run_kiosk(load_config(None, overrides), options))
