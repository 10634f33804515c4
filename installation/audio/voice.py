"""One clip as it sounds: what follows it without a seam, and how it loops when nothing does."""

from __future__ import annotations

import copy
from collections import deque

import numpy as np
import numpy.typing as npt

from installation.audio import CHANNELS
from installation.audio.clips import Clip
from installation.audio.fade import correlation, equal_power_gains

FloatArray = npt.NDArray[np.float32]


def joint_of(clip: Clip, longest: int) -> int:
    """How long the fade is in which a clip goes round: a third of it at most."""
    return max(1, min(longest, len(clip) // 3))


class Voice:
    """Plays a chain of clips butt to butt, and the last of them for ever.

    The loop joint is an equal-power fade of the clip's end into an earlier stretch that sounds like it
    (`Clip.loop_length` back, else its own beginning); the loop then goes on behind that stretch. Whether
    to loop is decided at the last moment, `joint_frames` before the end: until then a clip can be
    appended that begins at the exact end.

    Not safe for threads: it belongs to the mixer's.
    """

    def __init__(self, clip: Clip, joint_frames: int, start: int = 0) -> None:
        """Begin at frame `start` of the clip (taken modulo its length)."""
        self._chain = deque([clip])
        self._max_joint = joint_frames
        self._position = start % len(clip)
        self._joint = 0  # length of the loop joint that is sounding, 0 outside
        self._loop_length = 0  # within the joint: how far it goes back
        self._gains: tuple[FloatArray, FloatArray] | None = None
        self.num_loops = 0
        self.gain = 1.0
        """Its part of the mix, frozen when another fade begins on top."""
        self.may_loop = True
        """False while a fade is arranged to be complete at the very end."""

    @property
    def clip(self) -> Clip:
        """The clip that sounds now."""
        return self._chain[0]

    @property
    def last_clip(self) -> Clip:
        """The last clip of the chain."""
        return self._chain[-1]

    @property
    def position(self) -> int:
        """Frame of the clip that is heard next; within the loop joint that of the louder side."""
        if self._joint and self._position - (len(self.clip) - self._joint) >= self._joint // 2:
            return self._position - self._loop_length
        return self._position

    @property
    def is_looping(self) -> bool:
        """It repeats, or has begun to."""
        return self.num_loops > 0 or self._joint > 0

    @property
    def frames_to_change(self) -> int:
        """Frames until the clip that sounds now begins to loop, comes round, or ends."""
        if self._will_loop and self._position < self._joint_start():
            return self._joint_start() - self._position
        return len(self.clip) - self._position

    @property
    def frames_to_end(self) -> int:
        """Frames until the end of the chain, loops aside."""
        return sum(len(clip) for clip in self._chain) - self._position

    def append(self, clip: Clip) -> None:
        """Let this clip begin at the sample after the last one of the chain."""
        self._chain.append(clip)

    def peek(self, num_frames: int) -> FloatArray:
        """What `read` would return, without moving on.

        Shape: result (num_frames, 2).
        """
        return self.twin().read(num_frames)

    def twin(self) -> Voice:
        """Another voice that sounds the same from here on; the clips are shared."""
        twin = copy.copy(self)
        twin._chain = self._chain.copy()
        return twin

    def read(self, num_frames: int) -> FloatArray:
        """The next frames.

        Shape: result (num_frames, 2).
        """
        out = np.empty((num_frames, CHANNELS), np.float32)
        done = 0
        while done < num_frames:
            done += self._read_stretch(out[done:])
        return out

    def _read_stretch(self, out: FloatArray) -> int:
        clip, position = self.clip, self._position
        stop = len(clip)
        if self._will_loop:
            stop = self._joint_start()
            if position >= stop:
                self._begin_joint()
                stop = len(clip)
        num_frames = min(len(out), stop - position)
        part = clip.frames(position, position + num_frames)
        if self._joint and self._gains is not None:
            into, back = position - (len(clip) - self._joint), position - self._loop_length
            outgoing, incoming = (gains[into : into + num_frames, None] for gains in self._gains)
            part = part * outgoing + clip.frames(back, back + num_frames) * incoming
        out[:num_frames] = part
        self._move(num_frames)
        return num_frames

    @property
    def _will_loop(self) -> bool:
        return not self._joint and len(self._chain) == 1 and self.may_loop

    def _joint_start(self) -> int:
        return len(self.clip) - joint_of(self.clip, self._max_joint)

    def _begin_joint(self) -> None:
        clip = self.clip
        self._joint = min(len(clip) - self._position, len(clip) // 2)
        self._loop_length = len(clip) - self._joint
        if clip.loop_length is not None:
            self._loop_length = clip.loop_length
            self._joint = min(self._joint, len(clip) - clip.loop_length)
        begin = len(clip) - self._joint
        tail = clip.frames(begin, len(clip))
        head = clip.frames(begin - self._loop_length, len(clip) - self._loop_length)
        progress = np.arange(self._joint, dtype=np.float32) / np.float32(self._joint)
        self._gains = equal_power_gains(progress, correlation(tail, head))

    def _move(self, num_frames: int) -> None:
        self._position += num_frames
        if self._position < len(self.clip):
            return
        if self._joint:
            self._position = len(self.clip) - self._loop_length
            self._joint, self._gains = 0, None
            self.num_loops += 1
        elif len(self._chain) > 1:
            self._chain.popleft()
            self._position = 0
        else:
            # Only reached with `may_loop` False: the fade is complete here, nobody hears the jump.
            self._position = 0
            self.num_loops += 1
