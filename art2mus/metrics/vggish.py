"""The space that FAD is published in: VGGish, trained on AudioSet.

The module has the parameters of torchvggish under the same names, so that its published weights load as they are.
They are not bundled.

Source: Hershey et al. 2017, ICASSP; weights and layout of github.com/harritaylor/torchvggish (Apache-2.0).
"""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

from art2mus.metrics.embedders import FloatArray, Waveform, cut, identity_of, load_weights
from art2mus.models import models_folder

SAMPLE_RATE = 16_000
WINDOW, HOP, FFT_SIZE = 400, 160, 512
NUM_BANDS, LOWEST_HZ, HIGHEST_HZ = 64, 125.0, 7500.0
EXAMPLE_FRAMES = 96
"""0.96 s; the next example begins where this one ends."""
EMBEDDING_DIM = 128

WEIGHTS_FILE = "vggish-10086976.pth"
WEIGHTS_SOURCE = f"https://github.com/harritaylor/torchvggish/releases/download/v0.1/{WEIGHTS_FILE}"

_CHANNELS = ((64,), (128,), (256, 256), (512, 512))
"""Widths of the convolutions; after each group the image is halved."""


class VGGish(nn.Module):
    """A small VGG over examples of 0.96 s."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = 1
        for group in _CHANNELS:
            for wider in group:
                layers += [nn.Conv2d(width, wider, 3, padding=1), nn.ReLU()]
                width = wider
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        flat = width * (EXAMPLE_FRAMES // 16) * (NUM_BANDS // 16)
        # Published FAD takes what comes before the last ReLU.
        self.embeddings = nn.Sequential(
            nn.Linear(flat, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, EMBEDDING_DIM)
        )

    def forward(self, examples: Tensor) -> Tensor:
        """Shape: examples (B, EXAMPLE_FRAMES, NUM_BANDS); result (B, EMBEDDING_DIM)."""
        image = self.features(examples[:, None])
        # The linear layers come from TensorFlow, which keeps the channels last.
        embeddings: Tensor = self.embeddings(image.permute(0, 2, 3, 1).flatten(1))
        return embeddings


class VGGishEmbedder:
    """An `AudioEmbedder`: one point for every 0.96 s, without PCA and without the last ReLU, as in published FAD."""

    name = "VGGish"
    sample_rate = SAMPLE_RATE

    def __init__(self, network: VGGish) -> None:
        self._network = network.eval()

    @classmethod
    def from_file(cls, path: Path | None = None) -> Self:
        """Load the weights of torchvggish (.pth or .safetensors); None is their place in the models folder.

        Raises: ModelMissingError if they are not there, or not VGGish's.
        """
        place = path or models_folder() / "vggish" / WEIGHTS_FILE
        # The PCA that torchvggish may bring along is not used.
        return cls(load_weights(VGGish, place, WEIGHTS_SOURCE, unused="pproc."))

    @cached_property
    def identity(self) -> str:
        """Changes with the weights."""
        return identity_of("vggish", self._network)

    @torch.inference_mode()
    def embed(self, waveform: Waveform) -> FloatArray:
        """Give one point for every 0.96 s.

        Shape: waveform (audio_frames,) at 16 kHz; result (num_examples, EMBEDDING_DIM).
        """
        examples = torch.from_numpy(cut(log_mel(waveform), EXAMPLE_FRAMES, EXAMPLE_FRAMES))
        parts = [self._network(part) for part in examples.split(32)]
        embeddings: FloatArray = torch.cat(parts).numpy()
        return embeddings


def log_mel(waveform: Waveform) -> NDArray[np.float32]:
    """Give the spectrogram that VGGish was trained on: log(mel magnitude + 0.01).

    Shape: waveform (audio_frames,) at 16 kHz; result (frames, NUM_BANDS).
    Source: tensorflow/models, research/audioset/vggish, `mel_features.py` and `vggish_params.py`.
    """
    mel = spectrogram(
        np.pad(waveform, (0, max(0, WINDOW - len(waveform)))),
        window_function(WINDOW, "hann"),
        frame_length=WINDOW,
        hop_length=HOP,
        fft_length=FFT_SIZE,
        power=1.0,
        center=False,
        mel_filters=_mel_filters(),
    )
    return np.log(mel.T + 0.01).astype(np.float32)


@cache
def _mel_filters() -> NDArray[np.float64]:
    filters = mel_filter_bank(
        FFT_SIZE // 2 + 1,
        NUM_BANDS,
        LOWEST_HZ,
        HIGHEST_HZ,
        SAMPLE_RATE,
        mel_scale="kaldi",
        triangularize_in_mel_space=True,
    )
    return np.asarray(filters)
