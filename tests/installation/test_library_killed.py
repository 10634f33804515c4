"""Killed at any moment, and with a full disk: no torn file, no lost row, and the music goes on."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from installation.memory_folder import MEMORY

NUM_KILLS = 300


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_at_any_moment_nothing_is_torn_and_nothing_kept_is_lost(repository: Path) -> None:
    """In memory where there is such a place: what a killed process has written is there either way, and sooner."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        command = [sys.executable, "-m", "tests.installation.killed_writer", folder, str(NUM_KILLS)]
        finished = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=280, check=False)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == f"{NUM_KILLS} times killed\n"


FULL_DISK = """
import sys, pathlib
from installation.library import Library
from tests.installation.test_library import put
folder = pathlib.Path(sys.argv[1])
library, kept = Library(folder, 10**9), []
for number in range(200):
    try:
        clip = put(folder, f"clip-{number}", size=20_000)
    except OSError:
        break
    library.add(clip)
    kept.append(clip.clip_id)
assert 5 < number < 199, number
for _ in range(50):
    library.beginning_for("wave")
assert {row["clip_id"] for row in Library(folder, 10**9).clips()} >= set(kept[:-3])
assert library.trim() == 0
pathlib.Path(folder, "clip-0.flac").unlink(); pathlib.Path(folder, "clip-1.flac").unlink()
library.add(put(folder, "after", size=1000))
assert "after" in {row["clip_id"] for row in Library(folder, 10**9).clips()}
print("all kept", len(kept))
"""


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0,
    reason="needs a namespace of its own to mount a small disk in",
)
def test_a_full_disk_loses_nothing_that_was_kept(tmp_path: Path, repository: Path) -> None:
    mount = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "-rm", "sh", "-c", mount, "sh", str(tmp_path), sys.executable, FULL_DISK]
    finished = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, finished.stderr
    assert "all kept" in finished.stdout
    assert finished.stderr.count("music goes on") <= 2
