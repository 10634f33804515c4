"""The commands: what they print, write and explain."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from art2mus.choices import Language
from art2mus.data.paintings import list_paintings
from art2mus.study.__main__ import main
from art2mus.study.answers import Answers
from art2mus.study.settings import load_settings, load_study
from tests.art2mus.study.studies import TODAY, listen, small_study, write_study
from tests.test_architecture import HEAVY, modules_loaded_by


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def answered(tmp_path: Path) -> Path:
    """Six listeners who finished, one who broke off after two artworks, one still at it, and a test without sound."""
    study = small_study(tmp_path)
    with Answers(study.answers, study.fingerprint) as answers:
        for number in range(6):
            listen(answers, study, lambda trial, model, n=number: (2 + n % 2, 5 if model == "mini-4" else 1 + n % 4))
        answers.break_off(listen(answers, study, lambda *_: (1, 1), num_trials=2))
        unsure = listen(answers, study, lambda *_: (1, 1), num_trials=0)
        answers.give(unsure, 0, "quality", 1, 5)  # not confirmed: not counted
        listen(answers, study, lambda *_: (5, 5), is_silent=True)
        answers.count_play(answers.records()[0].listener, 0, 1)
    return tmp_path / "study.yaml"


def test_the_report_of_a_study(
    answered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    assert main(["report", str(answered), "--csv", str(tmp_path / "csv")]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "7 listeners, 26 comparisons, 1 replays" in printed
    assert "6 finished, 1 broken off, 1 open; 1 without sound, not counted" in printed
    assert "mini against mini-4" in printed
    assert "Krippendorff's alpha" in printed
    ratings = rows(tmp_path / "csv" / "ratings.csv")
    assert len(ratings) == 52
    assert set(ratings[0]) >= {"listener", "artwork", "model", "track", "quality", "pertinence", "is_preferred"}
    assert sum(int(row["is_preferred"]) for row in ratings) == 26
    models = {row["model"]: row for row in rows(tmp_path / "csv" / "models.csv")}
    mean = sum(float(row["quality"]) for row in ratings if row["model"] == "mini") / 26
    assert float(models["mini"]["quality"]) == pytest.approx(mean)
    assert float(models["mini"]["quality_low"]) < mean < float(models["mini"]["quality_high"])
    (pair,) = rows(tmp_path / "csv" / "pairs.csv")
    assert int(pair["num_comparisons"]) == 26
    assert {row["question"] for row in rows(tmp_path / "csv" / "agreement.csv")} == {
        "quality",
        "pertinence",
        "preference",
    }


def test_a_study_without_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_study(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 2
    assert "no answers yet" in capsys.readouterr().err
    study = load_study(tmp_path / "study.yaml")
    with Answers(study.answers, study.fingerprint) as answers:
        answers.begin(study.draw, "en", TODAY)
    assert main(["report"]) == 0
    assert "0 listeners, 0 comparisons" in capsys.readouterr().out


def test_csv_that_cannot_be_written(answered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(answered), "--csv", str(answered)]) == 2
    assert f"{answered}: File exists" in capsys.readouterr().err


def test_answers_that_are_damaged(answered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The head of the file is whole, so that only reading the answers tells."""
    path = load_study(answered).answers
    content = bytearray(path.read_bytes())
    for page in range(2, len(content) // 4096):
        content[4096 * page : 4096 * page + 200] = b"\xff" * 200
    path.write_bytes(content)
    assert main(["report", str(answered)]) == 2
    assert capsys.readouterr().err.startswith(f"{path}: cannot be read (")


def test_csv_is_whole_or_not_there(answered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(csv.DictWriter, "writerows", fail)
    assert main(["report", str(answered), "--csv", str(tmp_path / "csv")]) == 130
    assert list((tmp_path / "csv").iterdir()) == []


def test_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_study(tmp_path)
    assert main(["plan", str(path), "--listeners", "20"]) == 0
    printed = capsys.readouterr().out
    assert "mini: first 40 times, second 40 times" in printed
    assert "every artwork: 20 to 20 times" in printed
    (tmp_path / "mini" / "card-0.flac").unlink()
    assert main(["plan", str(path)]) == 2
    assert "card-0.flac: no such file" in capsys.readouterr().err


def test_the_example_is_a_study(repository: Path) -> None:
    """Its music is made by the command it names; everything else is there."""
    path = repository / "configs" / "study-example.yaml"
    settings = load_settings(path)
    assert set(settings.texts) == set(get_args(Language))
    assert settings.collection is not None
    assert set(settings.models) == set(settings.collection.tracks)
    assert len(list_paintings(path.parent / settings.collection.artworks)) == settings.num_artworks == 20


def test_help_is_light() -> None:
    assert not modules_loaded_by("-m", "art2mus.study", "--help").intersection({*HEAVY, "scipy", "nltk"})


def test_run_becomes_the_window(tmp_path: Path, repository: Path) -> None:
    command = [sys.executable, "-m", "art2mus.study", "run", "--help"]
    text = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True).stdout
    for option in ("--kiosk", "--silent", "--listener"):
        assert option in text
