"""The library: whole clips or none, below its size and age, what the curator says, and an index that can be lost."""

import errno
import io
import json
import logging
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from installation.flac_tags import copy_with_tags, head_with, read_head
from installation.library import Library, begin_clip, finish_clip
from installation.library.__main__ import main
from installation.library.database import NAME
from installation.library.files import TAG, NotAClipError, make_room, read_clip
from installation.library.receipt import Sampling
from installation.messages import ClipInfo, SoundingNote

NOTES = (SoundingNote(0.0, 1.5, 60, 80, 0), SoundingNote(1.0, 2.0, 48, 60, 1))
SAMPLING = Sampling("mini", "abc")


def flac() -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, np.zeros((480, 2), np.int16), 48000, format="FLAC")
    return stream.getvalue()


FLAC = flac()


def put(
    folder: Path,
    clip_id: str,
    artwork_id: str = "wave",
    continues: str | None = None,
    size: int = 1000,
    heard_at: float | None = None,
    **receipt: Any,
) -> ClipInfo:
    """A clip, with about so many bytes; when it was heard is told by its file, until it is in the index."""
    affect = (("valence", 0.5), ("arousal", -1.0))
    prompt = receipt.get("prompt", "")
    clip = ClipInfo(clip_id, artwork_id, folder / f"{clip_id}.flac", 3.0, 48000, NOTES, continues, affect, prompt)
    unfinished = begin_clip(folder, clip_id)
    unfinished.write_bytes(FLAC + b"f" * size)
    finish_clip(folder, unfinished, clip, {"seed": 1, **receipt})
    if heard_at is not None:
        os.utime(clip.audio_path, (heard_at, heard_at))
    return clip


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.flac"))


# ---------------------------------------------------------------- in and out


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


def test_a_clip_just_composed_is_found_and_so_it_is_after_a_restart(tmp_path: Path) -> None:
    library = Library(tmp_path, 10**6)
    clip = put(tmp_path, "one")
    assert library.add(clip)
    assert library.beginning_for("wave") == clip
    library.close()
    assert Library(tmp_path, 10**6).beginning_for("wave") == clip


def test_pieces_take_turns(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path, f"clip-{number}", heard_at=1000 + number)
    library = Library(tmp_path, 10**6)
    turns = [library.beginning_for("wave") for _ in range(4)]
    assert [clip.clip_id for clip in turns if clip] == ["clip-0", "clip-1", "clip-2", "clip-0"]


def test_a_picture_saved_anew_is_the_same_work(tmp_path: Path) -> None:
    put(tmp_path, "one", artwork_id="wave.jpg", fingerprint="f1", heard_at=1000)
    put(tmp_path, "two", artwork_id="wave.png", fingerprint="f1", heard_at=2000)
    put(tmp_path, "three", artwork_id="poppies.jpg", fingerprint="f2", heard_at=500)
    library = Library(tmp_path, 10**6)
    turns = [library.beginning_for("wave.png") for _ in range(2)]
    assert [clip.clip_id for clip in turns if clip] == ["one", "two"]


def test_a_piece_can_be_asked_for_by_all_that_it_follows_from(tmp_path: Path) -> None:
    clip = put(tmp_path, "one", sampling={"model": "mini", "identity": "abc"}, prompt="slow")
    library = Library(tmp_path, 10**6)
    key = SAMPLING.key()
    assert library.beginning_for("wave", "slow", key, 48000) == clip
    assert library.beginning_for("wave", "slow") == clip
    assert library.beginning_for("wave", "fast") is None
    assert library.beginning_for("wave", "slow", Sampling("mini", "other weights").key()) is None
    assert library.beginning_for("wave", "slow", key, 44100) is None


