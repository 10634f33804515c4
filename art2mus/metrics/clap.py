"""What CLAP, trained on sound and its descriptions, makes of music and of text: one space for both.

In it are measured FAD-CLAP, and, where there is text, the CLAP score: `mean_cosine(texts, music)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import torch
from transformers import ClapFeatureExtractor, ClapModel, PreTrainedTokenizerBase

from art2mus.metrics.embedders import FloatArray, Waveform, cut, identity_of, load_published

DEFAULT_MODEL = "laion/larger_clap_music"
"""Source: Gui et al. 2024, ICASSP: of the spaces compared, that of CLAP trained on music follows listeners best."""
_MAX_TEXTS = 64
"""At a time: those of a whole test at once would not fit into the memory."""


class ClapEmbedder:
    """An `AudioEmbedder`: one point for every ten seconds; and one for every text.

    Args:
        model: Both towers.
        feature_extractor: Of its sound.
        tokenizer: Of its text.
    """

    name = "CLAP"

    def __init__(
        self, model: ClapModel, feature_extractor: ClapFeatureExtractor, tokenizer: PreTrainedTokenizerBase
    ) -> None:
        self._model = model.eval()
        self._feature_extractor = feature_extractor
        self._tokenizer = tokenizer

    @classmethod
    def from_pretrained(cls, name_or_path: str | Path | None = None) -> Self:
        """Load a CLAP of transformers: a folder, or a name on the Hugging Face hub.

        Raises: ModelMissingError.
        """
        from transformers import AutoTokenizer

        parts = load_published(name_or_path or DEFAULT_MODEL, ClapModel, ClapFeatureExtractor, AutoTokenizer)
        return cls(*parts)

    @property
    def sample_rate(self) -> int:
        """In Hz; 48,000 as published."""
        return int(self._feature_extractor.sampling_rate)

    @cached_property
    def identity(self) -> str:
        """Changes with the weights."""
        return identity_of("clap", self._model)

    @torch.inference_mode()
    def embed(self, waveform: Waveform) -> FloatArray:
        """Give one point for every ten seconds, L2-normalised; shorter music is repeated, a rest left out.

        Shape: waveform (audio_frames,); result (num_windows, dim).
        """
        size = self._feature_extractor.nb_max_samples
        points = [self._embed_window(window) for window in cut(waveform, size, size)]
        embeddings: FloatArray = torch.cat(points).numpy()
        return embeddings

    @torch.inference_mode()
    def embed_texts(self, texts: Sequence[str]) -> FloatArray:
        """Give one point for each text, L2-normalised.

        Shape: (len(texts), dim).
        """
        parts = [self._embed_some_texts(texts[at : at + _MAX_TEXTS]) for at in range(0, len(texts), _MAX_TEXTS)]
        embeddings: FloatArray = torch.cat(parts).numpy()
        return embeddings

    def _embed_some_texts(self, texts: Sequence[str]) -> torch.Tensor:
        tokens = self._tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        points: torch.Tensor = self._model.get_text_features(**tokens).pooler_output
        return points

    def _embed_window(self, window: Waveform) -> torch.Tensor:
        inputs = self._feature_extractor(window, sampling_rate=self.sample_rate, return_tensors="pt")
        # The feature extractor calls one clip at random "longer", which models with fusion would then treat as such.
        inputs["is_longer"] = torch.zeros_like(torch.as_tensor(inputs["is_longer"]))
        points: torch.Tensor = self._model.get_audio_features(**inputs).pooler_output
        return points


def one_for_each(windows: Sequence[FloatArray]) -> FloatArray:
    """Give one point for each piece, the mean of its windows, as the CLAP score wants it.

    Shape: each (num_windows, dim); result (len(windows), dim).
    """
    return np.stack([each.mean(axis=0) for each in windows])
