"""More pictures of the works: made once, known by their work, the same from the same seed."""

from pathlib import Path

import pytest
from PIL import Image

from art2mus.data.__main__ import main
from art2mus.data.tables import read_rows
from art2mus.images import load_artwork
from tests.art2mus.data.collections import add_pictures, write_catalogue


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    names = add_pictures(tmp_path, 2)
    return write_catalogue(tmp_path / "artworks.csv", [*names, "gone.png"])


def vary(catalogue: Path, folder: str, count: int = 7, seed: int = 0) -> int:
    words = ["vary", str(catalogue), "-n", str(count), "--seed", str(seed), "-o", str(catalogue.parent / folder)]
    return main([*words, "--processes", "1"])


def test_the_works_in_turn_and_what_cannot_be_read_is_listed(catalogue: Path, tmp_path: Path) -> None:
    assert vary(catalogue, "out") == 0
    rows = read_rows(tmp_path / "out" / "artworks.csv", ["file", "work"])
    assert [row["work"] for row in rows] == ["artist_0.png", "artist_1.png"] * 2 + ["artist_0.png"]
    assert [row["file"] for row in rows[:2]] == ["artist_0-00000.jpg", "artist_1-00001.jpg"]
    assert len({load_artwork(tmp_path / "out" / row["file"]).tobytes() for row in rows}) == len(rows)
    rejected = read_rows(tmp_path / "out" / "artworks.rejected.csv", ["file", "reason"])
    assert [row["file"] for row in rejected] == ["gone-00002.jpg", "gone-00005.jpg"]
    assert rejected[0]["reason"].startswith("unreadable: ")


def test_what_is_there_is_not_made_again(catalogue: Path, tmp_path: Path) -> None:
    vary(catalogue, "out")
    pictures = sorted((tmp_path / "out").glob("*.jpg"))
    contents, times = [path.read_bytes() for path in pictures], [path.stat().st_mtime_ns for path in pictures]
    pictures[1].unlink()
    assert vary(catalogue, "out") == 0
    assert [path.read_bytes() for path in pictures] == contents
    assert [path.stat().st_mtime_ns == time for path, time in zip(pictures, times, strict=True)] == [
        number != 1 for number in range(len(pictures))
    ]


def test_a_folder_made_otherwise_is_left_alone(
    catalogue: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vary(catalogue, "out", count=2)
    before = (tmp_path / "out" / "artworks.csv").read_bytes()
    assert vary(catalogue, "out", count=2, seed=1) == 2
    assert "holds files made otherwise" in capsys.readouterr().err
    assert (tmp_path / "out" / "artworks.csv").read_bytes() == before


def test_the_thinnest_picture_can_be_varied(tmp_path: Path) -> None:
    for name, size in (("dot.png", (1, 1)), ("line.png", (300, 1))):
        Image.new("RGB", size, "navy").save(tmp_path / name)
    assert vary(write_catalogue(tmp_path / "artworks.csv", ["dot.png", "line.png"]), "out", count=4) == 0
    assert len(list((tmp_path / "out").glob("*.jpg"))) == 4


def test_an_empty_catalogue_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vary(write_catalogue(tmp_path / "none.csv", []), "out") == 2
    assert capsys.readouterr().err.endswith("none.csv: names no artwork\n")