def test_where_a_model_lies_does_not_matter_what_it_is_does() -> None:
    assert SAMPLING.key() == Sampling("/elsewhere/mini", "abc").key()
    others = [
        Sampling("mini", "abd"),
        Sampling("mini", "abc", 8),
        Sampling("mini", "abc", None, 1.5),
        Sampling("mini", "abc", negative_prompt="noise"),
        Sampling("mini", "abc", loudness_lufs=-20),
    ]
    assert len({SAMPLING.key(), *(other.key() for other in others)}) == 6


# ---------------------------------------------------------------- files


def test_tags_change_nothing_of_the_sound(tmp_path: Path) -> None:
    plain, tagged = tmp_path / "plain.flac", tmp_path / "tagged.flac"
    noise = np.random.default_rng(0).normal(0, 0.1, (4800, 2))
    with soundfile.SoundFile(plain, "w", 48000, 2, "PCM_16") as file:
        file.title = "before"
        file.write(noise)
    copy_with_tags(plain, tagged, {"TITLE": "La «Vague» = Ω", "COMMENT": "x" * 100_000})
    with soundfile.SoundFile(tagged) as file:
        assert file.title == "La «Vague» = Ω"
        assert np.array_equal(file.read(dtype="int16"), soundfile.read(plain, dtype="int16")[0])
    assert read_head(tagged).tags == {"TITLE": "La «Vague» = Ω", "COMMENT": "x" * 100_000}
    with pytest.raises(ValueError, match="too many"):
        head_with(read_head(plain), {"COMMENT": "x" * 2**24})


@pytest.mark.parametrize(
    "damage", [b"", b"fLaC", b"RIFF1234", FLAC[:20], FLAC[:60], b"fLaC\x84\0\0\x04\xff\xff\xff\xff"]
)
def test_what_is_no_flac_is_no_clip(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "one.flac").write_bytes(damage)
    with pytest.raises(NotAClipError):
        read_clip(tmp_path / "one.flac")


@pytest.mark.parametrize(
    "damage", ["not json", "{}", "[]", '{"format": 99}', "", "null", '{"format": 2, "clip": {"clip_id": "another"}}']
)
def test_a_damaged_description_costs_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str) -> None:
    put(tmp_path, "whole")
    path = put(tmp_path, "broken").audio_path
    copy_with_tags(path, tmp_path / "copy", {TAG: damage})
    (tmp_path / "copy").replace(path)
    library = Library(tmp_path, 10**6)
    assert len(library) == 1
    assert [record.message.count("broken.flac") for record in caplog.records] == [1]


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("clip", {"prompt": None}),
        ("clip", {"artwork_id": 7}),
        ("clip", {"artwork_id": "\ud83c"}),
        ("clip", {"continues": ["a"]}),
        ("clip", {"sample_rate": 1e300}),
        ("clip", {"length_s": float("nan")}),
        ("clip", {"length_s": 0}),
        ("clip", {"notes": [[0.0, 1.0, float("inf"), 80, 0]]}),
        ("clip", {"affect": [["valence", "much"]]}),
        ("receipt", {"seed": None}),
        ("receipt", {"seed": 2**63}),
        ("receipt", {"place": "first"}),
        ("receipt", {"fingerprint": "\ud83c"}),
    ],
)
def test_a_file_with_values_that_cannot_be_costs_one_line_and_not_the_index(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, part: str, values: dict[str, Any]
) -> None:
    put(tmp_path, "whole")
    odd = put(tmp_path, "odd")
    said = json.loads(read_head(odd.audio_path).tags[TAG])
    said[part] |= values
    copy_with_tags(odd.audio_path, tmp_path / "copy", {TAG: json.dumps(said)})
    (tmp_path / "copy").replace(odd.audio_path)
    library = Library(tmp_path, 10**6)
    assert len(library) == 1
    assert [record.message.count("odd.flac") for record in caplog.records] == [1]
    assert library.add(odd), "it plays all the same"
    assert len(library) == 1
    assert not list(tmp_path.glob(f"{NAME}.damaged-*"))


