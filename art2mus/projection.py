"""From what the image encoder saw to tokens for the language model."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn

from art2mus.checkpoints import CheckpointError, check_weights, fill, open_weights
from art2mus.choices import CONDITIONINGS

PUBLISHED_SHAPES = {
    "projection1.weight": ("1536", "1024"),
    "projection1.bias": ("1536",),
    "projection2.weight": ("768 or 3072", "1536"),
    "projection2.bias": ("768 or 3072",),
}
"""Other sizes are taken as well, if they fit each other."""


class ImageProjection(ModelMixin, ConfigMixin):
    """The layer Art2Mus trains: an image embedding becomes one or more tokens for GPT-2.

    Args:
        image_embed_dim: Size of an image embedding; ImageBind 1024, affect 6.
        hidden_dim: Width between the two linear layers; 1536 as published.
        language_model_dim: Width of the language model's tokens.
        num_tokens: Tokens per picture: 1 is Art2Mus, 4 is Art2Mus-4.
        conditioning: How the tokens were shown to the language model in training, and are to be: "reference" is by
            themselves, as published; "framed" is between the learnt SOS and EOS.

    Raises: ValueError if there is no such conditioning.
    Source: Rinaldi et al. 2024, section 3; the keys are those of the published state dicts.
    """

    @register_to_config
    def __init__(
        self,
        image_embed_dim: int = 1024,
        hidden_dim: int = 1536,
        language_model_dim: int = 768,
        num_tokens: int = 1,
        conditioning: str = "reference",
    ) -> None:
        super().__init__()
        if conditioning not in CONDITIONINGS:
            raise ValueError(f"`conditioning` is one of {', '.join(CONDITIONINGS)}, not {conditioning!r}")
        self.projection1 = nn.Linear(image_embed_dim, hidden_dim)
        self.projection2 = nn.Linear(hidden_dim, language_model_dim * num_tokens)
        self.num_tokens = num_tokens

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        dtype: torch.dtype = torch.float32,
        language_model_dim: int = 768,
        conditioning: str = "reference",
    ) -> ImageProjection:
        """Load a published projection, `art2mus_img_proj_layer.pt` or `art2mus_4_img_proj_layer.pt`, as it is.

        Args:
            path: A state dict, of `torch.save` or as safetensors; how many tokens it makes is told by its shapes.
            dtype: What the weights become.
            language_model_dim: Width of the language model's tokens.
            conditioning: How it was trained.

        Raises: CheckpointError, saying which keys and shapes were expected.
        """
        weights = open_weights(path)
        check_weights(path, weights, PUBLISHED_SHAPES)
        hidden_dim, image_embed_dim = weights["projection1.weight"].shape
        width = len(weights["projection2.weight"])
        if width == 0 or width % language_model_dim:
            raise CheckpointError(
                f"{path}: expected projection2.weight ({language_model_dim} for each image token, {hidden_dim}), "
                f"found ({width}, {weights['projection2.weight'].shape[1]})"
            )
        with torch.device("meta"):
            num_tokens = width // language_model_dim
            projection = cls(image_embed_dim, hidden_dim, language_model_dim, num_tokens, conditioning)
        fill(projection, path, weights, dtype)
        return cast(ImageProjection, projection.eval())

    def forward(self, image_embeds: torch.Tensor) -> torch.Tensor:
        """Project image embeddings.

        Shape: image_embeds (B, image_embed_dim); result (B, num_tokens, language_model_dim).
        """
        tokens: torch.Tensor = self.projection2(torch.tanh(self.projection1(image_embeds)))
        return tokens.unflatten(-1, (self.num_tokens, -1))
