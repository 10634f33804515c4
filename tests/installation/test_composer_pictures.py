"""The composer's process and a gallery such as curators never meant to make."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from installation import composer
from installation.channel import Channel
from installation.messages import ClipReady, ComposeFailed, ComposerReady, Shutdown
from installation.settings import ComposerSettings
from tests.art2mus import tiny
from tests.installation import bad_pictures
from tests.installation.desk import PATIENCE_S, Desk

NO_FILES = {"folder.jpg", "loop", "loop.jpg", "nowhere.jpg"}
"""There is nothing in them that could be no picture."""


def run_composer(connection: Connection, settings: ComposerSettings) -> None:
    composer.main(Channel(connection), settings)


@pytest.mark.slow
def test_of_bad_pictures_each_has_its_music_or_a_line_and_the_process_lives(tmp_path: Path) -> None:
    gallery = tmp_path / "gallery"
    gallery.mkdir()
    shown, passed_over = bad_pictures.make(gallery)
    tiny.pipeline().save_pretrained(tmp_path / "model")
    settings = ComposerSettings(str(tmp_path / "model"), tmp_path / "library", num_inference_steps=2)
    ours, theirs = multiprocessing.Pipe(duplex=True)
    process = multiprocessing.get_context("spawn").Process(target=run_composer, args=(theirs, settings))
    process.start()
    theirs.close()
    desk = Desk(Channel(ours), settings.library_dir)
    assert isinstance(desk.answer(), ComposerReady)
    for name in sorted(shown | passed_over):
        if name == "pipe.jpg":
            continue  # `labels` leaves it out: whoever opens it waits
        desk.ask(name, picture=gallery / name)
        answer = desk.answer()
        assert isinstance(answer, ClipReady if name in shown else ComposeFailed), (name, answer)
        if isinstance(answer, ComposeFailed):
            assert answer.is_unreadable == (name not in NO_FILES)
            assert name in answer.reason
            assert "\n" not in answer.reason
    desk.channel.send(Shutdown())
    process.join(PATIENCE_S)
    assert process.exitcode == 0
