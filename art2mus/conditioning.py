"""What steers the denoiser, and how items of a batch that differ in length are brought together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import torch
from diffusers import AudioLDM2ProjectionModel
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from art2mus.codec.protocol import FloatArray

MAX_TEXT_TOKENS = 512


@dataclass(frozen=True)
class TextEncoding:
    """One text, as the two text encoders see it.

    Shape: pooled (D1,), of CLAP; states (T, D2), of T5.
    """

    pooled: torch.Tensor
    states: torch.Tensor


@dataclass(frozen=True)
class Condition:
    """What the denoiser listens to, one item per clip.

    Shape: loa_tokens (B, 8, W); prompt_embeds (B, T, D2); attention_mask (B, T), 1 where a text token counts.
    """

    loa_tokens: torch.Tensor
    prompt_embeds: torch.Tensor
    attention_mask: torch.Tensor

    @classmethod
    def of(cls, loa_tokens: torch.Tensor, texts: Sequence[TextEncoding]) -> Condition:
        """Pad the texts to one length.

        Shape: loa_tokens (len(texts), 8, W).
        """
        states = [text.states for text in texts]
        ones = [text.states.new_ones(len(text.states), dtype=torch.long) for text in texts]
        return cls(loa_tokens, pad_sequence(states, batch_first=True), pad_sequence(ones, batch_first=True))

    def take(self, items: Sequence[int]) -> Condition:
        """Pick items, any of them as often as wanted."""
        index = torch.tensor(items, device=self.loa_tokens.device)
        return Condition(self.loa_tokens[index], self.prompt_embeds[index], self.attention_mask[index])

    def after(self, avoided: Condition) -> Condition:
        """One batch of both branches of guidance: first what to keep away from, then this."""
        length = max(self.prompt_embeds.shape[1], avoided.prompt_embeds.shape[1])
        return Condition(
            torch.cat([avoided.loa_tokens, self.loa_tokens]),
            torch.cat([_padded(avoided.prompt_embeds, length), _padded(self.prompt_embeds, length)]),
            torch.cat([_padded(avoided.attention_mask, length), _padded(self.attention_mask, length)]),
        )


def read_text(
    text: str,
    tokenizer: PreTrainedTokenizerBase,
    text_encoder: PreTrainedModel,
    tokenizer_2: PreTrainedTokenizerBase,
    text_encoder_2: PreTrainedModel,
    max_tokens: int,
) -> TextEncoding:
    """Read one text with CLAP, of any transformers version and with or without its audio side, and with T5.

    Args:
        text: It may be empty; what is too long is cut off.
        tokenizer: Of `text_encoder`.
        text_encoder: CLAP's text side.
        tokenizer_2: Of `text_encoder_2`.
        text_encoder_2: T5's encoder.
        max_tokens: How many of T5's the language model has room for.
    """
    tokens = _tokenize(tokenizer, text, text_encoder.device)
    if hasattr(text_encoder, "get_text_features"):
        features = text_encoder.get_text_features(**tokens)
        pooled = getattr(features, "pooler_output", features)
    else:
        pooled = text_encoder(**tokens).text_embeds
    states = text_encoder_2(**_tokenize(tokenizer_2, text, text_encoder_2.device, max_tokens)).last_hidden_state
    return TextEncoding(pooled[0], states[0])


def project_text(projection_model: AudioLDM2ProjectionModel, text: TextEncoding) -> torch.Tensor:
    """Make a text a sentence of the language model: [SOS, CLAP, EOS, SOS1, T5…, EOS1].

    Shape: result (T + 5, W).
    """
    dtype = projection_model.dtype
    pooled, states = text.pooled.to(dtype)[None, None], text.states.to(dtype)[None]
    projected = projection_model(
        hidden_states=pooled,
        hidden_states_1=states,
        # Nothing is padded here, but without masks diffusers' projection takes a faulty branch.
        attention_mask=pooled.new_ones(pooled.shape[:2], dtype=torch.long),
        attention_mask_1=states.new_ones(states.shape[:2], dtype=torch.long),
    )
    sentence: torch.Tensor = projected.hidden_states[0]
    return sentence


def alike(keys: Iterable[Hashable]) -> list[list[int]]:
    """Group positions by what stands there.

    >>> alike([8, 12, 8])
    [[0, 2], [1]]
    """
    groups: dict[Hashable, list[int]] = {}
    for position, key in enumerate(keys):
        groups.setdefault(key, []).append(position)
    return list(groups.values())


def subjects_of(
    image_embeds: torch.Tensor | None, image_tokens: torch.Tensor | None, texts: list[TextEncoding] | None
) -> list[FloatArray | None]:
    """What each item is about: its picture, otherwise its text; nobody knows for image tokens alone."""
    if image_embeds is not None:
        return [embedding.float().cpu().numpy() for embedding in image_embeds]
    if image_tokens is not None or texts is None:
        return [None] * (len(image_tokens) if image_tokens is not None else 1)
    return [text.pooled.float().cpu().numpy() for text in texts]


def spread(text: str | list[str], num_items: int) -> list[str]:
    """Give every item its text."""
    return [text] * num_items if isinstance(text, str) else text


def _tokenize(
    tokenizer: PreTrainedTokenizerBase, text: str, device: torch.device, max_tokens: int = MAX_TEXT_TOKENS
) -> dict[str, torch.Tensor]:
    max_length = min(tokenizer.model_max_length, MAX_TEXT_TOKENS, max_tokens)
    tokens = tokenizer([text], truncation=True, max_length=max_length, return_tensors="pt")
    return {name: tokens[name].to(device) for name in ("input_ids", "attention_mask")}


def _padded(tensor: torch.Tensor, length: int) -> torch.Tensor:
    rest = tensor.new_zeros(tensor.shape[0], length - tensor.shape[1], *tensor.shape[2:])
    return torch.cat([tensor, rest], dim=1)
