"""The bundled model does what words ask of it, and keeps away from what they forbid."""

import numpy as np
import pytest
import torch

from art2mus.data.windows import ATTRIBUTES, measure_attributes
from art2mus.models import load_pipeline
from art2mus.pipeline import Art2MusPipeline

NUM_SEEDS = 4


@pytest.fixture(scope="module")
def mini() -> Art2MusPipeline:
    return load_pipeline("mini")


def attributes(mini: Art2MusPipeline, prompt: str, negative_prompt: str | None = None) -> dict[str, float]:
    """What the notes of a few pieces are like on average."""
    clips = mini(
        prompt=[prompt] * NUM_SEEDS,
        negative_prompt=negative_prompt,
        generator=[torch.Generator().manual_seed(seed) for seed in range(NUM_SEEDS)],
        output_type="score",
    ).clips
    measured = [measure_attributes(clip.score) for clip in clips if clip.score is not None]
    return dict(zip(ATTRIBUTES, np.mean(measured, axis=0).tolist(), strict=True))


def test_words_steer_the_notes(mini: Art2MusPipeline) -> None:
    night = attributes(mini, "slow sparse low dark pad")
    day = attributes(mini, "lively busy high bright dance")
    assert day["density"] > night["density"] + 0.5
    assert day["register"] > night["register"] + 5
    rich, thin = attributes(mini, "rich full chorale"), attributes(mini, "thin bare solo melody")
    assert rich["polyphony"] > thin["polyphony"] + 1


def test_a_negative_prompt_leads_away(mini: Art2MusPipeline) -> None:
    away_from_low = attributes(mini, "gentle song", "low deep dark heavy")
    away_from_high = attributes(mini, "gentle song", "high bright light")
    assert away_from_low["register"] > away_from_high["register"] + 3
