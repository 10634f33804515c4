"""What a loss is taken on: pairs, in an order, with all that is drawn for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from numpy.typing import NDArray

from art2mus.training.frozen import Cached

_HELD_OUT = 1
"""Beside the number of a held-out pair, where an example that is learned from has only its own."""


@dataclass(frozen=True)
class Pair:
    """An artwork, and a track that goes with it, by their ids in the table."""

    artwork: str
    track: str


@dataclass(frozen=True)
class Batch:
    """Some examples.

    Attributes:
        pairs: What they are made of.
        image_embeds: Of their artworks; zeros for a picture that is blanked.
        latents: Of a crop of each track.
        latent_noise: What was drawn to sample them from the VAE's posterior.
        noise: What is added to them.
        timesteps: How much of it.

    Shape: image_embeds (B, embedding_dim); latents, latent_noise, noise (B, C, latent_steps, latent_bins);
        timesteps (B,).
    """

    pairs: Sequence[Pair]
    image_embeds: torch.Tensor
    latents: torch.Tensor
    latent_noise: torch.Tensor
    noise: torch.Tensor
    timesteps: torch.Tensor


@dataclass(frozen=True)
class Examples:
    """Draws examples. Everything about one follows from the seed and its number, whoever draws it, and when.

    Attributes:
        train: Pairs to learn from.
        pictures: Embeddings of artworks.
        moments: Of crops of tracks, from the VAE.
        scaling_factor: The VAE's.
        num_timesteps: Of the diffusion.
        image_dropout: Share of the pictures that are blanked.
        seed: Of all that is drawn.
        device: Where it goes.
    """

    train: Sequence[Pair]
    pictures: Cached
    moments: Cached
    scaling_factor: float
    num_timesteps: int
    image_dropout: float
    seed: int
    device: torch.device

    def pair(self, example: int) -> Pair:
        """Say what an example is made of: every pair comes once before any comes again."""
        epoch, place = divmod(example, len(self.train))
        return self.train[order_of_epoch(self.seed, epoch, len(self.train))[place]]

    def batch(self, examples: range) -> Batch:
        """Draw examples to learn from."""
        generators = [self._generator(example) for example in examples]
        pairs = [self.pair(example) for example in examples]
        batch = self._draw(pairs, pairs, generators)
        for row, generator in enumerate(generators):
            if torch.rand((), generator=generator) < self.image_dropout:
                batch.image_embeds[row] = 0.0
        return batch

    def held_out_batch(self, pairs: Sequence[Pair], seen: Sequence[Pair], first: int) -> Batch:
        """Draw examples to measure on; no picture is blanked.

        Args:
            pairs: Whose music it is.
            seen: Whose pictures.
            first: Number of the first of them among all that is held out.
        """
        return self._draw(pairs, seen, [self._generator(first + row, _HELD_OUT) for row in range(len(pairs))])

    def embeds(self, pairs: Sequence[Pair]) -> torch.Tensor:
        """Give what the image encoder says of their artworks.

        Shape: result (len(pairs), embedding_dim).
        """
        rows = [self.pictures.row[pair.artwork] for pair in pairs]
        return torch.from_numpy(np.array(self.pictures.values[rows])).to(self.device)

    def _generator(self, *numbers: int) -> torch.Generator:
        seed = np.random.SeedSequence([self.seed, *numbers]).generate_state(1)
        return torch.Generator().manual_seed(int(seed[0]))

    def _draw(self, pairs: Sequence[Pair], seen: Sequence[Pair], generators: Sequence[torch.Generator]) -> Batch:
        drawn = [self._draw_one(pair, generator) for pair, generator in zip(pairs, generators, strict=True)]
        tensors = [torch.stack(each).to(self.device) for each in zip(*drawn, strict=True)]
        return Batch(pairs, self.embeds(seen), *tensors)

    def _draw_one(self, pair: Pair, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
        crop = int(torch.randint(self.moments.values.shape[1], (), generator=generator))
        moments = torch.from_numpy(np.array(self.moments.values[self.moments.row[pair.track], crop]))
        posterior = DiagonalGaussianDistribution(moments[None])
        shape = posterior.mean[0].shape
        latent_noise, noise = (torch.randn(shape, generator=generator) for _ in range(2))
        latents = self.scaling_factor * (posterior.mean + posterior.std * latent_noise)[0]
        return latents, latent_noise, noise, torch.randint(0, self.num_timesteps, (), generator=generator)


@lru_cache(maxsize=2)
def order_of_epoch(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """Say in which order pairs come.

    Shape: result (count,).
    """
    return np.random.default_rng([seed, epoch]).permutation(count)
