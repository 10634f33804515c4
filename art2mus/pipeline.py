"""Art2Mus as a diffusers pipeline: an artwork, a text or both go in, music comes out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import AudioLDM2ProjectionModel, AudioLDM2UNet2DConditionModel, DiffusionPipeline, SchedulerMixin
from PIL import Image
from transformers import GPT2Model, PreTrainedModel, PreTrainedTokenizerBase

from art2mus import phrases
from art2mus.affect_encoder import AffectEncoder
from art2mus.captioner import Captioner
from art2mus.checkpoints import align, check_whole
from art2mus.clap_text import ClapTextSide
from art2mus.codec.mel import MelCodec
from art2mus.codec.performance import Performance
from art2mus.codec.protocol import Clip, ClipRequest, Codec, FloatArray, Plan
from art2mus.codec.score_codec import ScoreCodec
from art2mus.conditioning import Condition, ImageEncoder, TextEncoding, read_text, sentences_of, spread, subjects_of
from art2mus.constants import Constants
from art2mus.faults import require_finite
from art2mus.imagebind import ImageBind
from art2mus.inputs import (
    Batch,
    Generators,
    batches_of,
    check_generators,
    check_inputs,
    check_num_steps,
    draw_each,
    generators_of,
    player_seeds,
    prepare_latents,
)
from art2mus.language_of_audio import compose_each
from art2mus.output import Art2MusOutput
from art2mus.phrases import denoise, with_context
from art2mus.projection import ImageProjection
from art2mus.ranking import Ranker, rank, ranker_of
from art2mus.sampling import has_mask_channel
from art2mus.unet import ScoreUNet

OWN_COMPONENTS = (AffectEncoder, ClapTextSide, ImageBind, ImageProjection, ScoreUNet, ScoreCodec, MelCodec)
"""diffusers loads a component of ours only if its module has been imported: here."""
NUM_LOA_TOKENS = 8
MAX_DRAWS = 3
"""How often a clip is drawn at most, where it comes out nearly empty."""

StepCallback = Callable[["Art2MusPipeline", int, torch.Tensor, dict[str, torch.Tensor]], dict[str, torch.Tensor]]


class Art2MusPipeline(DiffusionPipeline):
    """Music for artworks.

    Args:
        image_encoder: Picture → `image_embeds`. None, as the projection, for a model that reads only texts.
        image_projection: `image_embeds` → `image_tokens`, 1 or 4 of them.
        text_encoder: CLAP's text side.
        tokenizer: Of `text_encoder`.
        text_encoder_2: Encoder of (FLAN-)T5.
        tokenizer_2: Of `text_encoder_2`.
        projection_model: Both texts → tokens for the language model.
        language_model: GPT-2; writes 8 `loa_tokens`.
        unet: Denoiser of latents under `loa_tokens` and T5 states. One input channel more than the latents
            have is the mask of latents that are given.
        codec: Latents ↔ music.
        scheduler: Of the diffusion.
        negative_prompt: What to keep away from where nothing else is said.
        artwork_prompt: What T5 reads where there is only a picture.
        guidance_scale: Where the call does not say.
        num_inference_steps: Where the call does not say.
        audio_length_in_s: Where the call does not say; None is the codec's usual length.
        timestep_exponent: How closely the denoising steps lie where there is much noise (see `sampling.set_timesteps`);
            None leaves their times to the scheduler.
        negative_fits_prompt: Whether T5's tokens of a negative prompt are cut or padded to as many as the prompt
            beside it has, as in diffusers' AudioLDM 2. Without a prompt, beside a picture alone, they never are.
        image_first: Whether, of a picture and a text, GPT-2 reads the picture first; as published it reads it last.

    Source: Rinaldi et al. 2024; the text side is AudioLDM 2 (Liu et al. 2023).
    """

    _optional_components = ["image_encoder", "image_projection"]  # noqa: RUF012 - diffusers' own name

    def __init__(
        self,
        image_encoder: ImageEncoder | None,
        image_projection: ImageProjection | None,
        text_encoder: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        text_encoder_2: PreTrainedModel,
        tokenizer_2: PreTrainedTokenizerBase,
        projection_model: AudioLDM2ProjectionModel,
        language_model: GPT2Model,
        unet: AudioLDM2UNet2DConditionModel,
        codec: Codec,
        scheduler: SchedulerMixin,
        negative_prompt: str = "Low quality.",
        artwork_prompt: str = "Music representing the content of this artwork",
        guidance_scale: float = 3.5,
        num_inference_steps: int = 200,
        audio_length_in_s: float | None = None,
        timestep_exponent: float | None = None,
        negative_fits_prompt: bool = True,
        image_first: bool = False,
    ) -> None:
        super().__init__()
        self.register_modules(
            image_encoder=image_encoder,
            image_projection=image_projection,
            text_encoder=text_encoder,
            tokenizer=tokenizer,
            text_encoder_2=text_encoder_2,
            tokenizer_2=tokenizer_2,
            projection_model=projection_model,
            language_model=language_model,
            unet=unet,
            codec=codec,
            scheduler=scheduler,
        )
        self.register_to_config(
            negative_prompt=negative_prompt,
            artwork_prompt=artwork_prompt,
            guidance_scale=guidance_scale,
            num_inference_steps=num_inference_steps,
            audio_length_in_s=audio_length_in_s,
            timestep_exponent=timestep_exponent,
            negative_fits_prompt=negative_fits_prompt,
            image_first=image_first,
        )
        self.ranker: Ranker | None = ranker_of(image_encoder)
        self.captioner: Captioner | None = None
        self.constants = Constants()
        self.num_prompt_tokens: int | None = None
        """T5's tokens are padded to so many for the UNet, where it is compiled for one shape."""
        self._interrupt = False

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **kwargs: Any) -> Art2MusPipeline:
        """Load a saved pipeline, as diffusers does, and align its weights.

        Raises: CheckpointError if its files hold not all of them.
        """
        pipeline: Art2MusPipeline = super().from_pretrained(pretrained_model_name_or_path, **kwargs)
        for name, component in pipeline.components.items():
            if name not in kwargs and isinstance(component, torch.nn.Module):
                check_whole(Path(pretrained_model_name_or_path) / name, component)
        align(pipeline.components.values())
        return pipeline

    @torch.no_grad()
    def __call__(
        self,
        image: Image.Image | list[Image.Image] | None = None,
        prompt: str | list[str] | None = None,
        negative_prompt: str | list[str] | None = None,
        *,
        audio_length_in_s: float | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        num_waveforms_per_prompt: int = 1,
        eta: float = 0.0,
        generator: Generators = None,
        latents: torch.Tensor | None = None,
        image_embeds: torch.Tensor | None = None,
        image_tokens: torch.Tensor | None = None,
        held_latents: torch.Tensor | None = None,
        performance: Performance | None = None,
        year: int | None = None,
        country: str | None = None,
        loop: bool = False,
        output_type: str = "np",
        callback_on_step_end: StepCallback | None = None,
    ) -> Art2MusOutput:
        """Make music for artworks, texts, or both.

        Args:
            image: RGB pictures. Where there is a `prompt` as well, both steer.
            prompt: What to hear; one text goes with every picture. With a `captioner`, what that sees if nothing is
                said here.
            negative_prompt: What to keep away from; heard when `guidance_scale` is above 1.
            audio_length_in_s: Length of each clip.
            num_inference_steps: Denoising steps.
            guidance_scale: How strictly to follow the condition; 1 is without guidance.
            num_waveforms_per_prompt: Candidates per item, returned in the order of their similarity.
            eta: DDIM's η; other schedulers ignore it.
            generator: Source of the noise, or one per clip. Same state, same waveform.
            latents: The noise itself.
            image_embeds: What `image_encoder` would give.
            image_tokens: What `image_projection` would give; `image_embeds` beside it say what it is about.
            held_latents: Latents of the music that the clips continue; what is new comes after.
            performance: How to play scores, instead of what follows from the subject.
            year: When the artworks were made; scores are played by no younger instruments, unless a prompt names them.
            country: Where they come from; scores are played rather by what is at home there.
            loop: Make clips whose end joins their beginning.
            output_type: "np" for waveforms; "score" or "mel", whichever the codec has; "latent".
            callback_on_step_end: Called after each step with (pipeline, step, timestep, {"latents"}); takes
                effect by the "latents" it returns, or by setting `pipeline._interrupt`.

        Shape: B items of K = num_waveforms_per_prompt clips: image_embeds (B, embedding_dim); image_tokens (B, N, W);
            latents (B K, C, `num_steps_for`, latent_bins); held_latents (1 or B K, C, held steps, latent_bins).
        Raises: ValueError if the inputs contradict each other; GenerationInterruptedError.
        """
        # 1. Check the inputs
        num_items = self.check_inputs(
            image, prompt, negative_prompt, image_embeds, image_tokens, held_latents, output_type, loop=loop
        )
        check_generators(generator, num_items, num_waveforms_per_prompt)
        check_num_steps(num_inference_steps)
        scale = self.config.guidance_scale if guidance_scale is None else guidance_scale
        self._interrupt = False

        # 2. See the artwork and read the text
        prompt = self.describe_artwork(image) if prompt is None else prompt
        image_embeds, image_tokens = self.encode_artwork(image, image_embeds, image_tokens)
        texts = None if prompt is None else self.encode_text(spread(prompt, num_items))

        # 3. Let the language model write what shall sound, and what shall not
        condition = self.compose_condition(image_tokens, texts, num_items)
        avoided = self.compose_avoided(negative_prompt, texts, num_items) if scale > 1 else None

        # 4. Plan each clip: how long its latents are, and how it will be played
        subjects = subjects_of(image_embeds, image_tokens, texts)
        plans = self.plan_clips(subjects, prompt, generator, audio_length_in_s, performance, year, country, loop=loop)

        # 5. Denoise and decode the clips, those of one length at once; what comes out nearly empty is drawn again
        def draw(batch: Batch, drawn: Sequence[int]) -> list[Clip]:
            batch = batch.only(drawn)
            generators = generators_of(generator, batch.clips)
            noise, held = self.prepare_latents(batch, generators, latents, held_latents)
            denoised = self.denoise(
                noise,
                condition.take(batch.items),
                None if avoided is None else avoided.take(batch.items),
                scale,
                num_inference_steps or self.config.num_inference_steps,
                held=held,
                loop=loop,
                callback_on_step_end=callback_on_step_end,
                **self.extra_step_kwargs(generators, eta),
            )
            require_finite(denoised.cpu().numpy(), "the latents")
            return self.decode(denoised, batch.plans, output_type, batch.num_held)

        clips: dict[int, Clip] = {}
        max_draws = MAX_DRAWS if latents is None else 1
        for batch in self.batches_of(plans, num_waveforms_per_prompt, held_latents):
            clips |= draw_each(partial(draw, batch), batch.clips, lambda clip: clip.is_near_empty, max_draws)

        # 6. Put the candidates of each item in order
        ordered = self.rank_clips([clips[index] for index in range(len(clips))], subjects)
        return Art2MusOutput(ordered, self.codec.sample_rate)

    @property
    def interrupt(self) -> bool:
        """Whether to stop before the next denoising step."""
        return self._interrupt

    check_inputs = check_inputs

    def encode_artwork(
        self,
        image: Image.Image | list[Image.Image] | None,
        image_embeds: torch.Tensor | None = None,
        image_tokens: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """See pictures, unless that was done before.

        Shape: result (B, embedding_dim) and (B, N, W).
        """
        if image is not None:
            image_embeds = self.image_encoder.encode([image] if isinstance(image, Image.Image) else image)
        if image_tokens is None and image_embeds is not None:
            image_tokens = self.image_projection(image_embeds.to(self._execution_device, self.image_projection.dtype))
        return image_embeds, None if image_tokens is None else image_tokens.to(self._execution_device)

    def describe_artwork(self, image: Image.Image | list[Image.Image] | None) -> list[str] | None:
        """Put pictures into words, if there is a `captioner`."""
        if image is None or self.captioner is None:
            return None
        return self.captioner.describe([image] if isinstance(image, Image.Image) else image)

    def encode_text(self, texts: Sequence[str], lengths: Sequence[int | None] | None = None) -> list[TextEncoding]:
        """Read texts, each by itself, so that none depends on how long the others are.

        Args:
            texts: One for each item.
            lengths: Cut or pad T5's tokens of each to so many; None leaves them as they are.
        """
        # Beside text the language model needs room for its ends, image tokens and what it writes.
        num_image_tokens = 0 if self.image_projection is None else 2 + self.image_projection.config.num_tokens
        max_tokens = self.language_model.config.n_positions - 5 - num_image_tokens - NUM_LOA_TOKENS
        readers = (self.tokenizer, self.text_encoder, self.tokenizer_2, self.text_encoder_2, max_tokens)
        networks = (self.text_encoder, self.text_encoder_2)
        asked = list(zip(texts, lengths or [None] * len(texts), strict=True))
        encodings = {
            (text, length): self.constants.recall(
                ("text", text, length, max_tokens), networks, partial(read_text, text, *readers, length=length)
            )
            for text, length in dict.fromkeys(asked)
        }
        return [encodings[each] for each in asked]

    def compose_condition(
        self, image_tokens: torch.Tensor | None, texts: Sequence[TextEncoding] | None, num_items: int
    ) -> Condition:
        """Let the language model continue what was seen and read; where nothing was, T5 reads of an artwork.

        Shape: image_tokens (num_items, N, W).
        """
        read = texts or self.encode_text([self.config.artwork_prompt] * num_items)
        return Condition.of(self.compose_loa(image_tokens, texts), read, self.num_prompt_tokens)

    def compose_avoided(
        self, negative_prompt: str | list[str] | None, texts: Sequence[TextEncoding] | None, num_items: int
    ) -> Condition:
        """Read what to keep away from, beside the prompts that have been read, and let the language model continue it.

        It is the same for every artwork of a show, and computed once.
        """
        negatives = spread(self.config.negative_prompt if negative_prompt is None else negative_prompt, num_items)
        fits = texts is not None and self.config.negative_fits_prompt
        lengths = [len(text.states) for text in texts or []] if fits else None

        def compose() -> Condition:
            encodings = self.encode_text(negatives, lengths)
            return Condition.of(self.compose_loa(None, encodings), encodings, self.num_prompt_tokens)

        networks = (self.text_encoder, self.text_encoder_2, self.projection_model, self.language_model)
        key = ("avoided", *negatives, *(lengths or ()), self.num_prompt_tokens)
        return self.constants.recall(key, networks, compose)

    def compose_loa(self, image_tokens: torch.Tensor | None, texts: Sequence[TextEncoding] | None) -> torch.Tensor:
        """Let the language model continue what was seen, what was read, or both.

        Its input is the image tokens, alone or framed as the projection was trained; or the text, [SOS, CLAP, EOS,
        SOS1, T5…, EOS1]; or the text and after it the image tokens (before it where `image_first` is set).

        Shape: image_tokens (B, N, W); result (B, 8, W).
        Source: the published code of Art2Mus.
        """
        conditioning = None if self.image_projection is None else self.image_projection.config.conditioning
        sentences = sentences_of(
            self.projection_model, image_tokens, texts, conditioning, image_first=self.config.image_first
        )
        return compose_each(self.language_model, sentences, NUM_LOA_TOKENS)

    def plan_clips(
        self,
        subjects: Sequence[FloatArray | None],
        prompt: str | list[str] | None,
        generator: Generators,
        audio_length_in_s: float | None = None,
        performance: Performance | None = None,
        year: int | None = None,
        country: str | None = None,
        *,
        loop: bool = False,
    ) -> list[Plan]:
        """Decide how long the clips of each subject are, and how they will be played.

        Shape: each subject (embedding_dim,).
        Raises: ValueError if they are to have no length.
        """
        length_s = self.config.audio_length_in_s if audio_length_in_s is None else audio_length_in_s
        if length_s is not None and not length_s > 0:
            raise ValueError(f"`audio_length_in_s` is {length_s}, but a clip lasts some time")
        words, seeds = spread(prompt or "", len(subjects)), player_seeds(generator, len(subjects))
        return [
            self.codec.plan(ClipRequest(subject, said, seed, length_s, performance, loop, year, country))
            for subject, said, seed in zip(subjects, words, seeds, strict=True)
        ]

    batches_of = batches_of

    prepare_latents = prepare_latents

    def extra_step_kwargs(self, generator: Generators, eta: float) -> dict[str, Any]:
        """Give what only some schedulers' `step` takes."""
        accepted = inspect.signature(self.scheduler.step).parameters
        return {name: value for name, value in {"eta": eta, "generator": generator}.items() if name in accepted}

    denoise = denoise

    @property
    def phrase(self) -> int | None:
        """The latent steps that the denoiser oversees, if it is one that goes on from what is given; otherwise all."""
        goes_on = has_mask_channel(self.unet, self.codec.latent_channels)
        return int(self.unet.config.sample_size[0]) if goes_on else None

    def num_steps_for(self, plan: Plan, num_held: int) -> int:
        """How many latent steps to denoise for a clip: a whole phrase at least, of which the clip may be a part.

        A loop is exactly as long as the clip.
        """
        return plan.latent_steps if plan.is_loop else max(num_held + plan.latent_steps, self.phrase or 0)

    def windows(self, num_steps: int, num_held: int) -> list[tuple[int, int, int]]:
        """How latents are divided into phrases."""
        return phrases.windows(num_steps, num_held, self.phrase or num_steps)

    def decode(
        self, latents: torch.Tensor, plans: Sequence[Plan], output_type: str = "np", num_held: int = 0
    ) -> list[Clip]:
        """Turn latents into music, as far as `output_type` asks.

        Shape: latents (len(plans), C, at least num_held + latent_steps, latent_bins).
        """
        if output_type == "latent":
            ends = [num_held + plan.latent_steps for plan in plans]
            parts = zip(latents, plans, ends, strict=True)
            return [Clip(item[:, num_held:end], plan) for item, plan, end in parts]
        if plans[0].is_loop:
            num_held = latents.shape[2] // self.codec.latent_grid // 2 * self.codec.latent_grid
            latents = with_context(latents, num_held)
        clips = self.codec.decode_clips(latents, plans, num_held)
        if output_type != "np":
            return clips
        clips = [self.codec.sonify(clip) for clip in clips]
        for clip in clips:
            require_finite(clip.waveform, "the waveform")
        return clips

    def rank_clips(self, clips: list[Clip], subjects: Sequence[FloatArray | None]) -> list[Clip]:
        """Put the candidates of each subject in order, the most similar first, if there is a `ranker`."""
        if self.ranker is None or len(clips) == len(subjects):
            return clips
        return rank(clips, subjects, self.ranker, self.codec.sample_rate)
