import numpy as np
import pytest

from art2mus.metrics.imagebind_score import cosines, imagebind_score, mean_cosine


def embeddings(seed: int, num: int = 30) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(num, 64)).astype(np.float32)


def test_the_same_embeddings_score_one_and_opposite_ones_minus_one() -> None:
    assert mean_cosine(embeddings(0), 3.0 * embeddings(0)).value == pytest.approx(1.0)
    assert mean_cosine(embeddings(0), -embeddings(0)).value == pytest.approx(-1.0)


def test_unrelated_embeddings_score_nothing() -> None:
    score = mean_cosine(embeddings(0, 500), embeddings(1, 500))
    assert score.value == pytest.approx(0.0, abs=0.02)
    assert score.low < 0.0 < score.high


def test_a_known_angle() -> None:
    half_way = np.array([[1.0, 1.0], [1.0, 1.0]], np.float32)
    assert mean_cosine(np.eye(2, dtype=np.float32), half_way).value == pytest.approx(np.sqrt(0.5))


def test_the_score_has_artwork_truth_and_retrieval() -> None:
    artworks, truths = embeddings(0), embeddings(1)
    score = imagebind_score(artworks, artworks + 0.5 * embeddings(2), truths)
    assert score.artwork.value == pytest.approx(1 / np.sqrt(1.25), abs=0.03)
    assert score.truth is not None
    assert score.truth.value == pytest.approx(0.0, abs=0.06)
    assert score.retrieval.recall_at_1.value == 1.0
    assert imagebind_score(artworks, truths).truth is None


def test_several_clips_of_an_artwork_are_one_item() -> None:
    artworks = embeddings(0)
    clips = np.stack([artworks, -artworks, artworks, artworks], axis=1)
    score = imagebind_score(artworks, clips, artworks)
    assert score.artwork.value == score.truth.value == pytest.approx(0.5)
    assert score.artwork.num_items == len(artworks)
    assert score.retrieval.num_clips == 4
    assert score.retrieval.recall_at_1.value == pytest.approx(0.75)


def test_shuffled_pairs_are_at_chance() -> None:
    artworks = embeddings(0)
    score = imagebind_score(artworks, np.roll(artworks, 1, axis=0))
    assert score.retrieval.recall_at_1.value == 0.0
    assert score.retrieval.mean_rank.value == pytest.approx(score.retrieval.chance_rank, abs=5.0)


def test_every_row_is_compared_with_every_row() -> None:
    assert cosines(np.eye(3, dtype=np.float32), 2 * np.eye(3, dtype=np.float32)) == pytest.approx(np.eye(3))


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (np.full((30, 64), np.nan, np.float32), "finite embeddings"),
        (np.zeros((29, 64), np.float32), "need embeddings for each"),
        (np.zeros((30, 2, 63), np.float32), "need embeddings for each"),
    ],
)
def test_missing_and_unequal_embeddings_are_refused(bad: np.ndarray, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        mean_cosine(embeddings(0), bad)
