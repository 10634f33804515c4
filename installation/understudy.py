"""Who composes when the model that is wished for cannot: the bundled one, until the other can be tried again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from installation.settings import UNDERSTUDY, ComposerSettings
from installation.supervisor import ChildPlan, Supervisor

MAX_FAILURES = 2
"""So many times in a row, without a clip between them, the composer may be lost before another model takes over."""
FIRST_PAUSE_S = 300.0
LONGEST_PAUSE_S = 4 * 3600.0

_NAME = "composer"
_log = logging.getLogger(__name__)


class Understudy:
    """Counts the composer's failures and changes what it is started with; the director tells it what happened.

    After a pause, which grows while it is of no use, the wished model is tried again, at a moment when nobody waits for
    the composer. One failure is then enough.
    """

    def __init__(self, supervisor: Supervisor, plans: Sequence[ChildPlan]) -> None:
        """Begin with the composer that is among these plans."""
        self._supervisor = supervisor
        self._num_deaths = 0
        self._try_at_s: float | None = None  # None: the understudy is not on
        self.wish(plans)

    def wish(self, plans: Sequence[ChildPlan]) -> None:
        """Take the composer of these plans for the one that is wished for; the supervisor has them already."""
        self._plan = next(plan for plan in plans if plan.name == _NAME)
        self._num_failures, self._is_on_trial = 0, False
        self._pause_s = FIRST_PAUSE_S
        if self._try_at_s is not None:
            self._try_at_s = 0.0

    @property
    def _wished(self) -> ComposerSettings:
        settings = self._plan.arguments[0]
        assert isinstance(settings, ComposerSettings)
        return settings

    @property
    def _has_another(self) -> bool:
        """Whether the understudy is another than what is wished for."""
        wished = self._wished
        return wished.model != UNDERSTUDY or wished.device not in (None, "cpu") or wished.num_candidates > 1

    def composer_came(self, model: str, now_s: float) -> None:
        """The composer is ready; it may have chosen the understudy by itself, for want of memory."""
        if self._try_at_s is None and model == UNDERSTUDY != self._wished.model:
            self._pause(now_s)

    def clip_made(self) -> None:
        """The composer has made a clip."""
        if self._try_at_s is None:
            if self._is_on_trial:
                _log.info("%s composes again", self._wished.model)
            self._num_failures, self._is_on_trial, self._pause_s = 0, False, FIRST_PAUSE_S

    def composer_went(self, now_s: float) -> None:
        """The composer is lost; that it was asked to leave is no failure."""
        before, self._num_deaths = self._num_deaths, self._supervisor.num_deaths(_NAME)
        if self._num_deaths == before or self._try_at_s is not None:
            return
        self._num_failures += 1
        other = self._wished.for_understudy()
        if self._has_another and (self._is_on_trial or self._num_failures >= MAX_FAILURES):
            self._supervisor.change_plans([replace(self._plan, arguments=(other,))])
            _log.warning(
                "%s has failed %d times in a row; %s composes on the processor, and %s is tried again in %.0f s",
                self._wished.model, self._num_failures, other.model, self._wished.model, self._pause_s,
            )  # fmt: skip
            self._pause(now_s)

    def look_around(self, is_busy: bool, now_s: float) -> None:
        """Try the wished model again, if it is time and nobody waits for the composer."""
        if self._try_at_s is not None and now_s >= self._try_at_s and not is_busy:
            _log.info("%s is tried again", self._wished.model)
            self._try_at_s, self._is_on_trial = None, True
            self._supervisor.change_plans([self._plan])
            self._supervisor.restart(_NAME)

    def _pause(self, now_s: float) -> None:
        self._try_at_s, self._is_on_trial = now_s + self._pause_s, False
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
