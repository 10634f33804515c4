import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.linalg import sqrtm

from art2mus.metrics.frechet import (
    compare_sets,
    distances_over_halves,
    frechet_by_pair,
    frechet_distance,
    main,
    unbiased_distance,
)
from tests.art2mus.sounds import SAMPLE_RATE, progression

SPREADS = np.linspace(0.5, 2.0, 8)
SHIFT = 0.3
TRUTH = len(SPREADS) * SHIFT**2 + np.square(SPREADS - 1.0).sum()
"""Of a standard Gaussian and one with these deviations: covariances that commute have a closed form."""


def two_sets(num_clips: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(num_clips, 1, 8)), rng.normal(size=(num_clips, 1, 8)) * SPREADS + SHIFT


def by_matrix_root(these: np.ndarray, those: np.ndarray) -> float:
    """The formula as it is usually computed."""
    cov_a, cov_b = np.cov(these, rowvar=False), np.cov(those, rowvar=False)
    root = np.real(sqrtm(cov_a @ cov_b))
    return float(np.square(these.mean(0) - those.mean(0)).sum() + np.trace(cov_a + cov_b - 2.0 * root))


def test_a_set_is_at_no_distance_from_itself() -> None:
    points = np.random.default_rng(0).normal(size=(50, 8))
    assert frechet_distance(points, points) == pytest.approx(0.0, abs=1e-12)
    assert frechet_distance(points, points[::-1]) == pytest.approx(0.0, abs=1e-12)


def test_a_shift_alone_is_its_squared_length() -> None:
    points = np.random.default_rng(0).normal(size=(50, 8))
    assert frechet_distance(points, points + 2.0) == pytest.approx(8 * 4.0)


def test_gaussians_of_many_points_come_to_the_closed_form() -> None:
    these, those = two_sets(20_000)
    assert frechet_distance(these[:, 0], those[:, 0]) == pytest.approx(TRUTH, rel=0.02)


@pytest.mark.parametrize("num_points", [12, 100])
def test_it_is_the_formula_with_the_matrix_root(num_points: int) -> None:
    rng = np.random.default_rng(1)
    mixing = rng.normal(size=(8, 8))
    these, those = rng.normal(size=(num_points, 8)) @ mixing, rng.normal(size=(num_points + 5, 8)) + 1.0
    assert frechet_distance(these, those) == pytest.approx(by_matrix_root(these, those), rel=1e-9)


def test_fewer_points_than_dimensions_do_no_harm() -> None:
    """On the plane that they fill it is the distance within that plane, where the matrix root is well behaved."""
    rng = np.random.default_rng(2)
    flat_a, flat_b = rng.normal(size=(6, 3)), rng.normal(size=(7, 3)) * 2.0
    turn, _ = np.linalg.qr(rng.normal(size=(500, 3)))
    assert frechet_distance(flat_a @ turn.T, flat_b @ turn.T) == pytest.approx(by_matrix_root(flat_a, flat_b), rel=1e-9)


def test_it_is_symmetric_and_precise_in_single_precision_too() -> None:
    these, those = (np.float32(clips[:, 0]) for clips in two_sets(60))
    assert frechet_distance(these, those) == pytest.approx(frechet_distance(those, these), rel=1e-12)


@pytest.mark.parametrize("shapes", [((1, 8), (5, 8)), ((5, 8), (5, 7))])
def test_it_refuses_what_makes_no_gaussian(shapes: tuple[tuple[int, int], tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="two or more points"):
        frechet_distance(np.zeros(shapes[0]), np.zeros(shapes[1]))


def test_the_estimate_is_biased_and_the_unbiased_one_is_not() -> None:
    pairs = [two_sets(100, seed) for seed in range(200)]
    estimates = [frechet_distance(these[:, 0], those[:, 0]) for these, those in pairs]
    unbiased = [unbiased_distance(these, those) for these, those in pairs]
    assert np.mean(estimates) > 1.15 * TRUTH
    assert np.mean(unbiased) == pytest.approx(TRUTH, rel=0.05)


def test_sets_of_one_kind_come_to_nothing_only_without_bias() -> None:
    rng = np.random.default_rng(0)
    pairs = [rng.normal(size=(2, 60, 1, 8)) for _ in range(20)]
    assert np.mean([frechet_distance(these[:, 0], those[:, 0]) for these, those in pairs]) > 0.5
    assert np.mean([unbiased_distance(these, those) for these, those in pairs]) == pytest.approx(0.0, abs=0.1)


def test_both_estimates_come_with_intervals_that_hold_the_truth() -> None:
    distance = compare_sets(*two_sets(150))
    assert distance.distance.low < distance.distance.value < distance.distance.high
    assert distance.unbiased.low < TRUTH < distance.unbiased.high
    assert distance.unbiased.value < distance.distance.value
    assert (distance.num_clips, distance.num_windows) == ((150, 150), (150, 150))


def test_many_clips_bring_no_warning_and_few_bring_both() -> None:
    assert compare_sets(*two_sets(800), num_resamples=10).warnings == ()
    rank, bias = compare_sets(*two_sets(20), num_resamples=10).warnings
    assert rank == "20 windows in 8 dimensions: ∞ is too large for fewer than 32"
    assert bias.startswith("biased: about ")
    assert bias.endswith(" clips would bring it to 10%")


def test_as_many_clips_as_the_warning_asks_for_are_enough() -> None:
    (bias,) = compare_sets(*two_sets(60), num_resamples=50).warnings
    needed = int(bias.split("; ")[1].split(" and ")[0])
    distances = [frechet_distance(a[:, 0], b[:, 0]) for a, b in (two_sets(needed, seed) for seed in range(100))]
    assert 1.0 - TRUTH / np.mean(distances) == pytest.approx(0.1, abs=0.04)


def test_sets_that_do_not_fill_the_space_are_told_too_large() -> None:
    """Four hundred points in 200 dimensions, at 68.4: estimated about 129, without end about 89, and warned of."""
    rng = np.random.default_rng(0)
    spreads = np.linspace(0.5, 2.0, 200)
    truth = 200 * SHIFT**2 + np.square(spreads - 1.0).sum()
    these, those = rng.normal(size=(400, 1, 200)), rng.normal(size=(400, 1, 200)) * spreads + SHIFT
    distance = compare_sets(these, those, num_resamples=2)
    assert truth == pytest.approx(68.4, abs=0.1)
    assert distance.distance.value == pytest.approx(129.0, rel=0.05)
    assert distance.unbiased.value == pytest.approx(89.0, rel=0.07)
    assert distance.warnings[0].startswith("400 windows in 200 dimensions: ∞ is too large")


def test_windows_of_one_clip_do_not_narrow_the_interval() -> None:
    these, those = two_sets(60)
    once = compare_sets(these, those, num_resamples=50).distance
    copied = compare_sets(these.repeat(4, axis=1), those.repeat(4, axis=1), num_resamples=50).distance
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=0.15)


