import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from scipy.stats import spearmanr

from art2mus.codec.performance import Performance
from art2mus.data.abstract import paint
from art2mus.data.paintings import list_paintings
from art2mus.images import load_artwork
from art2mus.metrics.affect import AFFECT_DIMENSIONS, measure_picture, measure_sound
from art2mus.metrics.relevance import (
    Origin,
    affect_distances,
    describe,
    judge_model,
    main,
    origins_of,
    rank_correlation,
    relevance,
    scores_played,
)
from art2mus.metrics.sound_affect import ANALYSIS_RATE
from tests.art2mus.pieces import chorale
from tests.art2mus.sounds import SAMPLE_RATE, progression
from tests.art2mus.tiny import pipeline


def asked_and_measured(noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    asked = rng.normal(size=(20, 6)).astype(np.float32)
    measured = asked[:, None] + noise * rng.normal(size=(20, 5, 6))
    return asked, measured.astype(np.float32)


def test_music_that_follows_is_found_again() -> None:
    figures = relevance(*asked_and_measured(noise=0.1), num_permutations=500)
    assert min(each.value for each in figures.correlation.values()) > 0.95
    assert min(each.low for each in figures.correlation.values()) > 0.85
    assert max(figures.p_value.values()) < 0.01
    assert figures.retrieval.recall_at_1.value > 0.95
    assert figures.retrieval.mean_rank.value < 1.1
    assert figures.retrieval.p_value < 0.01


def test_music_that_does_not_follow_is_at_chance() -> None:
    asked, measured = asked_and_measured(noise=0.1)
    strangers = np.random.default_rng(1).permutation(measured)
    figures = relevance(asked, strangers, num_permutations=500)
    assert figures.retrieval.mean_rank.value == pytest.approx(10.5, abs=2.5)
    assert figures.retrieval.p_value > 0.05
    assert min(figures.p_value.values()) > 0.01


def test_the_correlation_is_spearmans_and_its_interval_holds_it() -> None:
    these, those = np.random.default_rng(0).normal(size=(2, 40)) + np.linspace(0.0, 2.0, 40)
    correlation = rank_correlation(these, those)
    assert correlation.value == pytest.approx(spearmanr(these, those).statistic)
    assert correlation.low < correlation.value < correlation.high
    assert rank_correlation(these, np.ones(40)).value == 0.0


def test_chance_gives_uniform_p_values() -> None:
    p_values = [
        list(relevance(asked_and_measured(1.0, seed)[0], asked_and_measured(1.0, seed + 99)[1], 200).p_value.values())
        for seed in range(20)
    ]
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.1)


def test_the_scale_of_a_dimension_does_not_matter() -> None:
    asked, measured = asked_and_measured(noise=0.5)
    stretched = measured * np.array([1, 2, 3, 4, 5, 6], np.float32) + 7
    assert relevance(asked, stretched, 200) == relevance(asked, measured, 200)


def test_distances_take_little_more_memory_than_they_are() -> None:
    """A real test has thousands of artworks, and as many distances for each."""
    rng = np.random.default_rng(0)
    asked, measured = rng.normal(size=(500, 6)), rng.normal(size=(500, 2, 6))
    tracemalloc.start()
    distances = affect_distances(asked, measured)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert distances.shape == (500, 2, 500)
    assert peak < 3 * distances.nbytes


def test_it_refuses_what_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="3 or more"):
        relevance(np.zeros((2, 6), np.float32), np.zeros((2, 5, 6), np.float32))
    with pytest.raises(ValueError, match="3 or more"):
        relevance(np.zeros((4, 6), np.float32), np.zeros((5, 5, 6), np.float32))


def test_the_table_names_every_condition_and_dimension() -> None:
    table = describe({"as made": relevance(*asked_and_measured(0.5), num_permutations=50)})
    assert "as made: 20 pictures × 5 seeds" in table
    assert all(name in table for name in AFFECT_DIMENSIONS)


