"""The published modelling code of ImageBind, out of the package imagebind-unofficial.

Importing it fails on what it does not need for its models (torchaudio, torchvision, pytorchvideo, timm, …), so small
modules stand for these while it is imported.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

ABSENT = (
    "ftfy",
    "iopath",
    "iopath.common",
    "iopath.common.file_io",
    "pkg_resources",
    "pytorchvideo",
    "pytorchvideo.data",
    "pytorchvideo.data.clip_sampling",
    "pytorchvideo.data.encoded_video",
    "timm",
    "timm.layers",
    "torchaudio",
    "torchvision",
)


TINY_SIZES: dict[str, Any] = {
    "out_embed_dim": 32,
    "vision_embed_dim": 48,
    "vision_num_blocks": 3,
    "vision_num_heads": 4,
    "audio_embed_dim": 36,
    "audio_num_blocks": 2,
    "audio_num_heads": 3,
    "text_embed_dim": 16,
    "text_num_blocks": 1,
    "text_num_heads": 2,
    "depth_embed_dim": 16,
    "depth_num_blocks": 1,
    "thermal_embed_dim": 24,
    "thermal_num_blocks": 1,
    "imu_embed_dim": 16,
    "imu_num_blocks": 1,
}
"""Of all towers."""


class NoDropPath(torch.nn.Identity):
    """Stochastic depth is off in evaluation."""

    def __init__(self, _: float) -> None:
        super().__init__()


@cache
def published() -> ModuleType:
    """The module `imagebind.models.imagebind_model`; skips the test where the package is not installed."""
    if importlib.util.find_spec("imagebind") is None or importlib.util.find_spec("einops") is None:
        pytest.skip("the published code is not installed: pip install --no-deps imagebind-unofficial einops")
    stubs: dict[str, Any] = {name: ModuleType(name) for name in ABSENT}
    stubs["timm.layers"].trunc_normal_ = torch.nn.init.trunc_normal_
    stubs["timm.layers"].DropPath = NoDropPath
    stubs["iopath.common.file_io"].g_pathmgr = SimpleNamespace(open=open)
    stubs["ftfy"].fix_text = str
    for module, name in (
        ("pytorchvideo", "transforms"),
        ("pytorchvideo.data.clip_sampling", "ConstantClipsPerVideoSampler"),
        ("pytorchvideo.data.encoded_video", "EncodedVideo"),
        ("torchvision", "transforms"),
    ):
        setattr(stubs[module], name, None)
    with pytest.MonkeyPatch.context() as patch:
        for name, stub in stubs.items():
            patch.setitem(sys.modules, name, stub)
        return importlib.import_module("imagebind.models.imagebind_model")


def towers(
    state_dict: dict[str, torch.Tensor], names: tuple[str, ...] = ("vision", "audio")
) -> dict[str, torch.Tensor]:
    """Those weights of a published state dict that belong to some of its towers."""
    return {key: value for key, value in state_dict.items() if key.split(".")[1] in names}


def randomised(model: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """Give every weight a value of its own, those too that begin as 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        noise = torch.empty_like(parameter).normal_(0, 0.03, generator=generator)
        parameter.data.add_(noise) if parameter.dim() == 1 else parameter.data.copy_(noise)
    return model.eval()


def largest_difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    """As a share of the largest value."""
    return float((found - expected).abs().max() / expected.abs().max())
