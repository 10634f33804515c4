"""What is heard, what follows it without a seam, and what comes after that."""

from __future__ import annotations

from dataclasses import dataclass, field

from installation.cues import Clip

_PATIENCE_S = 20.0


@dataclass(slots=True)
class Music:
    """The show's own account of it, put right by what the audio process says."""

    chain: list[Clip] = field(default_factory=list)  # of one piece; the first of them sounds
    begun_at_s: float = 0.0  # of the first of them
    armed: Clip | None = None  # begins another piece; asked for, not heard yet
    armed_until_s: float = 0.0  # then it will not be heard any more
    disarmed: Clip | None = None  # was armed; audio may still come to it
    can_continue: bool = True
    work_since_s: float = 0.0

    def arm(self, clip: Clip, begins_at_s: float) -> None:
        """Another piece was asked for; it is given up when it is not heard a while after it should begin."""
        self.armed, self.armed_until_s = clip, begins_at_s + _PATIENCE_S

    def disarm(self) -> None:
        """The other piece is not wanted any more; but it may come to sound before audio is told of a better one."""
        self.armed, self.disarmed = None, self.armed or self.disarmed

    def begin(self, clip_id: str) -> bool:
        """A clip that was armed comes to sound; False if this is not one."""
        for clip in (self.armed, self.disarmed):
            if clip is not None and clip.clip_id == clip_id:
                self.chain, self.armed, self.disarmed, self.can_continue = [clip], None, None, True
                return True
        return False

    def clips(self) -> list[Clip]:
        """All of them: heard, to follow, armed, and what may come to sound although it is not wanted any more."""
        return [*self.chain, *(clip for clip in (self.armed, self.disarmed) if clip is not None)]

    def end_s(self) -> float:
        """When the last clip of the chain ends."""
        return self.begun_at_s + sum(clip.length_s for clip in self.chain)

    def drop_before(self, clip_id: str) -> bool:
        """Forget what was before this clip; False if the clip is not in the chain."""
        ids = [clip.clip_id for clip in self.chain]
        if clip_id not in ids:
            return False
        del self.chain[: ids.index(clip_id)]
        return True
