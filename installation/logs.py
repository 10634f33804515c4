"""One quiet line for each thing that matters: on the terminal, and in a file that does not grow for ever."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

_MAX_BYTES = 1_000_000
_NUM_OLD_FILES = 5
_QUIET_S = 60.0
_MAX_REMEMBERED = 256


class Once(logging.Filter):
    """Lets a line pass once a minute, however often it comes; then says how often it came."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Count seconds by this clock; the records' own times jump with the one on the wall."""
        super().__init__()
        self._clock = clock
        self._passed: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is new."""
        key = (record.name, record.getMessage())
        now_s = self._clock()
        passed_at_s, num_kept_back = self._passed.get(key, (float("-inf"), 0))
        if now_s - passed_at_s < _QUIET_S:
            self._passed[key] = (passed_at_s, num_kept_back + 1)
            return False
        if len(self._passed) >= _MAX_REMEMBERED:
            self._passed.clear()
        self._passed[key] = (now_s, 0)
        if num_kept_back:
            record.msg, record.args = f"{key[1]} ({num_kept_back} times more since)", ()
        return True


def start_logging(path: Path) -> None:
    """Log to the terminal and to a rotating file; a file that cannot be written costs one line.

    Args:
        path: The file; its folder is made.
    """
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    terminal = logging.StreamHandler()
    terminal.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    terminal.addFilter(Once())
    root.addHandler(terminal)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(path, maxBytes=_MAX_BYTES, backupCount=_NUM_OLD_FILES, encoding="utf-8")
    except OSError as error:
        logging.getLogger(__name__).warning("no log file: %s: %s", path, error.strerror)
        return
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    file.addFilter(Once())
    root.addHandler(file)
