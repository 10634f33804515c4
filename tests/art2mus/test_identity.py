"""Which weights a model has: the same wherever it lies, another as soon as a byte is."""

import json
import os
import shutil
from pathlib import Path

import pytest

from art2mus.models import ModelMissingError, locate
from art2mus.models.assembly import put_together
from art2mus.models.identity import identify


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "identity.json"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    (folder / "unet" / "weights.safetensors").write_bytes(b"weights")
    return folder


def test_it_follows_the_weights_and_not_the_place(model: Path, cache: Path, tmp_path: Path) -> None:
    before = identify(model, cache)
    copy = shutil.copytree(model, tmp_path / "copy")
    assert identify(copy, cache) == before
    (copy / "README.md").write_text("words change no music")
    assert identify(copy, cache) == before
    (copy / "unet" / "weights.safetensors").write_bytes(b"Weights")
    assert identify(copy, cache) != before


def test_the_bundled_models_differ_though_they_share_a_folder(cache: Path) -> None:
    assert locate("mini") == locate("mini-4")
    assert identify("mini", cache) != identify("mini-4", cache)


def test_files_are_read_once(model: Path, cache: Path) -> None:
    before = identify(model, cache)
    weights = model / "unet" / "weights.safetensors"
    status = weights.stat()
    weights.write_bytes(b"WEIGHTS")
    os.utime(weights, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert identify(model, cache) == before, "size and time are as they were: not looked at"
    os.utime(weights, ns=(0, 0))
    assert identify(model, cache) != before


def test_it_follows_how_an_assembly_is_asked(model: Path, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "imagebind_huge.pth").write_bytes(b"weights")
    (tmp_path / "layer.pt").write_bytes(b"projection")
    parts = (str(model), str(tmp_path / "imagebind_huge.pth"), tmp_path / "layer.pt")
    found = []
    for settings in (("reference",), ("reference", "crop"), ("framed",), ("reference", "pad")):
        put_together(tmp_path / "mine", *parts, *settings)
        found.append(identify(tmp_path / "mine", cache))
    assert found[0] == found[1], "said or not, it is the same"
    assert len(set(found)) == 3


@pytest.mark.parametrize("damage", ["", "[]", "nonsense", '{"x": 1}'])
def test_a_damaged_cache_costs_time_and_nothing_else(model: Path, cache: Path, damage: str) -> None:
    before = identify(model, cache)
    cache.write_text(damage)
    assert identify(model, cache) == before
    assert json.loads(cache.read_text())


def test_a_cache_that_cannot_be_written_is_done_without(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert identify(model, tmp_path / "file" / "cache.json") == identify(model, tmp_path / "cache.json")


def test_a_model_that_is_missing_is_said_to_be(cache: Path) -> None:
    with pytest.raises(ModelMissingError):
        identify("/nowhere/at/all", cache)
