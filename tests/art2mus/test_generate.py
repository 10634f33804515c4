"""The command: every file it writes, and every mistake it explains."""

import json
import subprocess
import sys
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from PIL import Image

from art2mus.captioner import Captioner
from art2mus.generate import main
from art2mus.images import load_artwork
from art2mus.models.identity import identify
from art2mus.residency import Machine
from tests.art2mus import tiny, tiny_llava

CODECS = {"score": tiny.score_codec, "mel": tiny.mel_codec}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    for name, codec in CODECS.items():
        tiny.pipeline(codec()).save_pretrained(folder / name)
    return {name: folder / name for name in CODECS}


@pytest.fixture
def artworks(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "night.png", tmp_path / "other" / "night.jpg"]
    paths[1].parent.mkdir()
    Image.new("RGB", (60, 40), (10, 12, 60)).save(paths[0])
    Image.effect_mandelbrot((50, 70), (-2, -1.5, 1, 1.5), 40).save(paths[1])
    return paths


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.mark.parametrize("kind", CODECS)
def test_sound_notes_picture_and_receipt(
    kind: str, models: dict[str, Path], artworks: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder"
    options = ("--model", models[kind], "--length", 3, "--seed", 7, "--steps", 2, "--prompt", "slow strings")
    assert run(*artworks, "-o", out, "--format", "flac", *options) == 0
    suffixes = {"score": {".flac", ".mid", ".png", ".json"}, "mel": {".flac", ".png", ".json"}}[kind]
    expected = {f"{stem}{suffix}" for stem in ("night", "night-2") for suffix in suffixes}
    assert {path.name for path in out.iterdir()} == expected

    waveform, sample_rate = soundfile.read(out / "night.flac", always_2d=True)
    assert waveform.shape == (3 * sample_rate, {"score": 2, "mel": 1}[kind])
    with Image.open(out / "night.png") as picture:
        assert picture.height == 720
    receipt = json.loads((out / "night-2.json").read_text())
    assert receipt["weights"] == identify(models[kind], tmp_path / "identity.json")
    assert receipt["seed"] == 7
    assert receipt["num_inference_steps"] == 2
    assert receipt["prompt"] == "slow strings"
    assert receipt["length_s"] == 3.0
    assert set(receipt["files"]) == {name for name in expected if name.startswith("night-2") and ".json" not in name}
    assert set(receipt["affect"]) >= {"valence", "arousal"}
    if kind == "score":
        assert receipt["performance"]["quarter_bpm"] > 0
        notes = [m for track in mido.MidiFile(out / "night.mid").tracks for m in track if m.type == "note_on"]
        assert len(notes) >= json.loads((out / "night.json").read_text())["num_notes"] > 0
    assert "night.png" in capsys.readouterr().err


def test_a_caption_is_the_prompt_and_stands_in_the_receipt(
    models: dict[str, Path], artworks: list[Path], tmp_path: Path
) -> None:
    llava = tmp_path / "llava"
    tiny_llava.save(llava)
    options = ("-o", tmp_path / "out", "--model", models["mel"], "--length", 1, "--steps", 1)
    assert run(artworks[1], *options, "--caption", llava) == 0
    receipt = json.loads((tmp_path / "out" / "night.json").read_text())
    assert [receipt["prompt"]] == Captioner.load(llava).describe([load_artwork(artworks[1])])
    assert receipt["captioner"] == str(llava)


def test_no_words_to_keep_away_from_are_no_words_in_the_receipt(
    models: dict[str, Path], artworks: list[Path], tmp_path: Path
) -> None:
    options = ("-o", tmp_path / "out", "--model", models["mel"], "--length", 1, "--steps", 1)
    for said, expected in ((("--negative-prompt", ""), ""), ((), "Low quality.")):
        assert run(artworks[0], *options, *said) == 0
        assert json.loads((tmp_path / "out" / "night.json").read_text())["negative_prompt"] == expected


def test_precision_and_device_are_chosen_and_written_down(
    models: dict[str, Path], artworks: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--model", models["mel"], "--length", 1, "--steps", 2)
    assert run(artworks[0], "-o", tmp_path / "half", *options, "--dtype", "bfloat16", "--device", "cpu") == 0
    receipt = json.loads((tmp_path / "half" / "night.json").read_text())
    assert (receipt["dtype"], receipt["device"]) == ("bfloat16", "cpu")
    capsys.readouterr()
    assert run(artworks[0], "-o", tmp_path, *options, "--device", "moon") == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_four_tokens_are_another_model(artworks: list[Path], tmp_path: Path) -> None:
    for name in ("mini", "mini-4"):
        assert run(artworks[0], "-o", tmp_path / name, "--model", name, "--length", 8, "--steps", 4) == 0
    first, second = (tmp_path / name / "night.mid" for name in ("mini", "mini-4"))
    assert first.read_bytes() != second.read_bytes()


def test_same_command_same_files(models: dict[str, Path], artworks: list[Path], tmp_path: Path) -> None:
    """And a picture gives the same music whichever pictures come before it."""
    for out, given in ((tmp_path / "a", artworks[1:]), (tmp_path / "b", artworks)):
        assert run(*given, "-o", out, "--model", models["score"], "--length", 2) == 0
    for suffix in (".wav", ".mid"):
        assert (tmp_path / "a" / f"night{suffix}").read_bytes() == (tmp_path / "b" / f"night-2{suffix}").read_bytes()
    waveform, _ = soundfile.read(tmp_path / "a" / "night.wav")
    assert 0 < np.abs(waveform).max() <= 1


def test_bad_pictures_get_a_line_each_and_the_others_go_on(
    models: dict[str, Path], artworks: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 not really")
    missing = tmp_path / "missing.jpg"
    out = tmp_path / "out"
    assert run(broken, artworks[0], missing, tmp_path, "-o", out, "--model", models["mel"], "--length", 1) == 2
    assert {path.stem for path in out.iterdir()} == {"night"}
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("art2mus: ")]
    assert [line.split(": ")[1] for line in lines] == [str(missing), str(tmp_path), str(broken)]


def test_a_picture_is_read_when_its_turn_has_come(
    models: dict[str, Path], artworks: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, made_before = tmp_path / "out", []

    def load(path: Path) -> Image.Image:
        made_before.append([file.name for file in out.glob("*.json")])
        return load_artwork(path)

    monkeypatch.setattr("art2mus.images.load_artwork", load)
    assert run(*artworks, "-o", out, "--model", models["score"], "--length", 1, "--steps", 1) == 0
    assert made_before == [[], ["night.json"]]


def test_what_cannot_be_written_is_said_and_nothing_is_left_half(
    models: dict[str, Path], artworks: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run(artworks[0], "-o", tmp_path / "file", "--model", models["mel"]) == 2
    assert f"{tmp_path / 'file'}: cannot be used for output" in capsys.readouterr().err
    out = tmp_path / "out"
    (out / "night.png").mkdir(parents=True)  # in the way of a file
    assert run(artworks[0], "-o", out, "--model", models["mel"], "--length", 1) == 2
    assert str(artworks[0]) in capsys.readouterr().err
    assert not (out / "night.json").exists()
    assert not list(out.glob(".unfinished*"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--model", "minni"), "did you mean 'mini'?"),
        (("--model", "art2mus"), "not bundled"),
        (("--caption", "/nowhere"), "name the folder of a model of LLaVA's kind"),
        (("--caption", "a", "--prompt", "b"), "not allowed with argument"),
        (("--steps", "0"), "less than 1"),
        (("--length", "0.2"), "not between 1 and 600"),
        (("--seed", "-1"), "not between 0 and 2^63"),
        (("--format", "mp3"), "invalid choice"),
    ],
)
def test_mistakes_are_explained(
    options: tuple[str, str], words: str, artworks: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = run(artworks[0], "-o", tmp_path / "out", *options)
    except SystemExit as leave:  # argparse
        code = int(leave.code or 0)
    assert code == 2
    assert words in capsys.readouterr().err


def test_help_needs_no_torch() -> None:
    script = (
        "import sys, art2mus.generate as g\n"
        "try: g.main(['--help'])\n"
        "except SystemExit as leave: assert not leave.code\n"
        "assert not {'torch', 'numpy', 'PIL'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_a_model_that_does_not_fit_is_refused_before_it_is_loaded(
    models: dict[str, Path],
    artworks: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = (artworks[0], "-o", tmp_path / "out", "--model", models["score"], "--length", 2, "--steps", 1)
    monkeypatch.setattr(Machine, "look", lambda *_: Machine(10**8))
    assert run(*arguments) == 2
    assert "GB of memory are free" in capsys.readouterr().err
    monkeypatch.setattr(Machine, "look", lambda *_: Machine(10**9))
    assert run(*arguments, "--candidates", 50) == 0
    assert "1 candidate fit" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "night.json").read_text())["num_candidates"] == 1