def test_a_name_that_is_no_text_is_unknown_and_does_not_cost_the_index(tmp_path: Path) -> None:
    put(tmp_path, "one")
    library = Library(tmp_path, 10**6)
    assert library.find("\udcff") is None, "as the system gives what a terminal did not understand"
    assert not library.mark("\udcff", "is_banned", True)
    library.close()
    assert len(library) == 0, "whoever comes too late finds nothing, and damages nothing"
    assert not list(tmp_path.glob(f"{NAME}.damaged-*"))


def test_sound_that_is_cut_off_or_gone_is_no_clip(tmp_path: Path) -> None:
    for clip_id in ("short", "gone", "later"):
        put(tmp_path, clip_id)
    path = tmp_path / "short.flac"
    path.write_bytes(path.read_bytes()[:-1])
    (tmp_path / "gone.flac").unlink()
    library = Library(tmp_path, 10**6)
    assert len(library) == 1
    (tmp_path / "later.flac").unlink()
    assert library.beginning_for("wave") is None
    assert len(library) == 0


def test_the_next_piece_is_taken_where_the_first_is_damaged(tmp_path: Path) -> None:
    put(tmp_path, "old", heard_at=1000)
    whole = put(tmp_path, "new", heard_at=2000)
    library = Library(tmp_path, 10**6)
    (tmp_path / "old.flac").write_bytes(b"")
    assert library.beginning_for("wave") == whole


def test_leftovers_of_a_crash_are_removed_when_they_are_old_and_other_files_left_alone(tmp_path: Path) -> None:
    old, young, foreign = begin_clip(tmp_path, "old"), begin_clip(tmp_path, "young"), tmp_path / "concerto.flac"
    for path in (old, young, foreign):
        path.write_bytes(FLAC)
    for path in (old, foreign):
        os.utime(path, (1000, 1000))
    assert len(Library(tmp_path, 10**6)) == 0
    assert [path.exists() for path in (old, young, foreign)] == [False, True, True]


# ---------------------------------------------------------------- what goes and what stays


def test_it_stays_below_its_size_and_keeps_what_is_in_use_or_pinned(tmp_path: Path) -> None:
    for number in range(6):
        put(tmp_path, f"clip-{number}", size=100_000, heard_at=1000 + number)
    library = Library(tmp_path, max_bytes=350_000)
    assert library.mark("clip-1", "is_pinned", True)
    assert library.trim(in_use={"clip-0"}) == 3
    assert names(tmp_path) == ["clip-0", "clip-1", "clip-5"]
    assert library.num_bytes() == sum(path.stat().st_size for path in tmp_path.glob("*.flac"))
    assert library.trim() == 0


def test_what_was_not_heard_for_long_goes(tmp_path: Path) -> None:
    for clip_id, age_s in {"old": 3600.0, "pinned": 3600.0, "young": 60.0}.items():
        put(tmp_path, clip_id, heard_at=time.time() - age_s)
    library = Library(tmp_path, 10**9, max_age_s=600)
    library.mark("pinned", "is_pinned", True)
    assert library.trim() == 1
    assert names(tmp_path) == ["pinned", "young"]


def test_a_clip_that_cannot_be_played_is_thrown_away(tmp_path: Path) -> None:
    library = Library(tmp_path, 10**6)
    library.add(put(tmp_path, "one"))
    library.discard("one")
    library.discard("unknown")
    assert library.beginning_for("wave") is None
    assert names(tmp_path) == []


