"""GPT-2 writes the language of audio (LOA): eight vectors that say what shall sound."""

from collections.abc import Sequence

import torch
from transformers import DynamicCache, GPT2Model

from art2mus.conditioning import Sentence, alike


def compose_each(language_model: GPT2Model, sentences: Sequence[Sentence], num_loa_tokens: int = 8) -> torch.Tensor:
    """Continue each sentence; those of one length together, so that none depends on how long the others are.

    Shape: result (len(sentences), num_loa_tokens, W).
    """
    loa_tokens: dict[int, torch.Tensor] = {}
    for members in alike(len(sentence.tokens) for sentence in sentences):
        group = [sentences[member] for member in members]
        inputs = torch.stack([sentence.tokens for sentence in group]).to(language_model.dtype)
        mask = torch.stack([sentence.attention_mask for sentence in group])
        loa_tokens.update(zip(members, compose_loa(language_model, inputs, mask, num_loa_tokens), strict=True))
    return torch.stack([loa_tokens[member] for member in range(len(sentences))])


def compose_loa(
    language_model: GPT2Model,
    inputs_embeds: torch.Tensor,
    attention_mask: torch.Tensor,
    num_loa_tokens: int = 8,
) -> torch.Tensor:
    """Continue the conditioning tokens, one hidden state after another.

    Differentiable with respect to `inputs_embeds` and the language model's weights. Keys and values are
    cached, so every token goes through the model once.

    Args:
        language_model: A GPT-2 without its head.
        inputs_embeds: The condition: image tokens, projected text, or both.
        attention_mask: 1 where a token counts, 0 where it is padding. Positions are counted from the first token
            that counts; padding after that keeps its place, as in AudioLDM 2.
        num_loa_tokens: How many hidden states to append.

    Shape: inputs_embeds (B, T, W); attention_mask (B, T); result (B, num_loa_tokens, W).
    Source: AudioLDM 2 (Liu et al. 2023), section III-B.
    """
    cache = DynamicCache()
    mask = attention_mask
    token = inputs_embeds
    loa_tokens: list[torch.Tensor] = []
    positions = (torch.arange(mask.shape[1], device=mask.device) - mask.argmax(1, keepdim=True)).clamp(min=0)
    while True:
        states = language_model(
            inputs_embeds=token, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True
        ).last_hidden_state
        token = states[:, -1:]
        loa_tokens.append(token)
        if len(loa_tokens) == num_loa_tokens:
            return torch.cat(loa_tokens, dim=1)
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
        positions = positions[:, -1:] + 1
