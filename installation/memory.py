"""A folder in memory for what must not, or cannot, be written to disk. Standard library only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
MAX_SPARE_BYTES = 100_000_000

_PREFIX = "art2mus-"


@contextmanager
def memory_folder(parent: Path = SHARED_MEMORY) -> Iterator[Path | None]:
    """A folder of this process in memory, closed to other users, gone with the block; None where there is none.

    What processes that were killed have left behind is removed first.
    """
    own = parent / f"{_PREFIX}{os.getpid()}"
    try:
        for folder in parent.glob(f"{_PREFIX}*"):
            if folder.stat().st_uid == os.getuid() and not _is_alive(folder.name.removeprefix(_PREFIX)):
                shutil.rmtree(folder, ignore_errors=True)
        own.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        yield None
        return
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


def make_room(folder: Path, max_bytes: int = MAX_SPARE_BYTES) -> None:
    """Remove the oldest clips of a folder until the others fit; the newest always stays."""
    clips = sorted(folder.glob("*.flac"), key=lambda path: path.stat().st_mtime_ns)
    excess = sum(path.stat().st_size for path in clips) - max_bytes
    for path in clips[:-1]:
        if excess <= 0:
            return
        excess -= path.stat().st_size
        path.unlink()


def _is_alive(pid: str) -> bool:
    """Whether there is such a process; a name that is no number is somebody else's, and left alone."""
    return not pid.isdecimal() or Path("/proc", pid).exists()
