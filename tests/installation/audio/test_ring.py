import threading

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from installation.audio.ring import Ring

CAPACITY = 37


def numbered(start: int, num_frames: int) -> np.ndarray:
    """Frames that say which they are; right is minus left."""
    left = np.arange(start, start + num_frames, dtype=np.float32)
    return np.stack([left, -left], axis=1)


class RingAgainstAModel(RuleBasedStateMachine):
    """Whatever the order of writes and reads: what comes out is what went in, in order, once."""

    def __init__(self) -> None:
        super().__init__()
        self.ring = Ring.in_process(CAPACITY)
        self.written = self.read = 0

    @rule(num_frames=st.integers(0, 2 * CAPACITY))
    def write(self, num_frames: int) -> None:
        room = CAPACITY - self.ring.num_readable
        assert self.ring.write(numbered(self.written, num_frames)) == min(num_frames, room)
        self.written += min(num_frames, room)

    @rule(num_frames=st.integers(0, 2 * CAPACITY))
    def take(self, num_frames: int) -> None:
        out = np.full((num_frames, 2), np.nan, np.float32)
        taken = self.ring.read_into(out)
        assert taken == min(num_frames, self.written - self.read)
        np.testing.assert_array_equal(out[:taken], numbered(self.read, taken))
        assert np.isnan(out[taken:]).all()
        self.read += taken

    @rule(stop=st.integers(0, 3 * CAPACITY), num_frames=st.integers(0, 2 * CAPACITY))
    def look_back(self, stop: int, num_frames: int) -> None:
        frames = np.arange(stop - num_frames, stop)
        is_there = (frames >= max(0, self.written - CAPACITY)) & (frames < self.written)
        expected = numbered(stop - num_frames, num_frames) * is_there[:, None]
        np.testing.assert_array_equal(self.ring.past(stop, num_frames), expected)

    @invariant()
    def counts(self) -> None:
        assert (self.ring.num_written, self.ring.num_read) == (self.written, self.read)
        assert self.ring.num_readable == self.written - self.read <= CAPACITY


TestRingAgainstAModel = RingAgainstAModel.TestCase
TestRingAgainstAModel.settings = settings(max_examples=50, stateful_step_count=30)


@settings(max_examples=15)
@given(st.lists(st.integers(1, 2 * CAPACITY), min_size=1, max_size=20), st.integers(1, CAPACITY))
def test_two_threads_lose_nothing(sizes: list[int], read_size: int) -> None:
    ring, total, pause = Ring.in_process(CAPACITY), sum(sizes), threading.Event()

    def write() -> None:
        done = 0
        for size in sizes:
            stop = done + size
            while done < stop:
                done += ring.write(numbered(done, stop - done))
                pause.wait(0.0001)

    writer = threading.Thread(target=write)
    writer.start()
    got = [np.zeros((0, 2), np.float32)]
    out = np.empty((read_size, 2), np.float32)
    while sum(map(len, got)) < total:
        got.append(out[: ring.read_into(out)].copy())
        pause.wait(0.0001)
    writer.join()
    np.testing.assert_array_equal(np.concatenate(got), numbered(0, total))


def test_goes_on_at_a_round_frame_after_a_restart() -> None:
    ring = Ring.in_process(64)
    ring.write(numbered(0, 20))
    ring.restart_at_multiple_of(16)
    assert (ring.num_read, ring.num_written, ring.num_readable) == (32, 32, 0)
