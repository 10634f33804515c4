"""The gallery's folder while the kiosk runs."""

import shutil
from pathlib import Path

import pytest

from installation.works import BUNDLED_GALLERY, Gallery

PICTURES = sorted(BUNDLED_GALLERY.glob("*.jpg"))


def names(gallery: Gallery) -> list[str]:
    return [work.path.name for work in gallery.works.values()]


def test_the_bundled_gallery_has_twenty_works_with_titles() -> None:
    works = Gallery(BUNDLED_GALLERY).works
    assert len(works) == 20
    assert all(work.label.title and work.label.artist for work in works.values())


def test_works_come_once_they_have_stopped_growing_and_go_at_once(tmp_path: Path) -> None:
    shutil.copy(PICTURES[0], tmp_path)
    gallery = Gallery(tmp_path)
    assert names(gallery) == [PICTURES[0].name]
    assert not gallery.scan()
    half = tmp_path / PICTURES[1].name
    whole = PICTURES[1].read_bytes()
    half.write_bytes(whole[:1000])
    assert not gallery.scan(), "it may still be on its way"
    half.write_bytes(whole)
    assert not gallery.scan(), "it was"
    assert gallery.scan()
    assert names(gallery) == [PICTURES[0].name, PICTURES[1].name]
    half.unlink()
    assert gallery.scan()
    assert names(gallery) == [PICTURES[0].name]


def test_a_folder_that_cannot_be_read_keeps_its_works_and_costs_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    shutil.copy(PICTURES[0], folder)
    gallery = Gallery(folder)
    folder.rename(tmp_path / "unplugged")
    for _ in range(3):
        assert not gallery.scan()
    assert names(gallery) == [PICTURES[0].name]
    assert len(caplog.records) == 1
    (tmp_path / "unplugged").rename(folder)
    assert not gallery.scan()
    assert names(gallery) == [PICTURES[0].name]


def test_a_folder_that_never_was_is_an_empty_gallery(tmp_path: Path) -> None:
    assert Gallery(tmp_path / "nowhere").works == {}
