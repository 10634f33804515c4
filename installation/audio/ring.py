"""A ring of stereo frames between one writer and one reader, and onlookers at its past."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from installation.audio import CHANNELS

FloatArray = npt.NDArray[np.float32]
CounterArray = npt.NDArray[np.int64]


class Ring:
    """Interleaved float32 stereo in memory of the caller's choice.

    One ring for both channels: two mono rings would go out of step for good after an underrun.

    Threads: exactly one thread (or process) writes, exactly one reads; each only moves its own
    counter, after the samples are copied. Counters count frames since the beginning and never go
    back. `past` may be called by anybody. Nothing here waits, locks or logs.
    """

    def __init__(self, frames: FloatArray, counters: CounterArray) -> None:
        """Use this memory as a ring.

        Args:
            frames: Where the samples lie.
            counters: Frames written and frames read so far; both zero for a new ring.

        Shape: frames (capacity, 2), counters (2,).
        """
        self._frames = frames
        self._counters = counters
        self.capacity = len(frames)

    @classmethod
    def in_process(cls, capacity: int) -> Ring:
        """A ring in this process's own memory."""
        return cls(np.zeros((capacity, CHANNELS), np.float32), np.zeros(2, np.int64))

    @property
    def num_written(self) -> int:
        """Frames written since the beginning."""
        return int(self._counters[0])

    @property
    def num_read(self) -> int:
        """Frames read since the beginning."""
        return int(self._counters[1])

    @property
    def num_readable(self) -> int:
        """Frames that wait for the reader."""
        return int(self._counters[0] - self._counters[1])

    def write(self, block: FloatArray) -> int:
        """Copy as much of the block as there is room for; returns the number of frames.

        Shape: block (audio_frames, 2).
        """
        written = self.num_written
        num_frames = min(len(block), self.capacity - (written - self.num_read))
        self.rewrite(written, block[:num_frames])
        self._counters[0] = written + num_frames
        return num_frames

    def rewrite(self, first: int, block: FloatArray) -> None:
        """Put other samples in the place of those that wait from frame `first` on; only for the writer.

        What the reader takes meanwhile, it takes as it is.

        Shape: block (audio_frames, 2).
        """
        start = first % self.capacity
        before_end = min(len(block), self.capacity - start)
        self._frames[start : start + before_end] = block[:before_end]
        self._frames[: len(block) - before_end] = block[before_end:]

    def read_into(self, out: FloatArray) -> int:
        """Fill the beginning of `out` with what waits; returns the number of frames, the rest is left alone.

        Shape: out (audio_frames, 2).
        """
        read = self.num_read
        num_frames = min(len(out), self.num_written - read)
        self._copy(read, out[:num_frames])
        self._counters[1] = read + num_frames
        return num_frames

    def past(self, stop: int, num_frames: int) -> FloatArray:
        """A copy of the `num_frames` before frame `stop`, zeros where they are gone or not there yet.

        Shape: result (num_frames, 2).
        """
        result = np.zeros((num_frames, CHANNELS), np.float32)
        first = max(0, stop - num_frames, self.num_written - self.capacity)
        last = min(stop, self.num_written)
        if last > first:
            begin = first - (stop - num_frames)
            self._copy(first, result[begin : begin + last - first])
            # The writer went on meanwhile: what it may have overwritten is not shown.
            num_lost = self.num_written - self.capacity - first
            if num_lost > 0:
                result[begin : begin + num_lost] = 0.0
        return result

    def restart_at_multiple_of(self, num_frames: int) -> None:
        """Forget what waits and go on at the next round frame; only before there is a reader and a writer."""
        self._counters[:] = -(-self.num_written // num_frames) * num_frames

    def close(self) -> None:
        """Let go of the memory and go on, empty, with room for one frame: a late caller does no harm."""
        self._frames, self.capacity = np.zeros((1, CHANNELS), np.float32), 1
        self._counters = np.zeros(2, np.int64)

    def _copy(self, first: int, out: FloatArray) -> None:
        start = first % self.capacity
        before_end = min(len(out), self.capacity - start)
        out[:before_end] = self._frames[start : start + before_end]
        out[before_end:] = self._frames[: len(out) - before_end]
