"""When this process began, interpreter start-up included."""

from __future__ import annotations

import os
import time
from pathlib import Path


def process_started_at_s() -> float:
    """The start of this process as a reading of `time.monotonic()`.

    Where the system does not tell (it does on Linux), now.
    """
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError):
        age_s = 0.0
    return time.monotonic() - age_s
