"""Nothing half-written, and one run at a time."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from art2mus.whole_files import PARTIAL, FolderInUseError, place_together, sole_run, whole_file, whole_folder

HOLD = "import sys; from pathlib import Path; from art2mus.whole_files import sole_run\n"
HOLD += "with sole_run(Path(sys.argv[1])): print('holding', flush=True); sys.stdin.read()"


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "table.csv"
    with whole_file(path) as partial:
        partial.write_text("half")
        assert not path.exists()
        assert partial.suffix == ".csv"
    assert path.read_text() == "half"
    assert list(path.parent.iterdir()) == [path]


def test_what_was_there_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("before")
    with contextlib.suppress(OSError), whole_file(path) as partial:
        partial.write_text("half")
        raise OSError("no space left")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


WRITE = "import sys; from pathlib import Path; from art2mus.whole_files import whole_file\n"
WRITE += "with whole_file(Path(sys.argv[1])) as partial:\n    partial.write_text('theirs')\n"
WRITE += "    print('writing', flush=True); sys.stdin.read()"


def test_runs_that_write_one_file_do_not_disturb_each_other_and_nothing_is_left_of_a_killed_one(tmp_path: Path) -> None:
    path = tmp_path / "table[1].csv"
    command = [sys.executable, "-c", WRITE, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "writing\n"
        with whole_file(path) as partial:
            partial.write_text("ours")
        assert path.read_text() == "ours"
        other.communicate("")
    assert path.read_text() == "theirs"
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "writing\n"
        killed.send_signal(signal.SIGKILL)
    assert len(list(tmp_path.iterdir())) == 2
    subprocess.run(command, input="", text=True, check=True)  # the next run
    assert list(tmp_path.iterdir()) == [path]


def test_what_another_machine_writes_into_a_shared_folder_stays(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    ours, theirs = tmp_path / f"{PARTIAL}{ended.pid}.a.csv", tmp_path / f".partial.00000000.{ended.pid}.a.csv"
    ours.touch()
    theirs.touch()
    with whole_file(tmp_path / "b.csv") as partial:
        partial.touch()
    assert sorted(tmp_path.iterdir()) == [theirs, tmp_path / "b.csv"]


def test_files_come_together_or_not_at_all(tmp_path: Path) -> None:
    def write(folder: Path) -> Iterator[Path]:
        for name in ("a.wav", "a.json"):
            (folder / name).write_text(name)
            yield folder / name
            assert not list(tmp_path.glob("a.*"))

    def fail(folder: Path) -> Iterator[Path]:
        yield from write(folder)
        raise OSError("no space left")

    with contextlib.suppress(OSError):
        place_together(tmp_path, fail)
    assert not list(tmp_path.iterdir())
    place_together(tmp_path, write)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.wav"]


def test_a_folder_is_there_when_it_is_whole_and_then_holds_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "model"
    for name in ("first", "second"):
        with whole_folder(path) as partial:
            partial.mkdir()
            (partial / name).write_text(name)
            assert not (path / name).exists()
        assert [file.name for file in path.iterdir()] == [name]
    with contextlib.suppress(OSError), whole_folder(path) as partial:
        partial.mkdir()
        raise OSError("no space left")
    assert [file.name for file in path.iterdir()] == ["second"]
    assert list(path.parent.iterdir()) == [path]


def write_together(folder: Path) -> None:
    def write(unfinished: Path) -> list[Path]:
        (unfinished / "notes").write_text("notes")
        return [unfinished / "notes"]

    place_together(folder, write)


def write_nested(folder: Path) -> None:
    with whole_folder(folder / "model") as partial:
        (partial / "unet").mkdir(parents=True)
        (partial / "unet" / "weights").write_text("weights")


@pytest.mark.parametrize("write", [write_together, write_nested])
def test_files_are_on_the_disk_before_they_take_their_names(
    write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed_before: dict[int, list[Path]] = {}

    def fsync(file: BinaryIO) -> None:
        placed_before[os.fstat(file.fileno()).st_ino] = list(tmp_path.glob("[!.]*"))

    monkeypatch.setattr(os, "fsync", fsync)
    write(tmp_path)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert placed_before == {file.stat().st_ino: []}


KEEP_WRITING = "import sys; from pathlib import Path; from art2mus.whole_files import place_together, whole_folder\n"
KEEP_WRITING += "def write(folder):\n    (folder / 'half').mkdir(parents=True)\n"
KEEP_WRITING += "    print('writing', flush=True); sys.stdin.read()\n    return []\n"


@pytest.mark.parametrize(
    "call",
    [
        "place_together(Path(sys.argv[1]), write)",
        "with whole_folder(Path(sys.argv[1], 'a')) as folder: write(folder)",
    ],
)
def test_nothing_is_left_of_a_folder_whose_writer_was_killed(call: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", KEEP_WRITING + call, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "writing\n"
        subprocess.run(command, input="", text=True, check=True)
        (half,) = tmp_path.glob(".*")
        assert [path.name for path in half.rglob("half")] == ["half"], "that of a run which still goes on stays"
        killed.send_signal(signal.SIGKILL)
    subprocess.run(command, input="", text=True, check=True)  # the next run
    assert not list(tmp_path.glob(".*"))


def test_the_second_run_in_a_folder_is_refused_until_the_first_has_ended_or_was_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "new")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "holding\n"
        with pytest.raises(FolderInUseError, match=f"process {other.pid}"), sole_run(tmp_path / "new"):
            pass
        with sole_run(tmp_path / "another"):
            pass
        other.send_signal(signal.SIGKILL)
    with sole_run(tmp_path / "new"):
        pass
    with sole_run(tmp_path / "new"):
        pass
