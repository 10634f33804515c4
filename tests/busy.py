"""How busy this machine is with something else: bounds in seconds are for one that is not."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
IDLE = 1.25
"""Up to this factor nothing is in the way."""
MOST = 4.0
"""A machine that is busier than this is no excuse for more."""


def slowdown() -> float:
    """How many times as long as its own work a new process takes at this moment; 1 where a core is to spare."""
    before, began_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([sys.executable, "-c", "import installation.audio.player"], cwd=REPOSITORY, check=True)
    took_s, after = time.monotonic() - began_s, resource.getrusage(resource.RUSAGE_CHILDREN)
    factor = took_s / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(factor, MOST) if factor > IDLE else 1.0
