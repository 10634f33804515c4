"""ImageBind's text tower: words in the space of its pictures and sound, with the keys of the published weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn

from art2mus.checkpoints import CheckpointError, fill, open_weights
from art2mus.imagebind import NORM_EPS, Trunk, UnitLength, named

TEXT_FOLDER = "text"
CONTEXT_LENGTH = 77
MAX_LOGIT_SCALE = 100.0
"""The tower's unit vectors are multiplied by a number that was learnt, at most this one."""
DEFAULT_TOKENIZER = "openai/clip-vit-base-patch32"
"""Any of CLIP's has the vocabulary that ImageBind's text tower was trained with."""


class ImageBindText(ModelMixin, ConfigMixin):
    """The text tower. The defaults are those of `imagebind_huge`.

    Args:
        embedding_dim: Size of the space that all towers share.
        width: Size of a token.
        num_layers: Transformer blocks.
        num_heads: Attention heads.
        vocab_size: Tokens there are; the last ends a text.

    Source: Girdhar et al. 2023 (ImageBind), and the published weights `imagebind_huge`.
    """

    @register_to_config
    def __init__(
        self,
        embedding_dim: int = 1024,
        width: int = 1024,
        num_layers: int = 24,
        num_heads: int = 16,
        vocab_size: int = 49_408,
    ) -> None:
        super().__init__()
        self.modality_preprocessors = nn.ModuleDict({"text": Words(vocab_size, width)})
        trunk = Trunk(width, num_layers, num_heads, norm_first=False, bias_kv=False)
        self.modality_trunks = nn.ModuleDict({"text": trunk})
        head = nn.Sequential(nn.LayerNorm(width, eps=NORM_EPS), nn.Linear(width, embedding_dim, bias=False))
        self.modality_heads = nn.ModuleDict({"text": named(proj=head)})
        self.modality_postprocessors = nn.ModuleDict({"text": nn.Sequential(UnitLength(), LearntScale())})

    @classmethod
    def from_file(
        cls, path: str | Path, dtype: torch.dtype = torch.float32, config: dict[str, object] | None = None
    ) -> ImageBindText:
        """Load published weights, of which only this tower is read; see `ImageBind.from_file`.

        Raises: CheckpointError, saying which weights are missing or of another shape.
        """
        with torch.device("meta"):
            model = cls(**(config or {}))
        fill(model, path, open_weights(path), dtype)
        return cast(ImageBindText, model.eval())

    @classmethod
    def load(cls, path: Path) -> ImageBindText:
        """Load published weights, or the folder `text` in that of a saved `ImageBind`.

        Raises: CheckpointError.
        """
        if not path.is_dir():
            return cls.from_file(path)
        if not (path / TEXT_FOLDER).is_dir():
            raise CheckpointError(f"{path / TEXT_FOLDER}: there is no such folder; it would hold the text tower")
        return cast(ImageBindText, cls.from_pretrained(path / TEXT_FOLDER).eval())

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Embed texts.

        Args:
            tokens: As `tokens_of` gives them.

        Shape: tokens (B, 77), int64; result (B, embedding_dim), float32, of one length: compare by the cosine.
        """
        words = self.modality_preprocessors["text"]
        read = self.modality_trunks["text"](words(tokens), words.mask)
        # The end of a text, whose token has the greatest number, has read all of it.
        ends = read[torch.arange(len(tokens)), tokens.argmax(dim=-1)]
        embeds = self.modality_heads["text"](ends).float()
        return cast(torch.Tensor, self.modality_postprocessors["text"](embeds))

    @torch.no_grad()
    def encode(self, texts: Sequence[str], tokenizer: Any) -> torch.Tensor:
        """Embed texts; what is longer than 75 tokens is cut off.

        Args:
            texts: In any number.
            tokenizer: CLIP's, of transformers.

        Shape: result (len(texts), embedding_dim), float32.
        """
        return cast(torch.Tensor, self(tokens_of(texts, tokenizer).to(self.device)))


class Words(nn.Module):
    """What the tower reads: tokens, and what is learnt about each place; no word reads those after it."""

    def __init__(self, vocab_size: int, width: int) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, width)
        self.pos_embed = nn.Parameter(torch.zeros(1, CONTEXT_LENGTH, width))
        self.register_buffer("mask", torch.full((CONTEXT_LENGTH, CONTEXT_LENGTH), -torch.inf).triu(1))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Shape: tokens (B, 77); result (B, 77, width)."""
        return cast(torch.Tensor, self.token_embedding(tokens) + self.pos_embed)


class LearntScale(nn.Module):
    """Multiplies by a number that was learnt."""

    def __init__(self) -> None:
        super().__init__()
        self.log_logit_scale = nn.Parameter(torch.zeros(()))

    def forward(self, embeds: torch.Tensor) -> torch.Tensor:
        """Shape: embeds and result (B, embedding_dim)."""
        return embeds * self.log_logit_scale.float().exp().clamp(max=MAX_LOGIT_SCALE)


def tokens_of(texts: Sequence[str], tokenizer: Any) -> torch.Tensor:
    """Give the tokens of texts; what is short ends in zeros, as published.

    Shape: (len(texts), 77), int64.
    """
    tokens = torch.zeros(len(texts), CONTEXT_LENGTH, dtype=torch.int64)
    for row, text in zip(tokens, texts, strict=True):
        ids = tokenizer(text, truncation=True, max_length=CONTEXT_LENGTH)["input_ids"]
        row[: len(ids)] = torch.tensor(ids)
    return tokens
