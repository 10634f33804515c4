from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from art2mus.checkpoints import CheckpointError
from art2mus.projection import ImageProjection


@pytest.mark.parametrize(("num_tokens", "num_parameters"), [(1, 2_754_816), (4, 6_296_064)])
def test_it_has_the_published_size_and_keys(num_tokens: int, num_parameters: int) -> None:
    projection = ImageProjection(num_tokens=num_tokens)
    assert sum(parameter.numel() for parameter in projection.parameters()) == num_parameters
    assert set(projection.state_dict()) == {
        "projection1.weight",
        "projection1.bias",
        "projection2.weight",
        "projection2.bias",
    }


@pytest.mark.parametrize("num_tokens", [1, 4])
def test_every_picture_gets_its_tokens(num_tokens: int) -> None:
    projection = ImageProjection(6, 16, 24, num_tokens)
    embeds = torch.randn(3, 6)
    tokens = projection(embeds)
    assert tokens.shape == (3, num_tokens, 24)
    flat = torch.tanh(embeds @ projection.projection1.weight.T + projection.projection1.bias)
    expected = flat @ projection.projection2.weight.T + projection.projection2.bias
    torch.testing.assert_close(tokens.flatten(1), expected)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("num_tokens", [1, 4])
def test_the_published_files_load_as_they_are(num_tokens: int, suffix: str, tmp_path: Path) -> None:
    published = ImageProjection(num_tokens=num_tokens)
    path = tmp_path / f"art2mus_img_proj_layer{suffix}"
    torch.save(published.state_dict(), path) if suffix == ".pt" else save_file(published.state_dict(), path)
    loaded = ImageProjection.from_file(path)
    assert loaded.config.num_tokens == num_tokens
    assert loaded.config.conditioning == "reference"
    embeds = torch.randn(2, 1024)
    assert torch.equal(loaded(embeds), published(embeds))
    half = ImageProjection.from_file(path, torch.bfloat16, conditioning="framed")
    assert (half.dtype, half.config.conditioning) == (torch.bfloat16, "framed")


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (
            {"projection.weight": torch.zeros(3, 2)},
            r"projection1.weight \(1536, 1024\) is missing.*\n.*projection.weight \(3, 2\)",
        ),
        (ImageProjection(4, 5, 7).state_dict(), r"projection2.weight \(768 for each image token, 5\), found \(7, 5\)"),
        (
            {**ImageProjection(4, 5, 768).state_dict(), "projection1.bias": torch.zeros(6)},
            r"expected projection1.bias \(5,\), found \(6,\)",
        ),
        ([1, 2], "is not a state dict"),
    ],
)
def test_a_wrong_file_says_what_was_expected(weights: object, words: str, tmp_path: Path) -> None:
    torch.save(weights, tmp_path / "wrong.pt")
    with pytest.raises(CheckpointError, match=words):
        ImageProjection.from_file(tmp_path / "wrong.pt")


def test_there_are_two_ways_to_show_tokens() -> None:
    with pytest.raises(ValueError, match="reference, framed, not 'frame'"):
        ImageProjection(conditioning="frame")
