"""ImageBind's towers give what the published code gives, and read its weights."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.utils._python_dispatch import TorchDispatchMode

from art2mus.checkpoints import CheckpointError
from art2mus.imagebind import ImageBind
from art2mus.ranking import ranker_of
from tests.art2mus import tiny
from tests.art2mus.published_imagebind import TINY_SIZES, largest_difference, published, randomised, towers

TINY: dict[str, Any] = {
    "embedding_dim": 32,
    "vision_width": 48,
    "vision_layers": 3,
    "vision_heads": 4,
    "audio_width": 36,
    "audio_layers": 2,
    "audio_heads": 3,
}


class Allocations(TorchDispatchMode):
    """Counts the bytes of all tensors that operations make anew."""

    num_bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.device.type != "meta":
            known = [each.untyped_storage().data_ptr() for each in args if isinstance(each, torch.Tensor)]
            if result.untyped_storage().data_ptr() not in known:
                self.num_bytes += result.untyped_storage().nbytes()
        return result


@pytest.fixture(scope="module")
def reference() -> torch.nn.Module:
    model = published().ImageBindModel(**TINY_SIZES)
    return randomised(model)


@pytest.fixture(scope="module")
def weights(reference: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("imagebind") / "imagebind.pth"
    torch.save(reference.state_dict(), path)
    return path


def test_keys_and_shapes_are_those_of_imagebind_huge(monkeypatch: pytest.MonkeyPatch) -> None:
    # The published code reads numbers out of a tensor while it builds the model, which a meta tensor has not.
    monkeypatch.setattr(torch, "linspace", partial(torch.linspace, device="cpu"))
    with torch.device("meta"):
        ours, theirs = ImageBind().state_dict(), published().imagebind_huge().state_dict()
    expected = {key: value.shape for key, value in towers(theirs).items()}
    assert {key: value.shape for key, value in ours.items()} == expected
    vision = sum(value.numel() for key, value in ours.items() if ".vision." in key)
    assert vision == 632_829_440


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_the_towers_equal_the_published_ones(
    suffix: str, reference: torch.nn.Module, weights: Path, tmp_path: Path
) -> None:
    path = weights
    if suffix == ".safetensors":
        path = tmp_path / "model.safetensors"
        save_file({key: value.contiguous() for key, value in reference.state_dict().items()}, path)
    ours = ImageBind.from_file(path, config=TINY)
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randn(2, 3, 224, 224, generator=generator)
    clips = torch.randn(2, 3, 1, 128, 204, generator=generator)
    with torch.no_grad():
        expected = reference({"vision": pixels, "audio": clips})
        seen, heard = ours("vision", pixels), ours("audio", clips.flatten(0, 1)).unflatten(0, (2, 3)).mean(dim=1)
    assert largest_difference(seen, expected["vision"]) < 1e-4
    assert largest_difference(heard, expected["audio"]) < 1e-4
    assert largest_difference(heard[:1], expected["audio"][1:]) > 1e-2, "the test must be able to fail"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_loading_makes_no_second_copy(dtype: torch.dtype, weights: Path) -> None:
    with Allocations() as made:
        model = ImageBind.from_file(weights, dtype, TINY)
    assert {tensor.dtype for tensor in model.state_dict().values()} == {dtype}
    assert not any(tensor.is_meta for tensor in model.state_dict().values())
    num_bytes = sum(tensor.nbytes for tensor in model.state_dict().values())
    assert made.num_bytes <= (0.01 if dtype == torch.float32 else 1.01) * num_bytes + 4096


def test_wrong_weights_are_named(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(
        CheckpointError, match=r"expected modality_preprocessors.vision.cls_token \(1, 1, 1280\), found"
    ):
        ImageBind.from_file(weights)
    torch.save({"vision.weight": torch.zeros(2, 3)}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"is missing.* and \d+ more\n  the file holds vision.weight \(2, 3\)"):
        ImageBind.from_file(tmp_path / "other.pth", config=TINY)
    (tmp_path / "damaged.pth").write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(CheckpointError, match="cannot be read as weights"):
        ImageBind.from_file(tmp_path / "damaged.pth", config=TINY)
    with pytest.raises(CheckpointError, match="no such file"):
        ImageBind.from_file(tmp_path / "absent.pth", config=TINY)


def test_pictures_and_sound_lie_in_one_space() -> None:
    encoder = tiny.imagebind()
    pictures = [Image.new("RGB", (300, 200), "orange"), Image.linear_gradient("L").convert("RGB")]
    seen = encoder.encode(pictures)
    assert seen.shape == (2, encoder.config.embedding_dim)
    torch.testing.assert_close(seen.norm(dim=1), torch.ones(2))
    rng = np.random.default_rng(0)
    waveforms = [rng.normal(0, 0.1, (50_000, 2)).astype(np.float32), rng.normal(0, 0.1, 9_000).astype(np.float32)]
    heard = encoder.encode_audio(waveforms, 16_000)
    assert heard.shape == (2, encoder.config.embedding_dim)
    assert heard.norm(dim=1).max() <= 20 + 1e-3
    for index, waveform in enumerate(waveforms):
        torch.testing.assert_close(encoder.encode_audio([waveform], 16_000)[0], heard[index], rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(encoder.encode([pictures[index]])[0], seen[index], rtol=1e-4, atol=1e-4)


def test_similarity_is_the_cosine() -> None:
    encoder = tiny.imagebind()
    waveform = np.random.default_rng(0).normal(0, 0.1, (40_000, 1)).astype(np.float32)
    heard = encoder.encode_audio([waveform], 16_000)[0].numpy()
    found = encoder.similarities([waveform] * 3, 16_000, [heard, -heard, heard[:5]])
    assert found[:2] == pytest.approx([1.0, -1.0], abs=1e-5)
    assert found[2] is None


def test_without_ears_it_sees_the_same_and_ranks_nothing(weights: Path) -> None:
    whole = ImageBind.from_file(weights, config=TINY)
    deaf = ImageBind.from_file(weights, config={**TINY, "hears": False})
    assert not [key for key in deaf.state_dict() if "audio" in key]
    pixels = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert torch.equal(deaf("vision", pixels), whole("vision", pixels))
    assert ranker_of(deaf) is None


def test_several_squares_are_averaged_into_one_embedding() -> None:
    encoder = tiny.imagebind()
    encoder.register_to_config(view="multi-crop")
    wide = Image.linear_gradient("L").rotate(90).resize((600, 200)).convert("RGB")
    squares = [wide.crop((left, 0, left + 200, 200)) for left in (0, 200, 400)]
    encoder.register_to_config(view="crop")
    parts = encoder.encode(squares).mean(dim=0)
    encoder.register_to_config(view="multi-crop")
    whole = encoder.encode([wide, squares[0]])
    assert torch.cosine_similarity(whole[0], parts, dim=0) > 0.999
    torch.testing.assert_close(whole.norm(dim=1), torch.ones(2))


def test_an_unknown_view_is_refused() -> None:
    with pytest.raises(ValueError, match="views are crop, pad, multi-crop"):
        ImageBind(**TINY, view="whole")


def test_it_is_saved_and_loaded(tmp_path: Path) -> None:
    encoder = tiny.imagebind()
    encoder.save_pretrained(tmp_path)
    loaded = ImageBind.from_pretrained(tmp_path)
    picture = [Image.new("RGB", (40, 30), "orange")]
    assert torch.equal(loaded.encode(picture), encoder.encode(picture))
