"""What was mixed ahead and taken back again: the ring's samples are the truth."""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory

import numpy as np
import pytest

from installation.audio import BLOCK_FRAMES
from installation.audio.ahead import MARGIN_FRAMES, MixAhead
from installation.audio.limiter import LATE_FRAMES, Limiter
from installation.audio.mixer import Mixer, Started
from installation.audio.tap import TapReader, TapWriter
from tests.installation.audio.sounds import RATE, clip, noise

AHEAD = 16 * BLOCK_FRAMES


class Sink:
    """A mix, and everything that was given to the device."""

    def __init__(self, memory: SharedMemory) -> None:
        self.tap = TapWriter(memory.name, RATE)
        self.ahead = MixAhead(Mixer(RATE, crossfade_s=1.0), Limiter(RATE), self.tap)
        self.given: list[np.ndarray] = []

    def play(self, num_blocks: int) -> None:
        for _ in range(num_blocks):
            self.ahead.fill(AHEAD)
            self.given.append(np.empty((BLOCK_FRAMES, 2), np.float32))
            assert self.tap.ring.read_into(self.given[-1]) == BLOCK_FRAMES
        self.ahead.fill(AHEAD)

    def heard(self) -> np.ndarray:
        return np.concatenate(self.given)[LATE_FRAMES:]


@pytest.fixture
def sink(memory: SharedMemory) -> Iterator[Sink]:
    sink = Sink(memory)
    yield sink
    sink.tap.close()


FIRST, SECOND, THIRD = (noise(4.0, seed) for seed in (1, 2, 3))


def test_what_is_urgent_is_heard_before_all_that_waits(sink: Sink) -> None:
    sink.ahead.do(lambda mixer: mixer.play(clip("first", FIRST), 0.0))
    sink.play(10)
    sink.ahead.do(lambda mixer: mixer.play(clip("second", SECOND), 0.5), is_urgent=True)
    begin = 10 * BLOCK_FRAMES + MARGIN_FRAMES
    assert sink.ahead.take_events()[-1] == Started("second", begin)
    sink.play(60)
    heard, fade = sink.heard(), RATE // 2
    np.testing.assert_array_equal(heard[480:begin], FIRST[480:begin])
    np.testing.assert_array_equal(heard[begin + fade :], SECOND[fade : len(heard) - begin])
    angle = np.arange(fade) / fade * np.pi / 2
    mixed = FIRST[begin : begin + fade] * np.cos(angle)[:, None] + SECOND[:fade] * np.sin(angle)[:, None]
    np.testing.assert_allclose(heard[begin : begin + fade], mixed, atol=0.01)


def test_a_device_that_is_faster_has_the_whole_fade_later(sink: Sink) -> None:
    """It asks for four blocks at once while the first attempt is mixed."""
    sink.ahead.do(lambda mixer: mixer.play(clip("first", FIRST), 0.0))
    sink.play(10)
    attempts: list[int] = []

    def command(mixer: Mixer) -> None:
        attempts.append(sink.tap.ring.num_read)
        for _ in range(4 if len(attempts) == 1 else 0):
            sink.given.append(np.empty((BLOCK_FRAMES, 2), np.float32))
            sink.tap.ring.read_into(sink.given[-1])
        mixer.play(clip("second", SECOND), 0.5)

    sink.ahead.do(command, is_urgent=True)
    begin = 14 * BLOCK_FRAMES + MARGIN_FRAMES
    assert len(attempts) == 2
    assert sink.ahead.take_events()[-1] == Started("second", begin)
    sink.play(40)
    heard, fade = sink.heard(), RATE // 2
    np.testing.assert_array_equal(heard[480:begin], FIRST[480:begin])
    np.testing.assert_array_equal(heard[begin + fade :], SECOND[fade : len(heard) - begin])


def test_what_is_not_urgent_waits_behind_all_that_is_mixed(sink: Sink) -> None:
    sink.ahead.do(lambda mixer: mixer.play(clip("first", FIRST), 0.0))
    sink.play(10)
    sink.ahead.do(lambda mixer: mixer.play(clip("second", SECOND), 0.5))
    assert sink.ahead.take_events()[-1] == Started("second", 10 * BLOCK_FRAMES + AHEAD)


def test_what_was_said_meanwhile_is_not_forgotten(sink: Sink) -> None:
    """A volume and a successor, said after what is taken back was mixed."""
    sink.ahead.do(lambda mixer: mixer.play(clip("first", FIRST), 0.0))
    sink.play(4)
    sink.ahead.do(lambda mixer: mixer.set_volume(0.5))
    sink.ahead.do(lambda mixer: mixer.play(clip("second", SECOND), 0.1), is_urgent=True)
    sink.ahead.do(lambda mixer: mixer.append(clip("third", THIRD), "second"))
    sink.ahead.do(lambda mixer: mixer.play(clip("fourth", FIRST), 0.1), is_urgent=True)
    sink.play(80)
    begin = 4 * BLOCK_FRAMES + MARGIN_FRAMES
    heard = sink.heard()
    np.testing.assert_allclose(heard[-4800:], 0.5 * FIRST[len(heard) - 4800 - begin : len(heard) - begin], rtol=1e-5)
    assert sink.ahead.state.clip_id == "fourth"


def test_the_tap_tells_of_what_is_mixed_anew(sink: Sink, memory: SharedMemory) -> None:
    sink.ahead.do(lambda mixer: mixer.play(clip("first", FIRST), 0.0))
    sink.play(10)
    sink.ahead.do(lambda mixer: mixer.play(clip("second", SECOND), 4.0), is_urgent=True)
    sink.play(6)
    begin = 10 * BLOCK_FRAMES + MARGIN_FRAMES
    reader = TapReader(memory.name)
    for frame, names in ((begin - 1, ["first"]), (begin + 100, ["first", "second"])):
        sink.tap.note_clock(frame, heard_at_s=50.0, asked_at_s=50.0)
        assert [one.clip_id for one in reader.heard(50.0)] == names
        waiting = np.concatenate(sink.given)[frame - 500 : frame]
        np.testing.assert_array_equal(reader.samples(500, 50.0), waiting)
    reader.close()


@pytest.mark.parametrize("is_early", [True, False])
def test_counters_tell_of_what_is_heard_only(sink: Sink, is_early: bool) -> None:
    """The bed that was mixed ahead and taken back was not heard."""
    sink.ahead.do(lambda mixer: mixer.set_bed(clip("bed", FIRST)))
    sink.play(10)
    sink.ahead.do(lambda mixer: mixer.play(clip("first", SECOND), 0.1), is_urgent=is_early)
    sink.play(30)
    bed_frames = 10 * BLOCK_FRAMES + (MARGIN_FRAMES if is_early else AHEAD)
    assert sink.ahead.state.tier_frames[2] == bed_frames
    assert sum(sink.ahead.state.tier_frames) == sink.ahead.state.frame == sink.tap.ring.num_written


def test_more_than_there_is_room_for_fills_the_ring(sink: Sink) -> None:
    capacity = sink.tap.ring.capacity
    sink.ahead.fill(3 * capacity)
    assert sink.tap.ring.num_readable == capacity - BLOCK_FRAMES
