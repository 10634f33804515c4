"""The autoencoder of note rolls: between a roll and the latents that diffusion works on."""

import torch
from diffusers import AutoencoderKL, ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

STEPS_PER_LATENT = 4
"""Roll steps under one latent step: a quarter note."""
ROWS_PER_LATENT = 2
"""Roll rows under one latent row."""
ROLL_CHANNELS = 4
"""Sustain and onset of two layers."""


class RollVAE(ModelMixin, ConfigMixin):
    """A small `AutoencoderKL` over cells of 4 steps × 2 rows.

    Args:
        latent_channels: Channels of a latent.
        hidden_channels: Width of its convolutions.
        layers_per_block: Residual layers of the encoder; the decoder has one more.
        scaling_factor: What latents are multiplied by so that their standard deviation is 1.
    """

    @register_to_config
    def __init__(
        self,
        latent_channels: int = 8,
        hidden_channels: int = 64,
        layers_per_block: int = 1,
        scaling_factor: float = 1.0,  # noqa: ARG002 - kept in the configuration
    ) -> None:
        super().__init__()
        cell = ROLL_CHANNELS * STEPS_PER_LATENT * ROWS_PER_LATENT
        self.vae = AutoencoderKL(
            in_channels=cell,
            out_channels=cell,
            down_block_types=("DownEncoderBlock2D",),
            up_block_types=("UpDecoderBlock2D",),
            block_out_channels=(hidden_channels,),
            layers_per_block=layers_per_block,
            latent_channels=latent_channels,
            norm_num_groups=hidden_channels // 4,
            mid_block_add_attention=False,
        )

    def posterior(self, roll: torch.Tensor) -> DiagonalGaussianDistribution:
        """Give the distribution of the unscaled latents, which training samples from.

        Shape: roll (B, 4, steps, rows) in [0, 1]; a sample (B, latent_channels, steps / 4, rows / 2).
        """
        return self.vae.encode(fold(2 * roll - 1)).latent_dist

    def encode(self, roll: torch.Tensor) -> torch.Tensor:
        """Give the latents of a roll, scaled to unit variance.

        Shape: roll (B, 4, steps, rows) in [0, 1]; result (B, latent_channels, steps / 4, rows / 2).
        """
        latents: torch.Tensor = self.posterior(roll).mode() * self.config.scaling_factor
        return latents

    def logits(self, unscaled_latents: torch.Tensor) -> torch.Tensor:
        """Give the logits of the roll's cells.

        Shape: unscaled_latents (B, latent_channels, t, r); result (B, 4, 4 t, 2 r).
        """
        return unfold(self.vae.decode(unscaled_latents).sample)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Give the roll that scaled latents stand for, every cell a probability.

        Shape: latents (B, latent_channels, t, r); result (B, 4, 4 t, 2 r) in [0, 1].
        """
        return self.logits(latents / self.config.scaling_factor).sigmoid()


def fold(roll: torch.Tensor) -> torch.Tensor:
    """Put every cell of 4 steps × 2 rows into channels.

    Shape: roll (B, C, steps, rows); result (B, 8 C, steps / 4, rows / 2).
    """
    batch, channels, steps, rows = roll.shape
    cells = roll.reshape(
        batch, channels, steps // STEPS_PER_LATENT, STEPS_PER_LATENT, rows // ROWS_PER_LATENT, ROWS_PER_LATENT
    )
    return cells.permute(0, 1, 3, 5, 2, 4).flatten(1, 3)


def unfold(cells: torch.Tensor) -> torch.Tensor:
    """Undo `fold`.

    Shape: cells (B, 8 C, steps / 4, rows / 2); result (B, C, steps, rows).
    """
    roll = cells.unflatten(1, (-1, STEPS_PER_LATENT, ROWS_PER_LATENT)).permute(0, 1, 4, 2, 5, 3)
    return roll.flatten(4, 5).flatten(2, 3)