def test_halves_are_as_far_from_their_like_as_from_each_other_and_not_from_strangers() -> None:
    rng = np.random.default_rng(0)
    real = list(rng.normal(size=(80, 2, 64)))
    halves, alike = distances_over_halves(real, list(rng.normal(size=(40, 2, 64))), num_divisions=10)
    again, strange = distances_over_halves(real, list(rng.normal(size=(40, 2, 64)) + SHIFT), num_divisions=10)
    assert len(halves) == 10
    assert len(set(halves)) == 10, "each division is another"
    assert again == halves, "and the same for whatever is compared"
    assert np.mean(alike) == pytest.approx(np.mean(halves), rel=0.1)
    assert np.mean(strange) - np.mean(halves) == pytest.approx(64 * SHIFT**2, rel=0.3)
    with pytest.raises(ValueError, match="half as many generated clips as real ones, not 3 and 80"):
        distances_over_halves(real, real[:3])


def test_the_distance_by_pair_judges_every_pair_alone() -> None:
    """Two sets with the same clips in another order are equal, and far apart pair by pair."""
    clips = np.random.default_rng(0).normal(size=(6, 10, 8)) + 10.0 * np.arange(6)[:, None, None]
    assert frechet_by_pair(clips, clips).value == pytest.approx(0.0, abs=1e-9)
    strangers = frechet_by_pair(clips, clips[::-1])
    assert strangers.value > 8 * 100.0
    assert strangers.num_items == 6


@pytest.fixture
def two_folders(tmp_path: Path) -> tuple[Path, Path]:
    for number in range(4):
        for folder, tonic in (("reference", 40 + number), ("generated", 52 + number)):
            (tmp_path / folder).mkdir(exist_ok=True)
            sound = progression(tonic=tonic, num_chords=4)
            soundfile.write(tmp_path / folder / f"{number}.wav", sound, SAMPLE_RATE)
    return tmp_path / "reference", tmp_path / "generated"


def test_two_folders_are_compared(two_folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    output = two_folders[0].parent / "figures.json"
    assert main([*map(str, two_folders), "--output", str(output)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("FD-MusiCNN: 4 clips (4 windows) against 4 (4)\n")
    assert "warning: 4 windows in 200 dimensions" in printed
    report = json.loads(output.read_text())
    assert report["embedder"].startswith("musicnn-")
    assert report["distance"]["value"] > 0.0


def test_what_cannot_be_read_is_told_and_left_out(
    two_folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (two_folders[1] / "0.wav").write_bytes(b"not sound")
    assert main([*map(str, two_folders)]) == 2
    captured = capsys.readouterr()
    assert "0.wav: not sound that can be read" in captured.err
    assert "3 clips (3 windows) against 4 (4)" in captured.out


def test_two_clips_are_refused(two_folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """They cannot be thinned, so that a line through one point would tell half of their distance."""
    for number in range(2):
        (two_folders[1] / f"{number}.wav").unlink()
    assert main([*map(str, two_folders)]) == 2
    assert "need three or more clips on each side, not 4 and 2\n" in capsys.readouterr().err


def test_mistakes_are_one_line(two_folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    reference = str(two_folders[0])
    assert main([reference, str(two_folders[0] / "nowhere")]) == 2
    assert "no sound here" in capsys.readouterr().err
    assert main([reference, reference, "--embedder", "vggish"]) == 2
    assert "no such weights here" in capsys.readouterr().err
    assert main([reference, reference, "--weights", str(two_folders[0] / "0.wav")]) == 2
    assert "0.wav: not weights of MusiCNN" in capsys.readouterr().err
    assert main([reference, reference, "--embedder", "clap", "--weights", "nobody/nothing"]) == 2
    assert "nobody/nothing: no such model here" in capsys.readouterr().err
