"""What a tagger of music hears: MusiCNN, trained on MagnaTagATune, whose weights are bundled.

The network is published for TensorFlow 1; this is its forward pass. Its last hidden layer is the space that
FD-MusiCNN measures distances in, and its tags say whether it hears what it should.

Source: Pons & Serra 2019, arXiv 1909.06654, and the package musicnn 0.1.0 (ISC), model `MTT_musicnn`.
"""

from __future__ import annotations

import json
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import safe_open
from torch import Tensor, nn
from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

from art2mus.metrics.embedders import FloatArray, Waveform, cut, identity_of

SAMPLE_RATE = 16_000
WINDOW, HOP, NUM_BANDS = 512, 256, 96
PATCH_FRAMES = 187
"""Three seconds: what the network was trained on."""
_MAX_PATCHES = 16

NUM_TIMBRES, NUM_RHYTHMS, NUM_MIDDLE, EMBEDDING_DIM, NUM_TAGS = 204, 51, 64, 200, 50
TIMBRE_HEIGHTS, RHYTHM_LENGTHS = (38, 67), (128, 64, 32)
"""Bands that the tall filters see (.4 and .7 of all), and frames that the long ones see."""

WEIGHTS_PATH = Path(__file__).resolve().parent.parent / "assets" / "musicnn" / "model.safetensors"


class MusiCNN(nn.Module):
    """Tall filters for timbre, long ones for rhythm, three layers over time, and the whole patch summed up."""

    def __init__(self) -> None:
        super().__init__()
        num_front = len(TIMBRE_HEIGHTS) * NUM_TIMBRES + len(RHYTHM_LENGTHS) * NUM_RHYTHMS
        num_features = num_front + 3 * NUM_MIDDLE
        timbres = [nn.Conv2d(1, NUM_TIMBRES, (7, height)) for height in TIMBRE_HEIGHTS]
        rhythms = [nn.Conv2d(1, NUM_RHYTHMS, (length, 1)) for length in RHYTHM_LENGTHS]
        self.norm = _norm2d(1)
        self.front = nn.ModuleList([*timbres, *rhythms])
        self.front_norms = nn.ModuleList([_norm2d(layer.out_channels) for layer in (*timbres, *rhythms)])
        widths = (num_front, NUM_MIDDLE, NUM_MIDDLE)
        self.middle = nn.ModuleList([nn.Conv1d(width, NUM_MIDDLE, 7, padding=3) for width in widths])
        self.middle_norms = nn.ModuleList([_norm1d(NUM_MIDDLE) for _ in widths])
        self.pool_norm = _norm1d(2 * num_features)
        self.dense = nn.Linear(2 * num_features, EMBEDDING_DIM)
        self.dense_norm = _norm1d(EMBEDDING_DIM)
        self.output = nn.Linear(EMBEDDING_DIM, NUM_TAGS)

    def forward(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Give the last hidden layer and the logits of the tags.

        Shape: patches (B, frames, NUM_BANDS); results (B, EMBEDDING_DIM), (B, NUM_TAGS).
        """
        image = self.norm(patches[:, None])
        layers = [self._hear(image)]
        for conv, norm in zip(self.middle, self.middle_norms, strict=True):
            new = norm(F.relu(conv(layers[-1])))
            layers.append(new if len(layers) == 1 else new + layers[-1])
        features = torch.cat(layers, dim=1)
        # TensorFlow lays maximum and mean of each feature side by side.
        pooled = torch.stack([features.amax(dim=2), features.mean(dim=2)], dim=2).flatten(1)
        embedding = self.dense_norm(F.relu(self.dense(self.pool_norm(pooled))))
        return embedding, self.output(embedding)

    def _hear(self, image: Tensor) -> Tensor:
        """Shape: image (B, 1, frames, bands); result (B, features, frames)."""
        heard = []
        for conv, norm in zip(self.front, self.front_norms, strict=True):
            # As TensorFlow pads: of an odd number, one more after the end than before the beginning.
            length = int(conv.weight.shape[2])  # type: ignore[index]
            padded = F.pad(image, (0, 0, (length - 1) // 2, length // 2))
            heard.append(norm(F.relu(conv(padded))).amax(dim=3))
        return torch.cat(heard, dim=1)


class MusiCNNEmbedder:
    """An `AudioEmbedder`: one point for every three seconds of music.

    Args:
        weights: What `scripts/bundle-musicnn` wrote.
    """

    name = "MusiCNN"
    sample_rate = SAMPLE_RATE

    def __init__(self, weights: Path = WEIGHTS_PATH) -> None:
        with safe_open(weights, framework="pt") as file:
            self.tags: tuple[str, ...] = tuple(json.loads(file.metadata()["tags"]))
            state = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118 - not a dict
        self._network = MusiCNN().eval()
        # Counts of training steps are torch's own; TensorFlow keeps none.
        counts = {key: value for key, value in self._network.state_dict().items() if key not in state}
        self._network.load_state_dict(state | counts)

    @cached_property
    def identity(self) -> str:
        """Changes with the weights."""
        return identity_of("musicnn", self._network)

    def embed(self, waveform: Waveform) -> FloatArray:
        """Give the last hidden layer for each patch of three seconds.

        Shape: waveform (audio_frames,) at 16 kHz; result (num_patches, EMBEDDING_DIM).
        """
        return self._run(waveform)[0].numpy()

    def tag(self, waveform: Waveform) -> dict[str, float]:
        """Give how likely each tag is, over the whole, the likeliest first.

        Shape: waveform (audio_frames,) at 16 kHz.
        """
        likely = self._run(waveform)[1].sigmoid().mean(dim=0).tolist()
        return dict(sorted(zip(self.tags, likely, strict=True), key=lambda item: -item[1]))

    @torch.inference_mode()
    def _run(self, waveform: Waveform) -> tuple[Tensor, Tensor]:
        patches = cut(log_mel(waveform), PATCH_FRAMES, PATCH_FRAMES)
        # Some at a time: a long track at once would take memory without bound.
        heard = [self._network(part) for part in torch.from_numpy(patches).split(_MAX_PATCHES)]
        embeddings, logits = (torch.cat(parts) for parts in zip(*heard, strict=True))
        return embeddings, logits


def log_mel(waveform: Waveform) -> NDArray[np.float32]:
    """Give the spectrogram that the network was trained on.

    Shape: waveform (audio_frames,) at 16 kHz; result (frames, NUM_BANDS).
    Source: musicnn 0.1.0, `extractor.py` and `configuration.py` (librosa's mel spectrogram, log10(10000 x + 1)). There
        the powers pass through half precision, in which loud music overflows; here they stay in single.
    """
    # A spectrogram is centred on its first sample, so the ends are mirrored, for which they must be long enough.
    padded = np.pad(waveform, (0, max(0, WINDOW - len(waveform))))
    power = spectrogram(
        padded,
        window_function(WINDOW, "hann"),
        frame_length=WINDOW,
        hop_length=HOP,
        power=2.0,
        mel_filters=_mel_filters(),
    )
    return np.log10(10_000.0 * power.T + 1.0).astype(np.float32)


@cache
def _mel_filters() -> NDArray[np.float64]:
    slaney = {"norm": "slaney", "mel_scale": "slaney"}
    return np.asarray(mel_filter_bank(WINDOW // 2 + 1, NUM_BANDS, 0.0, SAMPLE_RATE / 2, SAMPLE_RATE, **slaney))


def _norm2d(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=1e-3)  # TensorFlow's default


def _norm1d(width: int) -> nn.BatchNorm1d:
    return nn.BatchNorm1d(width, eps=1e-3)
