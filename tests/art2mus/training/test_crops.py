"""Pieces of tracks, and their spectrograms."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from art2mus.codec.log_mel import log_mel
from art2mus.training.crops import CropReader
from tests.art2mus.published_training import published_crop, spectrogram

RATE, HOP = 16_000, 160


def reader(**more: object) -> CropReader:
    values = {"kind": "random", "num_crops": 3, "mel_frames": 64, "seed": 0} | more
    return CropReader(sample_rate=RATE, hop=HOP, n_mels=64, **values)  # type: ignore[arg-type]


def save(path: Path, sound: np.ndarray) -> Path:
    soundfile.write(path, sound, RATE, subtype="FLOAT")
    return path


def test_the_spectrogram_is_the_published_one() -> None:
    sound = 0.3 * np.random.default_rng(0).standard_normal(RATE)
    found = log_mel(torch.from_numpy(sound).float()[None], RATE, HOP, 64)[0]
    np.testing.assert_allclose(found.numpy(), spectrogram(sound, 64), atol=1e-3)


def test_a_pure_tone_lies_in_one_band() -> None:
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(RATE) / RATE)
    loudest = log_mel(tone[None], RATE, HOP, 64)[0].mean(dim=0).argmax().item()
    assert loudest == pytest.approx(15 / (15 + 27 * np.log(8) / np.log(6.4)) * 65 - 1, abs=1)


def test_a_published_crop_is_seconds_10_to_20_of_the_first_channel(tmp_path: Path) -> None:
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (21 * RATE, 2))
    path = save(tmp_path / "a.wav", sound)
    (found,) = reader(kind="published", num_crops=1, mel_frames=1024)(path)
    expected = spectrogram(published_crop(path, 1024 * HOP), 64)[:1024]
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_random_crops_are_the_same_each_time_and_elsewhere_in_the_track(tmp_path: Path) -> None:
    path = save(tmp_path / "a.wav", np.random.default_rng(0).uniform(-0.5, 0.5, 3 * RATE))
    first, again, other = reader()(path), reader()(path), reader(seed=1)(path)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len({crop.tobytes() for crop in first}) == 3


def test_short_and_silent_tracks_are_followed_by_silence(tmp_path: Path) -> None:
    short = reader()(save(tmp_path / "short.wav", np.full(2000, 0.1) * np.tile([1, -1], 1000)))
    silent = reader()(save(tmp_path / "silent.wav", np.zeros(RATE)))
    assert np.isfinite(short).all()
    assert (short[:, 40:] == np.log(np.float32(1e-5))).all()
    assert (silent == np.log(np.float32(1e-5))).all()
