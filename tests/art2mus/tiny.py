"""Tiny but real components: everything the full model has, at a size that runs in milliseconds."""

import json
import string
from pathlib import Path

import torch
from diffusers import AudioLDM2ProjectionModel, AudioLDM2UNet2DConditionModel, AutoencoderKL, DDIMScheduler
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    ASTConfig,
    ASTFeatureExtractor,
    ASTForAudioClassification,
    ClapAudioConfig,
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    ClapTextConfig,
    ClapTextModelWithProjection,
    GPT2Config,
    GPT2Model,
    PreTrainedTokenizerFast,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
    T5Config,
    T5EncoderModel,
)

from art2mus.affect_encoder import AffectEncoder
from art2mus.codec.mel import MelCodec
from art2mus.codec.protocol import Codec
from art2mus.codec.score_codec import ScoreCodec
from art2mus.imagebind import ImageBind
from art2mus.imagebind_text import ImageBindText
from art2mus.metrics.affect import AFFECT_DIMENSIONS
from art2mus.pipeline import Art2MusPipeline
from art2mus.projection import ImageProjection
from art2mus.unet import ScoreUNet

WORDS = "low quality music representing the content of this artwork slow fast soft strings piano in a minor key . ,"
AFFECT_DIM, TEXT_DIM, LANGUAGE_DIM = len(AFFECT_DIMENSIONS), 16, 24
IMAGE_DIM = 20
LATENT_CHANNELS = 4


def tokenizer(max_length: int = 38) -> PreTrainedTokenizerFast:
    """Whole words, in RoBERTa's manner: <s> text </s>, padding is 1."""
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    vocabulary = {word: number for number, word in enumerate([*special, *sorted(set(WORDS.split()))])}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.normalizer = normalizers.Lowercase()
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=max_length,
    )


def text_encoder() -> ClapTextModelWithProjection:
    """CLAP's text side; what it projects to is the space of affects, as in mini."""
    return ClapTextModelWithProjection(
        ClapTextConfig(
            vocab_size=64,
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=24,
            max_position_embeddings=40,
            projection_dim=AFFECT_DIM,
        )
    )


def text_encoder_2() -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(
            vocab_size=64, d_model=TEXT_DIM, d_kv=8, d_ff=24, num_layers=1, num_heads=2, feed_forward_proj="gated-gelu"
        )
    )


def language_model() -> GPT2Model:
    return GPT2Model(
        GPT2Config(
            vocab_size=2, n_positions=128, n_embd=LANGUAGE_DIM, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
        )
    )


def unet(*, has_mask_channel: bool) -> AudioLDM2UNet2DConditionModel:
    kind = ScoreUNet if has_mask_channel else AudioLDM2UNet2DConditionModel
    return kind(
        sample_size=(32, 16),
        in_channels=LATENT_CHANNELS + has_mask_channel,
        out_channels=LATENT_CHANNELS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        attention_head_dim=2,
        cross_attention_dim=([None, LANGUAGE_DIM, TEXT_DIM],) * 2,
    )


def score_codec() -> ScoreCodec:
    return ScoreCodec(latent_channels=LATENT_CHANNELS, hidden_channels=16)


