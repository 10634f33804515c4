"""The composer's process and a gallery such as curators never meant to make."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from installation import composer
from installation.channel import Channel
from installation.messages import (
    ClipReady,
    Compose,
    ComposeFailed,
    ComposeProgress,
    ComposerReady,
    FromComposer,
    Shutdown,
    ToComposer,
)
from installation.settings import ComposerSettings
from tests.art2mus import tiny
from tests.installation import bad_pictures

PATIENCE_S = 60.0
RATE = 48_000


def run_composer(connection: Connection, settings: ComposerSettings) -> None:
    composer.main(Channel(connection), settings)


def hear(channel: Channel[ToComposer, FromComposer]) -> FromComposer:
    """What it says next, but for progress."""
    while True:
        message = channel.receive(PATIENCE_S)
        assert message is not None, "it says nothing"
        if not isinstance(message, ComposeProgress):
            return message


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
    channel: Channel[ToComposer, FromComposer] = Channel(ours)
    assert isinstance(hear(channel), ComposerReady)
    for name in sorted(shown | passed_over):
        if name == "pipe.jpg":
            continue  # `labels` leaves it out: whoever opens it waits
        channel.send(Compose(name, name, gallery / name, 1, RATE))
        answer = hear(channel)
        assert isinstance(answer, ClipReady if name in shown else ComposeFailed), (name, answer)
        if isinstance(answer, ComposeFailed):
            assert answer.is_unreadable
            assert name in answer.reason
            assert "\n" not in answer.reason
    channel.send(Shutdown())
    process.join(PATIENCE_S)
    assert process.exitcode == 0
