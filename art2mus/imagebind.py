"""ImageBind's vision and audio towers: pictures and sound in one space, with the keys of the published weights."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from PIL import Image
from torch import nn
from torch.nn.functional import normalize

from art2mus.checkpoints import fill, open_weights
from art2mus.choices import VIEWS
from art2mus.codec.protocol import FloatArray
from art2mus.imagebind_inputs import spectrogram_clips, views_of

AUDIO_LOGIT_SCALE = 20.0
"""What the audio tower's unit vectors are multiplied by; the vision tower's are left as they are."""
AUDIO_PATCH_SIZE, AUDIO_STRIDE = 16, 10
NORM_EPS = 1e-6


class ImageBind(ModelMixin, ConfigMixin):
    """Two of ImageBind's six towers, or the vision tower alone. The defaults are those of `imagebind_huge`.

    Args:
        embedding_dim: Size of the space that both towers share.
        image_size: Side of the square that the vision tower sees, in pixels.
        patch_size: Side of its patches.
        vision_width: Size of its tokens.
        vision_layers: Its transformer blocks.
        vision_heads: Its attention heads.
        num_mel_bins: Bands of the spectrogram.
        mel_frames: Length of a clip's spectrogram; a frame is 10 ms.
        audio_width: Size of the audio tower's tokens.
        audio_layers: Its transformer blocks.
        audio_heads: Its attention heads.
        view: How a picture that is not square is seen: "crop" is its middle, as published; "pad" the whole of it,
            smaller; "multi-crop" the whole of it in overlapping squares, whose embeddings are averaged.
        hears: Whether the audio tower is there; only ranking needs it.

    Raises: ValueError if there is no such view.
    Source: Girdhar et al. 2023 (ImageBind), and the published weights `imagebind_huge`.
    """

    _keys_to_ignore_on_load_unexpected = [r"\.audio\."]  # noqa: RUF012 - diffusers' own name

    @register_to_config
    def __init__(
        self,
        embedding_dim: int = 1024,
        image_size: int = 224,
        patch_size: int = 14,
        vision_width: int = 1280,
        vision_layers: int = 32,
        vision_heads: int = 16,
        num_mel_bins: int = 128,
        mel_frames: int = 204,
        audio_width: int = 768,
        audio_layers: int = 12,
        audio_heads: int = 12,
        view: str = "crop",
        hears: bool = True,
    ) -> None:
        super().__init__()
        if view not in VIEWS:
            raise ValueError(f"there is no view {view!r}; views are {', '.join(VIEWS)}")
        self.modality_preprocessors = nn.ModuleDict(
            {
                "vision": vision_tokens(vision_width, image_size, patch_size),
                "audio": audio_tokens(audio_width, num_mel_bins, mel_frames),
            }
        )
        self.modality_trunks = nn.ModuleDict(
            {
                "vision": Trunk(vision_width, vision_layers, vision_heads, norm_first=True, bias_kv=False),
                "audio": Trunk(audio_width, audio_layers, audio_heads, norm_first=False, bias_kv=True),
            }
        )
        self.modality_heads = nn.ModuleDict(
            {"vision": head(vision_width, embedding_dim), "audio": head(audio_width, embedding_dim)}
        )
        self.modality_postprocessors = nn.ModuleDict({"audio": nn.Sequential(UnitLength(), LogitScale())})
        if not hears:
            for parts in list(self.children()):
                cast(nn.ModuleDict, parts).pop("audio")

    @classmethod
    def from_file(
        cls, path: str | Path, dtype: torch.dtype = torch.float32, config: dict[str, object] | None = None
    ) -> ImageBind:
        """Load published weights, of which only these two towers are read.

        The weights are mapped, not copied: those of the wanted type stay in the file, the others are converted one
        tensor at a time.

        Args:
            path: `imagebind_huge.pth`, or the same weights as safetensors.
            dtype: What they become.
            config: Arguments of a model of another size.

        Raises: CheckpointError, saying which weights are missing or of another shape.
        """
        with torch.device("meta"):
            model = cls(**(config or {}))
        fill(model, path, open_weights(path), dtype)
        return cast(ImageBind, model.eval())

    def forward(self, modality: str, inputs: torch.Tensor) -> torch.Tensor:
        """Embed what one of the towers takes.

        Args:
            modality: "vision" or "audio".
            inputs: Normalised pixels, or normalised spectrograms.

        Shape: inputs (B, 3, image_size, image_size) or (B, 1, num_mel_bins, mel_frames); result (B, embedding_dim).
        """
        tokens = self.modality_preprocessors[modality](inputs)
        embeds = self.modality_heads[modality](self.modality_trunks[modality](tokens)).float()
        result: torch.Tensor = self.modality_postprocessors["audio"](embeds) if modality == "audio" else unit(embeds)
        return result

    @torch.no_grad()
    def encode(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """Embed pictures.

        Shape: result (len(images), embedding_dim), float32, of length 1.
        """
        views = [views_of(image, self.config.image_size, self.config.view) for image in images]
        embeds = self("vision", torch.cat(views).to(self.device, self.dtype))
        if len(embeds) == len(images):
            return cast(torch.Tensor, embeds)
        return unit(torch.stack([seen.mean(dim=0) for seen in embeds.split([len(view) for view in views])]))

    @torch.no_grad()
    def encode_audio(self, waveforms: Sequence[FloatArray], sample_rate: int) -> torch.Tensor:
        """Embed sound: three clips of two seconds from beginning, middle and end of each, averaged.

        Args:
            waveforms: Each of any length from 25 ms; of several channels the first is heard, as published.
            sample_rate: In Hz.

        Shape: each waveform (audio_frames,) or (audio_frames, channels); result (len(waveforms), embedding_dim),
            float32, of length 20 at most: compare by the cosine.
        Raises: ValueError if a waveform is too short.
        """
        config = self.config
        clips = [spectrogram_clips(each, sample_rate, config.num_mel_bins, config.mel_frames) for each in waveforms]
        embeds = self("audio", torch.cat(clips).to(self.device, self.dtype))
        return cast(torch.Tensor, embeds.unflatten(0, (len(waveforms), -1)).mean(dim=1))

    def similarities(
        self, waveforms: Sequence[FloatArray], sample_rate: int, subjects: Sequence[FloatArray]
    ) -> list[float | None]:
        """Say how near each sound is to its embedded picture: their cosine. None for a subject from another space.

        Shape: each waveform (audio_frames, channels); each subject (embedding_dim,).
        """
        dim = self.config.embedding_dim
        own = [index for index, subject in enumerate(subjects) if len(subject) == dim]
        found: list[float | None] = [None] * len(subjects)
        if own:
            heard = self.encode_audio([waveforms[index] for index in own], sample_rate).cpu()
            seen = torch.stack([torch.from_numpy(subjects[index]).float() for index in own])
            for index, cosine in zip(own, torch.cosine_similarity(heard, seen).tolist(), strict=True):
                found[index] = cosine
        return found


class Tokens(nn.Module):
    """What a tower reads: a class token, then one token for each patch, and what is learnt about each place.

    Args:
        width: Size of a token.
        num_patches: How many patches the stem makes.
        stem: Modules that make patches of the input, in this order, under their published names.
    """

    def __init__(self, width: int, num_patches: int, **stem: nn.Module) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.rgbt_stem = named(**stem)
        self.pos_embedding_helper = Places(num_patches + 1, width)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Shape: inputs (B, channels, rows, columns); result (B, 1 + num_patches, width)."""
        patches = self.rgbt_stem(inputs)
        tokens = torch.cat([self.cls_token.expand(len(patches), -1, -1), patches], dim=1)
        return cast(torch.Tensor, self.pos_embedding_helper(tokens))


