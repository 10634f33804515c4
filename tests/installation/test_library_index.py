"""The index of the library: lost, damaged, locked, without room; and the curator's command, which works with it."""

import errno
import logging
import sqlite3
from pathlib import Path

import pytest

from installation.library import Library, database
from installation.library.__main__ import main
from installation.library.database import NAME
from tests.installation.test_library import names, put


def test_a_damaged_index_is_set_aside_and_made_again_with_the_curators_marks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = Library(tmp_path, 10**6)
    for number in range(40):
        library.add(put(tmp_path, f"clip-{number}"))
    library.mark("clip-0", "is_banned", True)
    library.mark("clip-1", "is_pinned", True)
    library.close()
    spoil(tmp_path)
    library = Library(tmp_path, 10**6)
    assert len(library) == 40
    assert "is damaged" in caplog.text
    assert len(list(tmp_path.glob(f"{NAME}.damaged-*"))) == 1
    marks = {row["clip_id"]: (row["is_pinned"], row["is_banned"]) for row in library.clips()}
    assert (marks["clip-0"], marks["clip-1"], marks["clip-2"]) == ((0, 1), (1, 0), (0, 0))


def spoil(folder: Path) -> None:
    """Damage a page of the index, a closed one, that is none of those with the curator's marks."""
    data = bytearray((folder / NAME).read_bytes())
    data[-3 * 4096 : -2 * 4096] = b"\xff" * 4096
    (folder / NAME).write_bytes(data)


def library_of_40(folder: Path) -> Library:
    library = Library(folder, 10**9)
    for number in range(40):
        library.add(put(folder, f"clip-{number}", fingerprint="f1", seed=number, heard_at=1000 + number))
    return library


def test_a_ban_outlives_its_sound_and_a_damaged_index(tmp_path: Path) -> None:
    library = library_of_40(tmp_path)
    library.mark("clip-7", "is_banned", True)
    assert library.trim() == 1
    library.close()
    spoil(tmp_path)
    put(tmp_path, "unseen", fingerprint="f1", seed=7)
    library = Library(tmp_path, 10**9)
    assert list(tmp_path.glob(f"{NAME}.damaged-*"))
    assert len(library) == 39
    assert not library.add(put(tmp_path, "again", fingerprint="f1", seed=7))
    assert library.mark("clip-7", "is_banned", False)
    assert library.add(put(tmp_path, "forgiven", fingerprint="f1", seed=7))


def test_marks_of_a_damaged_index_wait_until_there_is_room_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = library_of_40(tmp_path)
    library.mark("clip-7", "is_pinned", True)
    library.close()
    spoil(tmp_path)
    connect = database.connect

    def connect_while_the_disk_is_full(path: Path, patience_s: float) -> sqlite3.Connection:
        if not path.exists():
            raise sqlite3.OperationalError("database or disk is full")
        return connect(path, patience_s)

    with monkeypatch.context() as full:
        full.setattr(database, "connect", connect_while_the_disk_is_full)
        library = Library(tmp_path, 10**9)
        assert library.is_in_memory
    library.trim()
    assert not library.is_in_memory
    assert [row["clip_id"] for row in library.clips() if row["is_pinned"]] == ["clip-7"]


def test_pins_and_bans_hold_while_the_index_is_not_to_be_had(tmp_path: Path) -> None:
    library = library_of_40(tmp_path)
    library.mark("clip-7", "is_pinned", True)
    library.mark("clip-8", "is_banned", True)
    library.close()
    other = sqlite3.connect(tmp_path / NAME, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    library = Library(tmp_path, max_bytes=0, patience_s=0.0)
    assert library.is_in_memory
    assert not library.add(put(tmp_path, "again", fingerprint="f1", seed=8))
    library.trim()
    assert names(tmp_path) == ["clip-7"]
    other.execute("ROLLBACK")
    other.close()


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
    (tmp_path / "odd.flac").write_bytes(b"fLaC")
    library = Library(tmp_path, 10**6)
    assert library.beginning_for("wave") == clip
    assert "music goes on" in caplog.text
    for _ in range(3):
        library.trim()
    for line in ("music goes on", "odd.flac is left out"):
        assert caplog.text.count(line) == 1, "once, however often it looks again"
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
