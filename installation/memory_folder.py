"""A folder that is never on disk, for what must not outlive the kiosk."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

MEMORY = Path("/dev/shm")
"""Where Linux keeps a file system in memory."""

_PREFIX = "art2mus-"


class NoMemoryFolderError(Exception):
    """There is no file system in memory that may be written; the message is one line for the user."""


@contextlib.contextmanager
def memory_folder(memory: Path = MEMORY) -> Iterator[Path]:
    """A folder in memory that only this user may look into; it is removed when the block ends.

    Folders of processes that could not remove theirs are removed first.

    Raises: NoMemoryFolderError.
    """
    try:
        _remove_stale(memory)
        folder = memory / f"{_PREFIX}{os.getpid()}"
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise NoMemoryFolderError(f"{memory}: no folder in memory can be made ({error.strerror})") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_stale(memory: Path) -> None:
    for folder in memory.glob(f"{_PREFIX}*"):
        number = re.fullmatch(rf"{_PREFIX}(\d+)", folder.name)
        if number and not _is_alive(int(number[1])) and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)  # those of other users stay: they may not be removed


def _is_alive(pid: int) -> bool:
    """Whether another process has this number."""
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