def test_a_banned_clip_never_plays_again_however_it_comes_about(tmp_path: Path) -> None:
    library = Library(tmp_path, 10**6)
    library.add(put(tmp_path, "one", fingerprint="f1"))
    library.add(put(tmp_path, "two", continues="one", fingerprint="f1", place=1))
    assert library.mark("two", "is_banned", True)
    assert library.continuation_of("one") is None
    assert library.mark("one", "is_banned", True)
    assert library.beginning_for("wave") is None
    assert library.trim() == 2
    assert names(tmp_path) == []
    library.close()
    library = Library(tmp_path, 10**6)
    assert not library.add(put(tmp_path, "again", fingerprint="f1")), "the same music under another name"
    put(tmp_path, "unseen", fingerprint="f1")
    library.close()
    library = Library(tmp_path, 10**6)
    assert names(tmp_path) == [], "nor does it come in by the back door"
    assert library.add(put(tmp_path, "other", fingerprint="f1", seed=2))
    assert library.mark("one", "is_banned", False)
    assert library.add(put(tmp_path, "forgiven", fingerprint="f1"))
    assert not library.mark("unknown", "is_banned", True)


def test_in_memory_the_oldest_go_and_the_newest_stays(tmp_path: Path) -> None:
    for number in range(4):
        put(tmp_path, f"clip-{number}", size=100_000, heard_at=1000 + number)
    make_room(tmp_path, max_bytes=250_000)
    assert names(tmp_path) == ["clip-2", "clip-3"]
    make_room(tmp_path, max_bytes=0)
    assert names(tmp_path) == ["clip-3"]


# ---------------------------------------------------------------- the index is lost, the disk is full


def test_a_damaged_index_is_set_aside_and_made_again_with_the_curators_marks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = Library(tmp_path, 10**6)
    for number in range(40):
        library.add(put(tmp_path, f"clip-{number}"))
    library.mark("clip-0", "is_banned", True)
    library.mark("clip-1", "is_pinned", True)
    library.close()
    data = bytearray((tmp_path / NAME).read_bytes())
    data[-3 * 4096 : -2 * 4096] = b"\xff" * 4096
    (tmp_path / NAME).write_bytes(data)
    library = Library(tmp_path, 10**6)
    assert len(library) == 40
    assert "is damaged" in caplog.text
    assert len(list(tmp_path.glob(f"{NAME}.damaged-*"))) == 1
    marks = {row["clip_id"]: (row["is_pinned"], row["is_banned"]) for row in library.clips()}
    assert (marks["clip-0"], marks["clip-1"], marks["clip-2"]) == ((0, 1), (1, 0), (0, 0))


@pytest.mark.parametrize("content", [b"this is no database at all", b"SQLite format 3\0" + b"\xff" * 4096])
def test_what_is_no_index_is_set_aside(tmp_path: Path, content: bytes) -> None:
    clip = put(tmp_path, "one")
    (tmp_path / NAME).write_bytes(content)
    library = Library(tmp_path, 10**6)
    assert library.beginning_for("wave") == clip
    assert next(iter(tmp_path.glob(f"{NAME}.damaged-*"))).read_bytes() == content


def test_an_index_of_another_version_is_set_aside(tmp_path: Path) -> None:
    put(tmp_path, "one")
    Library(tmp_path, 10**6).close()
    other = sqlite3.connect(tmp_path / NAME)
    other.execute("PRAGMA user_version = 99")
    other.close()
    assert len(Library(tmp_path, 10**6)) == 1


def test_an_index_that_is_gone_while_it_is_used_is_made_again(tmp_path: Path) -> None:
    library = Library(tmp_path, 10**6)
    library.add(put(tmp_path, "one"))
    for path in tmp_path.glob(f"{NAME}*"):
        path.unlink()
    library.trim()
    assert len(library) == 1
    assert (tmp_path / NAME).is_file()


def test_an_index_that_goes_bad_while_it_is_used_is_made_again(tmp_path: Path) -> None:
    library = Library(tmp_path, 10**6)
    library.add(put(tmp_path, "one"))
    library.close()
    library = Library(tmp_path, 10**6)
    (tmp_path / NAME).write_bytes(b"\xff" * (tmp_path / NAME).stat().st_size)
    library.beginning_for("wave")
    assert library.beginning_for("wave") is not None
    assert len(library) == 1


