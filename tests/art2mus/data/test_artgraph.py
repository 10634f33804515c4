"""Catalogues of pictures: from names, tables and folders."""

from pathlib import Path

import pytest
from PIL import Image

from art2mus.data.__main__ import main
from art2mus.data.artgraph import describe
from art2mus.data.catalogue import Catalogue
from art2mus.data.tables import read_rows
from art2mus.whole_files import sole_run


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "imagesf2"
    for number in range(12):
        path = folder / ("Baroque" if number < 9 else "Art_Nouveau") / f"ann-lee_work-{number}-1{number:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (number * 20, 0, 0)).save(path)
    return folder


def run(*words: object) -> int:
    return main([str(word) for word in ("artgraph", *words, "--processes", 1)])


def test_names_folders_and_a_table_say_what_is_known(images: Path, tmp_path: Path) -> None:
    table = tmp_path / "works.csv"
    table.write_text("filename,genre,title\nann-lee_work-3-1003.jpg,portrait,My Aunt\ngone.jpg,portrait,Gone\n")
    out = tmp_path / "data" / "artworks.csv"
    assert run(images, "-o", out, "--style-from-folder", "--metadata", table) == 0
    catalogue = Catalogue.load(out, images)
    assert len(catalogue) == 12
    assert catalogue.path(catalogue.files[0]).is_file()
    by_file = {row["file"]: row for row in catalogue.rows}
    row = by_file["Baroque/ann-lee_work-3-1003.jpg"]
    assert list(row.values())[1:] == ["Ann Lee", "My Aunt", "1003", "Baroque", "portrait"]
    assert by_file["Art_Nouveau/ann-lee_work-11-1011.jpg"]["style"] == "Art Nouveau"
    assert read_rows(tmp_path / "data" / "artworks.rejected.csv", ["file"]) == [
        {"file": "gone.jpg", "reason": "missing: named in the metadata, not in the folder"}
    ]


def test_what_cannot_be_read_is_listed_and_not_fatal(images: Path, tmp_path: Path) -> None:
    whole = (images / "Baroque" / "ann-lee_work-3-1003.jpg").read_bytes()
    (images / "cut.jpg").write_bytes(whole[: len(whole) * 3 // 4])
    (images / "empty.jpg").touch()
    (images / "a\tb.jpg").write_bytes(whole)
    (images / "gone.jpg").symlink_to(images / "nowhere.jpg")
    assert run(images, "-o", tmp_path / "artworks.csv") == 0
    assert len(Catalogue.load(tmp_path / "artworks.csv", images)) == 12
    reasons = {row["file"]: row["reason"] for row in read_rows(tmp_path / "artworks.rejected.csv", ["file"])}
    assert set(reasons) == {"cut.jpg", "empty.jpg", "a\tb.jpg", "gone.jpg"}
    assert "cut off" in reasons["cut.jpg"]
    assert "rename" in reasons["a\tb.jpg"]
    assert all(reason.startswith("unreadable: ") and str(images) not in reason for reason in reasons.values())


def test_a_part_has_the_styles_of_all_and_is_drawn_by_seed(images: Path, tmp_path: Path) -> None:
    def drawn(name: str, seed: int) -> tuple[str, ...]:
        assert run(images, "-o", tmp_path / name, "--style-from-folder", "-n", 4, "--seed", seed) == 0
        return Catalogue.load(tmp_path / name, images).files

    first = drawn("a.csv", 1)
    assert sum(file.startswith("Baroque/") for file in first) == 3
    assert sum(file.startswith("Art_Nouveau/") for file in first) == 1
    assert drawn("b.csv", 1) == first
    assert any(drawn("b.csv", seed) != first for seed in range(2, 5))


def test_the_bundled_gallery_is_described_by_its_table(repository: Path, tmp_path: Path) -> None:
    gallery = repository / "installation" / "gallery"
    assert run(gallery, "-o", tmp_path / "artworks.csv", "--metadata", gallery / "metadata.json") == 0
    rows = Catalogue.load(tmp_path / "artworks.csv", gallery).rows
    assert len(rows) == 20
    assert all(row["artist"] and row["title"] and row["style"] and row["genre"] for row in rows)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("-n", "99"), "there are only 12 artworks"),
        (("-n", "0"), "0 is less than 1"),
        (("--metadata", "nothing.csv"), "nothing.csv: No such file"),
        (("--metadata", "other.csv"), "there are only id, style"),
        (("--metadata", "elsewhere.csv"), "names none of the pictures; its first is x.jpg"),
        (("-o", "artworks.txt"), "does not end in .csv"),
    ],
)
def test_mistakes_are_told_in_a_line(
    words: tuple[str, str],
    complaint: str,
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("other.csv").write_text("id,style\n1,Baroque\n")
    Path("elsewhere.csv").write_text("file,style\nx.jpg,Baroque\n")
    try:
        code = run(images, "-o", "artworks.csv", *words)
    except SystemExit as leave:  # argparse
        code = int(leave.code or 0)
    assert code == 2
    assert complaint in capsys.readouterr().err
    assert not Path("artworks.csv").exists()


def test_a_second_run_in_the_folder_is_refused(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sole_run(tmp_path):
        assert run(images, "-o", tmp_path / "artworks.csv") == 2
    assert "another run (process " in capsys.readouterr().err


def test_a_name_without_anything_known_leaves_the_cells_empty() -> None:
    assert set(describe("IMG_2041.jpg", {}).values()) == {"IMG_2041.jpg", ""}
