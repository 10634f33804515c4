"""From what the image encoder saw to tokens for the language model."""

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn


class ImageProjection(ModelMixin, ConfigMixin):
    """The layer Art2Mus trains: an image embedding becomes one or more tokens for GPT-2.

    Args:
        image_embed_dim: Size of an image embedding; ImageBind 1024, affect 6.
        hidden_dim: Width between the two linear layers; 1536 as published.
        language_model_dim: Width of the language model's tokens.
        num_tokens: Tokens per picture: 1 is Art2Mus, 4 is Art2Mus-4.

    Source: Rinaldi et al. 2024, section 3; the keys are those of the published state dicts.
    """

    @register_to_config
    def __init__(
        self,
        image_embed_dim: int = 1024,
        hidden_dim: int = 1536,
        language_model_dim: int = 768,
        num_tokens: int = 1,
    ) -> None:
        super().__init__()
        self.projection1 = nn.Linear(image_embed_dim, hidden_dim)
        self.projection2 = nn.Linear(hidden_dim, language_model_dim * num_tokens)
        self.num_tokens = num_tokens

    def forward(self, image_embeds: torch.Tensor) -> torch.Tensor:
        """Project image embeddings.

        Shape: image_embeds (B, image_embed_dim); result (B, num_tokens, language_model_dim).
        """
        tokens: torch.Tensor = self.projection2(torch.tanh(self.projection1(image_embeds)))
        return tokens.unflatten(-1, (self.num_tokens, -1))
