"""Art2Mus at full size: the projection learns from pairs of artworks and tracks, as spectrograms; all else is frozen.

Whatever does not change while the projection learns is computed once (`frozen.py`), so that a step is GPT-2 and UNet
and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import torch
from diffusers import DDPMScheduler
from torch import nn

from art2mus import unet_step
from art2mus.codec.mel import MelCodec
from art2mus.conditioning import Condition, sentences_of
from art2mus.data.catalogue import save_rejected
from art2mus.data.pair_split import TRAIN, VALIDATION
from art2mus.data.pair_table import PairTable
from art2mus.data.tables import DataError
from art2mus.language_of_audio import compose_each
from art2mus.models import load_imagebind, load_pipeline
from art2mus.pipeline import Art2MusPipeline
from art2mus.processes import join
from art2mus.projection import ImageProjection
from art2mus.training import clips, finished
from art2mus.training.checkpoint import TrainingError
from art2mus.training.crops import CropReader
from art2mus.training.denoising import predict_apart, weighted_errors
from art2mus.training.examples import Batch, Examples, Pair
from art2mus.training.frozen import embed_pictures, encode_crops, read_texts
from art2mus.training.loop import Logs
from art2mus.training.record import Record
from art2mus.training.settings import Art2MusSettings


class Art2MusTask:
    """Trains `ImageProjection` by denoising the music of each pair under its artwork's tokens."""

    def __init__(self, settings: Art2MusSettings) -> None:
        self.settings = settings
        self.device = join().device
        self.pipeline, self.codec = load_frozen(settings)
        self.scheduler = DDPMScheduler.from_config(self.pipeline.scheduler.config)
        self._compute_once()
        torch.manual_seed(settings.loop.seed)
        self.trainable: nn.Module = ImageProjection(
            self.pipeline.image_encoder.config.embedding_dim,
            settings.hidden_dim,
            self.pipeline.language_model.config.n_embd,
            settings.num_image_tokens,
            settings.conditioning,
        ).to(self.device)

    def _compute_once(self) -> None:
        """Fill the cache, leave out pairs that cannot be used, and keep only the networks that a step needs."""
        settings, pipeline = self.settings, self.pipeline
        chosen = load_pairs(settings.pairs)
        artworks = list(dict.fromkeys(pair.artwork for _, pair in chosen))
        tracks = list(dict.fromkeys(pair.track for _, pair in chosen))
        reader = crop_reader(settings, self.codec)
        places = settings.cache, settings.num_workers
        pictures = embed_pictures(pipeline, settings.artworks, artworks, *places)
        moments = encode_crops(self.codec, reader, settings.tracks, tracks, *places)
        sentence, avoided = read_texts(pipeline, settings.cache)
        self.sentence, self.avoided = sentence.to(self.device), avoided.to(self.device)
        train, held_out = self._usable(chosen, {**pictures.failed, **moments.failed})
        self.held_out = held_out[: settings.num_validation]
        self.examples = Examples(
            train,
            pictures,
            moments,
            self.codec.vae.config.scaling_factor,
            self.scheduler.config.num_train_timesteps,
            settings.image_dropout,
            settings.loop.seed,
            self.device,
        )
        pipeline.text_encoder = pipeline.text_encoder_2 = None
        self.codec.to(self.device)  # for the clips, also where the cache was there already
        dtype = torch.bfloat16 if settings.loop.precision == "bf16" else torch.float32
        for part in (pipeline.language_model, pipeline.projection_model, pipeline.unet):
            # Not diffusers' own `to`, which warns of layers to keep in float32 though there are none.
            nn.Module.to(part, self.device, dtype).eval().requires_grad_(False)

    def _usable(self, chosen: Sequence[tuple[str, Pair]], failed: Mapping[str, str]) -> tuple[list[Pair], list[Pair]]:
        """Leave out pairs of which a file is missing or damaged, and say which files."""
        good = [(side, pair) for side, pair in chosen if not {pair.artwork, pair.track} & failed.keys()]
        if failed and join().is_main_process:
            print(f"{len(chosen) - len(good):,} of {len(chosen):,} pairs are left out", file=sys.stderr)
            print(save_rejected(self.settings.output / self.settings.pairs.name, failed), file=sys.stderr)
        train, held_out = ([pair for side, pair in good if side == wanted] for wanted in (TRAIN, VALIDATION))
        if not train:
            file, reason = next(iter(failed.items()))
            raise DataError(f"{self.settings.pairs}: no pair is left to learn from; {file}: {reason}")
        return train, held_out

    def loss(self, model: nn.Module, examples: range, seed: int) -> tuple[torch.Tensor, Logs]:  # noqa: ARG002
        """Give the denoising loss of some examples; every pair comes once before any comes again.

        Raises: TrainingError, naming the pairs, if it is not a number.
        """
        batch = self.examples.batch(examples)
        errors = self.errors(model, batch)
        if not errors.isfinite().all():
            wrong = [
                f"{pair.artwork} with {pair.track}"
                for pair, error in zip(batch.pairs, errors, strict=True)
                if not error.isfinite()
            ]
            step = examples.start // self.settings.loop.batch_size
            raise TrainingError(f"the loss is not a number at step {step}, for {'; '.join(wrong)}")
        return errors.mean(), {}

    def validate(self, model: nn.Module) -> Logs:
        """Give the denoising loss on held-out pairs, and on the same pictures with each other's music."""
        if not self.held_out:
            return {}
        size = self.settings.loop.at_once or self.settings.loop.batch_size
        figures = {}
        for name, shift in (("held_out", 0), ("shuffled", 1)):
            seen = self.held_out[shift:] + self.held_out[:shift]
            parts = [slice(first, first + size) for first in range(0, len(seen), size)]
            batches = (self.examples.held_out_batch(self.held_out[part], seen[part], part.start) for part in parts)
            figures[name] = torch.cat([self.errors(model, batch) for batch in batches]).mean().item()
        return figures

    def make_clips(self, model: nn.Module, step: int, record: Record) -> Logs:
        """Make clips of held-out artworks, if it is time for it; gives how near they are to their artworks."""
        wanted = self.settings.clips
        is_time = wanted is not None and (step % wanted.every == 0 or step == self.settings.loop.num_steps)
        if wanted is None or not is_time or not self.held_out:
            return {}
        chosen = list({pair.artwork: pair for pair in self.held_out}.values())[: wanted.num_artworks]
        orders = [
            clips.Order(self.settings.artworks / pair.artwork, seen.cpu().numpy(), self.condition(model, seen[None]))
            for pair, seen in zip(chosen, self.examples.embeds(chosen), strict=True)
        ]
        return clips.make(self.pipeline, orders, self.avoided, self.settings, step, record)

    def export(self, model: nn.Module, folder: Path) -> None:
        """Write the projection, as published ones are and as a part of a model."""
        assert isinstance(model, ImageProjection)
        finished.export(model, folder, self.settings)

    def errors(self, model: nn.Module, batch: Batch) -> torch.Tensor:
        """Give the weighted error of each item: of the noise under its picture, or guided as published.

        The negative branch has no gradient, whatever is learned: it is only looked at.

        Shape: result (len(batch.pairs),).
        """
        unet, each = self.pipeline.unet, [0] * len(batch.pairs)
        noisy = self.scheduler.add_noise(batch.latents, batch.noise, batch.timesteps).to(unet.dtype)
        texts, negative = ({place: kept.take(each) for place, kept in heard.items()} for heard in self._constant)
        heard = unet_step.listen(unet, self.condition(model, batch.image_embeds), texts)
        avoided = negative if self.settings.objective == "reference" else None
        towards, away = predict_apart(unet, noisy, batch.timesteps, heard, avoided)
        predicted = towards.float()
        if away is not None:
            predicted = away.float() + self.settings.guidance_scale * (predicted - away.float())
        gamma = self.settings.min_snr_gamma
        return weighted_errors(self.scheduler, predicted, batch.latents, batch.noise, batch.timesteps, gamma)

    @cached_property
    @torch.no_grad()
    def _constant(self) -> tuple[unet_step.Heard, unet_step.Heard]:
        """The artwork's sentence and the negative branch, as the UNet hears them at every step."""
        unet = self.pipeline.unet
        return unet_step.listen(unet, self.sentence), unet_step.listen(unet, self.avoided)

    def condition(self, model: nn.Module, image_embeds: torch.Tensor) -> Condition:
        """Give what the UNet listens to for pictures.

        Shape: image_embeds (B, embedding_dim).
        """
        tokens = model(image_embeds)
        sentences = sentences_of(
            self.pipeline.projection_model, tokens, None, self.settings.conditioning, image_first=False
        )
        texts = self.sentence.take([0] * len(image_embeds))
        loa_tokens = compose_each(self.pipeline.language_model, sentences)
        return Condition(loa_tokens, texts.prompt_embeds, texts.attention_mask)


