"""Every file is opened once, whatever happens to the run or to the decoder."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from art2mus.data.file_checks import check_files
from tests.art2mus.data.measures import Size, measure_size


def fill(folder: Path, **contents: str) -> None:
    for name, content in contents.items():
        (folder / name).write_text(content)


def check(folder: Path, num_processes: int = 1) -> dict[str, Size]:
    files = sorted(path.name for path in folder.iterdir() if path.suffix != ".log")
    return check_files(folder, files, measure_size, Size, folder / "checked.log", num_processes)


def num_measured(folder: Path) -> Counter[str]:
    return Counter((folder / "measured.log").read_text().split())


def test_files_are_measured_once_until_they_change(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="22")
    first = check(tmp_path, num_processes=2)
    assert first == {"a": Size(num_bytes=1), "b": Size(num_bytes=2)}
    fill(tmp_path, b="333", c="")
    assert check(tmp_path)["b"] == Size(num_bytes=3)
    assert num_measured(tmp_path) == {"a": 1, "b": 2, "c": 1}


def test_what_a_killed_run_left_of_its_last_line_is_measured_again(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="22")
    check(tmp_path)
    log = tmp_path / "checked.log"
    log.write_text(log.read_text()[:-3])
    fill(tmp_path, c="333")
    for _ in range(2):
        assert {file: facts.num_bytes for file, facts in check(tmp_path).items()} == {"a": 1, "b": 2, "c": 3}
    assert sorted(num_measured(tmp_path).values()) == [1, 1, 2]


def test_what_could_not_be_read_is_tried_again(tmp_path: Path) -> None:
    """The right to read a file is given without a change of its size or time."""
    fill(tmp_path, a="locked", b="22")
    assert check(tmp_path)["a"].error == "unreadable: it is locked"
    (tmp_path / "key.log").touch()
    assert check(tmp_path)["a"] == Size(num_bytes=6)
    assert num_measured(tmp_path) == {"a": 2, "b": 1}


def test_a_log_with_bytes_that_are_no_text_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    fill(tmp_path, a="1")
    check(tmp_path)
    log = tmp_path / "checked.log"
    log.write_bytes(log.read_bytes() + b"\n\xff\xfe")
    assert check(tmp_path) == {"a": Size(num_bytes=1)}
    assert num_measured(tmp_path) == {"a": 1}


def test_facts_of_another_version_are_measured_again(tmp_path: Path) -> None:
    fill(tmp_path, a="1")
    check(tmp_path)
    log = tmp_path / "checked.log"
    log.write_text(log.read_text().replace("num_bytes", "size") + "\n[]\n7")
    assert check(tmp_path) == {"a": Size(num_bytes=1)}


def test_a_file_that_takes_its_process_down_costs_only_itself(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="crash", c="22", d="crash", e="333", f="4444", g="55555")
    found = check(tmp_path)
    assert [facts.num_bytes for facts in found.values()] == [1, -1, 2, -1, 3, 4, 5]
    assert {file for file, facts in found.items() if facts.error == "corrupt: its decoder crashed"} == {"b", "d"}


def fill_with_a_signal(folder: Path, name: str) -> None:
    fill(folder, **{f"f{number:02d}": name if number == 12 else "x" * number for number in range(20)})


def check_again(folder: Path) -> None:
    """All is found, and what was found well before the signal was not looked for again."""
    sizes = [facts.num_bytes for facts in check(folder).values()]
    assert sizes == [0 if number == 12 else number for number in range(20)]
    twice = {file for file, count in num_measured(folder).items() if count > 1}
    assert "f12" in twice
    assert not twice & {f"f{number:02d}" for number in range(8)}


@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_a_run_that_was_ended_goes_on_where_it_was(name: str, tmp_path: Path) -> None:
    fill_with_a_signal(tmp_path, name)
    # What is started in the background inherits that SIGINT is ignored.
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"from tests.art2mus.data.test_file_checks import *; check(Path({str(tmp_path)!r}))"
    )
    # Processes that outlived their parent would keep the pipes open, and this would wait for them.
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)
    assert ended.returncode == -signal.Signals[name]
    check_again(tmp_path)
