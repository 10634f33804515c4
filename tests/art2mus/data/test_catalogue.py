from pathlib import Path

import pytest

from art2mus.data.catalogue import Catalogue, list_files, save_rejected
from art2mus.data.tables import DataError


def test_a_catalogue_is_read_as_it_was_written_with_columns_of_its_own(tmp_path: Path) -> None:
    rows = ({"file": "b/a.jpg", "style": "Realism"}, {"file": "a.jpg", "style": "", "code": "7"})
    Catalogue(tmp_path, rows).save(tmp_path / "works.csv")
    assert (tmp_path / "works.csv").read_text().splitlines()[0] == "file,style,code"
    again = Catalogue.load(tmp_path / "works.csv", tmp_path / "images")
    assert again.files == ("b/a.jpg", "a.jpg")
    assert again.path("b/a.jpg") == tmp_path / "images" / "b" / "a.jpg"
    assert again.rows == ({**rows[0], "code": ""}, rows[1])
    assert len(again) == 2


@pytest.mark.parametrize("files", [("a.jpg", "a.jpg"), ("/a.jpg",), ("../a.jpg",), ("a.jpg", "")])
def test_ids_are_unique_and_below_the_root(files: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "works.csv").write_text("file,title\n" + "".join(f"{file},x\n" for file in files))
    with pytest.raises(DataError, match=f"row {len(files) + 1}: "):
        Catalogue.load(tmp_path / "works.csv", tmp_path)


def test_files_are_listed_by_suffix_at_any_depth_but_for_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.JPG", "a/c.jpg", "a/note.txt", ".hidden.jpg", ".cache/d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list_files(tmp_path, {".jpg"}) == ["a/c.jpg", "b.JPG"]
    with pytest.raises(DataError, match=r"holds no file of the kind \(\.png\)"):
        list_files(tmp_path, {".png"})
    with pytest.raises(DataError, match="no such folder"):
        list_files(tmp_path / "none", {".jpg"})


def test_what_is_left_out_is_listed_and_counted_by_kind(tmp_path: Path) -> None:
    rejected = {"a.mp3": "corrupt: empty file", "b.mp3": "silent: -80 dB", "c.mp3": "corrupt: 1 s of 30 s"}
    line = save_rejected(tmp_path / "tracks.csv", rejected)
    assert line == f"{tmp_path / 'tracks.rejected.csv'}: 3 left out (2 corrupt, 1 silent)"
    assert (tmp_path / "tracks.rejected.csv").read_text().splitlines()[:2] == [
        "file,reason",
        "a.mp3,corrupt: empty file",
    ]
