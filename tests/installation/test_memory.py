"""The folder in memory: closed to others, gone afterwards, bounded."""

import os
import subprocess
import sys
from pathlib import Path

from installation.memory import make_room, memory_folder


def test_it_is_closed_to_others_and_gone_afterwards(tmp_path: Path) -> None:
    with memory_folder(tmp_path) as folder:
        assert folder is not None
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "clips").mkdir()
    assert not list(tmp_path.iterdir())


def test_what_the_dead_have_left_is_removed_and_the_living_are_left_alone(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for name in (f"art2mus-{gone.pid}", f"art2mus-{os.getppid()}", "art2mus-other", "something"):
        (tmp_path / name).mkdir()
    with memory_folder(tmp_path):
        left = {path.name for path in tmp_path.iterdir()}
    assert left == {f"art2mus-{os.getpid()}", f"art2mus-{os.getppid()}", "art2mus-other", "something"}


def test_where_there_is_none_one_does_without(tmp_path: Path) -> None:
    with memory_folder(tmp_path / "nowhere") as folder:
        assert folder is None


def test_the_oldest_go_and_the_newest_stays(tmp_path: Path) -> None:
    for number in range(4):
        path = tmp_path / f"{number}.flac"
        path.write_bytes(b"x" * 100)
        os.utime(path, (number, number))
    make_room(tmp_path, max_bytes=250)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.flac", "3.flac"]
    make_room(tmp_path, max_bytes=0)
    assert [path.name for path in tmp_path.iterdir()] == ["3.flac"]
