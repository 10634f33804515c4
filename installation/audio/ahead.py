"""The mix ahead of the device, and how what was mixed but not played yet is mixed anew."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from installation.audio import BLOCK_FRAMES
from installation.audio.limiter import LATE_FRAMES, Limiter
from installation.audio.mixer import Mixer, MixerState, Refused, Started
from installation.audio.tap import TapWriter

FloatArray = npt.NDArray[np.float32]
Command = Callable[[Mixer], None]

MARGIN_FRAMES = BLOCK_FRAMES
"""What the device is about to ask for stays as it is. When it asks for more while that is mixed anew, the fade begins
later."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """Mixer and limiter as they were before the block that begins at this frame of the ring."""

    frame: int
    mixer: Mixer
    limiter: Limiter


class MixAhead:
    """Fills the tap's ring from a mixer; what is urgent is heard before all that waits there.

    Belongs to the mixer's thread. While a block waits in the ring, the mixer as it was before that block is
    remembered: a twin of some numbers, not of samples. So an urgent command takes back what the device has not asked
    for, and everything from there on is mixed anew; what was said to the mixer meanwhile is said again.
    """

    def __init__(self, mixer: Mixer, limiter: Limiter, tap: TapWriter) -> None:
        """Begin where the ring has been written to."""
        self._mixer = mixer
        self._limiter = limiter
        self._tap = tap
        self._first_frame = tap.ring.num_written
        self._moments: deque[_Moment] = deque()
        self._said: list[tuple[int, Command]] = []
        self._events: list[Started | Refused] = []

    @property
    def state(self) -> MixerState:
        """Of the mixer, at the end of what is mixed."""
        return self._mixer.state()

    def do(self, command: Command, *, is_urgent: bool = False) -> None:
        """Have the mixer do something behind all that is mixed; what is urgent, as soon as it can still be heard."""
        written = self._tap.ring.num_written
        frame = self._take_back() if is_urgent else written
        while not self._mix_anew(command, frame, written):
            frame = self._catch_up(frame, written)

    def fill(self, num_frames: int) -> None:
        """Mix until at least so many frames wait, or there is no room for another block."""
        ring = self._tap.ring
        num_frames = min(num_frames, ring.capacity - BLOCK_FRAMES)
        while ring.num_readable < num_frames:
            ring.write(self._next_block(ring.num_written))
        while self._moments and self._moments[0].frame < ring.num_read:
            self._moments.popleft()
        oldest = self._moments[0].frame if self._moments else ring.num_written
        self._said = [(frame, command) for frame, command in self._said if frame > oldest]

    def take_events(self) -> list[Started | Refused]:
        """What happened since the last call. What began and was taken back before it was heard is among it."""
        events, self._events = self._events, []
        return events

    def frame_of(self, event: Started) -> int:
        """The frame of the ring with which a clip begins."""
        return self._first_frame + event.at_frame + LATE_FRAMES

    def _say(self, command: Command, frame: int) -> None:
        command(self._mixer)
        self._said.append((frame, command))
        self._events += self._mixer.take_events()

    def _mix_anew(self, command: Command, frame: int, written: int) -> bool:
        """Do it at a frame and mix on from there; False, and nothing is done, if the device was there first."""
        before = _Moment(frame, self._mixer.twin(), copy.copy(self._limiter))
        sizes = len(self._said), len(self._events), len(self._moments)
        self._say(command, frame)
        blocks = [self._next_block(at) for at in range(frame, written, BLOCK_FRAMES)]
        if blocks and self._tap.ring.num_read > frame:
            self._mixer, self._limiter = before.mixer, before.limiter
            del self._said[sizes[0] :], self._events[sizes[1] :]
            while len(self._moments) > sizes[2]:
                self._moments.pop()
            return False
        for number, block in enumerate(blocks):
            self._tap.ring.rewrite(frame + number * BLOCK_FRAMES, block)
        return True

    def _catch_up(self, frame: int, written: int) -> int:
        """Go on as it was, until there is time again before the device; returns the frame."""
        while frame < min(written, self._tap.ring.num_read + MARGIN_FRAMES):
            self._next_block(frame)
            frame += BLOCK_FRAMES
        return frame

    def _take_back(self) -> int:
        """Go back to the earliest block that the device will not ask for at once; returns its frame."""
        ring, moment = self._tap.ring, None
        while self._moments and self._moments[-1].frame >= ring.num_read + MARGIN_FRAMES:
            moment = self._moments.pop()
        if moment is None:
            return ring.num_written
        self._mixer, self._limiter = moment.mixer, moment.limiter
        later = [command for frame, command in self._said if frame > moment.frame]
        self._said = self._said[: len(self._said) - len(later)]
        for command in later:
            self._say(command, moment.frame)
        return moment.frame

    def _next_block(self, frame: int) -> FloatArray:
        self._moments.append(_Moment(frame, self._mixer.twin(), copy.copy(self._limiter)))
        self._tap.note_block(frame, self._mixer.state().voices)
        block = self._limiter.process(self._mixer.render(BLOCK_FRAMES))
        self._events += self._mixer.take_events()
        return block
