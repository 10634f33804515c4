import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from art2mus.captioner import Captioner
from art2mus.data.__main__ import main
from art2mus.data.tables import read_rows
from art2mus.images import load_artwork
from tests.art2mus import tiny_llava
from tests.art2mus.data.collections import add_pictures, write_catalogue


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("llava")
    tiny_llava.save(folder)
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return write_catalogue(tmp_path / "a.csv", [*add_pictures(tmp_path, 5), "missing.png"])


def arguments(model: object, csv: Path, output: Path, *options: object) -> list[str]:
    given = (csv, "--model", model, "-o", output, "--max-tokens", 6, "--batch-size", 2, "--workers", 0, *options)
    return ["describe", *map(str, given)]


def test_every_picture_is_described_and_its_music_gets_the_words(model: Path, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(arguments(model, pictures, out)) == 0
    described = {row["file"]: row["description"] for row in read_rows(out / "descriptions.csv", ["file"])}
    captioner = Captioner.load(model, max_new_tokens=6)
    names = [f"artist_{number}.png" for number in range(5)]
    assert described == {name: captioner.describe([load_artwork(tmp_path / name)])[0] for name in names}
    assert read_rows(out / "failed.csv", []) == [{"file": "missing.png", "reason": "there is no such file"}]

    pairs = tmp_path / "pairs.csv"
    pairs.write_text("artwork,track,similarity\nartist_3.png,t/1.mp3,0.5\nmissing.png,t/2.mp3,0.25\n")
    assert main(arguments(model, pictures, out, "--pairs", pairs)) == 0
    (row,) = read_rows(out / "pairs.csv", ["artwork", "track", "similarity", "description"])
    expected = {"artwork": names[3], "track": "t/1.mp3", "similarity": "0.5", "description": described[names[3]]}
    assert row == expected


@pytest.mark.slow
def test_a_killed_run_goes_on(model: Path, pictures: Path, tmp_path: Path) -> None:
    main(arguments(model, pictures, tmp_path / "whole"))
    blocked = tmp_path / "artist_3.png"
    picture = blocked.read_bytes()
    blocked.unlink()
    os.mkfifo(blocked)
    command = [sys.executable, "-m", "art2mus.data", *arguments(model, pictures, tmp_path / "out")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process, blocked.open("wb"):
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (tmp_path / "out" / "descriptions.csv").exists()
    assert (tmp_path / "out" / ".unfinished" / "0000000.npz").is_file()
    blocked.unlink()
    blocked.write_bytes(picture)
    assert main(arguments(model, pictures, tmp_path / "out")) == 0
    whole, resumed = ((tmp_path / name / "descriptions.csv").read_bytes() for name in ("whole", "out"))
    assert whole == resumed


def test_what_is_no_model_is_said(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(arguments(tmp_path / "empty", pictures, tmp_path / "out")) == 2
    assert "cannot be loaded" in capsys.readouterr().err
