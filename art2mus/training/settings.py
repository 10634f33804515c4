"""What a training YAML may say, with what each key means."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, PositiveFloat, PositiveInt, model_validator

from art2mus.choices import Conditioning
from art2mus.strict_yaml import Section

Share = Annotated[float, Field(ge=0, le=1)]
File = Annotated[Path, Field(strict=False)]
Widths = Annotated[tuple[PositiveInt, ...], Field(strict=False)]
Offset = Annotated[tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat], Field(strict=False)]
Learns = Literal["everything", "unet", "attributes"]
Emphasis = Annotated[tuple[PositiveFloat, PositiveFloat, PositiveFloat, PositiveFloat], Field(strict=False)]


class Loop(Section):
    """How any task is trained.

    Attributes:
        num_steps: Optimiser steps in all.
        batch_size: Examples a step, of all processes together.
        at_once: So many of them go through the networks together at most, a matter of memory; none is all that a
            process has. The result is the same in the stage `art2mus`; the others draw for each part anew.
        learning_rate: AdamW's, after warm-up.
        num_warmup_steps: Steps over which the learning rate rises from zero.
        anneal_share: The last part of the run, over which it falls to zero; 0 keeps it constant.
        weight_decay: AdamW's.
        max_grad_norm: Gradients are clipped to this norm.
        skipped_grad_norm: A step whose gradient is larger than this is left out: a single example through a
            normalisation of nearly nothing can drown all others. None leaves out nothing.
        ema_decay: Decay of the moving average of the weights, which is what is validated and exported.
        precision: Autocast type of the forward pass.
        num_threads: Threads of the tensor library.
        checkpoint_every: Steps between checkpoints, and between validations.
        seed: Seed of everything drawn at random.
        tensorboard: Whether to write TensorBoard's files as well.
    """

    num_steps: PositiveInt
    batch_size: PositiveInt
    at_once: PositiveInt | None = None
    learning_rate: PositiveFloat
    num_warmup_steps: Annotated[int, Field(ge=0)] = 100
    anneal_share: Share = 0.45
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    max_grad_norm: PositiveFloat = 1.0
    skipped_grad_norm: PositiveFloat | None = None
    ema_decay: Share = 0.998
    precision: Literal["fp32", "bf16"] = "bf16"
    num_threads: PositiveInt = 1
    checkpoint_every: PositiveInt = 250
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    tensorboard: bool = False


class RollVAESettings(Section):
    """Stage A: the autoencoder of note rolls.

    Attributes:
        latent_channels: Channels of a latent.
        hidden_channels: Width of its convolutions.
        layers_per_block: Residual layers of the encoder.
        kl_weight: Weight of the KL term; at 0.02 channels collapse.
        onset_weight: Weight of onset cells in the reconstruction, against 1 for sustained cells.
    """

    stage: Literal["roll-vae"]
    windows: File
    output: File
    loop: Loop
    latent_channels: PositiveInt = 8
    hidden_channels: PositiveInt = 64
    layers_per_block: PositiveInt = 1
    kl_weight: PositiveFloat = 0.005
    onset_weight: PositiveFloat = 2.0


class ScoreModelSettings(Section):
    """Stage B: text encoders, GPT-2 and UNet together, on notes with known attributes.

    Attributes:
        vae: Folder that stage A wrote.
        start_from: Output of another training of this stage, of the same sizes, whose weights this one goes on from.
        learns: What is trained, all else frozen: everything; the UNet, under the projections of attributes that
            `start_from` has; or these projections, which begin anew where it has none. `start_from` may then be a
            pipeline by itself, with its projections beside it.
        unet_channels: Widths of the UNet's levels.
        num_heads: Attention heads of each level.
        language_model_dim: Width of GPT-2.
        num_language_layers: Layers of GPT-2.
        text_dim: Width of both text encoders.
        num_text_layers: Layers of each text encoder.
        text_share: Share of the batches conditioned by a caption alone.
        both_share: Share of the batches conditioned by a caption and attributes.
        spoiled_share: Share, within batches with captions, of spoiled music captioned as low quality.
        held_share: Share of the examples whose beginning, or both ends, are given.
        preferred_share: Share of the windows that is learned from: see `preference`; 1 is all.
        guidance_scale: Default of the finished pipeline.
        num_inference_steps: Default of the finished pipeline.
        timestep_exponent: Of the finished pipeline.
        emphasis, offset: Of the attributes asked for (see `Attributes`).
    """

    stage: Literal["score-model"]
    windows: File
    vae: File
    output: File
    loop: Loop
    start_from: File | None = None
    learns: Learns = "everything"
    unet_channels: Widths = (64, 96, 160)
    num_heads: Widths = (2, 2, 2)
    language_model_dim: PositiveInt = 192
    num_language_layers: PositiveInt = 4
    text_dim: PositiveInt = 96
    num_text_layers: PositiveInt = 2
    text_share: Share = 0.25
    both_share: Share = 0.15
    spoiled_share: Share = 0.25
    held_share: Share = 0.35
    preferred_share: Share = 1.0
    guidance_scale: PositiveFloat = 3.5
    num_inference_steps: PositiveInt = 5
    timestep_exponent: PositiveFloat = 2.5
    emphasis: Emphasis = (1.0, 1.0, 1.0, 1.0)
    offset: Offset = (0.0, 0.0, 0.0, 0.0)

    @model_validator(mode="after")
    def _attributes_of_something(self) -> Self:
        if self.learns != "everything" and self.start_from is None:
            raise ValueError(f"learns: {self.learns} needs start_from: what is frozen has to be trained already")
        return self


class ProjectionSettings(Section):
    """Stage C, Art2Mus proper: only the projection is trained, everything else is frozen.

    Attributes:
        model: Folder of the pipeline whose projection is trained.
        pairs: File of (artwork, music) pairs, from `python -m art2mus.data.pairs`.
        num_image_tokens: 1 is Art2Mus, 4 is Art2Mus-4.
        conditioning: How GPT-2 is shown the tokens: by themselves as published, or framed by SOS and EOS.
        hidden_dim: Width between the projection's two layers.
        min_snr_gamma: Loss weight min(SNR, gamma) / SNR, for v-prediction / (SNR + 1); none for equal weights.
        attribute_projection: Folder of stage B's projection of attributes with as many tokens. With it the image
            tokens are also drawn towards the tokens of the music's own attributes.
        token_weight: Weight of that pull, beside the loss of the denoising.
    """

    stage: Literal["projection"]
    model: File
    windows: File
    pairs: File
    output: File
    loop: Loop
    num_image_tokens: PositiveInt = 1
    conditioning: Conditioning = "reference"
    hidden_dim: PositiveInt = 1536
    min_snr_gamma: PositiveFloat | None = 5.0
    attribute_projection: File | None = None
    token_weight: Annotated[float, Field(ge=0)] = 0.0


class ClipSettings(Section):
    """What is made of held-out artworks now and then, to be listened to.

    Attributes:
        num_artworks: The first so many of the validation.
        every: Steps from one time to the next; it is done together with a checkpoint.
        length_s: Of each clip.
        num_inference_steps: Denoising steps.
        guidance_scale: How strictly to follow the picture, away from the negative prompt.
    """

    num_artworks: PositiveInt = 100
    every: PositiveInt = 500
    length_s: PositiveFloat = 10.0
    num_inference_steps: PositiveInt = 200
    guidance_scale: PositiveFloat = 3.5


class Art2MusSettings(Section):
    """Art2Mus and Art2Mus-4 at full size: only the projection is trained, on spectrograms.

    Attributes:
        model: Name or folder of what makes the music: AudioLDM 2, or a model with an image encoder.
        image_encoder: "imagebind", its file, or a folder; none is the model's own.
        pairs: CSV with the columns `artwork`, `track` and `split`, as `python -m art2mus.data split` writes it.
        artworks: Folder that the artworks of the pairs are relative to.
        tracks: Folder that the tracks are relative to.
        cache: Folder for what the frozen networks say, computed once; several trainings may share it.
        num_image_tokens: 1 is Art2Mus, 4 is Art2Mus-4.
        conditioning: How GPT-2 is shown the tokens: by themselves as published, or framed by SOS and EOS.
        hidden_dim: Width between the projection's two layers.
        objective: What the loss is taken on: the noise that the picture leads to ("conditional"), or as published
            the noise guided away from the negative prompt ("reference").
        guidance_scale: Of the reference.
        image_dropout: Share of the examples whose picture is blanked (an embedding of zeros), so that the projection
            learns tokens for no picture at all. Only without guidance.
        min_snr_gamma: Loss weight min(SNR, gamma) / SNR; none for equal weights.
        crops: Pieces of a track to learn from: drawn at random, or seconds 10 to 20 of the first channel ("published").
        crops_per_track: How many are drawn of each.
        length_s: Of a crop.
        num_workers: Processes that read files ahead of the frozen networks.
        num_validation: Pairs of the split "validation" that the loss is measured on.
        clips: What is made to be listened to; none is nothing.
    """

    stage: Literal["art2mus"]
    model: str
    image_encoder: str | None = None
    pairs: File
    artworks: File
    tracks: File
    cache: File
    output: File
    loop: Loop
    num_image_tokens: PositiveInt = 1
    conditioning: Conditioning = "reference"
    hidden_dim: PositiveInt = 1536
    objective: Literal["reference", "conditional"] = "conditional"
    guidance_scale: PositiveFloat = 3.5
    image_dropout: Share = 0.0
    min_snr_gamma: PositiveFloat | None = 5.0
    crops: Literal["random", "published"] = "random"
    crops_per_track: PositiveInt = 4
    length_s: PositiveFloat = 10.24
    num_workers: Annotated[int, Field(ge=0)] = 1
    num_validation: PositiveInt = 100
    clips: ClipSettings | None = None

    @model_validator(mode="after")
    def _check_dropout(self) -> Self:
        if self.objective == "reference" and self.image_dropout:
            raise ValueError("image_dropout belongs to 'objective: conditional'; set it to 0")
        return self


AnyStage = RollVAESettings | ScoreModelSettings | ProjectionSettings | Art2MusSettings


class TrainSettings(Section):
    """A whole training YAML: one stage."""

    train: Annotated[AnyStage, Field(discriminator="stage")]
