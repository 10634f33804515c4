"""PaSST, a classifier of sound trained on AudioSet: what published KL of music is usually measured by.

The module has the parameters of the published network under the same names, so that its weights load as they are.
They are not bundled. (The package `hear21passt` needs a torchaudio and a torchvision that fit torch to the digit.)

Source: Koutini et al. 2022, Interspeech, arXiv 2110.05069; weights of github.com/kkoutini/PaSST (Apache-2.0).
"""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

from art2mus.metrics.embedders import FloatArray, Waveform, cut, identity_of, load_weights
from art2mus.models import models_folder

SAMPLE_RATE = 32_000
WINDOW, HOP, FFT_SIZE = 800, 320, 1024
NUM_BANDS, HIGHEST_HZ = 128, 15_000.0
LENGTH_S = 10
"""What the network hears at once."""

NUM_CLASSES = 527
PATCH, STRIDE = 16, 10
NUM_FREQUENCIES, NUM_TIMES = 12, 99
_LONGEST = (NUM_TIMES - 1) * STRIDE + PATCH

WEIGHTS_FILE = "passt-s-f128-p16-s10-ap.476-swa.pt"
WEIGHTS_SOURCE = f"https://github.com/kkoutini/PaSST/releases/download/v0.0.1-audioset/{WEIGHTS_FILE}"


class PaSST(nn.Module):
    """A vision transformer over overlapping patches, whose places in time and in frequency are learnt apart.

    Args:
        width: Of a token; 768 as published.
        depth: Number of blocks; 12 as published.
        num_heads: Of attention; 12 as published.
    """

    def __init__(self, width: int = 768, depth: int = 12, num_heads: int = 12) -> None:
        super().__init__()
        self.cls_token, self.dist_token = (nn.Parameter(torch.zeros(1, 1, width)) for _ in range(2))
        self.new_pos_embed = nn.Parameter(torch.zeros(1, 2, width))
        self.freq_new_pos_embed = nn.Parameter(torch.zeros(1, width, NUM_FREQUENCIES, 1))
        self.time_new_pos_embed = nn.Parameter(torch.zeros(1, width, 1, NUM_TIMES))
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(1, width, PATCH, STRIDE)})
        self.blocks = nn.Sequential(*(_Block(width, num_heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, NUM_CLASSES))

    def forward(self, spectrograms: Tensor) -> Tensor:
        """Shape: spectrograms (B, NUM_BANDS, frames); result (B, NUM_CLASSES), logits."""
        patches = self.patch_embed["proj"](spectrograms[:, None])
        patches = patches + self.time_new_pos_embed[..., : patches.shape[3]] + self.freq_new_pos_embed
        summaries = torch.cat([self.cls_token, self.dist_token], dim=1) + self.new_pos_embed
        tokens = [summaries.expand(len(patches), -1, -1), patches.flatten(2).transpose(1, 2)]
        seen = self.norm(self.blocks(torch.cat(tokens, dim=1)))
        logits: Tensor = self.head(seen[:, :2].mean(dim=1))
        return logits


class _Block(nn.Module):
    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norm1, self.norm2 = (nn.LayerNorm(width, eps=1e-6) for _ in range(2))
        self.attn = nn.ModuleDict({"qkv": nn.Linear(width, 3 * width), "proj": nn.Linear(width, width)})
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})

    def forward(self, tokens: Tensor) -> Tensor:
        """Shape: tokens and result (B, T, width)."""
        qkv = self.attn["qkv"](self.norm1(tokens)).unflatten(2, (3, self.num_heads, -1))
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        heard = F.scaled_dot_product_attention(query, key, value)
        tokens = tokens + self.attn["proj"](heard.transpose(1, 2).flatten(2))
        hidden: Tensor = self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(tokens))))
        return tokens + hidden


class PasstClassifier:
    """An `AudioEmbedder` whose points are the logits of AudioSet's classes, one for every ten seconds."""

    name = "PaSST"
    sample_rate = SAMPLE_RATE

    def __init__(self, network: PaSST) -> None:
        self._network = network.eval()

    @classmethod
    def from_file(cls, path: Path | None = None) -> PasstClassifier:
        """Load the published weights (.pt or .safetensors); None is their place in the models folder.

        Raises: ModelMissingError if they are not there, or not PaSST's.
        """
        place = path or models_folder() / "passt" / WEIGHTS_FILE
        # The head of distillation is not used outside training.
        return cls(load_weights(PaSST, place, WEIGHTS_SOURCE, unused="head_dist."))

    @cached_property
    def identity(self) -> str:
        """Changes with the weights."""
        return identity_of("passt", self._network)

    @torch.inference_mode()
    def embed(self, waveform: Waveform) -> FloatArray:
        """Give the logits of every ten seconds; shorter music is heard as it is, a rest left out.

        Shape: waveform (audio_frames,) at 32 kHz; result (num_windows, NUM_CLASSES).
        """
        size = LENGTH_S * SAMPLE_RATE
        windows = cut(waveform, size, size) if len(waveform) > size else waveform[None]
        images = [torch.from_numpy(log_mel(window)) for window in windows]
        logits: FloatArray = torch.cat([self._network(image[None]) for image in images]).numpy()
        return logits


def log_mel(waveform: Waveform) -> NDArray[np.float32]:
    """Give the spectrogram that the network was trained on; what is shorter than a patch is repeated.

    Shape: waveform (audio_frames,) at 32 kHz; result (NUM_BANDS, mel_frames).
    Source: hear21passt 0.0.26, `preprocess.py`: pre-emphasis, power in Kaldi's mel bands, (log(x + 1e-5) + 4.5) / 5.
    """
    samples = cut(waveform, PATCH * HOP, PATCH * HOP)[0] if len(waveform) < PATCH * HOP else waveform
    mel = spectrogram(
        samples[1:] - 0.97 * samples[:-1],
        window_function(WINDOW, "hann", periodic=False),
        frame_length=WINDOW,
        hop_length=HOP,
        fft_length=FFT_SIZE,
        power=2.0,
        mel_filters=_mel_filters(),
    )
    return ((np.log(mel[:, :_LONGEST] + 1e-5) + 4.5) / 5.0).astype(np.float32)


@cache
def _mel_filters() -> NDArray[np.float64]:
    kaldi = {"mel_scale": "kaldi", "triangularize_in_mel_space": True}
    return np.asarray(mel_filter_bank(FFT_SIZE // 2 + 1, NUM_BANDS, 0.0, HIGHEST_HZ, SAMPLE_RATE, **kaldi))
