"""A command that cannot be carried out says why in a line or two."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from art2mus.data.composed import compose
from art2mus.data.windows import Windows
from art2mus.exit_codes import FAILED, INTERRUPTED, exit_code
from art2mus.metrics import standardise

WITHOUT_FLUIDSYNTH = (
    "import ctypes.util, runpy, sys; ctypes.util.find_library = lambda name: None\n"
    "runpy.run_module(sys.argv.pop(1), run_name='__main__')"
)


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("art2mus.metrics.relevance", ["{gallery}", "--windows", "{windows}"]),
        ("art2mus.metrics.seams", ["{gallery}", "{windows}"]),
        ("art2mus.metrics.standardise", ["sound", "{windows}"]),
        ("art2mus.codec.balance", []),
    ],
)
def test_without_a_synthesizer_what_to_install_is_said(module: str, arguments: list[str], tmp_path: Path) -> None:
    for number in range(3):
        Image.new("RGB", (40, 40), (80 * number, 0, 0)).save(tmp_path / f"{number}.png")
    made = [compose(number) for number in range(20)]
    Windows.pack(made, {window.source for window in made[:10]}).save(tmp_path / "windows.npz")
    given = [each.format(gallery=tmp_path, windows=tmp_path / "windows.npz") for each in arguments]
    command = [sys.executable, "-c", WITHOUT_FLUIDSYNTH, module, *given]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "sudo apt-get install libfluidsynth3" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert finished.returncode == FAILED


def test_a_folder_without_paintings_is_no_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = standardise.STANDARD_FILE.read_bytes()
    assert standardise.main(["picture", str(tmp_path)]) == FAILED
    assert str(tmp_path) in capsys.readouterr().err
    assert standardise.STANDARD_FILE.read_bytes() == before


@pytest.mark.parametrize("goes_on", [True, False])
def test_what_was_interrupted_promises_only_what_it_keeps(goes_on: bool, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> int:
        raise KeyboardInterrupt

    assert exit_code(interrupt, goes_on=goes_on) == INTERRUPTED
    assert ("goes on from here" in capsys.readouterr().err) is goes_on
