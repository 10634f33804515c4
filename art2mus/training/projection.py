"""Stage C, Art2Mus proper: the image projection learns from (artwork, music) pairs; all else is frozen."""

from pathlib import Path

import numpy as np
import torch
from diffusers import DDPMScheduler
from diffusers.models.attention_processor import AttnProcessor
from torch import nn
from torch.nn.functional import mse_loss

from art2mus.codec.roll_vae import RollVAE
from art2mus.conditioning import Condition, sentences_of
from art2mus.data.pairs import Pairs
from art2mus.data.windows import load_windows
from art2mus.language_of_audio import compose_each
from art2mus.models import damage_named, locate
from art2mus.pipeline import Art2MusPipeline
from art2mus.projection import ImageProjection
from art2mus.training.attributes import Attributes
from art2mus.training.checkpoint import TrainingError
from art2mus.training.denoising import predict, weighted_errors
from art2mus.training.loop import Logs
from art2mus.training.settings import ProjectionSettings
from art2mus.whole_files import whole_folder

HELD_OUT_SHARE = 0.05
_ENCODED_AT_ONCE = 128


class ProjectionTask:
    """Trains `ImageProjection` by denoising the music of each pair under its artwork's tokens."""

    def __init__(self, settings: ProjectionSettings) -> None:
        self.settings = settings
        folder = locate(settings.model)
        with damage_named(settings.model):
            self.pipeline = Art2MusPipeline.from_pretrained(folder, dtype=torch.float32)
        pipeline = self.pipeline
        for component in (pipeline.unet, pipeline.language_model, pipeline.projection_model, pipeline.codec):
            component.eval().requires_grad_(False)
        self.pipeline.unet.set_attn_processor(AttnProcessor())
        self.scheduler = DDPMScheduler.from_config(self.pipeline.scheduler.config)
        torch.manual_seed(settings.loop.seed)
        old = self.pipeline.image_projection.config
        self.trainable: nn.Module = ImageProjection(
            old.image_embed_dim,
            settings.hidden_dim,
            old.language_model_dim,
            settings.num_image_tokens,
            settings.conditioning,
        )
        self._encode_what_is_frozen()

    @torch.no_grad()
    def _encode_what_is_frozen(self) -> None:
        """Encode once: the sentence, the latents of the music, the tokens of its attributes."""
        settings = self.settings
        sentence = self.pipeline.encode_text([self.pipeline.config.artwork_prompt])
        self.sentence = Condition.of(torch.zeros(1, 1, 1), sentence)
        pairs, windows = Pairs.load(settings.pairs), load_windows(settings.windows)
        codec = self.pipeline.codec
        if not isinstance(codec, RollVAE):
            raise TrainingError(f"{settings.model}: its codec is {type(codec).__name__}, but these pairs are of scores")
        if len(pairs) < 2:
            raise TrainingError(f"pairs: {settings.pairs} has {len(pairs)}; one is held out, and one is to learn from")
        if pairs.window_index.max() >= len(windows):
            raise TrainingError(f"pairs: {settings.pairs} is of other windows than {settings.windows}")
        self.image_embeds = torch.from_numpy(pairs.picture_affect)
        indices = pairs.window_index
        parts = np.array_split(indices, max(1, len(indices) // _ENCODED_AT_ONCE))
        self.latents = torch.cat([codec.encode(torch.from_numpy(windows.rolls(part))) for part in parts])
        self.attribute_tokens = None
        if settings.attribute_projection is not None:
            attributes = Attributes.load(settings.attribute_projection.parent / "attributes.json")
            projection = ImageProjection.from_pretrained(settings.attribute_projection)
            conditions = attributes.conditions(windows, indices, None, with_kind=False)
            self.attribute_tokens = projection(torch.from_numpy(conditions))
        order = np.random.default_rng(settings.loop.seed).permutation(len(indices))
        num_held_out = max(1, int(HELD_OUT_SHARE * len(order)))
        self.held_out, self.train = torch.from_numpy(order[:num_held_out]), torch.from_numpy(order[num_held_out:])

    def loss(self, model: nn.Module, examples: range, seed: int) -> tuple[torch.Tensor, Logs]:
        """Give the denoising loss, plus the weighted distance to the attributes' tokens."""
        generator = torch.Generator().manual_seed(seed)
        chosen = self.train[torch.randint(len(self.train), (len(examples),), generator=generator)]
        tokens = model(self.image_embeds[chosen])
        noise_loss = self._noise_loss(tokens, self.latents[chosen], generator)
        if self.attribute_tokens is None:
            return noise_loss, {}
        token_loss = mse_loss(tokens.float(), self.attribute_tokens[chosen])
        return noise_loss + self.settings.token_weight * token_loss, {"noise": noise_loss.item()}

    def validate(self, model: nn.Module) -> Logs:
        """Give the denoising loss on held-out pairs, and on the same pictures with each other's music."""
        latents = self.latents[self.held_out]
        losses = {}
        for name, shift in (("held_out", 0), ("shuffled", 1)):
            tokens = model(self.image_embeds[self.held_out].roll(shift, 0))
            losses[name] = self._noise_loss(tokens, latents, torch.Generator().manual_seed(0)).item()
        return losses

    def _noise_loss(self, tokens: torch.Tensor, latents: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        batch = len(latents)
        noise = torch.randn(latents.shape, generator=generator)
        timesteps = torch.randint(0, self.scheduler.config.num_train_timesteps, (batch,), generator=generator)
        noisy = self.scheduler.add_noise(latents, noise, timesteps)
        conditioning = self.settings.conditioning
        sentences = sentences_of(self.pipeline.projection_model, tokens, None, conditioning, image_first=False)
        condition = Condition(
            compose_each(self.pipeline.language_model, sentences),
            self.sentence.prompt_embeds.expand(batch, -1, -1),
            self.sentence.attention_mask.expand(batch, -1),
        )
        predicted = predict(self.pipeline.unet, noisy, timesteps, condition)
        gamma = self.settings.min_snr_gamma
        return weighted_errors(self.scheduler, predicted, latents, noise, timesteps, gamma).mean()

    def export(self, model: nn.Module, folder: Path) -> None:
        """Save the pipeline with its trained projection, in half precision."""
        self.pipeline.register_modules(image_projection=model)
        with whole_folder(folder / "model") as partial:
            self.pipeline.to(torch.float16).save_pretrained(partial, safe_serialization=True)
