"""Files and folders that are whole or absent, and folders that one run at a time writes to."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil

_LOCK_NAME = ".art2mus.lock"
PARTIAL = f".partial.{zlib.crc32(platform.node().encode()):08x}."
"""How the names of what is being written begin, before the process: another machine's processes are not known here."""


class FolderInUseError(Exception):
    """Another run writes to this folder; the message is one line for the user."""


@contextmanager
def whole_file(path: Path, is_lasting: bool = True) -> Iterator[Path]:
    """Give a name to write to; the file takes its own name, whole, when the block has ended well.

    Runs that write the same file do not disturb each other: the last one's stays. What killed ones left in the folder
    goes with the first file that another process of the same machine writes there.

    Args:
        path: Of the file.
        is_lasting: It is on the disk before it takes its name, for the case of a power cut; that may take a while.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path.parent)
    # The suffix stays last: writers go by it.
    partial = path.with_name(f"{PARTIAL}{os.getpid()}.{path.name}")
    try:
        yield partial
        if is_lasting:
            _make_lasting(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a name of a folder to write to; it takes its own name, whole, when the block has ended well.

    What was there before goes, when the new files are on the disk, for the case of a power cut. Killed runs leave no
    more behind than those of `whole_file`.
    """
    with _partial_folder(path.parent) as partial:
        yield partial / path.name
        for file in (partial / path.name).rglob("*"):
            if file.is_file():
                _make_lasting(file)
        if path.exists():
            path.rename(partial / f"{path.name}.before")
        (partial / path.name).rename(path)


def place_together(folder: Path, write: Callable[[Path], Iterable[Path]]) -> None:
    """Put files in a folder when all of them are whole and on the disk, in their order.

    Args:
        folder: Where they go.
        write: Writes them to a folder that is given, and names them.
    """
    with _partial_folder(folder) as partial:
        files = list(write(partial))
        for file in files:
            _make_lasting(file)
        for file in files:
            file.replace(folder / file.name)


def _make_lasting(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file)


@contextmanager
def _partial_folder(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=f"{PARTIAL}{os.getpid()}.") as partial:
        yield Path(partial)


@cache
def _remove_leftovers(folder: Path) -> None:
    for leftover in folder.glob(f"{PARTIAL}*.*"):
        pid = leftover.name.removeprefix(PARTIAL).split(".")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)


@contextmanager
def sole_run(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder, which is made if it is not there.

    The lock is the system's and ends with the process, however that ends; the file only says who holds it. It stays
    there, because a run that removed it could take away the lock of the next.

    Raises: FolderInUseError, naming the process, if there is another run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK_NAME).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read(20).strip() or "unknown"
            raise FolderInUseError(
                f"{folder}: another run (process {holder}) writes here; wait for its end, or name another folder"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
