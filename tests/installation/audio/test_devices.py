"""Asking for loudspeakers when there are none, and when asking goes wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from installation.audio import devices
from installation.audio.devices import NoSoundError, ask


@pytest.fixture
def sound_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in Python's place, to be written by the test: what becomes of the process that asks."""
    program = tmp_path / "program"
    program.touch(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return program


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ("kill -ABRT $$", "the sound system crashes"),
        ("exit 1", "the sound system crashes"),
        ("exec sleep 60", "the sound system does not answer"),
        ("""echo '{"error": "connect one"}'""", "connect one"),
    ],
)
def test_whatever_happens_to_the_one_who_asks_is_said_in_a_line(
    sound_system: Path, program: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "ANSWER_WITHIN_S", 0.5)
    sound_system.write_text(f"#!/bin/sh\n{program}\n")
    with pytest.raises(NoSoundError, match=f"^{complaint}.*$"):
        ask(["usb"])


def test_wishes_and_rate_are_passed_on(sound_system: Path) -> None:
    sound_system.write_text(
        """#!/bin/sh
echo "{\\"name\\": \\"$*\\", \\"sample_rate\\": 44100, \\"rank\\": 1}"
"""
    )
    found = ask(["usb", "hdmi: 3"], 44100)
    assert found.name.endswith("--rate 44100 -- usb hdmi: 3")
    assert (found.sample_rate, found.rank) == (44100, 1)


def test_names_that_fit_nothing_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    monkeypatch.setattr(devices, "ANSWER_WITHIN_S", 60.0)
    with pytest.raises(NoSoundError, match="sound device"):
        ask(["no such device", "none like this"])
