import numpy as np
import pytest

from art2mus.metrics.retrieval import describe, retrieve


def likeness(noise: float, num_artworks: int = 40, num_clips: int = 3, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    artworks = rng.normal(size=(num_artworks, 6))
    clips = artworks[:, None] + noise * rng.normal(size=(num_artworks, num_clips, 6))
    return -np.linalg.norm(clips[:, :, None] - artworks, axis=-1)


def test_music_that_knows_its_artwork_finds_it() -> None:
    found = retrieve(likeness(0.01), num_permutations=500)
    assert found.recall_at_1.value == found.recall_at_5.value == 1.0
    assert found.median_rank.value == found.mean_rank.value == 1.0
    assert found.p_value == pytest.approx(1 / 501)
    assert (found.num_artworks, found.num_clips) == (40, 3)


def test_shuffled_pairs_are_at_chance() -> None:
    found = [retrieve(np.random.default_rng(seed).permutation(likeness(0.01)), 200) for seed in range(20)]
    assert np.mean([each.recall_at_1.value for each in found]) == pytest.approx(found[0].chance_recall(1), abs=0.02)
    assert np.mean([each.recall_at_5.value for each in found]) == pytest.approx(found[0].chance_recall(5), abs=0.04)
    assert np.mean([each.median_rank.value for each in found]) == pytest.approx(found[0].chance_rank, abs=2.0)
    assert np.mean([each.mean_rank.value for each in found]) == pytest.approx(20.5, abs=1.5)
    assert np.mean([each.p_value for each in found]) == pytest.approx(0.5, abs=0.15)


def test_ranks_are_counted_by_hand() -> None:
    similarity = np.array([[0.9, 0.1, 0.5], [0.8, 0.7, 0.1], [0.3, 0.2, 0.1]])
    found = retrieve(similarity, num_permutations=10)
    assert found.recall_at_1.value == pytest.approx(1 / 3)
    assert found.median_rank.value == 2.0
    assert found.mean_rank.value == pytest.approx((1 + 2 + 3) / 3)
    assert found.recall_at_5.value == found.chance_recall(5) == 1.0


def test_saying_the_same_to_all_is_chance_not_success() -> None:
    found = retrieve(np.ones((9, 9)), num_permutations=10)
    assert found.recall_at_1.value == 0.0
    assert found.median_rank.value == found.chance_rank == 5.0
    assert found.p_value == 1.0


def test_intervals_hold_the_figures_and_shrink_with_more_artworks() -> None:
    few, many = (retrieve(likeness(1.0, num_artworks), 10).mean_rank for num_artworks in (20, 20 * 16))
    assert few.low < few.value < few.high
    # Ranks grow with the number of artworks; their interval beside them shrinks.
    assert (many.high - many.low) / many.value < 0.6 * (few.high - few.low) / few.value


@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (3, 2, 4), (3,)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="artworks"):
        retrieve(np.zeros(shape))


def test_the_words_name_figures_and_chance() -> None:
    words = describe(retrieve(likeness(0.01), num_permutations=99))
    assert "own artwork among 40: R@1 1 (1 to 1, n = 40) (chance 0.025)" in words
    assert "(chance 20.5, p = 0.0100)" in words
