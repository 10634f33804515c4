"""Bad pictures: each shown right or refused in a line, by a process that nobody misses."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from art2mus.images import UnreadableImageError, load_artwork
from installation import pictures
from installation.labels import read_gallery
from installation.pictures import Decoder, load_apart
from tests.installation import bad_pictures


def test_a_picture_decoded_apart_is_the_same(repository: Path) -> None:
    path = sorted((repository / "installation" / "gallery").glob("*.jpg"))[0]
    np.testing.assert_array_equal(np.asarray(load_apart(path, 400)), np.asarray(load_artwork(path, 400)))


def test_every_bad_picture_is_shown_right_or_refused_in_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    shown, passed_over = bad_pictures.make(tmp_path)
    listed = {work.path.name for work in read_gallery(tmp_path)}
    assert shown <= listed
    complaints = [record.getMessage() for record in caplog.records]
    for name in sorted(listed):
        if name in shown:
            picture = load_apart(tmp_path / name, 128)
            assert picture.mode == "RGB"
            assert max(picture.size) == (128 if name == "enormous.jpg" else max(bad_pictures.SIZE))
            assert (picture.width < picture.height) == (name == "rotated.jpg")
        else:
            with pytest.raises(UnreadableImageError) as refused:
                load_apart(tmp_path / name, 128)
            complaints.append(str(refused.value))
    not_mentioned = {"loop", "folder.jpg"}  # folders: gone into, or around
    for name in passed_over - not_mentioned:
        assert sum(f"{name}:" in complaint for complaint in complaints) == 1, name
    assert all("\n" not in complaint for complaint in complaints)
    caplog.clear()
    read_gallery(tmp_path)
    assert caplog.records == []


@pytest.mark.parametrize(
    ("end", "may_pass"),
    [("kill -SEGV $$", False), ("kill -KILL $$", True), ("exit 3", True), ("exec sleep 60", True)],
)
def test_a_decoder_that_is_brought_down_costs_a_line(
    end: str, may_pass: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a decoder that crashed says something of the picture; another may have had too little memory or time."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n{end}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(pictures, "MAX_DECODE_S", 0.5)
    with pytest.raises(UnreadableImageError, match=r"picture\.jpg: ") as caught:
        load_apart(tmp_path / "picture.jpg", 100)
    assert caught.value.may_pass == may_pass


def test_of_a_missing_file_another_process_says_that_it_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match="no such file") as caught:
        load_apart(tmp_path / "away.jpg", 100)
    assert caught.value.may_pass


def test_after_a_picture_that_brings_it_down_the_decoder_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", bad_pictures.python_that_crashes(tmp_path))
    for name, colour in (("red", "#f00000"), ("blue", "#0000f0"), ("crash", "white")):
        Image.new("RGB", (40, 30), colour).save(tmp_path / f"{name}.png")
    (tmp_path / "text.png").write_text("no picture")
    with Decoder() as decoder:
        children = []
        for name, said in (("red", ""), ("text", "not a picture"), ("crash", "brings"), ("blue", ""), ("red", "")):
            with pytest.raises(UnreadableImageError, match=said) if said else contextlib.nullcontext():
                picture = decoder.load(tmp_path / f"{name}.png")
                assert picture.size == (40, 30)
                assert picture.getpixel((5, 5)) == ((240, 0, 0) if name == "red" else (0, 0, 240))
            children.append(decoder._child and decoder._child.pid)
    assert children[0] == children[1]
    assert children[2] is None
    assert children[3] == children[4] != children[0]


@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.jpg"
    path.write_bytes(b"\xff\xd8")
    path.chmod(0)
    with pytest.raises(UnreadableImageError, match="may not be read"):
        load_apart(path, 100)
