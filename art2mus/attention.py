"""Attention as a denoising step needs it: what is constant over the steps kept, the rest shaped for the machine."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import Attention

MASKED = -10_000.0
"""Added to the scores of tokens that do not count, as diffusers does."""
SCORES_BYTES = 2**21
"""Scores looked at together on one thread; they stay in its cache. A quarter of it was slower, as measured on Zen 4."""
MIN_TOKENS = 256
"""Below, torch's own attention is the faster one: it was among 64, and no longer among 256, as measured on Zen 4."""

KeptT = TypeVar("KeptT", bound="Kept")


@dataclass(frozen=True)
class Kept:
    """A condition as one cross-attention sees it at every step.

    Shape: keys and values (B, heads, T, head_dim); bias (B, 1, 1, T), added to the scores.
    """

    keys: torch.Tensor
    values: torch.Tensor
    bias: torch.Tensor | None

    def attend(self, attention: Attention, tokens: torch.Tensor) -> torch.Tensor:
        """Let tokens look at the condition.

        Shape: tokens and result (B, N, W).
        """
        queries = split_heads(attention.to_q(tokens), attention.heads)
        seen = F.scaled_dot_product_attention(queries, self.keys, self.values, attn_mask=self.bias)
        return attention.to_out[0](join_heads(seen))

    def take(self: KeptT, items: slice | list[int]) -> KeptT:
        """Pick items of the batch; those of a list as often as they stand there."""
        tensors = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: each[items] for name, each in tensors.items() if each is not None})


@dataclass(frozen=True)
class Folded(Kept):
    """The same for few tokens, with the projections of queries and results multiplied into keys and values.

    Where heads × T is less than W, two products of that width take the place of four of width W.

    Shape: keys (B, W, heads × T); values (B, heads × T, W); bias (B, 1, 1, T).
    """

    def attend(self, attention: Attention, tokens: torch.Tensor) -> torch.Tensor:
        """Let tokens look at the condition.

        Shape: tokens and result (B, N, W).
        """
        scores = torch.bmm(tokens, self.keys).unflatten(2, (attention.heads, -1))
        if self.bias is not None:
            scores = scores + self.bias
        return torch.baddbmm(attention.to_out[0].bias, scores.softmax(-1).flatten(2), self.values)


def keep(attention: Attention, states: torch.Tensor, mask: torch.Tensor | None) -> Kept:
    """Compute once what a cross-attention needs of a condition.

    In full precision, and where there is something to learn, the order of the products stays diffusers', to the last
    bit.

    Shape: states (B, T, states_dim); mask (B, T), 1 where a token counts.
    """
    keys, values = (split_heads(project(states), attention.heads) for project in (attention.to_k, attention.to_v))
    bias = None if mask is None else ((1 - mask.to(states.dtype)) * MASKED)[:, None, None]
    is_narrow = attention.heads * states.shape[1] < attention.to_q.in_features
    if states.dtype is torch.float32 or states.requires_grad or not is_narrow:
        return Kept(keys, values, bias)
    heads = (attention.heads, -1)
    ask = attention.to_q.weight.float().unflatten(0, heads) * keys.shape[-1] ** -0.5
    tell = attention.to_out[0].weight.float().unflatten(1, heads)
    folded_keys = torch.einsum("hdw,bhtd->bwht", ask, keys.float()).flatten(2)
    folded_values = torch.einsum("bhtd,whd->bhtw", values.float(), tell).flatten(1, 2)
    return Folded(folded_keys.to(states.dtype), folded_values.to(states.dtype), bias)


def attend_to_itself(attention: Attention, tokens: torch.Tensor) -> torch.Tensor:
    """Let tokens look at each other.

    Shape: tokens and result (B, N, W).
    """
    projections = (attention.to_q, attention.to_k, attention.to_v)
    queries, keys, values = (split_heads(project(tokens), attention.heads) for project in projections)
    is_slow = tokens.dtype is torch.bfloat16 and tokens.device.type == "cpu" and tokens.shape[1] >= MIN_TOKENS
    look = attend_in_parts if is_slow and not torch.is_grad_enabled() else F.scaled_dot_product_attention
    return attention.to_out[0](join_heads(look(queries, keys, values)))


def attend_in_parts(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Give scaled dot-product attention by products of matrices, as many scores at a time as stay in the cache.

    In bfloat16 on a processor, torch's own takes as long as in float32; the products of matrices are what is fast.
    The scores are rounded to the type of the queries.

    Shape: all (B, heads, N, head_dim).
    """
    num_tokens, scale = queries.shape[2], queries.shape[3] ** -0.5
    asked, known, told = (each.flatten(0, 1) for each in (queries, keys.mT, values))
    seen = torch.empty_like(asked, memory_format=torch.contiguous_format)
    num_scores = SCORES_BYTES * torch.get_num_threads() // queries.element_size()
    num_heads = max(1, min(len(asked), num_scores // num_tokens**2))
    num_rows = max(1, min(num_tokens, num_scores // (num_tokens * num_heads)))
    buffer = asked.new_empty(num_heads, num_rows, num_tokens)
    for heads in range(0, len(asked), num_heads):
        some = slice(heads, heads + num_heads)
        for begin in range(0, num_tokens, num_rows):
            rows = asked[some, begin : begin + num_rows]
            scores = buffer[: rows.shape[0], : rows.shape[1]]
            torch.baddbmm(scores, rows, known[some], beta=0, alpha=scale, out=scores)
            torch.softmax(scores, -1, out=scores)
            torch.bmm(scores, told[some], out=seen[some, begin : begin + num_rows])
    return seen.unflatten(0, queries.shape[:2])


def split_heads(states: torch.Tensor, num_heads: int) -> torch.Tensor:
    """Shape: states (B, N, heads × head_dim); result (B, heads, N, head_dim)."""
    return states.unflatten(2, (num_heads, -1)).transpose(1, 2)


def join_heads(states: torch.Tensor) -> torch.Tensor:
    """Shape: states (B, heads, N, head_dim); result (B, N, heads × head_dim)."""
    return states.transpose(1, 2).flatten(2)
