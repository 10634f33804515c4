"""What steers the denoiser, and how items of a batch that differ in length are brought together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from diffusers import AudioLDM2ProjectionModel
from PIL import Image
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from art2mus.codec.protocol import FloatArray

MAX_TEXT_TOKENS = 512


@runtime_checkable  # diffusers asks it of what it has loaded
class ImageEncoder(Protocol):
    """What sees the pictures: affect for mini, ImageBind for the full model."""

    def encode(self, images: list[Image.Image]) -> torch.Tensor:
        """Shape: result (B, embedding_dim)."""
        ...


@dataclass(frozen=True)
class TextEncoding:
    """One text, as the two text encoders see it.

    Shape: pooled (D1,), of CLAP; states (T, D2), of T5; attention_mask (T,), 1 where a token of T5's counts.
    """

    pooled: torch.Tensor
    states: torch.Tensor
    attention_mask: torch.Tensor


@dataclass(frozen=True)
class Sentence:
    """What the language model reads about one item.

    Shape: tokens (T, W); attention_mask (T,), 1 where a token counts.
    """

    tokens: torch.Tensor
    attention_mask: torch.Tensor

    @classmethod
    def of_text(cls, projection_model: AudioLDM2ProjectionModel, text: TextEncoding) -> Sentence:
        """Project a text: [SOS, CLAP, EOS, SOS1, T5…, EOS1]."""
        dtype = projection_model.dtype
        pooled, states = text.pooled.to(dtype)[None, None], text.states.to(dtype)[None]
        # Without masks diffusers' projection takes a faulty branch.
        projected = projection_model(
            hidden_states=pooled,
            hidden_states_1=states,
            attention_mask=text.attention_mask.new_ones(1, 1),
            attention_mask_1=text.attention_mask[None],
        )
        return cls(projected.hidden_states[0], projected.attention_mask[0])

    @classmethod
    def of_image(cls, projection_model: AudioLDM2ProjectionModel, tokens: torch.Tensor, conditioning: str) -> Sentence:
        """Take image tokens alone ("reference", as published), or between CLAP's SOS and EOS ("framed").

        Shape: tokens (N, W).
        """
        if conditioning == "framed":
            ends = (projection_model.sos_embed.to(tokens)[None], projection_model.eos_embed.to(tokens)[None])
            tokens = torch.cat([ends[0], tokens, ends[1]])
        return cls(tokens, tokens.new_ones(len(tokens), dtype=torch.long))

    def then(self, other: Sentence) -> Sentence:
        """This sentence, and the other after it."""
        return Sentence(torch.cat([self.tokens, other.tokens]), torch.cat([self.attention_mask, other.attention_mask]))


@dataclass(frozen=True)
class Condition:
    """What the denoiser listens to, one item per clip.

    Shape: loa_tokens (B, 8, W); prompt_embeds (B, T, D2); attention_mask (B, T), 1 where a text token counts.
    """

    loa_tokens: torch.Tensor
    prompt_embeds: torch.Tensor
    attention_mask: torch.Tensor

    @classmethod
    def of(cls, loa_tokens: torch.Tensor, texts: Sequence[TextEncoding], num_tokens: int | None = None) -> Condition:
        """Pad the texts to one length: that of the longest, or `num_tokens` where that is more.

        Shape: loa_tokens (len(texts), 8, W).
        """
        states = pad_sequence([text.states for text in texts], batch_first=True)
        masks = pad_sequence([text.attention_mask for text in texts], batch_first=True)
        length = max(states.shape[1], num_tokens or 0)
        return cls(loa_tokens, _padded(states, length), _padded(masks, length))

    def take(self, items: Sequence[int]) -> Condition:
        """Pick items, any of them as often as wanted."""
        index = torch.tensor(items, device=self.loa_tokens.device)
        return Condition(self.loa_tokens[index], self.prompt_embeds[index], self.attention_mask[index])

    def to(self, device: torch.device) -> Condition:
        """The same on another device."""
        return Condition(self.loa_tokens.to(device), self.prompt_embeds.to(device), self.attention_mask.to(device))

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
    length: int | None = None,
) -> TextEncoding:
    """Read one text with CLAP, of any transformers version and with or without its audio side, and with T5.

    Args:
        text: It may be empty; what is too long is cut off.
        tokenizer: Of `text_encoder`.
        text_encoder: CLAP's text side.
        tokenizer_2: Of `text_encoder_2`.
        text_encoder_2: T5's encoder.
        max_tokens: How many of T5's the language model has room for.
        length: Cut or pad T5's tokens to so many, instead of taking as many as the text has.
    """
    tokens = _tokenize(tokenizer, text, text_encoder.device)
    if hasattr(text_encoder, "get_text_features"):
        features = text_encoder.get_text_features(**tokens)
        pooled = getattr(features, "pooler_output", features)
    else:
        pooled = text_encoder(**tokens).text_embeds
    tokens = _tokenize(tokenizer_2, text, text_encoder_2.device, length or max_tokens, pad=length is not None)
    states = text_encoder_2(**tokens).last_hidden_state
    return TextEncoding(pooled[0], states[0], tokens["attention_mask"][0])


def sentences_of(
    projection_model: AudioLDM2ProjectionModel,
    image_tokens: torch.Tensor | None,
    texts: Sequence[TextEncoding] | None,
    conditioning: str | None,
    *,
    image_first: bool,
) -> list[Sentence]:
    """Give what the language model reads about each item: its picture, its text, or one after the other.

    Shape: image_tokens (B, N, W).
    """
    read = [Sentence.of_text(projection_model, text) for text in texts or []]
    if image_tokens is None:
        return read
    seen = [Sentence.of_image(projection_model, tokens, conditioning or "reference") for tokens in image_tokens]
    if texts is None:
        return seen
    pairs = zip(seen, read, strict=True) if image_first else zip(read, seen, strict=True)
    return [first.then(second) for first, second in pairs]


def count_items(batches: Mapping[str, Sized | None], followers: Mapping[str, Sized | None]) -> int:
    """Say how many items a call has.

    Args:
        batches: What there is one of for each item, or nothing.
        followers: Likewise; there must be something else beside it.

    Raises: ValueError if they do not agree.
    """
    sizes = {name: len(batch) for name, batch in batches.items() if batch is not None}
    num_items = max(sizes.values(), default=1)
    sizes |= {name: len(batch) for name, batch in followers.items() if batch is not None}
    if num_items == 0 or any(size != num_items for size in sizes.values()):
        found = ", ".join(f"{size} of `{name}`" for name, size in sizes.items())
        raise ValueError(f"every item of the batch needs its own: found {found}")
    return num_items


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
    tokenizer: PreTrainedTokenizerBase,
    text: str,
    device: torch.device,
    max_tokens: int = MAX_TEXT_TOKENS,
    *,
    pad: bool = False,
) -> dict[str, torch.Tensor]:
    max_length = min(tokenizer.model_max_length, MAX_TEXT_TOKENS, max_tokens)
    padding = "max_length" if pad else False
    tokens = tokenizer([text], truncation=True, padding=padding, max_length=max_length, return_tensors="pt")
    return {name: tokens[name].to(device) for name in ("input_ids", "attention_mask")}


def _padded(tensor: torch.Tensor, length: int) -> torch.Tensor:
    rest = tensor.new_zeros(tensor.shape[0], length - tensor.shape[1], *tensor.shape[2:])
    return torch.cat([tensor, rest], dim=1)