def mel_codec(seed: int = 0) -> MelCodec:
    """An autoencoder and a vocoder, with random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        vae = AutoencoderKL(
            in_channels=1,
            out_channels=1,
            down_block_types=("DownEncoderBlock2D",) * 3,
            up_block_types=("UpDecoderBlock2D",) * 3,
            block_out_channels=(8, 8, 8),
            norm_num_groups=4,
            latent_channels=LATENT_CHANNELS,
            scaling_factor=0.5,
        )
        vocoder = SpeechT5HifiGan(
            SpeechT5HifiGanConfig(
                model_in_dim=16,
                sampling_rate=16_000,
                upsample_initial_channel=32,
                upsample_rates=[5, 4, 2, 2, 2],
                upsample_kernel_sizes=[16, 16, 8, 4, 4],
                resblock_kernel_sizes=[3],
                resblock_dilation_sizes=[[1, 3]],
                initializer_range=0.1,
                normalize_before=False,
            )
        )
        return MelCodec.from_parts(vae, vocoder)


def imagebind(seed: int = 0) -> ImageBind:
    """Both towers, with random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = ImageBind(
            embedding_dim=IMAGE_DIM,
            image_size=32,
            patch_size=8,
            vision_width=32,
            vision_layers=2,
            vision_heads=2,
            num_mel_bins=32,
            audio_width=24,
            audio_layers=1,
            audio_heads=2,
        )
        for tower in encoder.modality_preprocessors.values():
            torch.nn.init.normal_(tower.cls_token)
            torch.nn.init.normal_(tower.pos_embedding_helper.pos_embed)
    return encoder.eval()


def imagebind_text(seed: int = 0) -> ImageBindText:
    """The text tower, with random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return ImageBindText(IMAGE_DIM, width=16, num_layers=2, num_heads=2, vocab_size=len(_letters()) + 2).eval()


def save_clip_tokenizer(folder: Path) -> None:
    """CLIP's tokenizer without merges: it spells."""
    words = [*_letters(), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")


def _letters() -> list[str]:
    return [letter + end for end in ("", "</w>") for letter in string.ascii_lowercase]


def pipeline(
    codec: Codec | None = None, *, num_tokens: int = 1, seed: int = 0, image_encoder: ImageBind | None = None
) -> Art2MusPipeline:
    """The whole pipeline with random weights; by default with affect and notes, as mini."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        codec = codec or score_codec()
        image_dim = AFFECT_DIM if image_encoder is None else IMAGE_DIM
        pipe = Art2MusPipeline(
            image_encoder=image_encoder or AffectEncoder(),
            image_projection=ImageProjection(image_dim, 12, LANGUAGE_DIM, num_tokens),
            text_encoder=text_encoder().eval(),
            tokenizer=tokenizer(),
            text_encoder_2=text_encoder_2().eval(),
            tokenizer_2=tokenizer(),
            projection_model=AudioLDM2ProjectionModel(AFFECT_DIM, TEXT_DIM, LANGUAGE_DIM),
            language_model=language_model().eval(),
            unet=unet(has_mask_channel=codec.decoded_type == "score").eval(),
            codec=codec.eval(),
            scheduler=DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False, steps_offset=1),
            num_inference_steps=3,
            guidance_scale=1.5,
        )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def save_sound_classifier(folder: Path, num_classes: int = 7) -> None:
    """A small AST, saved as published ones are; its windows are 1.28 s."""
    config = ASTConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        num_mel_bins=32,
        max_length=128,
        num_labels=num_classes,
        initializer_range=0.5,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        ASTForAudioClassification(config).save_pretrained(folder)
    ASTFeatureExtractor(num_mel_bins=32, max_length=128).save_pretrained(folder)


def save_clap(folder: Path) -> None:
    """A small CLAP, saved as published ones are; its windows are one second, at 8 kHz."""
    audio = ClapAudioConfig(
        num_mel_bins=16,
        spec_size=64,
        patch_size=4,
        patch_stride=[4, 4],
        patch_embeds_hidden_size=8,
        hidden_size=32,
        depths=[1, 1, 1],
        num_attention_heads=[2, 2, 2],
        window_size=4,
        projection_dim=AFFECT_DIM,
    )
    text = text_encoder().config.to_dict()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        ClapModel(
            ClapConfig(text_config=text, audio_config=audio.to_dict(), projection_dim=AFFECT_DIM)
        ).save_pretrained(folder)
    ClapFeatureExtractor(
        feature_size=16,
        sampling_rate=8_000,
        hop_length=80,
        fft_window_size=256,
        max_length_s=1,
        frequency_max=4000,
        truncation="rand_trunc",
    ).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
