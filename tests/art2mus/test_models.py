"""Models are found by name or path, and what is missing is said."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from art2mus.imagebind import ImageBind
from art2mus.models import ModelMissingError, load_imagebind, load_pipeline, locate
from art2mus.models.assembly import ASSEMBLY, put_together
from art2mus.models.weights import count_weights
from art2mus.projection import ImageProjection
from tests.art2mus import audioldm2, tiny


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
    assert not pipe.config.negative_fits_prompt, "it was trained with negative prompts of their own length"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="did you mean 'mini'"):
        locate("minni")
    with pytest.raises(ModelMissingError, match="models are mini, "):
        locate("/nowhere/at/all")
    with pytest.raises(ModelMissingError, match=r"no model_index\.json"):
        locate(tmp_path)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the hub has it, tiny; beside it ImageBind and a projection."""
    folder = tmp_path_factory.mktemp("published")
    audioldm2.save_as_on_the_hub(audioldm2.tiny_parts(), folder / "audioldm2")
    tiny.imagebind().save_pretrained(folder / "imagebind")
    torch.save(ImageProjection(tiny.IMAGE_DIM, 12, tiny.LANGUAGE_DIM, 4).state_dict(), folder / "projection.pt")
    return folder


CALL: dict[str, Any] = {"audio_length_in_s": 0.96, "num_inference_steps": 2}


def test_a_folder_as_the_hub_has_it_is_a_model(published: Path) -> None:
    pipe = load_pipeline(published / "audioldm2")
    assert pipe.image_encoder is None
    assert type(pipe.language_model).__name__ == "GPT2Model"
    assert (pipe.config.audio_length_in_s, pipe.config.num_inference_steps, pipe.config.guidance_scale) == (
        10,
        200,
        3.5,
    )
    stock = audioldm2.stock(audioldm2.tiny_parts())
    noise = torch.randn(1, tiny.LATENT_CHANNELS, 24, 4, generator=torch.Generator().manual_seed(0))
    expected = stock("slow strings.", negative_prompt="bad.", latents=noise, guidance_scale=3.5, **CALL).audios
    found = pipe(prompt="slow strings.", negative_prompt="bad.", latents=noise, **CALL).audios[:, :, 0]
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_model_is_put_together_of_published_parts(dtype: torch.dtype, published: Path, tmp_path: Path) -> None:
    parts = (str(published / "audioldm2"), str(published / "imagebind"), published / "projection.pt")
    put_together(tmp_path / "mine", *parts, "framed")
    pipe = load_pipeline(tmp_path / "mine", dtype)
    assert {part.dtype for part in pipe.components.values() if isinstance(part, torch.nn.Module)} == {dtype}
    assert isinstance(pipe.image_encoder, ImageBind)
    assert (pipe.image_projection.config.num_tokens, pipe.image_projection.config.conditioning) == (4, "framed")
    picture = Image.linear_gradient("L").convert("RGB")
    first = pipe(picture, generator=torch.Generator().manual_seed(1), **CALL).audios
    pipe.save_pretrained(tmp_path / "saved")
    again = load_pipeline(tmp_path / "saved", dtype)
    assert np.array_equal(first, again(picture, generator=torch.Generator().manual_seed(1), **CALL).audios)


def test_all_of_a_wide_picture_is_seen_where_that_is_wanted(published: Path, tmp_path: Path) -> None:
    parts = (str(published / "audioldm2"), str(published / "imagebind"), published / "projection.pt", "reference")
    wide = Image.linear_gradient("L").rotate(90).resize((90, 30)).convert("RGB")
    seen = {}
    for view in (None, "pad", "multi-crop"):
        put_together(tmp_path / "mine", *parts, view)
        encoder = load_pipeline(tmp_path / "mine").image_encoder
        assert encoder.config.view == (view or "crop")
        seen[view] = encoder.encode([wide])
    assert not torch.allclose(seen[None], seen["pad"], atol=1e-3)
    assert not torch.allclose(seen[None], seen["multi-crop"], atol=1e-3)


def test_parts_that_do_not_fit_are_named(published: Path, tmp_path: Path) -> None:
    torch.save(ImageProjection(7, 12, tiny.LANGUAGE_DIM).state_dict(), tmp_path / "other.pt")
    base, encoder = str(published / "audioldm2"), str(published / "imagebind")
    put_together(tmp_path / "mine", base, encoder, tmp_path / "other.pt", "reference")
    with pytest.raises(ModelMissingError, match="projects from 7 numbers, but this ImageBind gives 20"):
        load_pipeline(tmp_path / "mine")
    (tmp_path / "mine" / "projection.pt").unlink()
    with pytest.raises(ModelMissingError, match="give it again with --projection"):
        locate(tmp_path / "mine")
    (tmp_path / "mine" / ASSEMBLY).write_text("{}")
    with pytest.raises(ModelMissingError, match="cannot be read"):
        locate(tmp_path / "mine")


@pytest.mark.parametrize("component", ["text_encoder", "text_encoder_2", "language_model"])
def test_weights_that_are_missing_are_named_not_drawn(component: str, published: Path, tmp_path: Path) -> None:
    shutil.copytree(published / "audioldm2", tmp_path / "copy")
    (file,) = (tmp_path / "copy" / component).glob("*.safetensors")
    weights = load_file(file)
    name = {
        "text_encoder": "text_projection.linear1.bias",
        "text_encoder_2": "encoder.final_layer_norm.weight",
        "language_model": "ln_f.weight",
    }[component]
    del weights[name]
    save_file(weights, file, {"format": "pt"})
    with pytest.raises(ModelMissingError, match=f"{component}: without {re.escape(name)}"):
        load_pipeline(tmp_path / "copy")


@pytest.mark.parametrize("component", ["image_projection", "text_encoder", "text_encoder_2", "unet", "codec"])
def test_a_saved_pipeline_without_some_weights_is_named_not_drawn(component: str, tmp_path: Path) -> None:
    tiny.pipeline(tiny.mel_codec()).save_pretrained(tmp_path)
    (file,) = (tmp_path / component).glob("*.safetensors")
    weights = load_file(file)
    name = max(key for key in weights if key.endswith("weight"))
    del weights[name]
    save_file(weights, file, {"format": "pt"})
    with pytest.raises(ModelMissingError, match=f"{component}: without {re.escape(name)}"):
        load_pipeline(tmp_path)


def test_a_damaged_file_is_said_by_whatever_reads_it(tmp_path: Path) -> None:
    tiny.pipeline().save_pretrained(tmp_path)
    (file,) = (tmp_path / "unet").glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-1])
    for read in (load_pipeline, count_weights):
        with pytest.raises(ModelMissingError, match=r"damaged \(.*\n.* 'python -m art2mus.models verify "):
            read(tmp_path)
    (tmp_path / "model_index.json").write_text("{")
    for read in (load_pipeline, count_weights):
        with pytest.raises(ModelMissingError, match="damaged"):
            read(tmp_path)


def test_imagebind_is_found_by_name_file_and_folder(published: Path, own_home: Path) -> None:
    with pytest.raises(ModelMissingError, match="download imagebind"):
        load_imagebind()
    (own_home / "models").mkdir()
    (own_home / "models" / "imagebind").symlink_to(published / "imagebind")
    for place in ("imagebind", published / "imagebind"):
        assert load_imagebind(place).config.embedding_dim == tiny.IMAGE_DIM
    with pytest.raises(ModelMissingError, match=r"expected modality_\S+ .* found"):
        load_imagebind(next((published / "imagebind").glob("*.safetensors")))


def test_looking_for_a_model_needs_no_torch() -> None:
    script = "import sys, art2mus.models; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
