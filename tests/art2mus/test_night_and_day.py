"""The bundled model, the darkest and the brightest work of the gallery, and van Gogh's night and his day."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from art2mus.codec.performance import SCALES, Performance
from art2mus.images import load_artwork
from art2mus.metrics.affect import AFFECT_DIMENSIONS, measure_picture, measure_sound
from art2mus.models import load_pipeline
from art2mus.pipeline import Art2MusPipeline

DARKEST, BRIGHTEST = "leonardo-da-vinci_mona-lisa-1503", "wassily-kandinsky_composition-viii-1923"
NIGHT, DAY = "vincent-van-gogh_cafe-terrace-at-night-1888", "vincent-van-gogh_the-harvest-1888"
LENGTH_S = 10.24


@pytest.fixture(scope="module")
def mini() -> Art2MusPipeline:
    pipeline = load_pipeline("mini")
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def listen(mini: Art2MusPipeline, work: Path, num_seeds: int) -> tuple[NDArray[np.float32], list[Performance], float]:
    """Give the affect heard, how it was played, and the mean row of the notes."""
    generators = [torch.Generator().manual_seed(seed) for seed in range(num_seeds)]
    made = mini([load_artwork(work)] * num_seeds, generator=generators, audio_length_in_s=LENGTH_S)
    affect = np.mean([measure_sound(waveform, made.sample_rate) for waveform in made.audios], axis=0)
    row = np.mean([note.row for score in made.scores for note in score.notes])
    return affect, [clip.plan.performance for clip in made.clips if clip.plan.performance is not None], float(row)


def difference(day: NDArray[np.float32], night: NDArray[np.float32]) -> dict[str, float]:
    return dict(zip(AFFECT_DIMENSIONS, (day - night).tolist(), strict=True))


def test_the_darkest_and_the_brightest_work_sound_different(mini: Art2MusPipeline, repository: Path) -> None:
    gallery = repository / "installation" / "gallery"
    night, played_by_night, low = listen(mini, gallery / f"{DARKEST}.jpg", num_seeds=2)
    day, played_by_day, high = listen(mini, gallery / f"{BRIGHTEST}.jpg", num_seeds=2)
    heard = difference(day, night)
    assert heard["brightness"] > 1.0
    assert heard["weight"] < -1.0
    assert heard["valence"] > 0.5
    assert high > low + 4  # the network's own part: the notes lie higher
    assert {SCALES[each.mode][2] for each in played_by_night} == {3}  # minor thirds
    assert {SCALES[each.mode][2] for each in played_by_day} == {4}
    affects = [measure_picture(load_artwork(gallery / f"{work}.jpg")) for work in (DARKEST, BRIGHTEST)]
    slow, fast = (Performance.from_affect(affect, 0, events_per_quarter=2.0).quarter_bpm for affect in affects)
    assert slow < fast  # the same notes


@pytest.mark.slow
def test_van_goghs_night_is_darker_graver_and_busier_than_his_day(mini: Art2MusPipeline, repository: Path) -> None:
    """As their pictures ask for; that the night is more aroused, too, they ask for in vain."""
    gallery = repository / "installation" / "gallery"
    night, day = (listen(mini, gallery / f"{work}.jpg", num_seeds=4)[0] for work in (NIGHT, DAY))
    heard = difference(day, night)
    asked = difference(*(measure_picture(load_artwork(gallery / f"{work}.jpg")) for work in (DAY, NIGHT)))
    for name, sign in (("brightness", 1), ("valence", 1), ("complexity", -1)):
        assert sign * asked[name] > 0.5
        assert sign * heard[name] > 0.2
