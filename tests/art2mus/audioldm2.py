"""AudioLDM 2 with random weights, tiny or at full size, as diffusers knows it and as the hub keeps it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AudioLDM2Pipeline,
    AudioLDM2ProjectionModel,
    AudioLDM2UNet2DConditionModel,
    AutoencoderKL,
    DDIMScheduler,
)
from transformers import (
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    GPT2Config,
    GPT2LMHeadModel,
    GPT2Model,
    RobertaTokenizer,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

from art2mus.codec.mel import MelCodec
from art2mus.pipeline import Art2MusPipeline
from tests.art2mus import tiny

LETTERS = "abcdefghijklmnopqrstuvwxyz.,"
PUBLISHED_SCHEDULER: dict[str, Any] = {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.0015,
    "beta_end": 0.0195,
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
}
HTSAT_BASE = {"patch_embeds_hidden_size": 128, "hidden_size": 1024, "depths": [2, 2, 12, 2]}
MILLIONS = {
    "unet": 346.9,
    "text_encoder": 193.9,
    "text_encoder_2": 341.2,
    "language_model": 124.4,
    "vae": 55.4,
    "vocoder": 55.3,
}
"""Parameters of the published components."""

Parts = dict[str, Any]


def tokenizers() -> Parts:
    """Tokenizers of the published classes that spell."""
    vocabulary = {token: number for number, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", "Ġ", *LETTERS])}
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0), *((letter, -2.0) for letter in LETTERS)]
    return {
        "tokenizer": RobertaTokenizer(vocab={**vocabulary, "<mask>": len(vocabulary)}, merges=[], model_max_length=38),
        "tokenizer_2": T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=128),
        "feature_extractor": ClapFeatureExtractor(),
        "scheduler": DDIMScheduler(**PUBLISHED_SCHEDULER),
    }


def tiny_parts(seed: int = 0) -> Parts:
    text, audio = (
        {
            "vocab_size": 64,
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 24,
            "max_position_embeddings": 40,
        },
        {
            "spec_size": 8,
            "window_size": 4,
            "num_mel_bins": 8,
            "depths": [1, 1],
            "num_attention_heads": [1, 1],
            "num_hidden_layers": 2,
            "hidden_size": 24,
            "patch_size": 2,
            "patch_stride": 2,
            "patch_embeds_hidden_size": 12,
        },
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        codec = tiny.mel_codec()
        return evaluated(
            {
                "vae": codec.vae,
                "vocoder": codec.vocoder,
                "text_encoder": ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=12)),
                "text_encoder_2": tiny.text_encoder_2(),
                "projection_model": AudioLDM2ProjectionModel(12, tiny.TEXT_DIM, tiny.LANGUAGE_DIM),
                "language_model": tiny.language_model(),
                "unet": tiny.unet(has_mask_channel=False),
                **tokenizers(),
            }
        )


def full_unet() -> AudioLDM2UNet2DConditionModel:
    return AudioLDM2UNet2DConditionModel(
        sample_size=256,
        in_channels=8,
        out_channels=8,
        down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * 3),
        up_block_types=(*("CrossAttnUpBlock2D",) * 3, "UpBlock2D"),
        block_out_channels=(128, 256, 384, 640),
        cross_attention_dim=([None, 768, 1024],) * 4,
    )


def full_parts(seed: int = 0) -> Parts:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        parts: Parts = {
            "vae": AutoencoderKL(
                in_channels=1,
                out_channels=1,
                down_block_types=("DownEncoderBlock2D",) * 3,
                up_block_types=("UpDecoderBlock2D",) * 3,
                block_out_channels=(128, 256, 512),
                layers_per_block=2,
                latent_channels=8,
                scaling_factor=0.4110932946205139,
            ),
            "vocoder": SpeechT5HifiGan(
                SpeechT5HifiGanConfig(
                    model_in_dim=64,
                    upsample_initial_channel=1024,
                    upsample_rates=[5, 4, 2, 2, 2],
                    upsample_kernel_sizes=[16, 16, 8, 4, 4],
                    initializer_range=0.02,
                    normalize_before=False,
                )
            ),
            "text_encoder": ClapModel(ClapConfig(audio_config=HTSAT_BASE)),
            "text_encoder_2": T5EncoderModel(
                T5Config(d_model=1024, d_kv=64, d_ff=2816, num_layers=24, num_heads=16, feed_forward_proj="gated-gelu")
            ),
            "projection_model": AudioLDM2ProjectionModel(512, 1024, 768),
            "language_model": GPT2Model(GPT2Config()),
            "unet": full_unet(),
            **tokenizers(),
        }
    return evaluated(parts)


def evaluated(parts: Parts) -> Parts:
    for part in parts.values():
        if isinstance(part, torch.nn.Module):
            part.eval()
    torch.nn.init.normal_(parts["projection_model"].sos_embed)
    torch.nn.init.normal_(parts["projection_model"].eos_embed_1)
    return parts


def stock(parts: Parts) -> AudioLDM2Pipeline:
    """diffusers' pipeline on these weights. It wants GPT-2 with its head, which it does not use."""
    language_model = parts["language_model"]
    with torch.device("meta"):
        with_head = GPT2LMHeadModel(language_model.config)
    with_head.transformer, with_head.lm_head.weight = language_model, language_model.wte.weight
    with_head.config.max_new_tokens = 8
    pipe = AudioLDM2Pipeline(**{**parts, "language_model": with_head.eval()})
    pipe.set_progress_bar_config(disable=True)
    return pipe


def ours(parts: Parts, image_encoder: Any = None, image_projection: Any = None, **config: Any) -> Art2MusPipeline:
    """Our pipeline on the same weights."""
    codec = MelCodec.from_parts(parts["vae"], parts["vocoder"])
    rest = {name: part for name, part in parts.items() if name not in ("vae", "vocoder", "feature_extractor")}
    pipe = Art2MusPipeline(
        image_encoder=image_encoder, image_projection=image_projection, codec=codec, **rest, **config
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def save_as_on_the_hub(parts: Parts, folder: Path) -> None:
    """Write the folder `cvssp/audioldm2`, whose index names GPT2Model."""
    libraries = {"projection_model": "audioldm2", "unet": "audioldm2", "vae": "diffusers", "scheduler": "diffusers"}
    index: dict[str, Any] = {"_class_name": "AudioLDM2Pipeline", "_diffusers_version": "0.21.0.dev0"}
    for name, part in parts.items():
        part.save_pretrained(folder / name)
        index[name] = [libraries.get(name, "transformers"), type(part).__name__]
    (folder / "model_index.json").write_text(json.dumps(index, indent=2))
