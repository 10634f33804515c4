"""Wall texts from tables and file names, and the list of a gallery's works."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest
from PIL import Image

from art2mus.artwork_labels import PICTURE_SUFFIXES, lookup, read_table
from art2mus.data.paintings import list_paintings
from installation.labels import (
    UNTITLED,
    label_from_name,
    read_gallery,
)
from installation.works import BUNDLED_GALLERY


def test_a_file_name_is_read_as_a_label() -> None:
    label = label_from_name("leonardo-da-vinci_mona-lisa-1503-1519.jpg")
    assert (label.artist, label.title, label.year) == ("Leonardo da Vinci", "Mona Lisa", "1503–1519")
    assert label_from_name("IMG_2041.JPG").title == label_from_name("_.jpg").title == UNTITLED


def test_the_bundled_gallery_has_twenty_works_with_labels_and_provenance() -> None:
    works, table = read_gallery(BUNDLED_GALLERY), read_table(BUNDLED_GALLERY / "metadata.json")
    assert len(works) == 20
    assert len({work.artwork_id for work in works}) == 20
    assert works[0].artwork_id == "18c944ff55bbd321", "as ever: the clips that a library has of it are found by it"
    for work in works:
        assert work.path.is_file()
        assert work.label.artist
        assert work.label.title != UNTITLED
        assert "public domain" in lookup(table, work.path.name)["provenance"]
        assert work.label.country
    assert {work.label.title for work in works if not work.label.year} == {"Oiran and Kamuro", "Woman Holding a Fan"}


def test_the_gallery_lists_what_a_study_and_a_training_list(tmp_path: Path) -> None:
    for number, suffix in enumerate(sorted(PICTURE_SUFFIXES)):
        picture(tmp_path, f"{number:02}{suffix}")
    assert [work.path for work in read_gallery(tmp_path)] == list_paintings(tmp_path)
    assert {".jfif", ".jpg", ".heic"} < PICTURE_SUFFIXES


def picture(folder: Path, name: str, content: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(content or name)
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metadata.json", json.dumps([{"file": "A.jpg", "title": "Étude", "artist": "Anna B.", "year": 1901}])),
        ("labels.json", json.dumps({"a.jpg": {"title": "Étude", "author": "Anna B.", "date": "1901"}})),
        ("metadata.csv", "file,title,artist,year\na.jpg,Étude,Anna B.,1901\n"),
        ("labels.csv", "Filename;Title;Artist;Year\na.jpg;Étude;Anna B.;1901\n"),
        ("metadata.csv", "\ufefffile\ttitle\tartist\tyear\na\tE\u0301tude\tAnna B.\t1901\n"),
    ],
)
def test_a_table_in_any_of_its_forms_gives_the_label(tmp_path: Path, name: str, text: str) -> None:
    picture(tmp_path, "a.jpg")
    (tmp_path / name).write_text(text, encoding="utf-8")
    (work,) = read_gallery(tmp_path)
    assert (work.label.title, work.label.artist, work.label.year) == ("Étude", "Anna B.", "1901")


@pytest.mark.parametrize("text", ["", "{", "3", "[]", '[{"title": "x"}]', '{"a": "b"}', "[" * 100_000])
def test_a_bad_table_costs_one_line_and_labels_come_from_names(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    picture(tmp_path, "ann_lake-1900.jpg")
    (tmp_path / "metadata.json").write_text(text)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            (work,) = read_gallery(tmp_path)
    assert work.label.title == "Lake"
    assert len(caplog.records) == 1
    assert "\n" not in caplog.records[0].getMessage()
    assert "metadata.json" in caplog.records[0].getMessage()


def test_works_come_in_the_order_people_count_with_folders_and_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("work-10.jpg", "work-9.png", "notes.txt", ".hidden.jpg"):
        picture(tmp_path, name)
    picture(tmp_path / "room", "z.webp")
    picture(tmp_path / ".cache", "thumb.jpg")
    assert [work.path.name for work in read_gallery(tmp_path)] == ["work-9.png", "work-10.jpg", "z.webp"]


def test_an_id_follows_the_picture_and_not_its_name(tmp_path: Path) -> None:
    path = picture(tmp_path, "a.jpg", "one")
    (before,) = read_gallery(tmp_path)
    renamed = path.rename(tmp_path / "b.jpg")
    (after,) = read_gallery(tmp_path)
    assert after.artwork_id == before.artwork_id
    renamed.write_text("another picture")
    (replaced,) = read_gallery(tmp_path)
    assert replaced.artwork_id != before.artwork_id
    picture(tmp_path, "c.jpg", "another picture")
    assert len(read_gallery(tmp_path)) == 1


@pytest.mark.parametrize("suffix", ["bmp", "tif"])
def test_pictures_of_one_size_with_the_same_border_are_not_one_work(tmp_path: Path, suffix: str) -> None:
    for number in range(4):
        page = Image.new("RGB", (1600, 900), "black")
        page.paste((200, 40 * number, 90), (0, 60, 1600, 840))
        page.save(tmp_path / f"page-{number}.{suffix}")
    assert len({path.stat().st_size for path in tmp_path.iterdir()}) == 1
    assert len(read_gallery(tmp_path)) == 4
    for number in range(4):
        page = Image.new("RGB", (1600, 900), "white")
        page.paste("black", (700, 100 * number + 300, 900, 100 * number + 330))
        page.save(tmp_path / f"drawing-{number}.{suffix}")
    assert len(read_gallery(tmp_path)) == 8, "small drawings on large sheets"


def test_what_cannot_be_read_is_left_out_with_a_line_each(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    picture(tmp_path, "good.jpg")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "pipe.jpg")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            works = read_gallery(tmp_path)
    assert [work.path.name for work in works] == ["good.jpg"]
    assert sorted(Path(r.getMessage().split(":")[0]).name for r in caplog.records) == [
        "dangling.jpg",
        "empty.jpg",
        "pipe.jpg",
    ]


def test_a_folder_that_is_not_there_is_an_empty_gallery(tmp_path: Path) -> None:
    assert read_gallery(tmp_path / "missing") == ()
