import pytest
import torch
from transformers import GPT2Config, GPT2Model

from art2mus.language_of_audio import compose_loa


@pytest.fixture(scope="module")
def language_model() -> GPT2Model:
    torch.manual_seed(0)
    return GPT2Model(
        GPT2Config(vocab_size=1, n_positions=32, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0)
    ).eval()


def slowly(language_model: GPT2Model, tokens: torch.Tensor, count: int) -> torch.Tensor:
    """Restate the loop without a cache."""
    for _ in range(count):
        states = language_model(inputs_embeds=tokens).last_hidden_state
        tokens = torch.cat([tokens, states[:, -1:]], dim=1)
    return tokens[:, -count:]


def test_it_appends_hidden_states_one_after_another(language_model: GPT2Model) -> None:
    tokens = torch.randn(2, 4, 16)
    composed = compose_loa(language_model, tokens, torch.ones(2, 4, dtype=torch.long))
    assert composed.shape == (2, 8, 16)
    torch.testing.assert_close(composed, slowly(language_model, tokens, 8), atol=1e-5, rtol=1e-5)


def test_padding_on_the_left_changes_nothing(language_model: GPT2Model) -> None:
    short = torch.randn(1, 3, 16)
    padded = torch.cat([torch.randn(1, 2, 16), short], dim=1)
    mask = torch.tensor([[0, 0, 1, 1, 1]])
    alone = compose_loa(language_model, short, mask[:, 2:])
    torch.testing.assert_close(compose_loa(language_model, padded, mask), alone, atol=1e-5, rtol=1e-5)


def test_padding_within_keeps_its_place(language_model: GPT2Model) -> None:
    """As diffusers' AudioLDM 2 has it: what comes after padding stands as far on as the padding is long."""
    tokens, mask = torch.randn(1, 5, 16), torch.tensor([[1, 1, 0, 0, 1]])
    slow = tokens
    for _ in range(8):
        seen = torch.cat([mask, torch.ones(1, slow.shape[1] - 5, dtype=torch.long)], dim=1)
        slow = torch.cat([slow, language_model(inputs_embeds=slow, attention_mask=seen).last_hidden_state[:, -1:]], 1)
    composed = compose_loa(language_model, tokens, mask)
    torch.testing.assert_close(composed, slow[:, -8:], atol=1e-5, rtol=1e-5)
    other = torch.cat([tokens[:, :2], torch.randn(1, 2, 16), tokens[:, 4:]], dim=1)
    torch.testing.assert_close(compose_loa(language_model, other, mask), composed, atol=1e-5, rtol=1e-5)


def test_gradients_reach_what_was_put_in(language_model: GPT2Model) -> None:
    tokens = torch.randn(1, 2, 16, requires_grad=True)
    compose_loa(language_model, tokens, torch.ones(1, 2, dtype=torch.long))[:, -1, 0].sum().backward()
    assert tokens.grad is not None
    assert tokens.grad.abs().min() > 0
