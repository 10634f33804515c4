"""CLAP's text side alone: what AudioLDM 2 reads texts with."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import normalize
from transformers import ClapTextModelWithProjection, PreTrainedModel  # noqa: F401 (diffusers looks for it here)


class ClapTextSide(ClapTextModelWithProjection):
    """Reads the text side out of a whole CLAP and gives what that gives; nothing here listens with the other side."""

    _keys_to_ignore_on_load_unexpected = [r"audio_model\.", r"audio_projection\.", r"logit_scale"]  # noqa: RUF012

    def get_text_features(self, **tokens: Any) -> torch.Tensor:
        """Embed texts as `ClapModel` does.

        Shape: input_ids and attention_mask (B, T); result (B, projection_dim), of length 1.
        """
        return normalize(self(**tokens).text_embeds, dim=-1)
