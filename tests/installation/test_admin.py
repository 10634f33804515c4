"""The PIN: who may read it, who is let in, how long everybody else waits."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation import admin
from installation.__main__ import main
from installation.admin import Door, PinFile, is_pin
from installation.places import pin_path


@pytest.fixture
def pin_file(tmp_path: Path) -> PinFile:
    return PinFile(tmp_path / "state" / "admin-pin.json")


@pytest.fixture
def door(pin_file: PinFile) -> Door:
    pin_file.choose("4711")
    return Door(pin_file)


def test_there_is_no_pin_before_one_is_chosen(pin_file: PinFile) -> None:
    assert not pin_file.is_set()
    assert not any(Door(pin_file).enter(pin, 1000.0 * i) for i, pin in enumerate(["", "0000", "1234"]))


def test_only_a_hash_is_kept_and_only_for_this_user(pin_file: PinFile) -> None:
    pin_file.choose("4711")
    assert pin_file.is_set()
    assert stat.S_IMODE(pin_file.path.stat().st_mode) == 0o600
    assert "4711" not in pin_file.path.read_text()
    first = pin_file.path.read_text()
    pin_file.choose("4711")
    assert pin_file.path.read_text() != first, "salted"
    assert [pin_file.matches(pin) for pin in ("4711", "4712", "")] == [True, False, False]
    assert list(pin_file.path.parent.iterdir()) == [pin_file.path]


def test_a_damaged_file_lets_nobody_in_and_says_what_to_do(pin_file: PinFile, caplog: pytest.LogCaptureFixture) -> None:
    pin_file.choose("4711")
    for damage in ("", "[]", '{"salt": "x", "scrypt": ""}', "\x00"):
        pin_file.path.write_text(damage)
        assert not pin_file.matches("4711")
    assert "python main.py --set-pin" in caplog.text


@pytest.mark.parametrize("text", ["", "123", "1234567890123", "12a4", "१२३४", "12 34"])
def test_what_is_no_pin_is_not_accepted(pin_file: PinFile, text: str) -> None:
    with pytest.raises(ValueError, match="a PIN has 4 to 12 digits"):
        pin_file.choose(text)
    assert not pin_file.is_set()


def test_the_pauses_grow_and_the_right_pin_ends_them(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now_s, pauses_s = 0.0, []
    for _ in range(4):
        assert not door.enter("0000", now_s)
        pauses_s.append(door.wait_s(now_s))
        assert not door.enter("4711", now_s + pauses_s[-1] - 0.1), "not looked at during the pause"
        now_s += pauses_s[-1]
    assert pauses_s == [1, 2, 4, 8]
    assert door.enter("4711", now_s)
    assert not door.enter("0000", now_s)
    assert door.wait_s(now_s) == 1
    assert "a wrong PIN was entered, number 4 in a row; the next after 8 s" in caplog.text
    assert "0000" not in caplog.text


def test_no_pause_is_for_ever(door: Door) -> None:
    now_s = 0.0
    for _ in range(12):
        door.enter("x", now_s)
        now_s += door.wait_s(now_s)
    assert not door.enter("x", now_s)
    assert door.wait_s(now_s) == 300


@given(st.text(max_size=14))
def test_a_pin_is_four_to_twelve_digits(text: str) -> None:
    assert is_pin(text) == (4 <= len(text) <= 12 and all("0" <= letter <= "9" for letter in text))


@pytest.mark.parametrize(
    ("answers", "said", "exit_code"),
    [
        (["4711", "4711"], "The PIN is set", 0),
        (["4711", "4712"], "two different PINs; none was set", 2),
        (["47", "47"], "a PIN has 4 to 12 digits; none was set", 2),
        ([], "no PIN was set", 2),
    ],
)
def test_the_command_asks_twice(
    answers: list[str],
    said: str,
    exit_code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    waiting = iter(answers)

    def answer(_prompt: str) -> str:
        for text in waiting:
            return text
        raise EOFError

    monkeypatch.setattr(admin, "getpass", answer)
    assert main(["--set-pin"]) == exit_code
    printed = capsys.readouterr()
    assert said in printed.out + printed.err
    assert PinFile(pin_path()).is_set() == (exit_code == 0)


def test_a_place_that_cannot_be_written_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(admin, "getpass", lambda _prompt: "4711")
    assert admin.set_pin(tmp_path / "file" / "pin.json") == 2
    assert "cannot be written" in capsys.readouterr().err
