"""A folder in memory: private, gone afterwards, and rid of what others left behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from installation.memory_folder import NoMemoryFolderError, memory_folder


def test_it_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    with memory_folder(tmp_path) as folder:
        assert folder == tmp_path / f"art2mus-{os.getpid()}"
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "work.png").touch()
    assert list(tmp_path.iterdir()) == []


def test_what_dead_processes_left_is_removed_and_that_of_living_ones_stays(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for name in (f"art2mus-{dead.pid}", f"art2mus-{os.getppid()}", f"art2mus-{os.getpid()}", "art2mus-other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "work.png").touch()
    with memory_folder(tmp_path) as folder:
        assert list(folder.iterdir()) == []
        assert {path.name for path in tmp_path.iterdir()} == {
            f"art2mus-{os.getppid()}",
            f"art2mus-{os.getpid()}",
            "art2mus-other",
        }


def test_without_memory_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoMemoryFolderError, match="no folder in memory"), memory_folder(tmp_path / "nowhere"):
        pass
