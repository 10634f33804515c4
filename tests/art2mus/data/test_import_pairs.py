"""The published pairs, of which not all files are here."""

import json
from pathlib import Path

import numpy as np
import pytest

from art2mus.data.__main__ import main
from art2mus.data.embeddings import META_FILE, write_vectors
from art2mus.data.pair_table import PairTable
from art2mus.data.tables import read_rows

AUDIO = "fma-dataset-100k-music-wav-files/fma_large"
PUBLISHED = {
    "Image": {"0": "robert-montenegro_tehuana-1950.jpg", "1": "ann_lake-1900.jpg", "2": "gone_away-1900.jpg"},
    "Audio": {"0": f"{AUDIO}/010/010425.mp3", "1": f"{AUDIO}/000/000002.mp3", "2": f"{AUDIO}/000/000003.mp3"},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "published.json").write_text(json.dumps(PUBLISHED))
    (tmp_path / "artworks.csv").write_text(
        "file,style\nRealism/ann_lake-1900.jpg,Realism\nMuralism/robert-montenegro_tehuana-1950.jpg,Muralism\n"
    )
    (tmp_path / "tracks.csv").write_text(
        "file,title\n010/010425.mp3,Here\n000/000003.mp3,Alone\nother/000002.mp3,Elsewhere\n000/000002.mp3,There\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> int:
    catalogues = ("--artworks", "artworks.csv", "--tracks", "tracks.csv")
    return main(["import-pairs", "published.json", *catalogues, "-o", "pairs.csv", *words])


def embed(folder: Path, vectors: dict[str, tuple[float, float]], **meta: str) -> None:
    folder.mkdir()
    write_vectors(folder, list(vectors), 2, [np.array(vector, dtype=np.float32) for vector in vectors.values()])
    (folder / META_FILE).write_text(json.dumps({"dim": 2, **meta}))


def test_pairs_whose_files_are_here_are_imported_and_the_missing_ones_listed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    pairs = PairTable.load(folder / "pairs.csv")
    assert pairs.artworks == ("Muralism/robert-montenegro_tehuana-1950.jpg", "Realism/ann_lake-1900.jpg")
    assert pairs.tracks == ("010/010425.mp3", "000/000002.mp3")
    assert pairs.column("style") == ("Muralism", "Realism")
    assert np.isnan(pairs.similarity).all()
    assert read_rows(folder / "pairs.rejected.csv", ["file"]) == [
        {"file": "gone_away-1900.jpg", "reason": "missing: not in the catalogue of artworks"}
    ]
    assert "2 of 3 pairs" in capsys.readouterr().out


def test_similarity_is_measured_where_there_are_embeddings(folder: Path) -> None:
    artworks = {"Realism/ann_lake-1900.jpg": (3.0, 4.0), "Muralism/robert-montenegro_tehuana-1950.jpg": (1.0, 0.0)}
    embed(folder / "a", artworks)
    embed(folder / "t", {"000/000002.mp3": (6.0, 8.0), "010/010425.mp3": (np.nan, np.nan)})
    assert run("--embeddings", "a", "t") == 0
    similarity = PairTable.load(folder / "pairs.csv").similarity
    assert np.isnan(similarity[0])
    assert similarity[1] == pytest.approx(1.0)


def test_embeddings_that_ask_for_it_are_standardised_over_their_collection(folder: Path) -> None:
    artworks = {"Realism/ann_lake-1900.jpg": (9.0, 12.0), "Muralism/robert-montenegro_tehuana-1950.jpg": (7.0, 12.0)}
    embed(folder / "a", artworks, comparison="standardised cosine")
    embed(folder / "t", {"000/000002.mp3": (5.0, 0.0), "010/010425.mp3": (4.0, 0.0)}, comparison="standardised cosine")
    assert run("--embeddings", "a", "t") == 0
    assert PairTable.load(folder / "pairs.csv").similarity == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not JSON"),
        ('{"Picture": {}, "Audio": {}}', "needs the columns Image and Audio, of file names by row; has Picture, Audio"),
        ('{"Image": {"0": 3}, "Audio": {"0": "a.mp3"}}', "needs the columns"),
        ('{"Image": {"0": "a.jpg"}, "Audio": {"1": "a.mp3"}}', "the row '0' has only one of Image and Audio"),
        ('[{"Image": "a.jpg"}]', "has list"),
        ('{"Image": {"0": "a.jpg"}, "Audio": {"0": "a.mp3"}}', "of no pair both files are in the catalogues"),
    ],
)
def test_another_file_is_told(content: str, words: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "published.json").write_text(content)
    assert run() == 2
    assert words in capsys.readouterr().err
    assert not (folder / "pairs.csv").exists()


@pytest.mark.parametrize("name", ["published.json", "artworks.csv", "tracks.csv"])
def test_what_is_missing_is_told(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / name).unlink()
    assert run() == 2
    assert f"{name}: there is no such file" in capsys.readouterr().err


def test_embeddings_of_different_embedders_are_not_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    embed(folder / "a", {"Realism/ann_lake-1900.jpg": (3.0, 4.0)}, embedder="imagebind")
    embed(folder / "t", {"000/000002.mp3": (6.0, 8.0)}, embedder="affect")
    assert run("--embeddings", "a", "t") == 2
    assert "embedder is 'imagebind' and 'affect'" in capsys.readouterr().err


def test_embeddings_that_are_not_there_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--embeddings", "a", "t") == 2
    assert "a: no embeddings here" in capsys.readouterr().err
    assert not (folder / "pairs.csv").exists()
