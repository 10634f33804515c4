"""Attention in parts, and conditions that are kept, give what is computed all at once and anew."""

import pytest
import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import Attention

from art2mus import attention
from art2mus.attention import Folded, Kept, attend_in_parts, attend_to_itself, keep

WIDTH, HEADS = 24, 3


@pytest.fixture(autouse=True)
def without_gradients():
    with torch.no_grad():
        yield


def cross_attention(dtype: torch.dtype) -> Attention:
    torch.manual_seed(0)
    return Attention(WIDTH, cross_attention_dim=10, heads=HEADS, dim_head=WIDTH // HEADS).to(dtype).eval()


def randn(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kilobytes", [0.01, 0.3, 1, 3, 100])
def test_scores_are_looked_at_in_parts_of_any_size(kilobytes: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "SCORES_BYTES", int(1024 * kilobytes))
    queries, keys, values = (randn(2, HEADS, 13, 8, seed=seed) for seed in range(3))
    expected = F.scaled_dot_product_attention(queries, keys, values)
    torch.testing.assert_close(attend_in_parts(queries, keys, values), expected)


def test_in_bfloat16_it_is_as_exact_as_that_allows() -> None:
    layer = Attention(WIDTH, heads=HEADS, dim_head=8).eval()
    tokens = randn(2, attention.MIN_TOKENS, WIDTH)
    exact = layer(tokens)
    layer, tokens = layer.bfloat16(), tokens.bfloat16()
    found, stock = attend_to_itself(layer, tokens), layer(tokens)
    assert not torch.equal(found, stock), "it is another way"
    assert (found - exact).norm() < 1.1 * (stock - exact).norm()


def test_in_full_precision_it_is_diffusers_to_the_bit() -> None:
    layer, tokens = Attention(WIDTH, heads=HEADS, dim_head=8).eval(), randn(2, attention.MIN_TOKENS, WIDTH)
    assert torch.equal(attend_to_itself(layer, tokens), layer(tokens))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("is_masked", [False, True])
def test_a_condition_that_was_kept_is_seen_as_it_is(dtype: torch.dtype, is_masked: bool) -> None:
    layer, tokens, states = cross_attention(dtype), randn(2, 20, WIDTH).to(dtype), randn(2, 4, 10).to(dtype)
    mask = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1]]) if is_masked else None
    kept = keep(layer, states, mask)
    assert isinstance(kept, Folded) == (dtype is not torch.float32), "in full precision the order of products stays"
    bias = None if mask is None else ((1 - mask) * -10_000.0).to(dtype)[:, None]
    expected = layer(tokens, encoder_hidden_states=states, attention_mask=bias)
    torch.testing.assert_close(kept.attend(layer, tokens), expected, rtol=1e-5, atol=1e-6)
    if mask is not None:
        other = keep(layer, torch.where(mask[..., None] == 1, states, 9.0), mask)
        torch.testing.assert_close(other.attend(layer, tokens), expected, rtol=1e-5, atol=1e-6)
    part = kept.take(slice(1, 2)).attend(layer, tokens[1:])
    torch.testing.assert_close(part, expected[1:], rtol=1e-5, atol=1e-6)


def test_a_long_text_is_not_folded() -> None:
    layer = cross_attention(torch.bfloat16)
    num_tokens = WIDTH // HEADS
    assert type(keep(layer, randn(1, num_tokens, 10).bfloat16(), None)) is Kept
    assert type(keep(layer, randn(1, num_tokens - 1, 10).bfloat16(), None)) is Folded


def test_what_is_learned_is_not_folded() -> None:
    states = randn(1, WIDTH // HEADS - 1, 10).bfloat16()
    assert type(keep(cross_attention(torch.bfloat16), states.requires_grad_(), None)) is Kept


def test_items_of_a_list_are_taken_as_often_as_they_stand_there() -> None:
    kept = keep(cross_attention(torch.float32), randn(2, 4, 10), torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1]]))
    taken = kept.take([1, 0, 1])
    assert torch.equal(taken.keys, kept.keys[[1, 0, 1]])
    assert taken.bias is not None
    assert taken.bias.shape == (3, 1, 1, 4)