def test_a_missing_model_or_gallery_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "no paintings here" in capsys.readouterr().err
    for number in range(3):
        Image.new("RGB", (40, 40), (80 * number, 0, 0)).save(tmp_path / f"{number}.png")
    assert main([str(tmp_path), "--model", str(tmp_path)]) == 2
    assert "model_index.json" in capsys.readouterr().err


def test_music_of_any_origin_is_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pictures from dark to light, and music from low and slow to high and fast."""
    gallery, music = tmp_path / "gallery", tmp_path / "music"
    gallery.mkdir()
    music.mkdir()
    for number in range(4):
        Image.new("RGB", (40, 40), (60 * number + 20,) * 3).save(gallery / f"{number}.png")
        if number < 3:
            sound = progression(tonic=36 + 6 * number, quarter_s=0.6 - 0.1 * number, num_chords=4)
            soundfile.write(music / f"{number}.wav", sound, SAMPLE_RATE)
    arguments = [str(gallery), "--music", str(music), "--output", str(tmp_path / "figures.json")]
    assert main(arguments) == 2
    assert "no music for 3.png" in capsys.readouterr().err
    (gallery / "3.png").unlink()
    assert main(arguments) == 0
    assert "music as it is: 3 pictures × 1 seeds" in capsys.readouterr().out
    figures = json.loads((tmp_path / "figures.json").read_text())["music as it is"]
    assert figures["correlation"]["brightness"]["value"] == pytest.approx(1.0)
    (music / "1.wav").write_bytes(b"not sound")
    assert main(arguments) == 2
    assert "1.wav: not sound" in capsys.readouterr().err


def test_a_model_is_judged_with_and_without_its_performance(tmp_path: Path) -> None:
    pipeline().save_pretrained(tmp_path)
    pictures = [paint(np.full(6, value), seed=0, size=64) for value in (-1.0, 1.0)]
    affects = judge_model(str(tmp_path), pictures, num_seeds=2)
    assert list(affects) == ["as made", "performance held constant"]
    assert affects["as made"].shape == affects["performance held constant"].shape == (2, 2, 6)
    assert not np.array_equal(affects["as made"], affects["performance held constant"])
    later = judge_model(str(tmp_path), pictures, num_seeds=1, first_seed=1)
    assert np.allclose(later["as made"][:, 0], affects["as made"][:, 1], atol=1e-3)
    origins = [Origin(1500, "Japan")] * 2
    at_home = judge_model(str(tmp_path), pictures, num_seeds=2, origins=origins)
    assert not np.array_equal(at_home["as made"], affects["as made"])


def test_year_and_country_are_read_beside_the_pictures(repository: Path) -> None:
    gallery = repository / "installation" / "gallery"
    works = [gallery / f"{name}.jpg" for name in ("albrecht-durer_lion-1494", "katsushika-hokusai_oiran-and-kamuro")]
    assert origins_of(works) == [Origin(1494, "Germany"), Origin(None, "Japan")]
    with pytest.raises(FileNotFoundError):
        origins_of([repository / "main.jpg"])


def test_night_and_day_sound_different(repository: Path) -> None:
    """The same notes, played for the darkest and for the brightest work of the gallery."""
    works = [load_artwork(path) for path in list_paintings(repository / "installation" / "gallery")]
    affects = sorted((measure_picture(work) for work in works), key=lambda affect: float(affect[2]))
    night, day = (
        np.mean(
            [
                measure_sound(
                    next(iter(scores_played([chorale().slice(0, 64)], [Performance.from_affect(affect, seed)]))),
                    ANALYSIS_RATE,
                )
                for seed in range(2)
            ],
            axis=0,
        )
        for affect in (affects[0], affects[-1])
    )
    heard = {name: float(day[number] - night[number]) for number, name in enumerate(AFFECT_DIMENSIONS)}
    assert heard["brightness"] > 0.5
    assert heard["valence"] > 0.5
    assert heard["weight"] < -0.5