def load_pairs(csv: Path) -> list[tuple[str, Pair]]:
    """Read which pairs are learned from ("train"), and which are measured on ("validation").

    Raises: DataError if there are none to learn from.
    """
    table = PairTable.load(csv)
    rows = zip(table.column("split"), table.artworks, table.tracks, strict=True)
    chosen = [(side, Pair(artwork, track)) for side, artwork, track in rows if side in (TRAIN, VALIDATION)]
    if not any(side == TRAIN for side, _ in chosen):
        raise DataError(f"{csv}: no pair whose split is {TRAIN!r}; make it with: python -m art2mus.data split")
    return chosen


def load_frozen(settings: Art2MusSettings) -> tuple[Art2MusPipeline, MelCodec]:
    """Load everything that is not trained.

    Raises: ModelMissingError; TrainingError if the model does not fit this stage.
    """
    pipeline = load_pipeline(settings.model)
    if settings.image_encoder is not None:
        pipeline.register_modules(image_encoder=load_imagebind(settings.image_encoder))
    if pipeline.image_encoder is None:
        raise TrainingError(f"model: {settings.model} sees no pictures; set image_encoder, for example to imagebind")
    codec = pipeline.codec
    if not isinstance(codec, MelCodec):
        raise TrainingError(f"model: {settings.model} writes notes; this stage trains models that make spectrograms")
    return pipeline, codec


def crop_reader(settings: Art2MusSettings, codec: MelCodec) -> CropReader:
    """Say which crops are taken of every track.

    Raises: TrainingError if they are too short for the model to hear anything.
    """
    step_s = codec.stride * codec.hop / codec.sample_rate
    frames = round(settings.length_s / step_s) * codec.stride
    if not frames:
        raise TrainingError(f"length_s: {settings.length_s:g} s are less than the model hears; set {step_s:g} or more")
    num_crops = 1 if settings.crops == "published" else settings.crops_per_track
    n_mels = codec.latent_bins * codec.stride
    return CropReader(settings.crops, num_crops, frames, codec.sample_rate, codec.hop, n_mels, settings.loop.seed)
