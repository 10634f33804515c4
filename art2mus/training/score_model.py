"""Stage B: text encoders, GPT-2 and UNet learn together what notes go with known attributes and captions."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AudioLDM2ProjectionModel, DDPMScheduler, DPMSolverMultistepScheduler
from diffusers.models.attention_processor import AttnProcessor
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import nn
from torch.nn.functional import mse_loss
from transformers import GPT2Config, GPT2Model

from art2mus.affect_encoder import AffectEncoder
from art2mus.codec.roll_vae import ROWS_PER_LATENT, STEPS_PER_LATENT
from art2mus.codec.score import NUM_ROWS, STEPS_PER_BAR
from art2mus.codec.score_codec import ScoreCodec
from art2mus.data.captions import ARTWORK_SENTENCES, LOW_QUALITY, describe
from art2mus.data.spoil import spoil
from art2mus.data.windows import WINDOW_BARS, WINDOW_STEPS
from art2mus.language_of_audio import compose_loa
from art2mus.metrics.affect import AFFECT_DIMENSIONS
from art2mus.models import INDEX, locate
from art2mus.pipeline import Art2MusPipeline
from art2mus.projection import ImageProjection
from art2mus.training.attributes import ATTRIBUTE_PROJECTIONS, ATTRIBUTES_FILE, Attributes, attributes_folder
from art2mus.training.checkpoint import TrainingError
from art2mus.training.inputs import open_vae, open_windows, sizes_named
from art2mus.training.loop import Logs
from art2mus.training.preference import preferred
from art2mus.training.settings import Learns, ScoreModelSettings
from art2mus.training.text import make_text_encoder, make_text_encoder_2, make_tokenizer
from art2mus.unet import ScoreUNet
from art2mus.whole_files import whole_folder

NUM_VALIDATION_WINDOWS = 256
LATENT_STEPS_PER_BAR = STEPS_PER_BAR // STEPS_PER_LATENT


def find_folder(name_or_path: str) -> Path:
    """Give a folder that this stage wrote, as it is, or that of a model by its name.

    Raises: ModelMissingError.
    """
    return Path(name_or_path) if Path(name_or_path).is_dir() else locate(name_or_path)


def pipeline_folder(folder: Path) -> Path:
    """Give the pipeline in what this stage wrote; a pipeline's own folder is that already."""
    return folder if (folder / INDEX).is_file() else folder / "model"


class ScoreModel(nn.Module):
    """Everything stage B trains; each part becomes a component of the pipeline.

    `attribute_projection_1` and `_4` stand where the image projection will: they turn known attributes into
    tokens for GPT-2, one or four, so that GPT-2 has met both numbers when the projection is trained.
    """

    def __init__(
        self, settings: ScoreModelSettings, vocab_size: int, num_conditions: int, latent_channels: int
    ) -> None:
        super().__init__()
        width, text_dim = settings.language_model_dim, settings.text_dim
        self.text_encoder = make_text_encoder(vocab_size, text_dim, settings.num_text_layers, len(AFFECT_DIMENSIONS))
        self.text_encoder_2 = make_text_encoder_2(vocab_size, text_dim, settings.num_text_layers)
        self.projection_model = AudioLDM2ProjectionModel(len(AFFECT_DIMENSIONS), text_dim, width)
        self.language_model = GPT2Model(
            GPT2Config(
                vocab_size=1,
                n_positions=64,
                n_embd=width,
                n_layer=settings.num_language_layers,
                n_head=width // 32,
                resid_pdrop=0.0,
                embd_pdrop=0.0,
                attn_pdrop=0.0,
                bos_token_id=0,
                eos_token_id=0,
            )
        )
        self.attribute_projection_1 = ImageProjection(num_conditions, 2 * width, width, 1)
        self.attribute_projection_4 = ImageProjection(num_conditions, 2 * width, width, 4)
        self.unet = _make_unet(settings, latent_channels)

    def load_weights(self, folder: Path, learns: Learns) -> tuple[str, ...]:
        """Take the weights that another training of this stage wrote, and freeze what is not to be learned.

        Args:
            folder: Its output; unless everything is to be learned, any pipeline.
            learns: See `ScoreModelSettings`.

        Returns: The projections of attributes to learn by.
        Raises: TrainingError if they are not there or their sizes are others.
        """
        try:
            # A path that is none would be looked for on the hub.
            pipeline = Art2MusPipeline.from_pretrained(pipeline_folder(folder.resolve(strict=True)))
            for name in ("text_encoder", "text_encoder_2", "projection_model", "language_model", "unet"):
                part = getattr(self, name)
                part.load_state_dict(getattr(pipeline, name).state_dict())
                part.requires_grad_(learns in ("everything", name))
            place = attributes_folder(folder) if learns == "unet" else folder
            saved = [name for name in ATTRIBUTE_PROJECTIONS if learns == "everything" or (place / name).is_dir()]
            if learns == "unet" and not saved:
                raise FileNotFoundError(f"{place} has none of {', '.join(ATTRIBUTE_PROJECTIONS)}")
            for name in saved:
                getattr(self, name).load_state_dict(ImageProjection.from_pretrained(place / name).state_dict())
            for name in ATTRIBUTE_PROJECTIONS:
                getattr(self, name).requires_grad_(learns != "unet")
            return tuple(saved) if learns == "unet" else ATTRIBUTE_PROJECTIONS
        except (OSError, RuntimeError, ValueError, AttributeError, SafetensorError) as error:
            raise TrainingError(
                f"start_from: {folder} is no folder that this stage wrote with these sizes: {error}"
            ) from error


