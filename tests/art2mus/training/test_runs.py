"""Trainings as people run them: in processes of their own, killed, shared, and with what is wrong in the data."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from art2mus.train import main
from art2mus.whole_files import PARTIAL
from tests.art2mus.training import pairs as collection


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return collection.save_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return collection.save_collection(tmp_path_factory.mktemp("pairs"), num_pairs=8, length_s=1.0, num_held_out=2)


def weights(output: Path) -> dict[str, torch.Tensor]:
    return torch.load(output / "art2mus_img_proj_layer.pt", weights_only=True)


def command(config: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "art2mus.train", str(config), *more]


@pytest.mark.slow
def test_a_killed_run_ends_as_if_it_had_not_been_killed(model: Path, pairs: Path, tmp_path: Path) -> None:
    loop = {"num_steps": 16}
    config = collection.write_yaml(tmp_path / "art2mus.yaml", model, pairs, tmp_path / "whole", loop=loop)
    assert main([str(config)]) == 0
    output, log = tmp_path / "killed", tmp_path / "killed" / "log.jsonl"
    elsewhere = ["--set", f"train.output={output}"]
    with subprocess.Popen(command(config, *elsewhere), stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and (not log.exists() or log.read_text().count("train") < 6):
            os.sched_yield()
        process.send_signal(signal.SIGKILL)
    assert torch.load(output / "checkpoint.pt", weights_only=True)["step"] in (4, 8, 12)
    assert not (output / "model").exists()
    assert main([str(config), *elsewhere, "--resume"]) == 0
    assert collection.losses(output) == collection.losses(tmp_path / "whole")
    expected, found = weights(tmp_path / "whole"), weights(output)
    assert all(torch.equal(value, found[name]) for name, value in expected.items())


@pytest.mark.slow
def test_two_processes_go_the_way_of_one(model: Path, pairs: Path, tmp_path: Path) -> None:
    config = collection.write_yaml(tmp_path / "art2mus.yaml", model, pairs, tmp_path / "one")
    assert main([str(config), "--set", f"train.cache={tmp_path / 'cache-of-one'}"]) == 0
    launched = [sys.executable, *"-m torch.distributed.run --nproc_per_node 2".split(), *command(config)[1:]]
    finished = subprocess.run(
        [*launched, "--set", f"train.output={tmp_path / 'two'}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert finished.returncode == 0, finished.stderr
    assert "(1 of 2 processes)" in finished.stderr
    one, two = collection.losses(tmp_path / "one"), collection.losses(tmp_path / "two")
    assert list(two) == list(range(1, 9))
    assert two == pytest.approx(one, abs=1e-5)
    found = weights(tmp_path / "two")
    for name, value in weights(tmp_path / "one").items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=1e-5, msg=name)


def test_processes_may_learn_different_parts_of_a_network() -> None:
    launched = "-m torch.distributed.run --nproc_per_node 2 -m tests.art2mus.training.averaging".split()
    finished = subprocess.run([sys.executable, *launched], capture_output=True, text=True, check=False, timeout=100)
    assert finished.returncode == 0, finished.stderr


def ends_with_a_message(capsys: pytest.CaptureFixture[str], config: Path, *more: str) -> str:
    """What a training says that cannot go on."""
    capsys.readouterr()
    assert main([str(config), *more]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def test_pairs_with_missing_files_are_left_out_and_listed(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = collection.save_collection(tmp_path, num_pairs=6, length_s=1.0, num_held_out=1)
    (tmp_path / "artworks" / "2.png").unlink()
    (tmp_path / "tracks" / "4.wav").write_bytes(b"RIFF, but no more")
    output = tmp_path / "out"
    config = collection.write_yaml(tmp_path / "art2mus.yaml", model, pairs, output, loop={"num_steps": 1})
    assert main([str(config)]) == 0
    assert "2 of 6 pairs are left out" in capsys.readouterr().err
    listed = (output / "pairs.rejected.csv").read_text().splitlines()
    assert listed[0] == "file,reason"
    assert [line.split(",")[0] for line in listed[1:]] == ["2.png", "4.wav"]
    assert "no such file" in listed[1]


def test_with_nothing_to_learn_from_it_says_so(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = collection.save_collection(tmp_path, num_pairs=3, length_s=1.0, num_held_out=3)
    config = collection.write_yaml(tmp_path / "art2mus.yaml", model, pairs, tmp_path / "out")
    assert "no pair whose split is 'train'; make it with" in ends_with_a_message(capsys, config)
    pairs.write_text(pairs.read_text().replace("validation", "train"))
    shutil.rmtree(tmp_path / "tracks")
    assert "nothing could be done; 0.wav: there is no such file" in ends_with_a_message(capsys, config)
    pairs.unlink()
    assert f"{pairs}: there is no such file" in ends_with_a_message(capsys, config)


def test_an_unreadable_cache_says_what_to_remove(
    model: Path, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = collection.write_yaml(tmp_path / "art2mus.yaml", model, pairs, tmp_path / "out", loop={"num_steps": 1})
    assert main([str(config)]) == 0
    for name, damaged in (("moments-*/embeddings.npy", b"\x93NUMPY"), ("texts-*.safetensors", b"half")):
        (path,) = (tmp_path / "cache").glob(name)
        whole = path.read_bytes()
        path.write_bytes(damaged)
        said = ends_with_a_message(capsys, config)
        assert str(path if path.suffix == ".safetensors" else path.parent) in said
        assert "start again" in said
        path.write_bytes(whole)
    assert main([str(config)]) == 0


def test_a_cache_that_does_not_fit_is_not_begun(
    model: Path, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = collection.write_yaml(tmp_path / "art2mus.yaml", model, pairs, tmp_path / "out")
    said = ends_with_a_message(capsys, config, "--set", "train.crops_per_track=2000000000")
    assert "GB are free" in said
    assert "train.crops_per_track" in said
    assert not list((tmp_path / "cache").glob("moments-*"))


def test_a_cache_that_is_partly_there_needs_room_for_the_rest_only(
    model: Path, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = collection.write_yaml(
        tmp_path / "art2mus.yaml", model, pairs, tmp_path / "out", crops_per_track=20, loop={"num_steps": 1}
    )
    assert main([str(config)]) == 0
    (folder,) = (tmp_path / "cache").glob("moments-*")
    (folder / "meta.json").unlink()  # as if it had been killed before it was written
    size = (folder / "embeddings.npy").stat().st_size
    capsys.readouterr()
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0.9 * size))
    assert "GB are free" in ends_with_a_message(capsys, config)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1.1 * size))
    assert main([str(config)]) == 0


def test_crops_that_are_too_short_are_told_before_any_picture_is_seen(
    model: Path, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = collection.write_yaml(tmp_path / "art2mus.yaml", model, pairs, tmp_path / "out", length_s=0.001)
    assert "length_s: 0.001 s are less than the model hears; set 0.04 or more" in ends_with_a_message(capsys, config)
    assert not (tmp_path / "cache").exists()


def test_a_disk_that_fills_keeps_the_last_checkpoint(
    model: Path, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    config = collection.write_yaml(tmp_path / "art2mus.yaml", model, pairs, output)
    assert main([str(config), "--set", "train.loop.num_steps=4"]) == 0
    before = (output / "checkpoint.pt").read_bytes()
    (output / f"{PARTIAL}{os.getpid()}.checkpoint.pt").symlink_to("/dev/full")
    said = ends_with_a_message(capsys, config)
    assert "checkpoint.pt: step 8 could not be written" in said
    assert "make room" in said
    assert (output / "checkpoint.pt").read_bytes() == before


def test_a_checkpoint_of_another_training_is_not_gone_on_from(
    model: Path, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = collection.write_yaml(tmp_path / "art2mus.yaml", model, pairs, tmp_path / "out", loop={"num_steps": 1})
    said = ends_with_a_message(capsys, config, "--resume")
    assert "no checkpoint.pt to go on from" in said
    assert main([str(config)]) == 0
    said = ends_with_a_message(capsys, config, "--set", "train.num_image_tokens=4")
    assert "checkpoint.pt: cannot be gone on from" in said
    (tmp_path / "out" / "checkpoint.pt").write_bytes(b"half")
    assert "remove it, or name another output" in ends_with_a_message(capsys, config)


def test_a_loss_that_is_not_a_number_names_the_pairs(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = collection.save_collection(tmp_path, num_pairs=4, length_s=1.0, num_held_out=1)
    config = collection.write_yaml(tmp_path / "art2mus.yaml", model, pairs, tmp_path / "out")
    assert main([str(config), "--set", "train.loop.num_steps=1"]) == 0
    (folder,) = (tmp_path / "cache").glob("images-*")
    embeddings = np.load(folder / "embeddings.npy")
    embeddings[2] = np.nan
    np.save(folder / "embeddings.npy", embeddings)
    said = ends_with_a_message(capsys, config)
    assert "the loss is not a number at step 1, for 2.png with 2.wav" in said
    assert "1.png" not in said


def test_settings_that_do_not_fit_are_mistakes(
    model: Path, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = collection.write_yaml(tmp_path / "art2mus.yaml", model, pairs, tmp_path / "out", image_dropout=0.1)
    assert "image_dropout" in ends_with_a_message(capsys, config, "--set", "train.objective=reference")
    assert "there is no such folder" in ends_with_a_message(capsys, config, "--set", "train.model=nowhere")
    assert "writes notes" in ends_with_a_message(capsys, config, "--set", "train.model=mini")


@pytest.mark.parametrize("name", ["art2mus", "art2mus-4"])
def test_the_recipes_are_the_papers(name: str, repository: Path) -> None:
    from art2mus.strict_yaml import load
    from art2mus.training.settings import Art2MusSettings, TrainSettings

    settings: Any = load(repository / "configs" / "train" / f"{name}.yaml", TrainSettings).train
    assert isinstance(settings, Art2MusSettings)
    loop = settings.loop
    assert (loop.num_steps, loop.batch_size, loop.at_once, loop.learning_rate) == (10_000, 16, 8, 2e-5)
    assert (loop.num_warmup_steps, loop.anneal_share) == (500, 0)
    assert (settings.hidden_dim, settings.min_snr_gamma) == (1536, 5.0)
    assert settings.num_image_tokens == (4 if name.endswith("4") else 1)
    assert settings.clips is not None
    assert (settings.clips.num_artworks, settings.clips.num_inference_steps) == (100, 200)
