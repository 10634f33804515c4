"""What is heard now, in shared memory: the audio process writes, the ui reads.

The block holds the ring between mixer and device (its past is what was just heard), a history of
what each mixed block consists of, and the device's clock. The director makes the block and unlinks
it; so it outlives the audio process, and nobody else has to clean up. Neither side ever waits: a
record carries a mark that is taken off while it is written, and a reader that finds the mark
changed has read nothing.

Layout: header | history | ring.
"""

from __future__ import annotations

from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np
import numpy.typing as npt

from installation.audio import (
    BLOCK_FRAMES,
    CHANNELS,
    HEADER_BYTES,
    HISTORY_BYTES,
    HISTORY_ENTRIES,
    MAX_VOICES,
    RING_FRAMES,
    TAP_BYTES,
)
from installation.audio.mixer import VoiceState
from installation.audio.ring import Ring
from installation.messages import MAX_CLIP_ID_BYTES, HeardClip

FloatArray = npt.NDArray[np.float32]

STALE_S = 0.5
"""When the device has asked for nothing for so long, nothing is heard."""

HEADER = np.dtype(
    [
        ("counters", np.int64, 2),  # of the ring
        ("sample_rate", np.int64),
        ("mark", np.int64),  # even: the clock may be read
        ("frame", np.int64),  # frame `frame` of the ring is heard ...
        ("heard_at_s", np.float64),  # ... at this monotonic time
        ("asked_at_s", np.float64),  # when the device last asked for samples
    ]
)
VOICE = np.dtype([("clip_id", np.bytes_, MAX_CLIP_ID_BYTES + 1), ("position", np.int64), ("gain", np.float64)])
ENTRY = np.dtype([("frame", np.int64), ("num_voices", np.int64), ("voices", VOICE, MAX_VOICES)])

assert HEADER.itemsize <= HEADER_BYTES
assert ENTRY.itemsize * HISTORY_ENTRIES == HISTORY_BYTES


class _Block:
    """The parts of the shared memory as arrays."""

    def __init__(self, name: str) -> None:
        self.memory = SharedMemory(name=name)
        if self.memory.size < TAP_BYTES:
            self.memory.close()
            raise ValueError(f"shared memory {name} is smaller than the {TAP_BYTES} bytes of a tap")
        buffer: Any = self.memory.buf
        self.header = np.ndarray((1,), HEADER, buffer, 0)
        self.history = np.ndarray((HISTORY_ENTRIES,), ENTRY, buffer, HEADER_BYTES)
        frames = np.ndarray((RING_FRAMES, CHANNELS), np.float32, buffer, HEADER_BYTES + HISTORY_BYTES)
        self.ring = Ring(frames, self.header["counters"][0])

    def close(self) -> None:
        """Drop every array first: memory with views into it cannot be let go."""
        self.ring.close()
        self.header, self.history = np.zeros(1, HEADER), np.full(HISTORY_ENTRIES, -1).astype(ENTRY)
        self.memory.close()


class TapWriter:
    """The audio process's side; its mixer thread writes, its device callback reads the ring."""

    def __init__(self, name: str, sample_rate: int) -> None:
        """Attach to the block and take over from a predecessor, if there was one.

        Raises: FileNotFoundError if there is no such block; ValueError if it is too small.
        """
        self._block = _Block(name)
        header = self._block.header
        self.left_at_s: float | None = float(header["asked_at_s"][0]) or None
        """When a predecessor that was killed last gave samples to its device; None for the first."""
        header["sample_rate"] = sample_rate
        header["mark"] += header["mark"] % 2  # it may have been killed while it wrote
        self._block.history["frame"] = -1
        self.ring = self._block.ring
        """Between mixer and device."""
        self.ring.restart_at_multiple_of(BLOCK_FRAMES)

    def note_block(self, frame: int, voices: tuple[VoiceState, ...]) -> None:
        """Remember what the block that begins at this frame of the ring consists of: the loudest, if it is too much."""
        history, index = self._block.history, _entry_of(frame)
        if len(voices) > MAX_VOICES:
            loudest = sorted(voices, key=lambda voice: voice.gain)[-MAX_VOICES:]
            voices = tuple(voice for voice in voices if voice in loudest)[:MAX_VOICES]
        history["frame"][index] = -1
        history["num_voices"][index] = len(voices)
        for slot, voice in enumerate(voices):
            history["voices"][index, slot] = (voice.clip_id.encode("ascii", "replace"), voice.position, voice.gain)
        history["frame"][index] = frame

    def note_clock(self, frame: int, heard_at_s: float, asked_at_s: float) -> None:
        """Say when this frame of the ring is heard, and when the device last asked."""
        header = self._block.header
        header["mark"] += 1
        header["frame"], header["heard_at_s"], header["asked_at_s"] = frame, heard_at_s, asked_at_s
        header["mark"] += 1

    def close(self) -> None:
        """Let go of the shared memory."""
        self._block.close()


class TapReader:
    """Reads what is really played: the `PlaybackTap` of the messages. Never waits."""

    def __init__(self, name: str) -> None:
        """Attach to the block the director made.

        Raises: FileNotFoundError if there is no such block; ValueError if it is too small.
        """
        self._block = _Block(name)

    def heard(self, now_s: float) -> tuple[HeardClip, ...]:
        """What comes out of the speakers at `now_s` (monotonic), latency taken into account.

        Empty when nothing was played in the last half second.
        """
        frame, rate = self._frame_heard(now_s), self.sample_rate()
        if frame is None:
            return ()
        index, begin = _entry_of(frame), frame - frame % BLOCK_FRAMES
        entry = self._block.history[index : index + 1].copy()
        if entry["frame"][0] != begin or self._block.history["frame"][index] != begin:
            return ()
        voices = entry["voices"][0, : int(entry["num_voices"][0])]
        return tuple(
            HeardClip(
                clip_id=bytes(voice["clip_id"]).decode("ascii"),
                position_s=(int(voice["position"]) + frame - begin) / rate,
                gain=float(voice["gain"]),
            )
            for voice in voices
        )

    def samples(self, num_frames: int, now_s: float) -> FloatArray:
        """The most recent mixed audio frames, the last of them heard at about `now_s`.

        Shape: (num_frames, 2), zeros where nothing was played.
        """
        frame = self._frame_heard(now_s)
        if frame is None:
            return np.zeros((num_frames, CHANNELS), np.float32)
        return self._block.ring.past(frame, num_frames)

    def sample_rate(self) -> int:
        """Of `samples`, in Hz; 0 before there is a device."""
        return int(self._block.header["sample_rate"][0])

    def close(self) -> None:
        """Let go of the shared memory."""
        self._block.close()

    def _frame_heard(self, now_s: float) -> int | None:
        for _ in range(3):
            header = self._block.header.copy()
            if header["mark"][0] % 2 == 0 and header["mark"][0] == self._block.header["mark"][0]:
                break
        else:
            return None
        asked_at_s = float(header["asked_at_s"][0])
        if not asked_at_s or now_s - asked_at_s > STALE_S:
            return None
        elapsed_s = now_s - float(header["heard_at_s"][0])
        frame = int(header["frame"][0]) + round(elapsed_s * int(header["sample_rate"][0]))
        # What the device has not asked for yet cannot be heard.
        return max(0, min(frame, self._block.ring.num_read - 1))


def _entry_of(frame: int) -> int:
    return frame // BLOCK_FRAMES % HISTORY_ENTRIES
