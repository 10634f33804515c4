"""The kiosk with another composer: `python -m tests.installation.run_kiosk COMPOSER SECONDS [YAML] [KEY=VALUE ...]`.

Beside its log there is another, which has every line, also those that come again within a minute.
"""

import logging
import sys
from functools import partial
from pathlib import Path

from installation.app import run_kiosk
from installation.clock import process_started_at_s
from installation.config import load_config
from installation.director import RunOptions
from installation.logs import start_logging
from installation.places import log_path

EVERY_LINE = "every-line.log"

if __name__ == "__main__":
    composer, seconds, *rest = sys.argv[1:]
    config = Path(rest.pop(0)) if rest and "=" not in rest[0] else None
    read_config = partial(load_config, config, rest)
    start_logging(log_path())
    logging.getLogger().addHandler(logging.FileHandler(log_path().with_name(EVERY_LINE), encoding="utf-8"))
    options = RunOptions(process_started_at_s(), run_for_s=float(seconds), composer=composer, read_config=read_config)
    sys.exit(run_kiosk(read_config(), options))
