"""Following the music: which notes are where, from what the tap says is heard.

A piece reaches the ear as a chain of clips, each continuing the last, or as one clip looping. Here
the chain is unrolled onto one line of time, so that notes flow on through every joint. No Qt.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from installation.messages import ClipInfo, HeardClip, SoundingNote

MAX_CUED_CLIPS = 48
FADE_IN_S = 1.2
"""New notes come into sight this slowly."""
_LET_GO_S = 0.35
_JUMP_S = 0.25
_MIN_SPAN = 34
"""Semitones between the lowest and the highest note of the picture, at least."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A clip in its place on a strand's line of time.

    Attributes:
        clip: The clip.
        start_s: Where on the line it begins.
        known_since_s: When it came into sight.
    """

    clip: ClipInfo
    start_s: float
    known_since_s: float


@dataclass(slots=True)
class Strand:
    """One piece as it unrolls.

    Attributes:
        artwork_id: Whose music it is.
        segments: The clips heard so far (the last few of them), and the one known to follow.
        index: The segment that is heard.
        position_s: Where on the line of time the ear is.
        gain: Its part of the mix, 0 to 1.
        low: Pitch at the lower edge of the picture.
        high: Pitch at its upper edge.
    """

    artwork_id: str
    segments: list[Segment]
    position_s: float
    gain: float
    index: int = 0
    low: float = 40.0
    high: float = 88.0
    _is_framed: bool = field(default=False, repr=False)

    @property
    def clip(self) -> ClipInfo:
        """What is heard of it now."""
        return self.segments[self.index].clip

    @property
    def clip_position_s(self) -> float:
        """Where in that clip."""
        return self.position_s - self.segments[self.index].start_s

    @property
    def has_notes(self) -> bool:
        """Whether there is a score to show."""
        return any(segment.clip.notes for segment in self.segments)

    def notes(self, behind_s: float, ahead_s: float, now_s: float) -> Iterator[tuple[float, SoundingNote, float]]:
        """The notes around the ear.

        Args:
            behind_s: How far back.
            ahead_s: How far ahead.
            now_s: The time, for what has just come into sight.

        Yields: (seconds until its onset, negative once it has begun; the note; how far it has
            come into sight, 0 to 1).
        """
        for segment in self.segments:
            age = now_s - segment.known_since_s
            sight = min(1.0, max(0.0, age / FADE_IN_S))
            offset = segment.start_s - self.position_s
            for note in segment.clip.notes:
                until = offset + note.onset_s
                if until > ahead_s:
                    break
                if until + note.duration_s > -behind_s:
                    yield until, note, sight

    def follow(self, heard: HeardClip, passed_s: float, now_s: float) -> None:
        """Go where the ear is, evenly: small differences are made up little by little."""
        if heard.clip_id != self.clip.clip_id:
            self.index += 1
        elif heard.position_s < self.clip_position_s - 0.5 * self.clip.length_s:
            self._loop(now_s)
        target = self.segments[self.index].start_s + heard.position_s
        self.position_s += passed_s
        error = target - self.position_s
        self.position_s += error if abs(error) > _JUMP_S else 0.2 * error
        self.gain = heard.gain
        while self.index > 2:
            del self.segments[0]
            self.index -= 1

    def expect(self, clip: ClipInfo, now_s: float) -> None:
        """Let this clip follow the last one."""
        last = self.segments[-1]
        self.segments.append(Segment(clip, last.start_s + last.clip.length_s, now_s))

    def frame(self, passed_s: float) -> None:
        """Let the edges of the picture glide to where the notes of this piece need them."""
        pitches = [note.pitch for segment in self.segments for note in segment.clip.notes]
        if not pitches:
            return
        low, high = min(pitches) - 1.5, max(pitches) + 1.5
        missing = max(0.0, _MIN_SPAN - (high - low))
        low, high = low - missing / 2, high + missing / 2
        share = 1.0 if not self._is_framed else 1.0 - math.exp(-passed_s / 1.5)
        self.low += share * (low - self.low)
        self.high += share * (high - self.high)
        self._is_framed = True

    def _loop(self, now_s: float) -> None:
        current = self.segments[self.index]
        del self.segments[self.index + 1 :]
        self.segments.append(Segment(current.clip, current.start_s + current.clip.length_s, now_s))
        self.index += 1


class Follower:
    """Keeps the strands of what is heard, and knows what has been cued."""

    def __init__(self) -> None:
        """Nothing heard, nothing cued."""
        self.strands: list[Strand] = []
        self._cued: OrderedDict[str, ClipInfo] = OrderedDict()
        self._updated_at_s: float | None = None

    def cue(self, clip: ClipInfo) -> None:
        """Learn the notes of a clip that will sound."""
        by_onset = sorted(clip.notes, key=lambda note: note.onset_s)
        self._cued[clip.clip_id] = replace(clip, notes=tuple(by_onset))
        self._cued.move_to_end(clip.clip_id)
        while len(self._cued) > MAX_CUED_CLIPS:
            self._cued.popitem(last=False)

    def update(self, heard: Sequence[HeardClip], now_s: float) -> None:
        """Bring the strands to this moment.

        Args:
            heard: From the tap.
            now_s: Monotonic time.
        """
        passed_s = 0.0 if self._updated_at_s is None else max(0.0, now_s - self._updated_at_s)
        self._updated_at_s = now_s
        unheard = list(self.strands)
        for item in heard:
            strand = self._strand_of(item, unheard)
            if strand is None:
                clip = self._cued.get(item.clip_id) or _unknown(item.clip_id)
                strand = Strand(clip.artwork_id, [Segment(clip, 0.0, now_s)], item.position_s, item.gain)
                self.strands.append(strand)
            else:
                unheard.remove(strand)
                self._learn(strand, item)
            strand.follow(item, passed_s, now_s)
            self._look_ahead(strand, now_s)
            strand.frame(passed_s)
        for strand in unheard:
            strand.position_s += passed_s
            strand.gain -= passed_s / _LET_GO_S
        self.strands = [strand for strand in self.strands if strand.gain > 0.0 or strand not in unheard]

    def gain_of(self, artwork_id: str) -> float:
        """How much of what is heard is this work's music, 0 to 1."""
        return min(1.0, math.sqrt(sum(s.gain**2 for s in self.strands if s.artwork_id == artwork_id)))

    def loudest_of(self, artwork_id: str) -> Strand | None:
        """What is heard most of this work's music."""
        own = [strand for strand in self.strands if strand.artwork_id == artwork_id]
        return max(own, key=lambda strand: strand.gain, default=None)

    def gain_without_notes(self) -> float:
        """How much of what is heard has no score, 0 to 1; all of it when nothing is."""
        if not self.strands:
            return 1.0
        return min(1.0, math.sqrt(sum(s.gain**2 for s in self.strands if not s.has_notes)))

    def _strand_of(self, heard: HeardClip, candidates: Sequence[Strand]) -> Strand | None:
        """The strand that plays this clip or is about to; of two (a clip fading into itself) the nearer."""
        playing = [strand for strand in candidates if strand.clip.clip_id == heard.clip_id]
        if playing:
            return min(playing, key=lambda strand: abs(strand.clip_position_s - heard.position_s))
        for strand in candidates:
            if heard.clip_id in {segment.clip.clip_id for segment in strand.segments[strand.index + 1 :]}:
                return strand
        return None

    def _learn(self, strand: Strand, heard: HeardClip) -> None:
        """A clip may be heard before its notes are known (the ui was restarted)."""
        known = self._cued.get(heard.clip_id)
        current = strand.segments[strand.index]
        if known and current.clip.clip_id == heard.clip_id and current.clip.audio_path != known.audio_path:
            strand.segments[strand.index] = Segment(known, current.start_s, self._updated_at_s or 0.0)
            strand.artwork_id = known.artwork_id

    def _look_ahead(self, strand: Strand, now_s: float) -> None:
        last = strand.segments[-1].clip
        if strand.index == len(strand.segments) - 1:
            following = next((c for c in reversed(self._cued.values()) if c.continues == last.clip_id), None)
            if following is not None:
                strand.expect(following, now_s)


def _unknown(clip_id: str) -> ClipInfo:
    """A clip nobody cued, the bed for one: it sounds, but has no notes to show."""
    return ClipInfo(clip_id, "", Path(), math.inf, 0)
