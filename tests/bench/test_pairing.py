import numpy as np
import pytest

from art2mus.data.matching import greedy
from bench.pairing import main, naive_greedy


@pytest.mark.parametrize("method", ["greedy", "top-k"])
def test_the_table_says_time_memory_and_whether_the_pairs_are_the_same(
    method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--artworks", "80", "--tracks", "60", "--dim", "16", "--naive", "50", "--method", method]) == 0
    printed = capsys.readouterr().out
    assert all(words in printed for words in ("80 × 60 × 16", "GFLOP/s", "memory, at most", "pairs that differ"))
    assert f"{ {'greedy': 60, 'top-k': 400}[method] }" in printed


def test_the_naive_loop_takes_each_track_once() -> None:
    vectors = np.random.default_rng(0).standard_normal((2, 40, 8)).astype(np.float32)
    partners = naive_greedy(vectors[0], vectors[1][:30])
    assert sorted(partners.tolist()) == list(range(30))
    assert partners.tolist() == greedy(vectors[0], vectors[1][:30]).track.tolist()
