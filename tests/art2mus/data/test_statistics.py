"""Table 1, and the picture beside it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from art2mus.data.__main__ import main
from art2mus.data.embeddings import write_vectors
from art2mus.data.histogram import COLOURS, HEIGHT, WIDTH, draw_histogram
from art2mus.data.pair_table import PairTable
from art2mus.data.statistics import SimilarityStatistics


def save(path: Path, *similarity: float) -> Path:
    names = tuple(str(number) for number in range(len(similarity)))
    PairTable(names, names, np.array(similarity, dtype=np.float32)).save(path)
    return path


def run(*words: object) -> int:
    return main(["statistics", *map(str, words)])


def test_statistics_of_known_numbers() -> None:
    found = SimilarityStatistics.of(np.array([0.5, 0.1, 0.2, 0.0, 0.2], dtype=np.float32))
    assert (found.highest, found.lowest) == (0.5, 0.0)
    assert found.average == pytest.approx(0.2, abs=1e-6)
    assert found.num_above + found.num_below == 5
    same = SimilarityStatistics.of(np.full(3, 0.1, dtype=np.float32))
    assert (same.num_above, same.num_below) == (0, 3)


def test_both_sets_stand_beside_the_published_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    music = save(tmp_path / "music.csv", 0.25, 0.5, -0.125, float("nan"))
    described = save(tmp_path / "described.csv", 0.0625)
    assert run(music, "--descriptions", described, "--paper") == 0
    printed = capsys.readouterr().out
    rows = {line.split("│")[1].strip(): line.split("│")[2:-1] for line in printed.splitlines() if "│" in line}
    cells = {name: [cell.strip() for cell in row] for name, row in rows.items()}
    assert cells["artwork and music"] == ["0.5000", "-0.1250", "0.2083", "2", "1"]
    assert cells["artwork and description"] == ["0.0625", "0.0625", "0.0625", "0", "1"]
    assert cells["artwork and music, paper"] == ["0.4692", "0.1532", "0.2746", "4,636", "5,364"]
    assert cells["artwork and description, paper"] == ["0.3569", "-0.0954", "0.0501", "4,942", "5,058"]
    assert "1 of 4 pairs have no similarity" in printed


def test_descriptions_are_compared_by_their_embeddings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    meta = {"embedder": "imagebind", "parameters": {}, "dim": 2, "comparison": "cosine"}
    for name, vectors in (("seen", [[1.0, 0.0], [0.0, 2.0]]), ("read", [[1.0, 0.0], [3.0, 4.0]])):
        write_vectors(tmp_path / name, ["0", "1"], 2, np.array(vectors, dtype=np.float32))
        (tmp_path / name / "meta.json").write_text(json.dumps(meta))
    music = save(tmp_path / "music.csv", 0.25, 0.5)
    assert run(music, "--embeddings", tmp_path / "seen", tmp_path / "read") == 0
    rows = [line.split("│")[1:-1] for line in capsys.readouterr().out.splitlines() if "description" in line]
    assert [cell.strip() for cell in rows[0]] == ["artwork and description", "1.0000", "0.8000", "0.9000", "1", "1"]
    assert run(music, "--embeddings", tmp_path / "seen", tmp_path / "absent") == 2
    assert "no embeddings here" in capsys.readouterr().err


def test_the_histogram_is_drawn(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    music = save(tmp_path / "music.csv", *rng.normal(0.27, 0.05, 500))
    described = save(tmp_path / "described.csv", *rng.normal(0.05, 0.05, 500))
    path = tmp_path / "figures" / "similarity.png"
    assert run(music, "--descriptions", described, "--histogram", path) == 0
    with Image.open(path) as picture:
        assert picture.size == (WIDTH, HEIGHT)


def test_bars_are_where_the_values_are() -> None:
    values = np.concatenate([np.full(90, 0.1), np.full(10, 0.3)]).astype(np.float32)
    pixels = np.asarray(draw_histogram({"values": values}, "similarity")).astype(int)
    is_bar = pixels[100:-100, :, 2] - pixels[100:-100, :, 0] > 60
    columns = is_bar.sum(axis=0)
    left, right = columns[: WIDTH // 3].max(), columns[-WIDTH // 4 :].max()
    assert left > 400
    assert right == pytest.approx(left / 9, rel=0.2)
    assert len(COLOURS) == 2


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.5], [-1.0, 1.0], [0.1, 1e-7 + 0.1]])
def test_a_histogram_is_drawn_of_few_and_of_equal_values(values: list[float]) -> None:
    assert draw_histogram({"values": np.array(values, dtype=np.float32)}, "x").size == (WIDTH, HEIGHT)


def test_pairs_without_similarity_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(save(tmp_path / "music.csv", float("nan"))) == 2
    assert "states no similarity" in capsys.readouterr().err
    assert run(tmp_path / "none.csv") == 2
    assert "no such file" in capsys.readouterr().err
