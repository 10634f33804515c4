import json
from pathlib import Path

import numpy as np
import pytest

from art2mus.data import matching
from art2mus.data.__main__ import main
from art2mus.data.embeddings import write_vectors
from art2mus.data.pair_table import PairTable
from art2mus.data.tables import read_rows

ARTWORKS = np.array([[1.0, 0.0], [0.8, 0.6], [np.nan, np.nan], [0.0, 1.0], [-1.0, 0.0]], np.float32)
TRACKS = np.array([[0.6, 0.8], [2.0, 0.0], [0.0, 0.0], [0.0, -3.0]], np.float32)


def save(folder: Path, vectors: np.ndarray, **meta: object) -> Path:
    folder.mkdir(exist_ok=True)
    write_vectors(folder, [f"{folder.name}/{row}" for row in range(len(vectors))], vectors.shape[1], vectors)
    known = {"embedder": "any", "parameters": {}, "dim": vectors.shape[1], "comparison": "cosine"}
    (folder / "meta.json").write_text(json.dumps(known | meta))
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return save(tmp_path / "a", ARTWORKS), save(tmp_path / "t", TRACKS)


def pair(folders: tuple[Path, Path], output: Path, *options: object) -> int:
    return main(["pair", *map(str, (*folders, "-o", output, *options))])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("greedy",), {("a/0", "t/1"): 1.0, ("a/1", "t/0"): 0.96, ("a/3", "t/3"): -1.0}),
        (("optimal",), {("a/0", "t/1"): 1.0, ("a/1", "t/0"): 0.96, ("a/4", "t/3"): 0.0}),
        (("optimal", "--candidates", 3), {("a/0", "t/1"): 1.0, ("a/1", "t/0"): 0.96, ("a/4", "t/3"): 0.0}),
        (("top-k", "--k", 1), {("a/0", "t/1"): 1.0, ("a/1", "t/0"): 0.96, ("a/3", "t/0"): 0.8, ("a/4", "t/3"): 0.0}),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_every_method(
    options: tuple[object, ...],
    expected: dict[tuple[str, str], float],
    folders: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "new" / "pairs.csv"
    assert pair(folders, output, "--method", *options) == 0
    pairs = PairTable.load(output)
    found = zip(zip(pairs.artworks, pairs.tracks, strict=True), pairs.similarity.tolist(), strict=True)
    assert dict(found) == pytest.approx(expected, abs=1e-6)
    rejected = {row["file"]: row["reason"] for row in read_rows(tmp_path / "new" / "pairs.rejected.csv", ["file"])}
    without = {f"a/{row}" for row in range(5)} - {artwork for artwork, _ in expected}
    assert rejected == {file: "no embedding" if file == "a/2" else "no track left" for file in sorted(without)}
    said = capsys.readouterr().out
    assert f"{len(expected)} pairs of {len(expected)} of 5 artworks" in said
    assert f"{len(without)} left out" in said


def test_affects_are_standardised_over_their_collections(tmp_path: Path) -> None:
    """Tracks that are all brighter than any picture pair as if they were not."""
    rng = np.random.default_rng(0)
    affects = rng.standard_normal((20, 6)).astype(np.float32)
    order = rng.permutation(20)
    affects[3] = np.nan
    folders = (
        save(tmp_path / "a", affects, comparison="standardised cosine"),
        save(tmp_path / "t", affects[order] * 0.1 + 2.0, comparison="standardised cosine"),
    )
    assert pair(folders, tmp_path / "p.csv", "--method", "greedy") == 0
    pairs = PairTable.load(tmp_path / "p.csv")
    tracks = [f"t/{int(np.flatnonzero(order == row)[0])}" for row in range(20) if row != 3]
    assert list(pairs.tracks) == tracks
    assert pairs.similarity.min() > 1 - 1e-5


def test_mistakes_are_explained_and_nothing_is_written(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistake(*options: object) -> str:
        assert pair(folders, tmp_path / "pairs.csv", *options) == 2
        assert not list(tmp_path.glob("*pairs*"))
        return capsys.readouterr().err

    monkeypatch.setattr(matching, "MAX_OPTIMAL_CELLS", 5)
    assert "too many for the optimal pairs" in mistake("--method", "optimal")
    save(folders[1], TRACKS, embedder="another")
    assert "embedder is 'any' and 'another'" in mistake("--method", "greedy")
    (folders[1] / "meta.json").unlink()
    assert "no embeddings here" in mistake("--method", "greedy")