def vision_tokens(width: int, image_size: int, patch_size: int) -> Tokens:
    """Read pictures. The tower was made for films; a picture is a film of two equal frames."""
    kernel = (2, patch_size, patch_size)
    conv = nn.Conv3d(3, width, kernel, stride=kernel, bias=False)
    num_patches = (image_size // patch_size) ** 2
    return Tokens(width, num_patches, proj=nn.Sequential(TwoFrames(), conv), flat=InARow())


def audio_tokens(width: int, num_mel_bins: int, mel_frames: int) -> Tokens:
    """Read spectrograms, in patches that overlap."""
    conv = nn.Conv2d(1, width, AUDIO_PATCH_SIZE, stride=AUDIO_STRIDE, bias=False)
    num_patches = math.prod((size - AUDIO_PATCH_SIZE) // AUDIO_STRIDE + 1 for size in (num_mel_bins, mel_frames))
    return Tokens(width, num_patches, proj=conv, flat=InARow(), norm_layer=nn.LayerNorm(width))


class Trunk(nn.Module):
    """A transformer whose blocks normalise what they read.

    Args:
        width: Size of a token.
        num_layers: Blocks.
        num_heads: Attention heads.
        norm_first: Whether tokens are normalised before the first block.
        bias_kv: Whether every attention also reads one learnt key and value.
    """

    def __init__(self, width: int, num_layers: int, num_heads: int, *, norm_first: bool, bias_kv: bool) -> None:
        super().__init__()
        first = nn.LayerNorm(width, eps=NORM_EPS) if norm_first else nn.Identity()
        self.pre_transformer_layer = nn.Sequential(first)
        self.blocks = nn.Sequential(*(Block(width, num_heads, bias_kv=bias_kv) for _ in range(num_layers)))

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Shape: tokens and result (B, T, width); mask (T, T), added to the attention."""
        tokens = self.pre_transformer_layer(tokens)
        for block in self.blocks:
            tokens = block(tokens, mask)
        return tokens


class Block(nn.Module):
    """Attention, then a layer four times as wide, each added to what it read."""

    def __init__(self, width: int, num_heads: int, *, bias_kv: bool) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(width, eps=NORM_EPS)
        self.attn = nn.MultiheadAttention(width, num_heads, add_bias_kv=bias_kv, batch_first=True)
        self.norm_2 = nn.LayerNorm(width, eps=NORM_EPS)
        self.mlp = named(fc1=nn.Linear(width, 4 * width), act=nn.GELU(), fc2=nn.Linear(4 * width, width))

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Shape: tokens and result (B, T, width); mask (T, T)."""
        read = self.norm_1(tokens)
        tokens = tokens + self.attn(read, read, read, need_weights=False, attn_mask=mask)[0]
        return cast(torch.Tensor, tokens + self.mlp(self.norm_2(tokens)))


class Places(nn.Module):
    """Adds what is learnt about each place in the sequence."""

    def __init__(self, num_tokens: int, width: int) -> None:
        super().__init__()
        self.pos_embed = nn.Parameter(torch.zeros(1, num_tokens, width))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Shape: tokens and result (B, num_tokens, width)."""
        return tokens + self.pos_embed


class TwoFrames(nn.Module):
    """Makes a picture a film."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Shape: pixels (B, 3, H, W); result (B, 3, 2, H, W)."""
        return pixels[:, :, None].expand(-1, -1, 2, -1, -1)


class InARow(nn.Module):
    """Lays a grid of patches in a row."""

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Shape: patches (B, width, …); result (B, num_patches, width)."""
        return patches.flatten(2).transpose(1, 2)


class ClassToken(nn.Module):
    """Takes the first of the tokens."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Shape: tokens (B, T, width); result (B, width)."""
        return tokens[:, 0]


class UnitLength(nn.Module):
    """Gives every embedding length 1."""

    def forward(self, embeds: torch.Tensor) -> torch.Tensor:
        """Shape: embeds and result (B, embedding_dim)."""
        return unit(embeds)


class LogitScale(nn.Module):
    """Multiplies by a constant that is kept with the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("log_logit_scale", torch.tensor(math.log(AUDIO_LOGIT_SCALE)))

    def forward(self, embeds: torch.Tensor) -> torch.Tensor:
        """Shape: embeds and result (B, embedding_dim)."""
        return embeds * self.get_buffer("log_logit_scale").float().exp()


def head(width: int, embedding_dim: int) -> nn.Sequential:
    """Give what makes an embedding of a tower's last tokens."""
    return nn.Sequential(nn.LayerNorm(width, eps=NORM_EPS), ClassToken(), nn.Linear(width, embedding_dim, bias=False))


def named(**modules: nn.Module) -> nn.Sequential:
    """Run modules one after another, under the names that the published weights have."""
    return nn.Sequential(OrderedDict(modules))


def unit(embeds: torch.Tensor) -> torch.Tensor:
    """Give vectors length 1.

    Shape: embeds and result (B, embedding_dim).
    """
    return normalize(embeds, dim=-1)
