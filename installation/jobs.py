"""Where the show's wishes for music go: to the composer, or to the library where that is sooner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from art2mus.artwork_labels import year_in
from installation import cues, messages
from installation.library import Library
from installation.settings import words_for


@dataclass(frozen=True, slots=True)
class Order:
    """A job as the show asked for it, and what the composer has to know beside.

    Attributes:
        job: What the show asked for.
        picture_path: The work's picture.
        seed: For the composer.
        year: When the work was made, if its label says so.
        country: Where it comes from, likewise.
    """

    job: cues.Compose
    picture_path: Path
    seed: int
    year: int | None = None
    country: str | None = None

    @classmethod
    def of(cls, job: cues.Compose, picture_path: Path, seed: int, label: messages.WallLabel) -> Self:
        """Take from a label what it says of time and place."""
        return cls(job, picture_path, seed, year_in(label.year), label.country or None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: what the show is told, and the clip if there is one, and whether it is an old one."""

    event: cues.ClipComposed | cues.JobFailed
    clip: messages.ClipInfo | None = None
    is_from_library: bool = False


class JobDesk:
    """Hands the one job of the show to whoever can do it.

    What somebody waits for comes out of the library at once, if the work was met before; what follows it is
    composed. A composer that is down is waited for, for `patience_s`; then the library answers, and goes on answering
    at once until the composer is ready. A method returns how the job ended, or None while it goes on.
    """

    def __init__(
        self,
        library: Library,
        send: Callable[[messages.ToComposer], bool],
        patience_s: float,
        prompt: str = "",
        is_replaying: bool = False,
    ) -> None:
        """Begin with a composer that is not ready yet.

        Args:
            library: Where finished clips are.
            send: Says something to the composer; False when it is not there.
            patience_s: So long a job waits for the composer.
            prompt: The curator's words.
            is_replaying: The library answers at once what somebody waits for; else only for a composer that is down.
        """
        self.sample_rate: int | None = None
        """Of the sound device; no job is sent before it is known."""
        self.is_composer_ready = False
        self.prompt = prompt
        """The curator's words, as the composer was started with them."""
        self._library = library
        self._send = send
        self._patience_s = patience_s
        self._is_replaying = is_replaying
        self._recipe: str | None = None  # of the composer that is ready; None: whatever was made for the work
        self._down_since_s: float | None = None
        self._order: Order | None = None
        self._is_sent = False

    @property
    def is_composer_busy(self) -> bool:
        """Whether work is expected of the composer at this moment."""
        return self._is_sent

    def submit(self, order: Order, now_s: float) -> Outcome | None:
        """Take a job."""
        self._order, self._is_sent = order, False
        if self._is_replaying and order.job.is_awaited:
            rate = self.sample_rate if self.is_composer_ready else None
            clip = self._library.beginning_for(order.job.artwork_id, self._words(order), self._recipe, rate)
            if clip is not None:
                self._order = None
                return Outcome(cues.ClipComposed(order.job.job_id, as_show_clip(clip)), clip, is_from_library=True)
        return self.look_after(now_s)

    def cancel(self, job_id: str) -> None:
        """Forget a job."""
        if self._order is not None and self._order.job.job_id == job_id:
            if self._is_sent:
                self._send(messages.Cancel(job_id))
            self._order, self._is_sent = None, False

    def composer_came(self, recipe: str = "") -> None:
        """The composer has loaded its model; `recipe` as in `ComposerReady`."""
        self.is_composer_ready, self._down_since_s, self._recipe = True, None, recipe

    def composer_went(self, now_s: float) -> Outcome | None:
        """The composer is gone, with its job and its pieces; it will be replaced.

        The job it had in work is not tried again: it may be what it died of.
        """
        self.is_composer_ready, self._recipe = False, None
        if self._down_since_s is None:
            self._down_since_s = now_s
        if self._is_sent and self._order is not None:
            job, self._order, self._is_sent = self._order.job, None, False
            return Outcome(cues.JobFailed(job.job_id, is_lost_piece=job.continues is not None))
        return self.look_after(now_s)

    def look_after(self, now_s: float) -> Outcome | None:
        """Move the waiting job on, if it can be."""
        order = self._order
        if order is None or self._is_sent:
            return None
        if self._down_since_s is None and not self.is_composer_ready:
            self._down_since_s = now_s
        if self.is_composer_ready and self.sample_rate is not None:
            self._is_sent = self._send(
                messages.Compose(
                    job_id=order.job.job_id,
                    artwork_id=order.job.artwork_id,
                    picture_path=order.picture_path,
                    seed=order.seed,
                    sample_rate=self.sample_rate,
                    continues=order.job.continues,
                    prompt=order.job.text,
                    year=order.year,
                    country=order.country,
                )
            )
            return None
        has_waited = self._down_since_s is not None and now_s - self._down_since_s >= self._patience_s
        if order.job.continues is not None or has_waited:
            return self._ask_library(order)
        return None

    def take(self, message: messages.FromComposer) -> Outcome | None:
        """Hear what the composer says about a job."""
        if isinstance(message, messages.ClipReady):
            self._close(message.job_id)
            if not self._library.add(message.clip):  # the curator has banned it: nothing is lost, begin another
                return Outcome(cues.JobFailed(message.job_id, is_lost_piece=True))
            return Outcome(cues.ClipComposed(message.job_id, as_show_clip(message.clip)), message.clip)
        if isinstance(message, messages.ComposeFailed):
            self._close(message.job_id)
            return Outcome(cues.JobFailed(message.job_id, message.is_lost_piece, message.is_unreadable))
        return None

    def _ask_library(self, order: Order) -> Outcome:
        """A clip from the library; a piece without a stored continuation has come to its end."""
        job, self._order = order.job, None
        if job.continues is not None:
            clip = self._library.continuation_of(job.continues)
        else:
            clip = self._library.beginning_for(job.artwork_id, self._words(order))
        if clip is None:
            return Outcome(cues.JobFailed(job.job_id, is_lost_piece=job.continues is not None))
        return Outcome(cues.ClipComposed(job.job_id, as_show_clip(clip)), clip, is_from_library=True)

    def _words(self, order: Order) -> str:
        return words_for(self.prompt, order.job.text)

    def _close(self, job_id: str) -> None:
        if self._order is not None and self._order.job.job_id == job_id:
            self._order, self._is_sent = None, False


def as_show_clip(clip: messages.ClipInfo) -> cues.Clip:
    """What the show needs to know of a clip."""
    return cues.Clip(clip.clip_id, clip.artwork_id, clip.length_s)
