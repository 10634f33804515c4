"""`make paper-small`: its script asks for what there is, and its settings can be read. That it runs, a run shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from art2mus.data.__main__ import COMMANDS, main
from art2mus.data.scores import WindowsConfig
from art2mus.evaluation.settings import EvaluateSettings
from art2mus.strict_yaml import Section, load
from art2mus.training.settings import TrainSettings

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPT = (REPOSITORY / "scripts" / "paper-small").read_text("utf-8")
SETTINGS: dict[str, type[Section]] = {
    "windows.yaml": WindowsConfig,
    "train.yaml": TrainSettings,
    "train-mel.yaml": TrainSettings,
    "evaluate.yaml": EvaluateSettings,
    "evaluate-mel.yaml": EvaluateSettings,
}


def data_commands() -> list[list[str]]:
    lines = SCRIPT.replace("\\\n", " ").replace("$out", "out").replace("$catalogue", "catalogue.csv")
    return [line.split() for line in re.findall(r"^ *data (\w.*)$", lines.replace("$kind", "image"), re.MULTILINE)]


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_can_be_read_and_are_used(name: str) -> None:
    load(REPOSITORY / "configs" / "paper-small" / name, SETTINGS[name])
    assert f"$configs/{name}" in SCRIPT
    assert {path.name for path in (REPOSITORY / "configs" / "paper-small").iterdir()} == set(SETTINGS)


def test_what_the_settings_read_the_script_writes() -> None:
    for name in SETTINGS:
        text = (REPOSITORY / "configs" / "paper-small" / name).read_text("utf-8")
        for path in re.findall(r"^(?:pairs|  pairs|  windows): runs/paper-small/(\S+)", text, re.MULTILINE):
            assert f"$out/{path}" in SCRIPT


@pytest.mark.parametrize("words", data_commands(), ids=lambda words: words[0])
def test_every_command_has_the_options_it_is_given(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words[0] in COMMANDS
    monkeypatch.chdir(tmp_path)
    # Nothing is there, so each ends with a line that names what is missing; a wrong option would be a usage.
    assert main(words) == 2
    assert "out" in capsys.readouterr().err or words[0] == "artgraph"


def test_the_script_stops_at_the_first_mistake(tmp_path: Path) -> None:
    copy = tmp_path / "scripts" / "paper-small"
    copy.parent.mkdir()
    copy.write_text(SCRIPT)
    environment = {**os.environ, "PYTHON": "false"}
    finished = subprocess.run(["sh", copy], env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert finished.stdout.count("==") == 1
    assert sys.executable not in SCRIPT
