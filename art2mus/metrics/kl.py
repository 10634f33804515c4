"""How differently a listener would label generated music and the true track: Kullback–Leibler divergence.

The published evaluation of Art2Mus compares spectra instead. That figure is here too, for comparing with its tables:
it hardly reacts to anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import entropy
from transformers import ASTFeatureExtractor, AutoFeatureExtractor, AutoModelForAudioClassification, PreTrainedModel
from transformers.audio_utils import spectrogram, window_function

from art2mus.metrics.bootstrap import Estimate, mean_estimate
from art2mus.metrics.embedders import FloatArray, Waveform, cut, identity_of, load_published

DEFAULT_CLASSIFIER = "MIT/ast-finetuned-audioset-10-10-0.4593"
_WINDOW, _HOP = 2048, 512
_RANGE_DB = 80.0


class SoundClassifier:
    """An `AudioEmbedder` whose points are the logits of classes: any audio classifier of transformers, AST by default.

    Args:
        model: Takes what the feature extractor gives.
        feature_extractor: With a longest length in frames of ten milliseconds, as AST's.
    """

    def __init__(self, model: PreTrainedModel, feature_extractor: ASTFeatureExtractor) -> None:
        self._model = model.eval()
        self._feature_extractor = feature_extractor
        self.name = str(model.config.model_type)

    @classmethod
    def from_pretrained(cls, name_or_path: str | Path | None = None) -> Self:
        """Load a classifier: a folder, or a name on the Hugging Face hub.

        Raises: ModelMissingError.
        """
        name = name_or_path or DEFAULT_CLASSIFIER
        return cls(*load_published(name, AutoModelForAudioClassification, AutoFeatureExtractor))

    @property
    def sample_rate(self) -> int:
        """In Hz; 16,000 for AST."""
        return int(self._feature_extractor.sampling_rate)

    @cached_property
    def identity(self) -> str:
        """Changes with the weights."""
        return identity_of(self.name, self._model)

    @torch.inference_mode()
    def embed(self, waveform: Waveform) -> FloatArray:
        """Give the logits of every window (10.24 s for AST); shorter music is repeated, a rest left out.

        Shape: waveform (audio_frames,); result (num_windows, num_classes).
        """
        size = self._feature_extractor.max_length * self.sample_rate // 100
        logits = []
        for window in cut(waveform, size, size):
            inputs = self._feature_extractor(window, sampling_rate=self.sample_rate, return_tensors="pt")
            logits.append(self._model(**inputs).logits)
        return np.asarray(torch.cat(logits).numpy())


def classifier_kl(truths: Sequence[FloatArray], generated: Sequence[FloatArray]) -> Estimate:
    """Give KL(truth ‖ generated) in nats, on average, between what a classifier says of each pair.

    The likelihoods (softmax) of the windows are averaged first.

    Shape: each element (num_windows, num_classes), logits.
    Source: Copet et al. 2023, arXiv 2306.05284, section 4 (there with PaSST); the softmax over classes as there.
    """
    divergences = [
        entropy(_likelihoods(truth), _likelihoods(made)) for truth, made in zip(truths, generated, strict=True)
    ]
    return mean_estimate(np.array(divergences))


def spectral_kl(truth: Waveform, generated: Waveform) -> float:
    """Give the divergence of long-term spectra as the published code of Art2Mus computes it.

    Powers are taken for amplitudes on their way to decibels under the loudest, of which the sums over time are
    divided by their total: the softest frequencies weigh most, and any two pieces look alike.

    Shape: each (audio_frames,), at the rate of its file.
    Raises: ValueError for silence, for which it is not defined.
    Source: the code published with Rinaldi et al. 2024, arXiv 2410.04906 (table 3, KL).
    """
    return float(entropy(_weight_of_softness(truth), _weight_of_softness(generated)))


def mean_spectral_kl(truths: Sequence[Waveform], generated: Sequence[Waveform]) -> Estimate:
    """Give the published spectral KL of pairs, on average."""
    return mean_estimate(np.array([spectral_kl(truth, made) for truth, made in zip(truths, generated, strict=True)]))


def _weight_of_softness(waveform: Waveform) -> NDArray[np.float64]:
    padded = np.pad(waveform, (0, max(0, _WINDOW - len(waveform))))
    window = window_function(_WINDOW, "hann")
    power = spectrogram(padded, window, _WINDOW, _HOP, power=2.0, pad_mode="constant").astype(np.float64)
    decibels = 20.0 * np.log10(np.maximum(power, 1e-5) / max(float(power.max()), 1e-5))
    total = np.maximum(decibels, -_RANGE_DB).sum(axis=1)
    if not total.any():
        raise ValueError("the spectral KL of silence is not defined")
    return np.asarray(total / total.sum())


def _likelihoods(logits: FloatArray) -> NDArray[np.float64]:
    return np.asarray(softmax(np.asarray(logits, dtype=np.float64), axis=1).mean(axis=0))
