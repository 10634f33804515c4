import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import ASTFeatureExtractor, ASTForAudioClassification

from art2mus.metrics.embedders import load_classifier
from art2mus.metrics.kl import SoundClassifier, classifier_kl, mean_spectral_kl, spectral_kl
from art2mus.models import ModelMissingError
from tests.art2mus import tiny
from tests.art2mus.sounds import MINOR, progression

RATE, NUM_CLASSES = 16_000, 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small AST, saved as published ones are; its windows are 1.28 s."""
    path = tmp_path_factory.mktemp("ast")
    tiny.save_sound_classifier(path, NUM_CLASSES)
    return path


def noise(length_s: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.1, round(length_s * RATE)).astype(np.float32)


def test_the_same_labels_diverge_by_nothing() -> None:
    logits = [np.random.default_rng(seed).normal(size=(3, NUM_CLASSES)) for seed in range(5)]
    assert classifier_kl(logits, logits).value == pytest.approx(0.0, abs=1e-12)
    assert classifier_kl(logits, [each + 5.0 for each in logits]).value == pytest.approx(0.0, abs=1e-12)


def test_two_coins_have_a_closed_form() -> None:
    """KL((3/4, 1/4) ‖ (1/2, 1/2)) = ln 2 − H(3/4), and not the same the other way round."""
    uneven, even = np.log([[0.75, 0.25]]), np.log([[0.5, 0.5]])
    expected = np.log(2.0) + 0.75 * np.log(0.75) + 0.25 * np.log(0.25)
    assert classifier_kl([uneven], [even]).value == pytest.approx(expected)
    other_way = 0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25)
    assert classifier_kl([even], [uneven]).value == pytest.approx(other_way)


def test_windows_are_averaged_as_likelihoods() -> None:
    windows = np.log([[0.9, 0.1], [0.1, 0.9]])
    assert classifier_kl([windows], [np.log([[0.5, 0.5]])]).value == pytest.approx(0.0, abs=1e-12)


def test_it_is_the_divergence_of_torch_and_comes_with_an_interval() -> None:
    these, those = torch.randn(2, 30, NUM_CLASSES, generator=torch.Generator().manual_seed(0)).double()
    expected = torch.nn.functional.kl_div(those.log_softmax(1), these.softmax(1), reduction="batchmean")
    divergence = classifier_kl([each[None].numpy() for each in these], [each[None].numpy() for each in those])
    assert divergence.value == pytest.approx(float(expected))
    assert divergence.low < divergence.value < divergence.high
    assert divergence.num_items == 30


def test_certainty_of_something_else_is_far_but_finite() -> None:
    divergence = classifier_kl([np.array([[200.0, 0.0]])], [np.array([[0.0, 200.0]])])
    assert divergence.value == pytest.approx(200.0)


def test_a_classifier_listens_window_by_window(folder: Path) -> None:
    classifier = load_classifier("ast", str(folder))
    music = noise(3.0)
    logits = classifier.embed(music)
    assert logits.shape == (2, NUM_CLASSES)
    assert classifier.embed(music[20_480 : 2 * 20_480])[0] == pytest.approx(logits[1], abs=1e-5)
    assert classifier.embed(noise(0.2)).shape == (1, NUM_CLASSES)
    assert classifier_kl([logits], [classifier.embed(noise(3.0, 1) * 9)]).value > 0.0


def test_it_says_what_transformers_says(folder: Path) -> None:
    inputs = ASTFeatureExtractor.from_pretrained(folder)(noise(1.28), sampling_rate=RATE, return_tensors="pt")
    with torch.inference_mode():
        expected = ASTForAudioClassification.from_pretrained(folder)(**inputs).logits.numpy()
    assert SoundClassifier.from_pretrained(folder).embed(noise(1.28)) == pytest.approx(expected, abs=1e-5)


def test_a_missing_classifier_is_explained() -> None:
    with pytest.raises(ModelMissingError, match="nobody/nothing: no such model here"):
        load_classifier("ast", "nobody/nothing")


@pytest.mark.parametrize("kept", [0, 4, 1000])
def test_a_damaged_classifier_is_named(kept: int, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "ast")
    weights = tmp_path / "ast" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    with pytest.raises(ModelMissingError, match=r"ast: damaged .*; copy or download it again"):
        load_classifier("ast", str(tmp_path / "ast"))


def published_weights(waveform: np.ndarray) -> np.ndarray:
    """The published computation, told anew: powers as amplitudes in decibels, summed over time, divided by the sum."""
    padded = np.pad(waveform.astype(np.float64), 1024)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2048)[::512]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)
    power = np.abs(np.fft.rfft(frames * hann)) ** 2
    decibels = 10 * np.log10(np.maximum(power, 1e-5) ** 2) - 10 * np.log10(power.max() ** 2)
    total = np.maximum(decibels, decibels.max() - 80.0).sum(axis=0)
    return total / total.sum()


def test_the_spectral_divergence_is_the_published_one() -> None:
    these, those = progression(), progression(MINOR, tonic=52)
    left, right = published_weights(these), published_weights(those)
    assert spectral_kl(these, those) == pytest.approx((left * np.log(left / right)).sum(), rel=1e-4)


def test_the_spectral_divergence_hardly_reacts_to_anything() -> None:
    """Between major and minor a third higher it is less than a hundredth, between music and noise less than .2."""
    music = progression()
    assert spectral_kl(music, music) == pytest.approx(0.0, abs=1e-9)
    assert spectral_kl(music, progression(MINOR, tonic=52)) < 0.01
    assert spectral_kl(music, noise(4.0)) < 0.2
    assert mean_spectral_kl([music, music], [music, music]).value == pytest.approx(0.0, abs=1e-9)


def test_silence_has_no_spectrum() -> None:
    with pytest.raises(ValueError, match="silence"):
        spectral_kl(np.zeros(9000, np.float32), noise(1.0))
