from pathlib import Path

import pytest
import torch
from PIL import Image

from art2mus.affect_encoder import AffectEncoder
from art2mus.data.abstract import paint
from art2mus.metrics.affect import AFFECT_DIMENSIONS, load_scale, measure_picture


def pictures() -> list[Image.Image]:
    return [paint(torch.full((6,), value).numpy(), seed=3) for value in (-1.0, 0.0, 1.5)]


def test_it_measures_what_measure_picture_does() -> None:
    images = pictures()
    embeds = AffectEncoder().encode(images)
    assert embeds.shape == (3, len(AFFECT_DIMENSIONS))
    assert embeds.dtype == torch.float32
    for row, image in zip(embeds, images, strict=True):
        assert row.numpy() == pytest.approx(measure_picture(image))


def test_no_pictures_give_no_rows() -> None:
    assert AffectEncoder().encode([]).shape == (0, len(AFFECT_DIMENSIONS))


def test_a_saved_encoder_goes_on_measuring_as_it_was(tmp_path: Path) -> None:
    scale = load_scale("picture")
    standard = {
        "feature_mean": [value + 1.0 for value in scale.feature_mean],
        "feature_std": list(scale.feature_std),
        "affect_mean": list(scale.affect_mean),
        "affect_std": [2.0 * value for value in scale.affect_std],
    }
    encoder = AffectEncoder(standard=standard)
    encoder.save_pretrained(tmp_path)
    loaded = AffectEncoder.from_pretrained(tmp_path)
    images = pictures()
    assert torch.equal(loaded.encode(images), encoder.encode(images))
    assert not torch.equal(loaded.encode(images), AffectEncoder().encode(images))


def test_the_default_constants_are_saved_too(tmp_path: Path) -> None:
    AffectEncoder().save_pretrained(tmp_path)
    loaded = AffectEncoder.from_pretrained(tmp_path)
    assert loaded.config.embedding_dim == len(AFFECT_DIMENSIONS)
    assert loaded.config.standard["feature_mean"] == list(load_scale("picture").feature_mean)


def test_it_refuses_another_number_of_dimensions_or_features() -> None:
    with pytest.raises(ValueError, match="6 dimensions, not 7"):
        AffectEncoder(embedding_dim=7)
    with pytest.raises(ValueError, match="Constants for 1 features"):
        AffectEncoder(standard={"feature_mean": [0.0], "feature_std": [1.0], "affect_mean": [], "affect_std": []})
