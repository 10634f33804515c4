"""The denoiser of note rolls."""

import functools
from typing import Any

import torch
from diffusers import AudioLDM2UNet2DConditionModel, ModelMixin  # noqa: F401 (diffusers looks for it here)
from torch import nn


class PositionedConv(nn.Module):
    """The first convolution, plus what is learnt about the place: which beat of the phrase, which register.

    Args:
        conv: The convolution of the latents.
        size: Latent steps of one phrase and latent rows; a longer piece repeats the phrase.
    """

    def __init__(self, conv: nn.Conv2d, size: tuple[int, int]) -> None:
        super().__init__()
        self.conv = conv
        self.position = nn.Parameter(torch.zeros(1, conv.out_channels, *size))

    def forward(self, sample: torch.Tensor) -> torch.Tensor:
        """Shape: sample (B, C, latent_steps, latent_rows); result (B, out_channels, same, same)."""
        num_steps, phrase = sample.shape[2], self.position.shape[2]
        position = self.position.repeat(1, 1, -(-num_steps // phrase), 1)[:, :, :num_steps]
        out: torch.Tensor = self.conv(sample) + position
        return out


class ScoreUNet(AudioLDM2UNet2DConditionModel):
    """AudioLDM 2's UNet for latents of a note roll.

    A convolution hears the same at every place, but a note roll is not the same everywhere: bar eight closes
    what bar one opened, and low rows carry other notes than high ones. So the first layer adds a learnt map
    of the place. `config.sample_size` is (latent_steps, latent_rows) of one phrase. One input channel more
    than the latents have is the mask of latents that are given (1) and not to be denoised.
    """

    # Its signature is what diffusers reads a configuration by.
    @functools.wraps(AudioLDM2UNet2DConditionModel.__init__)  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        conv: Any = self.conv_in
        self.conv_in: nn.Module = PositionedConv(conv, tuple(self.config.sample_size))
