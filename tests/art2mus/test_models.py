"""Models are found by name or path, and what is missing is said."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from art2mus.models import ModelMissingError, load_pipeline, locate
from tests.art2mus import tiny


def test_a_folder_is_a_model(tmp_path: Path) -> None:
    tiny.pipeline().save_pretrained(tmp_path / "mine")
    assert locate(tmp_path / "mine") == tmp_path / "mine"
    pipe = load_pipeline(tmp_path / "mine", torch.bfloat16)
    assert (pipe.unet.dtype, pipe.image_encoder.dtype) == (torch.bfloat16, torch.float32)


def test_published_models_lie_in_the_users_folder(own_home: Path) -> None:
    with pytest.raises(ModelMissingError, match="not bundled"):
        locate("art2mus-4")
    folder = own_home / "models" / "art2mus-4"
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    assert locate("art2mus-4") == folder


@pytest.mark.parametrize(("name", "num_tokens"), [("mini", 1), ("mini-4", 4)])
def test_the_bundled_models_are_there(name: str, num_tokens: int) -> None:
    pipe = load_pipeline(name)
    assert pipe.image_projection.config.num_tokens == num_tokens
    assert pipe.unet.dtype == pipe.image_projection.dtype == torch.float32


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="did you mean 'mini'"):
        locate("minni")
    with pytest.raises(ModelMissingError, match="models are mini, "):
        locate("/nowhere/at/all")
    with pytest.raises(ModelMissingError, match=r"no model_index\.json"):
        locate(tmp_path)


def test_looking_for_a_model_needs_no_torch() -> None:
    script = "import sys, art2mus.models; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