def _make_unet(settings: ScoreModelSettings, latent_channels: int) -> ScoreUNet:
    levels = len(settings.unet_channels)
    unet = ScoreUNet(
        sample_size=(WINDOW_STEPS // STEPS_PER_LATENT, NUM_ROWS // ROWS_PER_LATENT),
        in_channels=latent_channels + 1,
        out_channels=latent_channels,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * (levels - 1),
        up_block_types=("CrossAttnUpBlock2D",) * (levels - 1) + ("UpBlock2D",),
        block_out_channels=settings.unet_channels,
        layers_per_block=1,
        norm_num_groups=16,
        cross_attention_dim=((None, settings.language_model_dim, settings.text_dim),) * levels,
        attention_head_dim=settings.num_heads,
    )
    unet.set_attn_processor(AttnProcessor())  # on a CPU its backward pass is faster than the fused kernel's
    return unet


@dataclass(frozen=True)
class Texts:
    """Tokenised captions.

    Shape: ids and mask (B, tokens).
    """

    ids: torch.Tensor
    mask: torch.Tensor


class ScoreModelTask:
    """Trains `ScoreModel` by denoising, with v-prediction."""

    def __init__(self, settings: ScoreModelSettings) -> None:
        self.settings = settings
        self.windows = open_windows(settings.windows)
        self.examples = preferred(self.windows, settings.preferred_share)
        self.attributes = Attributes.measured_on(self.windows, settings.emphasis, settings.offset)
        self.vae = open_vae(settings.vae)
        self.tokenizer = make_tokenizer()
        self.scheduler = DDPMScheduler(
            1000, beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction", clip_sample=False
        )
        torch.manual_seed(settings.loop.seed)
        with sizes_named():
            self.model = ScoreModel(
                settings, len(self.tokenizer), self.attributes.num_conditions, self.vae.config.latent_channels
            )
        self.projections: tuple[str, ...] = ATTRIBUTE_PROJECTIONS
        if settings.start_from is not None:
            self.projections = self.model.load_weights(settings.start_from, settings.learns)
        self.trainable: nn.Module = self.model
        rng = np.random.default_rng(settings.loop.seed)
        self.held_out = rng.choice(
            self.windows.held_out, min(NUM_VALIDATION_WINDOWS, len(self.windows.held_out)), False
        )

    def loss(self, model: nn.Module, examples: range, seed: int) -> tuple[torch.Tensor, Logs]:
        """Give the v-loss of a batch, conditioned by attributes, a caption, or both."""
        assert isinstance(model, ScoreModel)
        batch_size = len(examples)
        rng = np.random.default_rng(seed)
        generator = torch.Generator().manual_seed(seed)
        indices = rng.choice(self.examples, batch_size)
        rolls = self.windows.rolls(indices)
        kind = rng.choice(3, p=self._shares())
        texts, affect_loss = None, torch.zeros(())
        if kind > 0:
            captions, affects = self._captions(indices, rng)
            spoiled = rng.random(batch_size) < self.settings.spoiled_share
            for place in np.flatnonzero(spoiled):
                rolls[place] = spoil(self.windows.score(indices[place]), rng).to_roll()
                captions[place], affects[place] = LOW_QUALITY, 0.0
            texts = self._tokenise(captions)
        tokens, mask = [], []
        if texts is not None:
            embeds = model.text_encoder(texts.ids, attention_mask=texts.mask).text_embeds
            affect_loss = mse_loss(embeds.float(), torch.from_numpy(affects))
            states = model.text_encoder_2(texts.ids, attention_mask=texts.mask).last_hidden_state
            projected = model.projection_model(embeds[:, None], states, texts.mask.new_ones(batch_size, 1), texts.mask)
            tokens.append(projected.hidden_states)
            mask.append(projected.attention_mask)
        else:
            texts = self._tokenise([ARTWORK_SENTENCES[0]])
            states = model.text_encoder_2(texts.ids, attention_mask=texts.mask).last_hidden_state
            states = states.expand(batch_size, -1, -1)
            texts = Texts(texts.ids, texts.mask.expand(batch_size, -1))
        if kind != 1:
            projection = getattr(model, self.projections[int(rng.integers(len(self.projections)))])
            conditions = self.attributes.conditions(self.windows, indices, rng)
            if kind == 2:
                conditions[spoiled] = 0.0
            tokens.append(projection(torch.from_numpy(conditions)))
            mask.append(torch.ones(tokens[-1].shape[:2], dtype=torch.long))
        inputs = torch.cat([part.to(tokens[0].dtype) for part in tokens], 1)
        loa = compose_loa(model.language_model, *padded_left(inputs, torch.cat(mask, 1)))
        latents = self.vae.encode(torch.from_numpy(rolls)).float()
        known = draw_known(batch_size, latents.shape[2], self.settings.held_share, rng)
        v_loss = self._v_loss(model, latents, known, loa, states, texts.mask, generator)
        return v_loss + 0.05 * affect_loss, {"v": v_loss.item()}

    def validate(self, model: nn.Module) -> Logs:
        """Give the v-loss on held-out windows with all attributes known, nothing held."""
        assert isinstance(model, ScoreModel)
        generator = torch.Generator().manual_seed(0)
        conditions = torch.from_numpy(self.attributes.conditions(self.windows, self.held_out, None))
        texts = self._tokenise([ARTWORK_SENTENCES[0]])
        states = model.text_encoder_2(texts.ids, attention_mask=texts.mask).last_hidden_state
        losses = []
        for part in torch.arange(len(self.held_out)).split(64):
            tokens = getattr(model, self.projections[-1])(conditions[part])
            loa = compose_loa(model.language_model, tokens, torch.ones(tokens.shape[:2], dtype=torch.long))
            latents = self.vae.encode(torch.from_numpy(self.windows.rolls(self.held_out[part]))).float()
            known = torch.zeros(len(part), 1, latents.shape[2], 1)
            expanded = states.expand(len(part), -1, -1), texts.mask.expand(len(part), -1)
            losses.append(self._v_loss(model, latents, known, loa, *expanded, generator))
        return {"held_out_v": torch.stack(losses).mean().item()}

    def _v_loss(
        self,
        model: ScoreModel,
        latents: torch.Tensor,
        known: torch.Tensor,
        loa: torch.Tensor,
        states: torch.Tensor,
        states_mask: torch.Tensor,
        generator: torch.Generator,
    ) -> torch.Tensor:
        noise = torch.randn(latents.shape, generator=generator)
        timesteps = torch.randint(0, 1000, (len(latents),), generator=generator)
        noisy = self.scheduler.add_noise(latents, noise, timesteps)
        target = self.scheduler.get_velocity(latents, noise, timesteps)
        known_map = known.expand(-1, -1, -1, latents.shape[3])
        sample = torch.cat([torch.where(known > 0, latents, noisy), known_map], dim=1)
        predicted = model.unet(
            sample,
            timesteps,
            encoder_hidden_states=loa,
            encoder_hidden_states_1=states,
            encoder_attention_mask_1=states_mask,
        ).sample
        errors = (predicted.float() - target).square() * (1 - known)
        return errors.sum() / ((1 - known_map).sum() * latents.shape[1])

    def _shares(self) -> tuple[float, float, float]:
        text, both = self.settings.text_share, self.settings.both_share
        return 1 - text - both, text, both

    def _captions(self, indices: NDArray[np.int64], rng: np.random.Generator) -> tuple[list[str], NDArray[np.float32]]:
        captions, affects = [], np.zeros((len(indices), len(AFFECT_DIMENSIONS)), np.float32)
        for row, index in enumerate(indices):
            values = self.attributes.standardised(self.windows.attributes[index])
            caption, affect = describe(values, str(self.windows.kind[index]), bool(self.windows.is_minor[index]), rng)
            captions.append(caption)
            affects[row] = [affect.get(name, 0.0) for name in AFFECT_DIMENSIONS]
        return captions, affects

    def _tokenise(self, captions: list[str]) -> Texts:
        encoded = self.tokenizer(captions, padding=True, truncation=True, return_tensors="pt")
        return Texts(encoded["input_ids"], encoded["attention_mask"])

    def export(self, model: nn.Module, folder: Path) -> None:
        """Save a pipeline, its image projection still to be trained, and what is known about attributes beside it."""
        assert isinstance(model, ScoreModel)
        width = self.settings.language_model_dim
        pipeline = Art2MusPipeline(
            image_encoder=AffectEncoder(),
            image_projection=ImageProjection(len(AFFECT_DIMENSIONS), 2 * width, width, 1),
            text_encoder=model.text_encoder,
            tokenizer=self.tokenizer,
            text_encoder_2=model.text_encoder_2,
            tokenizer_2=self.tokenizer,
            projection_model=model.projection_model,
            language_model=model.language_model,
            unet=model.unet,
            codec=ScoreCodec.from_vae(self.vae),
            scheduler=DPMSolverMultistepScheduler.from_config(self.scheduler.config, timestep_spacing="trailing"),
            negative_prompt=LOW_QUALITY,
            artwork_prompt=ARTWORK_SENTENCES[0],
            guidance_scale=self.settings.guidance_scale,
            num_inference_steps=self.settings.num_inference_steps,
            timestep_exponent=self.settings.timestep_exponent,
            negative_fits_prompt=False,
        )
        with whole_folder(folder / "model") as partial:
            pipeline.save_pretrained(partial, safe_serialization=True)
        for name in self.projections:
            with whole_folder(folder / name) as partial:
                getattr(model, name).save_pretrained(partial)
        self.attributes.save(folder / ATTRIBUTES_FILE)


def padded_left(tokens: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Move padding to the front, so that the tokens that count stand together as they do in a batch of one.

    Shape: tokens (B, T, W) and mask (B, T); result the same.
    """
    order = mask.argsort(dim=1, stable=True)
    return tokens.gather(1, order[..., None].expand_as(tokens)), mask.gather(1, order)


def draw_known(batch_size: int, num_latent_steps: int, held_share: float, rng: np.random.Generator) -> torch.Tensor:
    """Draw which latents are given: nothing, some first bars, or some first and last bars.

    Shape: result (batch_size, 1, num_latent_steps, 1), 1 where given.
    """
    known = torch.zeros(batch_size, 1, num_latent_steps, 1)
    for row in np.flatnonzero(rng.random(batch_size) < held_share):
        first = WINDOW_BARS // 2 if rng.random() < 2 / 3 else int(rng.integers(1, WINDOW_BARS - 1))
        last = int(rng.integers(1, WINDOW_BARS - first)) if rng.random() < 0.25 else 0
        known[row, :, : first * LATENT_STEPS_PER_BAR] = 1
        if last:
            known[row, :, -last * LATENT_STEPS_PER_BAR :] = 1
    return known
