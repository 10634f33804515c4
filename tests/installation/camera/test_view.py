"""The newest picture in shared memory: whole or not at all, and it outlives who wrote it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from installation.camera.view import FrameReader, FrameWriter
from tests.installation.camera.cameras import view_memory


@pytest.fixture
def memory() -> Iterator[str]:
    with view_memory() as name:
        yield name


def test_nothing_is_seen_before_the_first_picture(memory: str) -> None:
    reader = FrameReader(memory)
    assert reader.newest() is None
    reader.close()


def test_the_newest_picture_is_read_as_it_was_written(memory: str) -> None:
    writer, reader = FrameWriter(memory), FrameReader(memory)
    for number, (height, width) in enumerate([(4, 6), (720, 1280), (1280, 720), (3, 2)]):
        picture = np.random.default_rng(number).integers(0, 255, (height, width, 3), np.uint8)
        writer.write(picture, float(number))
        frame = reader.newest()
        assert frame is not None
        assert frame.taken_at_s == number
        np.testing.assert_array_equal(frame.pixels, picture)
        assert reader.newest() is frame, "it is not copied again"
    writer.close()
    reader.close()


def test_a_picture_too_large_for_the_view_is_refused(memory: str) -> None:
    writer = FrameWriter(memory)
    with pytest.raises(ValueError, match="too large"):
        writer.write(np.zeros((1080, 1920, 3), np.uint8), 0.0)
    writer.close()


def test_a_picture_is_not_torn_however_fast_they_come(memory: str) -> None:
    """Every picture has one colour; one that had two would be of two pictures."""
    writer, reader, is_over = FrameWriter(memory), FrameReader(memory), threading.Event()

    def write() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            writer.write(np.full((90, 160, 3), number % 251, np.uint8), float(number))

    thread = threading.Thread(target=write)
    thread.start()
    times = []
    while len(times) < 60:
        frame = reader.newest()
        if frame is not None and (not times or frame.taken_at_s != times[-1]):
            assert frame.pixels.min() == frame.pixels.max() == frame.taken_at_s % 251
            times.append(frame.taken_at_s)
    is_over.set()
    thread.join()
    assert times == sorted(times)
    writer.close()
    reader.close()


def test_a_slot_that_is_being_written_is_not_read_and_a_successor_takes_over(memory: str) -> None:
    writer, reader = FrameWriter(memory), FrameReader(memory)
    writer.write(np.full((2, 2, 3), 1, np.uint8), 1.0)
    before = reader.newest()
    writer.write(np.full((2, 2, 3), 2, np.uint8), 2.0)
    writer._block.slots["mark"][writer._block.header["newest"][0]] += 1  # killed while it wrote
    assert reader.newest() is before
    successor = FrameWriter(memory)
    successor.write(np.full((2, 2, 3), 3, np.uint8), 3.0)
    after = reader.newest()
    assert after is not None
    assert after.taken_at_s == 3.0
    for side in (writer, successor, reader):
        side.close()
