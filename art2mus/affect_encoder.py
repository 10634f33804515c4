"""The image encoder of `mini`: the affect of a picture stands where ImageBind's embedding stands in the full model."""

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from PIL import Image

from art2mus.metrics.affect import AFFECT_DIMENSIONS, AffectScale, load_scale
from art2mus.metrics.picture_affect import PICTURE_FEATURES, PICTURE_RELATIONS, picture_features


class AffectEncoder(ModelMixin, ConfigMixin):
    """Turn pictures into affect vectors.

    Args:
        embedding_dim: Numbers per picture: the six of `AFFECT_DIMENSIONS`.
        standard: Mean and deviation of every feature and dimension over the corpus of pictures (`feature_mean`,
            `feature_std`, `affect_mean`, `affect_std`), kept in the configuration so that a saved model goes on
            measuring as it was trained. The bundled constants by default.

    Raises: ValueError if the dimensions are not six, or the constants belong to another set of features.
    """

    @register_to_config
    def __init__(
        self, embedding_dim: int = len(AFFECT_DIMENSIONS), standard: dict[str, Sequence[float]] | None = None
    ) -> None:
        super().__init__()
        if embedding_dim != len(AFFECT_DIMENSIONS):
            raise ValueError(f"An affect has {len(AFFECT_DIMENSIONS)} dimensions, not {embedding_dim}")
        if standard is None:
            scale = load_scale("picture")
            standard = {
                name: list(getattr(scale, name))
                for name in ("feature_mean", "feature_std", "affect_mean", "affect_std")
            }
            self.register_to_config(standard=standard)
        if len(standard["feature_mean"]) != len(PICTURE_FEATURES):
            raise ValueError(
                f"Constants for {len(standard['feature_mean'])} features, but {len(PICTURE_FEATURES)} are measured"
            )
        self.scale = AffectScale(PICTURE_FEATURES, PICTURE_RELATIONS, **standard)
        # A model needs a tensor to have a device and a type; this one is also what an average picture gives.
        self.register_buffer("average", torch.zeros(embedding_dim))

    @torch.no_grad()
    def encode(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """Measure pictures.

        Shape: (len(images), embedding_dim), standardised, in ±3.
        """
        affects = [torch.from_numpy(self.scale.score(picture_features(image))) for image in images]
        average: torch.Tensor = self.average
        return torch.stack(affects).to(average) if affects else average.new_zeros((0, average.numel()))

    def forward(self, images: Sequence[Image.Image]) -> Any:
        """Measure pictures, as `encode`."""
        return self.encode(images)
