import pytest
import torch

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
