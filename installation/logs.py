"""One quiet line for each thing that matters: on the terminal, and in a file that does not grow for ever."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path

_MAX_BYTES = 1_000_000
_NUM_OLD_FILES = 5
_MAX_A_MINUTE = 5
_MINUTE_S = 60.0
_MAX_REMEMBERED = 256


@dataclass(slots=True)
class _Line:
    since_s: float
    last: logging.LogRecord
    num_times: int = 0


class Repeats(logging.Filter):
    """Lets equal lines pass five times a minute; how often more they came is said when that minute is over.

    So nothing that happens now and then is missing (a PIN that was tried again, a camera that comes and goes), and what
    goes wrong many times a second does not fill the file.
    """

    def __init__(self, say: Callable[[logging.LogRecord], object], clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing has come yet.

        Args:
            say: Logs a line beside those that are asked for, with the next of these.
            clock: Counts seconds; the records' own times jump with the clock on the wall.
        """
        super().__init__()
        self._say, self._clock = say, clock
        self._lines: dict[tuple[str, str], _Line] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line passes."""
        if hasattr(record, "num_times_more"):
            return True
        now_s = self._clock()
        is_full = len(self._lines) >= _MAX_REMEMBERED
        for key, line in list(self._lines.items()):
            if is_full or now_s - line.since_s >= _MINUTE_S:
                self._lines.pop(key, None)
                self._sum_up(line)
        line = self._lines.setdefault((record.name, record.getMessage()), _Line(now_s, record))
        line.num_times += 1
        line.last = record
        return line.num_times <= _MAX_A_MINUTE

    def _sum_up(self, line: _Line) -> None:
        num_times_more = line.num_times - _MAX_A_MINUTE
        if num_times_more > 0:
            record = copy.copy(line.last)
            record.msg, record.args = f"{record.getMessage()} ({num_times_more} times more within a minute)", ()
            record.__dict__["num_times_more"] = num_times_more
            self._say(record)


def start_logging(path: Path) -> None:
    """Log to the terminal and to a rotating file; a file that cannot be written costs one line.

    Args:
        path: The file; its folder is made.
    """
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    terminal = logging.StreamHandler()
    terminal.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    terminal.addFilter(Repeats(terminal.handle))
    root.addHandler(terminal)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(path, maxBytes=_MAX_BYTES, backupCount=_NUM_OLD_FILES, encoding="utf-8")
    except OSError as error:
        logging.getLogger(__name__).warning("no log file: %s: %s", path, error.strerror)
        return
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    file.addFilter(Repeats(file.handle))
    root.addHandler(file)
