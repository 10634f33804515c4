"""The library: whole clips or none, below its size, the longest unheard go first."""

import json
import os
from pathlib import Path

import pytest

from installation.library import Library, begin_clip, finish_clip
from installation.messages import ClipInfo, SoundingNote

NOTES = (SoundingNote(0.0, 1.5, 60, 80, 0), SoundingNote(1.0, 2.0, 48, 60, 1))


def put(
    folder: Path, clip_id: str, artwork_id: str = "wave", continues: str | None = None, size: int = 1000
) -> ClipInfo:
    clip = ClipInfo(clip_id, artwork_id, folder / f"{clip_id}.flac", 3.0, 48000, NOTES, continues)
    unfinished = begin_clip(folder, clip_id)
    unfinished.write_bytes(b"f" * size)
    finish_clip(folder, unfinished, clip, {"seed": 1})
    return clip


def test_what_is_put_in_comes_out_again(tmp_path: Path) -> None:
    first = put(tmp_path, "one")
    second = put(tmp_path, "two", continues="one")
    library = Library(tmp_path, 10**6)
    assert len(library) == 2
    assert library.beginning_for("wave") == first
    assert library.continuation_of("one") == second
    assert library.continuation_of("two") is None
    assert library.beginning_for("poppies") is None
    assert not list(tmp_path.glob(".*")), "nothing unfinished is left"


def test_a_clip_just_composed_is_found_without_reading_the_folder_again(tmp_path: Path) -> None:
    library = Library(tmp_path, 10**6)
    clip = put(tmp_path, "one")
    library.add(clip)
    assert library.beginning_for("wave") == clip


def test_pieces_take_turns(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path, f"clip-{number}")
        os.utime(tmp_path / f"clip-{number}.json", (1000 + number, 1000 + number))
    library = Library(tmp_path, 10**6)
    turns = [library.beginning_for("wave") for _ in range(4)]
    assert [clip.clip_id for clip in turns if clip] == ["clip-0", "clip-1", "clip-2", "clip-0"]


@pytest.mark.parametrize(
    "damage",
    ["not json", "{}", "[]", '{"format": 99}', "", "null", '{"format": 1, "clip_id": "another"}'],
)
def test_a_damaged_description_costs_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str) -> None:
    put(tmp_path, "whole")
    put(tmp_path, "broken")
    (tmp_path / "broken.json").write_text(damage)
    library = Library(tmp_path, 10**6)
    assert len(library) == 1
    assert [record.message.count("broken.json") for record in caplog.records] == [1]


@pytest.mark.parametrize("field", ["artwork_id", "length_s", "notes", "num_bytes", "continues", "audio_path"])
def test_no_field_may_be_missing(tmp_path: Path, field: str) -> None:
    put(tmp_path, "one")
    description = json.loads((tmp_path / "one.json").read_text())
    del description[field]
    (tmp_path / "one.json").write_text(json.dumps(description))
    assert len(Library(tmp_path, 10**6)) == 0


def test_sound_that_is_cut_off_or_gone_is_no_clip(tmp_path: Path) -> None:
    put(tmp_path, "short")
    put(tmp_path, "gone")
    put(tmp_path, "later")
    (tmp_path / "short.flac").write_bytes(b"f" * 999)
    (tmp_path / "gone.flac").unlink()
    library = Library(tmp_path, 10**6)
    assert len(library) == 1
    (tmp_path / "later.flac").unlink()
    assert library.beginning_for("wave") is None
    assert len(library) == 0


def test_it_stays_below_its_size_and_keeps_what_is_in_use(tmp_path: Path) -> None:
    for number in range(5):
        put(tmp_path, f"clip-{number}", size=1000)
        os.utime(tmp_path / f"clip-{number}.json", (1000 + number, 1000 + number))
    library = Library(tmp_path, max_bytes=2500)
    assert library.trim(in_use={"clip-0"}) == 3
    assert sorted(path.stem for path in tmp_path.glob("*.flac")) == ["clip-0", "clip-4"]
    assert library.num_bytes() == 2000
    assert library.trim() == 0


def test_leftovers_of_a_crash_are_removed_when_they_are_old(tmp_path: Path) -> None:
    old, young = begin_clip(tmp_path, "old"), begin_clip(tmp_path, "young")
    orphan = tmp_path / "orphan.flac"
    for path in (old, young, orphan):
        path.write_bytes(b"f")
    for path in (old, orphan):
        os.utime(path, (1000, 1000))
    Library(tmp_path, 10**6)
    assert [path.exists() for path in (old, orphan, young)] == [False, False, True]
