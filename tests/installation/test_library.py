"""The library: whole clips or none, below its size and age, and what the curator says."""

import io
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from installation.flac_tags import copy_with_tags, head_with, read_head
from installation.library import Library, begin_clip, finish_clip
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
    assert not library.add(put(tmp_path / "memory", "spare", fingerprint="f1")), "nor from beside a full disk"
    assert library.add(put(tmp_path / "memory", "spare", fingerprint="f1", seed=2))
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
