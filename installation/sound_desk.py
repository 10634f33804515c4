"""The director's side of the audio process: which clips it may be asked for, and where a new one goes on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Container

from installation import cues, messages
from installation.summary import Tally

MAX_CLIPS = 64
"""Clips that are remembered, and however many more the show has in use."""
RESUME_FADE_S = 0.25


class SoundDesk:
    """Passes the show's wishes on to the audio process, and knows how far that has come.

    Attributes:
        clips: Those that can be asked for, by id, the newest last.
    """

    def __init__(
        self, send: Callable[[messages.ToAudio], object], tally: Tally, in_use: Callable[[], Container[str]]
    ) -> None:
        """Begin without clips, and with an audio process that has said nothing yet.

        Args:
            send: Says something to the audio process.
            tally: Counts what is heard.
            in_use: The clips that the show may ask for again.
        """
        self.clips: OrderedDict[str, messages.ClipInfo] = OrderedDict()
        self._send, self._tally, self._in_use = send, tally, in_use
        self._start_s: dict[str, float] = {}  # of clips that were resumed in the middle
        self._heard: tuple[messages.AudioHeartbeat, float] | None = None
        self._lost_at_s: float | None = None  # the last audio process
        self._silent_since_s: float | None = None  # that is, since the first that was lost without another being heard
        self._is_hushed = True

    def remember(self, clip: messages.ClipInfo) -> None:
        """Learn of a clip that the show may ask for."""
        self.clips[clip.clip_id] = clip
        self.clips.move_to_end(clip.clip_id)
        in_use = self._in_use()
        for clip_id in list(self.clips)[:-MAX_CLIPS]:
            if clip_id not in in_use:
                del self.clips[clip_id]

    def play(self, wish: cues.Play, crossfade_s: float) -> messages.ClipInfo:
        """Have a clip played; returns it. One that is resumed in the middle comes up at once."""
        clip = self.clips[wish.clip.clip_id]
        fade_s = RESUME_FADE_S if wish.start_s else crossfade_s
        self._start_s.pop(clip.clip_id, None)
        if wish.start_s:
            self._start_s[clip.clip_id] = wish.start_s
        self._send(messages.PlayClip(clip, fade_s, wish.start_s, wish.is_at_end))
        return clip

    def append(self, wish: cues.Append) -> messages.ClipInfo:
        """Have a clip played after the last one; returns it."""
        clip = self.clips[wish.clip.clip_id]
        self._send(messages.AppendClip(clip))
        return clip

    def clip_started(self, clip_id: str, heard_at_s: float) -> cues.Event:
        """A clip comes to be heard; returns what that means for the show."""
        self._count_gap(heard_at_s)
        self._silent_since_s = None
        self._tally.note_sound(heard_at_s, is_piece=clip_id != messages.BED_CLIP_ID)
        return cues.ClipStarted(clip_id, heard_at_s - self._start_s.pop(clip_id, 0.0))

    def beat(self, heartbeat: messages.AudioHeartbeat, now_s: float) -> None:
        """Take note of what is heard at this moment."""
        self._heard = heartbeat, now_s
        self._tally.count_audio(heartbeat)

    def audio_went(self, now_s: float) -> None:
        """The audio process is gone; there will be another."""
        self._tally.close_audio_life()
        self._lost_at_s = now_s
        if self._silent_since_s is None:
            self._silent_since_s = now_s

    def audio_came_again(self) -> cues.Event:
        """The audio process is a new one; returns where the old one would be by the time it was lost."""
        if self._heard is None:
            return cues.AudioRestarted("", 0.0)
        heartbeat, heard_at_s = self._heard
        position_s = heartbeat.position_s
        if self._lost_at_s is not None:
            position_s += self._lost_at_s - heard_at_s
        if heartbeat.clip_id in self.clips:
            position_s %= self.clips[heartbeat.clip_id].length_s
        return cues.AudioRestarted(heartbeat.clip_id, position_s)

    def hush(self, is_hushed: bool, now_s: float) -> None:
        """The room closes, and wants to be silent, or opens, and does not."""
        self._count_gap(now_s)
        if self._silent_since_s is not None:
            self._silent_since_s = now_s
        self._is_hushed = is_hushed

    def _count_gap(self, until_s: float) -> None:
        if self._silent_since_s is not None and not self._is_hushed:
            self._tally.gap_s += max(0.0, until_s - self._silent_since_s)
