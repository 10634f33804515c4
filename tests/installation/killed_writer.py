"""A composer and a director in one, writing as fast as they can, to be killed: a child says what is safely kept."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path

from installation.library import Library
from installation.library.database import NAME
from installation.library.files import read_clip
from tests.installation.test_library import put

ROOM_BYTES = 60_000


def write_on(folder: Path, generation: int, told: int) -> None:
    """Keep clips until the end comes; every id is told once it is kept."""
    library = Library(folder, ROOM_BYTES)
    for number in range(1_000_000):
        clip_id = f"clip-{generation}-{number}"
        library.add(put(folder, clip_id, continues=None if number % 3 == 0 else f"clip-{generation}-{number - 1}"))
        os.write(told, f"{clip_id}\n".encode())
        library.beginning_for("wave")
        library.trim(in_use={clip_id})


def kill_one(folder: Path, generation: int, num_kept: int, share: float) -> str | None:
    """Let a writer keep some clips, and kill it in the middle of the next; returns the last that it said was kept."""
    heard, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(heard)
            write_on(folder, generation, told)
        finally:
            os._exit(1)  # only an error leads here
    os.close(told)
    with os.fdopen(heard, encoding="ascii") as pipe:
        began_s = time.monotonic()
        kept = [pipe.readline() for _ in range(num_kept)]
        each_s = (time.monotonic() - began_s) / num_kept if num_kept else 0.01
        time.sleep(share * each_s)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        kept.extend(pipe.readlines())
    return kept[-1].strip() if kept else None


def check(folder: Path, last_kept: str | None) -> None:
    """Look whether all is well, first without and then with the library's own help."""
    index = sqlite3.connect(folder / NAME)
    assert index.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    if last_kept is not None:
        assert index.execute("SELECT 1 FROM clips WHERE clip_id = ?", [last_kept]).fetchone() == (1,)
    index.close()
    for path in folder.glob("[!.]*.flac"):
        read_clip(path)
    library = Library(folder, ROOM_BYTES)
    assert {row["clip_id"] for row in library.clips()} == {path.stem for path in folder.glob("[!.]*.flac")}
    library.close()
    assert not list(folder.glob("*.damaged*"))


def main() -> None:
    """`python -m tests.installation.killed_writer FOLDER TIMES`: fails if anything was torn or lost."""
    folder, times = Path(sys.argv[1]), int(sys.argv[2])
    chance = random.Random(0)
    for generation in range(times):
        check(folder, kill_one(folder, generation, chance.randrange(3), chance.random()))
    print(f"{times} times killed")


if __name__ == "__main__":
    main()