def test_without_a_place_for_the_index_there_is_one_in_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clip = put(tmp_path, "one")
    (tmp_path / NAME).mkdir()
    library = Library(tmp_path, 10**6)
    assert library.beginning_for("wave") == clip
    assert "music goes on" in caplog.text
    for _ in range(3):
        library.trim()
    assert caplog.text.count("music goes on") == 1, "once, however often it looks again"
    (tmp_path / NAME).rmdir()
    library.trim()
    assert (tmp_path / NAME).is_file(), "there is room again"


def test_a_disk_that_refuses_everything_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(tmp_path, 10**6)
    library.add(put(tmp_path, "one", fingerprint="f1"))
    library.mark("one", "is_banned", True)
    again = put(tmp_path, "again", fingerprint="f1")

    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    assert not library.add(again), "banned, though its file stays"
    assert caplog.text.count("Permission denied") == 1
    monkeypatch.setattr(Path, "stat", refuse)
    assert library.trim() == 0
    assert library.beginning_for("wave") is None


def test_what_cannot_be_written_down_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    library = Library(tmp_path, 10**6, patience_s=0.0)
    other = sqlite3.connect(tmp_path / NAME, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    clips = [put(tmp_path, f"clip-{number}") for number in range(3)]
    with caplog.at_level(logging.WARNING):
        assert all(library.add(clip) for clip in clips), "they play all the same"
    assert [record.message.count("music goes on") for record in caplog.records] == [1]
    other.execute("ROLLBACK")
    other.close()
    library.close()
    assert len(Library(tmp_path, 10**6)) == 3


# ---------------------------------------------------------------- the curator


def test_the_curators_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    config = tmp_path / "kiosk.yaml"
    config.write_text("library:\n  folder: clips\n")
    assert main(["--config", str(config), "list"]) == 2
    assert "there is no library yet" in capsys.readouterr().err
    put(tmp_path / "clips", "one")
    put(tmp_path / "clips", "two", seed=77, prompt="slow [/b] :smile: [red]")
    assert main(["--config", str(config), "pin", "one"]) == 0
    assert main(["--config", str(config), "ban", "two", "three"]) == 2
    assert "three: no such clip" in capsys.readouterr().err
    assert main(["--config", str(config), "list"]) == 0
    printed = capsys.readouterr().out
    assert "2 clips" in printed
    assert "slow [/b] :smile: [red]" in printed, "a visitor's words as they are"
    assert printed.count("pinned") == printed.count("banned") == 1
    assert main(["--config", str(config), "show", "two"]) == 0
    assert '"seed": 77' in capsys.readouterr().out


def test_a_clip_finished_while_another_process_opens_the_library_stays(tmp_path: Path) -> None:
    director = Library(tmp_path, 10**6)

    class Opened(Library):
        """The curator's, in the moment in which it has listed the files."""

        def _remove_leftovers(self) -> None:
            super()._remove_leftovers()
            director.add(put(tmp_path, "new"))

    curators = Opened(tmp_path, 10**6)
    assert names(tmp_path) == ["new"]
    assert director.beginning_for("wave") is not None
    assert len(curators) == 1


def test_the_curator_is_told_when_nothing_can_be_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("installation.library.__main__._PATIENCE_S", 0.0)
    (tmp_path / "kiosk.yaml").write_text("library:\n  folder: clips\n")
    command = ["--config", str(tmp_path / "kiosk.yaml")]
    put(tmp_path / "clips", "one")
    assert main([*command, "pin", "one"]) == 0
    other = sqlite3.connect(tmp_path / "clips" / NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert main([*command, "ban", "one"]) == 2
    assert "one: could not be marked" in capsys.readouterr().err
    other.execute("ROLLBACK")
    other.close()
    (tmp_path / "clips" / NAME).unlink()
    (tmp_path / "clips" / NAME).mkdir()
    for action in (["ban", "one"], ["list"]):
        assert main([*command, *action]) == 2
        assert "its index cannot be opened" in capsys.readouterr().err
