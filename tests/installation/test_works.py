"""The gallery's folder while the kiosk runs."""

import contextlib
import shutil
import threading
import time
from pathlib import Path

import pytest

from installation.playlist import Playlist
from installation.works import BUNDLED_GALLERY, Gallery

PICTURES = sorted(BUNDLED_GALLERY.glob("*.jpg"))


def look(gallery: Gallery) -> bool:
    """Whether a look brings news."""
    gallery.scan()
    return gallery.take_news()


def opened(folder: Path) -> Gallery:
    gallery = Gallery(folder)
    look(gallery)
    return gallery


def names(gallery: Gallery) -> list[str]:
    return [work.path.name for work in gallery.works.values()]


def test_the_bundled_gallery_has_twenty_works_with_titles() -> None:
    works = opened(BUNDLED_GALLERY).works
    assert len(works) == 20
    assert all(work.label.title and work.label.artist for work in works.values())


def test_works_come_once_they_have_stopped_growing_and_go_at_once(tmp_path: Path) -> None:
    shutil.copy(PICTURES[0], tmp_path)
    gallery = opened(tmp_path)
    assert names(gallery) == [PICTURES[0].name]
    assert not look(gallery)
    half = tmp_path / PICTURES[1].name
    whole = PICTURES[1].read_bytes()
    half.write_bytes(whole[:1000])
    assert not look(gallery), "it may still be on its way"
    half.write_bytes(whole)
    assert not look(gallery), "it was"
    assert look(gallery)
    assert names(gallery) == [PICTURES[0].name, PICTURES[1].name]
    half.unlink()
    assert look(gallery)
    assert names(gallery) == [PICTURES[0].name]


def test_a_folder_that_cannot_be_read_keeps_its_works_and_costs_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    shutil.copy(PICTURES[0], folder)
    gallery = opened(folder)
    folder.rename(tmp_path / "unplugged")
    for _ in range(3):
        assert not look(gallery)
    assert names(gallery) == [PICTURES[0].name]
    assert len(caplog.records) == 1
    (tmp_path / "unplugged").rename(folder)
    assert not look(gallery)
    assert names(gallery) == [PICTURES[0].name]


def test_a_folder_that_never_was_is_an_empty_gallery(tmp_path: Path) -> None:
    assert opened(tmp_path / "nowhere").works == {}


def test_a_picture_that_was_rejected_stays_out_until_it_is_another(tmp_path: Path) -> None:
    for picture in PICTURES[:2]:
        shutil.copy(picture, tmp_path)
    gallery = opened(tmp_path)
    gallery.reject(next(iter(gallery.works)))
    assert names(gallery) == [PICTURES[1].name]
    assert not look(gallery)
    (tmp_path / PICTURES[0].name).write_bytes(PICTURES[2].read_bytes())
    assert not look(gallery), "it may still be on its way"
    assert look(gallery)
    assert names(gallery) == [PICTURES[0].name, PICTURES[1].name]


def test_a_new_name_and_another_label_are_news_and_the_work_is_the_same(tmp_path: Path) -> None:
    shutil.copy(PICTURES[0], tmp_path / "a.jpg")
    gallery = opened(tmp_path)
    (before,) = gallery.works.values()
    (tmp_path / "a.jpg").rename(tmp_path / "b.jpg")
    assert look(gallery)
    (renamed,) = gallery.works.values()
    assert (renamed.artwork_id, renamed.path.name) == (before.artwork_id, "b.jpg")
    (tmp_path / "metadata.csv").write_text("file,title\nb.jpg,The Boat\n")
    assert look(gallery)
    (labelled,) = gallery.works.values()
    assert (labelled.artwork_id, labelled.label.title) == (before.artwork_id, "The Boat")
    assert not look(gallery)


def test_a_thread_watches(tmp_path: Path) -> None:
    shutil.copy(PICTURES[0], tmp_path)
    num_threads = threading.active_count()
    with contextlib.closing(Gallery(tmp_path)) as gallery:
        gallery.watch(0.01)
        assert names(gallery) == [PICTURES[0].name]
        shutil.copy(PICTURES[1], tmp_path)
        deadline_s = time.monotonic() + 20
        while not gallery.take_news():
            assert time.monotonic() < deadline_s
        assert names(gallery) == [PICTURES[0].name, PICTURES[1].name]
    while threading.active_count() > num_threads:
        assert time.monotonic() < deadline_s, "it watches on"


@pytest.mark.alone
@pytest.mark.slow
def test_a_hundred_thousand_files_do_not_keep_the_director_waiting(tmp_path: Path) -> None:
    for number in range(100_000):
        (tmp_path / f"{number}.jpg").write_bytes(b"%d" % number)
    playlist, began_s = Playlist(), time.monotonic()
    longest_s, before_s = 0.0, time.monotonic()
    with contextlib.closing(Gallery(tmp_path)) as gallery:
        gallery.watch(60)
        while len(gallery.works) < 100_000:
            assert before_s < began_s + 120
            if gallery.take_news():
                playlist.replace(gallery.works)
            longest_s, before_s = max(longest_s, time.monotonic() - before_s), time.monotonic()
            threading.Event().wait(0.05)
    total_s = time.monotonic() - began_s
    print(f"all found after {total_s:.1f} s; the director waited {longest_s:.2f} s at most")
    assert longest_s < total_s / 4
    assert playlist.next() == next(iter(gallery.works))
