from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import ClapFeatureExtractor, ClapModel

from art2mus.metrics.clap import ClapEmbedder, one_for_each
from art2mus.metrics.embedders import load_embedder
from art2mus.metrics.imagebind_score import mean_cosine
from art2mus.models import ModelMissingError
from tests.art2mus import tiny

RATE = 8_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CLAP, saved as published ones are; its windows are one second."""
    path = tmp_path_factory.mktemp("clap")
    tiny.save_clap(path)
    return path


@pytest.fixture(scope="module")
def embedder(folder: Path) -> ClapEmbedder:
    return ClapEmbedder.from_pretrained(folder)


def noise(length_s: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.1, round(length_s * RATE)).astype(np.float32)


def test_music_is_seen_window_by_window(embedder: ClapEmbedder) -> None:
    music = noise(3.4)
    points = embedder.embed(music)
    assert points.shape == (3, tiny.AFFECT_DIM)
    assert np.linalg.norm(points, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert embedder.embed(music[RATE : 2 * RATE])[0] == pytest.approx(points[1], abs=1e-6)


def test_it_says_what_transformers_says(embedder: ClapEmbedder, folder: Path) -> None:
    model, extractor = ClapModel.from_pretrained(folder), ClapFeatureExtractor.from_pretrained(folder)
    inputs = extractor(noise(1.0), sampling_rate=RATE, return_tensors="pt")
    with torch.inference_mode():
        expected = model.get_audio_features(**inputs).pooler_output.numpy()
    assert embedder.embed(noise(1.0)) == pytest.approx(expected, abs=1e-6)


def test_the_same_music_is_at_the_same_place_every_time(embedder: ClapEmbedder) -> None:
    assert np.array_equal(embedder.embed(noise(1.5)), embedder.embed(noise(1.5)))
    assert embedder.embed(noise(0.3)).shape == (1, tiny.AFFECT_DIM)


def test_texts_are_in_the_same_space(embedder: ClapEmbedder) -> None:
    texts = embedder.embed_texts(["slow strings", "fast piano in a minor key"])
    music = one_for_each([embedder.embed(noise(2.0)), embedder.embed(noise(1.0, 1))])
    assert texts.shape == music.shape == (2, tiny.AFFECT_DIM)
    assert mean_cosine(texts, music).value == pytest.approx(
        np.mean([t @ m / np.linalg.norm(t) / np.linalg.norm(m) for t, m in zip(texts, music, strict=True)])
    )


def test_padding_of_other_texts_changes_nothing(embedder: ClapEmbedder) -> None:
    alone, beside = embedder.embed_texts(["slow"]), embedder.embed_texts(["slow", "fast piano in a minor key"])
    assert alone[0] == pytest.approx(beside[0], abs=1e-5)


def test_many_texts_are_read_some_at_a_time(embedder: ClapEmbedder) -> None:
    texts = [f"piece number {number} for strings" for number in range(150)]
    at_once: list[int] = []
    hook = embedder._model.text_model.register_forward_pre_hook(
        lambda _, __, given: at_once.append(len(given["input_ids"])), with_kwargs=True
    )
    try:
        points = embedder.embed_texts(texts)
    finally:
        hook.remove()
    assert max(at_once) <= 64
    assert sum(at_once) == len(points) == 150
    assert points[149] == pytest.approx(embedder.embed_texts([texts[149]])[0], abs=1e-5)


def test_it_is_found_by_name_or_folder(folder: Path) -> None:
    assert load_embedder("clap", str(folder)).sample_rate == RATE
    with pytest.raises(ModelMissingError, match=r"nobody/nothing: no such model here or on the Hugging Face hub"):
        load_embedder("clap", "nobody/nothing")
