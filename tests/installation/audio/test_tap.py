from __future__ import annotations

from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory

import numpy as np
import pytest

from installation.audio import BLOCK_FRAMES
from installation.audio.mixer import VoiceState
from installation.audio.tap import STALE_S, TapReader, TapWriter
from installation.messages import MAX_CLIP_ID_BYTES
from tests.installation.audio.sounds import tone

RATE = 48000


@pytest.fixture
def writer(memory: SharedMemory) -> Iterator[TapWriter]:
    writer = TapWriter(memory.name, RATE)
    yield writer
    writer.close()


@pytest.fixture
def reader(memory: SharedMemory) -> Iterator[TapReader]:
    reader = TapReader(memory.name)
    yield reader
    reader.close()


def mix(writer: TapWriter, num_blocks: int) -> np.ndarray:
    """Two voices, the second beginning at the fourth block; everything is given to the device at once."""
    samples = tone(num_blocks * BLOCK_FRAMES / RATE)
    for number, block in enumerate(np.split(samples, num_blocks)):
        voices = [VoiceState("one", 48000 + number * BLOCK_FRAMES, 1.0)]
        if number >= 4:
            voices.append(VoiceState("x" * MAX_CLIP_ID_BYTES, (number - 4) * BLOCK_FRAMES, 0.25))
        writer.note_block(writer.ring.num_written, tuple(voices))
        writer.ring.write(block)
    writer.ring.read_into(np.empty_like(samples))
    return samples


def test_nothing_is_heard_before_something_is_played(reader: TapReader) -> None:
    assert reader.heard(10.0) == ()
    assert reader.sample_rate() == 0
    assert not reader.samples(100, 10.0).any()


def test_tells_what_is_heard_at_a_moment(writer: TapWriter, reader: TapReader) -> None:
    samples = mix(writer, 10)
    writer.note_clock(2 * BLOCK_FRAMES, heard_at_s=100.3, asked_at_s=100.0)
    (one,) = reader.heard(100.3)
    assert (one.clip_id, one.gain) == ("one", 1.0)
    assert one.position_s == pytest.approx(1.0 + 2 * BLOCK_FRAMES / RATE)
    later_s = 3.5 * BLOCK_FRAMES / RATE
    one, other = reader.heard(100.3 + later_s)
    assert one.position_s == pytest.approx(1.0 + 5.5 * BLOCK_FRAMES / RATE, abs=1e-4)
    assert (other.clip_id, other.gain) == ("x" * MAX_CLIP_ID_BYTES, 0.25)
    assert other.position_s == pytest.approx(1.5 * BLOCK_FRAMES / RATE, abs=1e-4)
    heard = reader.samples(100, 100.3)
    np.testing.assert_array_equal(heard, samples[2 * BLOCK_FRAMES - 100 : 2 * BLOCK_FRAMES])


def test_of_more_voices_than_there_is_room_for_the_loudest_are_told(writer: TapWriter, reader: TapReader) -> None:
    voices = tuple(VoiceState(str(number), 0, gain) for number, gain in enumerate((0.3, 0.8, 0.1, 0.4, 0.5)))
    writer.note_block(writer.ring.num_written, voices)
    writer.ring.write(tone(BLOCK_FRAMES / RATE))
    writer.ring.read_into(np.empty((BLOCK_FRAMES, 2), np.float32))
    writer.note_clock(0, heard_at_s=100.0, asked_at_s=100.0)
    assert [voice.clip_id for voice in reader.heard(100.0)] == ["1", "3", "4"]


def test_nothing_is_heard_that_the_device_did_not_ask_for(writer: TapWriter, reader: TapReader) -> None:
    mix(writer, 5)
    writer.note_clock(4 * BLOCK_FRAMES, heard_at_s=100.0, asked_at_s=100.0)
    (_, other) = reader.heard(100.4)
    assert other.position_s < BLOCK_FRAMES / RATE


def test_after_half_a_second_without_a_device_nothing_is_heard(writer: TapWriter, reader: TapReader) -> None:
    mix(writer, 5)
    writer.note_clock(0, heard_at_s=100.0, asked_at_s=100.0)
    assert reader.heard(100.0 + STALE_S - 0.01)
    assert reader.heard(100.0 + STALE_S + 0.01) == ()


def test_a_successor_goes_on_in_the_same_memory(memory: SharedMemory, reader: TapReader) -> None:
    killed = TapWriter(memory.name, RATE)
    assert killed.left_at_s is None
    mix(killed, 3)
    killed.ring.write(tone(0.01))  # not heard any more
    killed.note_clock(0, heard_at_s=50.2, asked_at_s=50.0)
    successor = TapWriter(memory.name, RATE)
    assert successor.left_at_s == 50.0
    assert successor.ring.num_readable == 0
    assert successor.ring.num_written % BLOCK_FRAMES == 0
    begin = successor.ring.num_written
    mix(successor, 3)
    successor.note_clock(begin, heard_at_s=60.0, asked_at_s=59.9)
    assert reader.heard(60.0)[0].position_s == 1.0
    killed.close()
    successor.close()


def test_too_small_a_block_is_refused() -> None:
    memory = SharedMemory(create=True, size=4096)
    try:
        with pytest.raises(ValueError, match="smaller"):
            TapReader(memory.name)
    finally:
        memory.close()
        memory.unlink()
