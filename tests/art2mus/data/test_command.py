"""One door to all commands for data."""

import subprocess
import sys
from pathlib import Path

import pytest

from art2mus.data.__main__ import COMMANDS, Command, main

HEAVY = ("torch", "diffusers", "transformers")


@pytest.mark.parametrize("words", [(), *((name,) for name in COMMANDS)], ids=" ".join)
def test_help_needs_no_torch(words: tuple[str, ...]) -> None:
    script = (
        "import sys; from art2mus.data.__main__ import main\n"
        f"try: main([*{words!r}, '--help'])\n"
        "except SystemExit as leave: assert not leave.code\n"
        f"assert not {set(HEAVY)!r} & set(sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert f"usage: python -m art2mus.data {' '.join(words)}" in finished.stdout


@pytest.mark.parametrize("words", [[], ["fmaa"], ["fma", "--nonsense"]])
def test_a_wrong_command_line_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leave:
        main(words)
    assert leave.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_an_interrupted_command_ends_with_130_and_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(COMMANDS, "interrupted", Command("tests.art2mus.data.interrupted", ""))  # type: ignore[arg-type]
    assert main(["interrupted"]) == 130
    assert capsys.readouterr().err.count("\n") == 1


def test_what_the_system_refuses_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["artgraph", str(tmp_path), "-o", str(tmp_path / "file" / "artworks.csv")]) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'file'}: File exists\n"
