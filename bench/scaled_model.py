"""Art2Mus on an eighth of every width and length: each part keeps its share of a training step's work.

Most of what a network computes is width × width × places, and in attention width × places × places. With both an eighth
of what they are at full size, every part does 1/512 of its work, and its share of a step stays what it is:

- UNet, VAE: widths an eighth, layers all of them, a crop of 1.28 s instead of 10.24 s. Attention has one head instead
  of eight, so that softmax does 1/512 as well.
- CLAP: widths an eighth, layers all of them, padded to 64 tokens instead of 512.
- T5, GPT-2: a sentence cannot be made shorter, so that of 24 and 12 layers 3 and 2 are left.
- ImageBind is in no step, not in the published one either: pictures are seen beforehand.
"""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import AudioLDM2ProjectionModel, AudioLDM2UNet2DConditionModel, AutoencoderKL, DDIMScheduler
from transformers import (
    ClapTextConfig,
    ClapTextModelWithProjection,
    GPT2Config,
    GPT2Model,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
    T5Config,
    T5EncoderModel,
)

from art2mus.codec.mel import MelCodec
from art2mus.pipeline import Art2MusPipeline
from art2mus.projection import ImageProjection
from tests.art2mus import audioldm2, tiny

CROP_S = 1.28
HIDDEN_DIM = 192
CLAP_TOKENS = 64
_CLAP_DIM, _LANGUAGE_DIM, _TEXT_DIM = 64, 96, 128


def save_model(folder: Path) -> Path:
    """Save the whole pipeline with random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipeline = _pipeline()
    pipeline.save_pretrained(folder)
    return folder


def _pipeline() -> Art2MusPipeline:
    encoder = tiny.imagebind()
    return Art2MusPipeline(
        image_encoder=encoder,
        image_projection=ImageProjection(encoder.config.embedding_dim, HIDDEN_DIM, _LANGUAGE_DIM),
        text_encoder=_text_encoder().eval(),
        tokenizer=tiny.tokenizer(max_length=CLAP_TOKENS),
        text_encoder_2=_text_encoder_2().eval(),
        tokenizer_2=tiny.tokenizer(),
        projection_model=AudioLDM2ProjectionModel(_CLAP_DIM, _TEXT_DIM, _LANGUAGE_DIM),
        language_model=_language_model().eval(),
        unet=unet(),
        codec=MelCodec.from_parts(_vae(), _vocoder()).eval(),
        scheduler=DDIMScheduler(**audioldm2.PUBLISHED_SCHEDULER),
    )


def unet() -> AudioLDM2UNet2DConditionModel:
    """The UNet alone."""
    return AudioLDM2UNet2DConditionModel(
        sample_size=32,
        in_channels=8,
        out_channels=8,
        down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * 3),
        up_block_types=(*("CrossAttnUpBlock2D",) * 3, "UpBlock2D"),
        block_out_channels=(16, 32, 48, 80),
        norm_num_groups=4,
        attention_head_dim=1,
        cross_attention_dim=([None, _LANGUAGE_DIM, _TEXT_DIM],) * 4,
    ).eval()


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        in_channels=1,
        out_channels=1,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(16, 32, 64),
        layers_per_block=2,
        norm_num_groups=4,
        latent_channels=8,
        scaling_factor=0.4110932946205139,
    )


def _text_encoder() -> ClapTextModelWithProjection:
    return ClapTextModelWithProjection(
        ClapTextConfig(
            vocab_size=64,
            hidden_size=96,
            num_hidden_layers=12,
            num_attention_heads=2,
            intermediate_size=384,
            max_position_embeddings=CLAP_TOKENS + 2,
            projection_dim=_CLAP_DIM,
        )
    )


def _text_encoder_2() -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(
            vocab_size=64,
            d_model=_TEXT_DIM,
            d_kv=64,
            d_ff=352,
            num_layers=3,
            num_heads=2,
            feed_forward_proj="gated-gelu",
        )
    )


def _language_model() -> GPT2Model:
    return GPT2Model(
        GPT2Config(vocab_size=2, n_embd=_LANGUAGE_DIM, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0)
    )


def _vocoder() -> SpeechT5HifiGan:
    """In no step; it says how many bands a spectrogram has, and how many samples a frame."""
    return SpeechT5HifiGan(
        SpeechT5HifiGanConfig(
            model_in_dim=64,
            upsample_initial_channel=32,
            upsample_rates=[5, 4, 2, 2, 2],
            upsample_kernel_sizes=[16, 16, 8, 4, 4],
            resblock_kernel_sizes=[3],
            resblock_dilation_sizes=[[1, 3]],
        )
    )
