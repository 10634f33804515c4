"""The director's side of the ui process: what is on the screen, said once, and said again to a new process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from installation import cues, messages
from installation.labels import Work


class ScreenDesk:
    """Tells the ui process what to show, and remembers it.

    Attributes:
        shown: The work that hangs; None before the first.
    """

    def __init__(
        self, send: Callable[[messages.ToUi], object], offer: Callable[[messages.ComposeProgress], bool]
    ) -> None:
        """Begin in a closed room.

        Args:
            send: Says something to the ui process, and waits until it has room for it.
            offer: Likewise, or returns False at once.
        """
        self.shown: messages.ShowWork | None = None
        self._send, self._offer = send, offer
        self._untold: messages.ComposeProgress | None = None
        self._scene = cues.Scene.CLOSED
        self._offered: messages.TakeHome | None = None

    def enter(self, scene: cues.Scene) -> None:
        """The show is in this scene now."""
        self._scene = scene
        if scene is cues.Scene.COMPOSING:
            self._untold = None  # what is composed for a visitor begins anew
        self._send(messages.SceneChanged(scene.value))

    def turn_to(self, work: Work, crossfade_s: float, start_at_s: float) -> None:
        """Have a work hung."""
        self.shown = messages.ShowWork(work.artwork_id, work.path, work.label, crossfade_s, start_at_s)
        self._send(self.shown)

    def correct(self, work: Work) -> None:
        """Have the work that hangs, if it is this one, keep up with its file and its label."""
        if self.shown is not None and self.shown.artwork_id == work.artwork_id:
            shown = replace(self.shown, picture_path=work.path, label=work.label)
            if shown != self.shown:
                self.shown = shown
                self._send(shown)

    def cue(self, clip: messages.ClipInfo) -> None:
        """Show the notes of a clip as soon as it is heard."""
        self._send(messages.CueClip(clip))

    def tell_progress(self, progress: messages.ComposeProgress) -> None:
        """Show how far a job is. To a ui that does not listen only the newest is told, as soon as it does again."""
        self._untold = progress
        self.look_after()

    def look_after(self) -> None:
        """Tell what the ui had no room for."""
        if self._untold is not None and self._offer(self._untold):
            self._untold = None

    def offer(self, offer: messages.TakeHome) -> None:
        """Show how the clip that is heard can be taken home."""
        self._offered = offer
        self._send(offer)

    def ui_came_again(self, clips: Iterable[messages.ClipInfo], now_s: float) -> None:
        """The ui process is a new one: tell it what the old one knew.

        Args:
            clips: Those that may be heard.
            now_s: Monotonic.
        """
        self._send(messages.SceneChanged(self._scene.value))
        if self.shown is not None:
            self._send(replace(self.shown, crossfade_s=0.0, start_at_s=now_s))
        for clip in clips:
            self.cue(clip)
        if self._offered is not None:
            self._send(self._offered)
