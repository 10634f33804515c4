"""How far the composer is, for the eye: after the true steps, and never at a stand. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

from installation.messages import ComposeProgress

_FIRST_STEP_S = 1.5
"""A step takes about so long, until one was seen."""
_BEFORE_STEPS = 0.06
"""As much as is shown at most while the model still looks at the picture."""
_AHEAD = 0.85
"""How much of the step in work may be shown before it is done."""


@dataclass(slots=True)
class ProgressLine:
    """Runs after the true steps, creeps on between them, and withdraws when they are done.

    Attributes:
        share: Shown as done, 0 to 1; it never goes back within a job.
        strength: Opacity, 0 to 1.
    """

    share: float = 0.0
    strength: float = 0.0
    _job_id: str = ""
    _ignored_id: str = ""
    _done: float = 0.0
    _step: float = _BEFORE_STEPS
    _step_s: float = _FIRST_STEP_S
    _told_at_s: float = -math.inf

    def begin(self, now_s: float) -> None:
        """Something is asked for; what is still said about the job before does not count."""
        self._ignored_id, self._job_id = self._job_id, ""
        self.share, self._done, self._step, self._step_s = 0.0, 0.0, _BEFORE_STEPS, _FIRST_STEP_S
        self._told_at_s = now_s

    def tell(self, progress: ComposeProgress, now_s: float) -> None:
        """Take in a step that was done."""
        if progress.job_id == self._ignored_id:
            return
        done = min(1.0, max(0.0, progress.step / max(1, progress.num_steps)))
        if progress.job_id != self._job_id:
            if self._job_id:
                self.share = 0.0
            self._job_id, self._step_s = progress.job_id, _FIRST_STEP_S
        elif done > self._done:
            self._step_s = max(0.02, now_s - self._told_at_s)
        self._done, self._step = done, 1.0 / max(1, progress.num_steps)
        self._told_at_s = now_s

    def advance(self, now_s: float, passed_s: float) -> bool:
        """Move on.

        Returns: Whether it has to be painted again.
        """
        before = (self.share, self.strength)
        waited = max(0.0, now_s - self._told_at_s)
        creep = _AHEAD * self._step * (1.0 - math.exp(-waited / (2.0 * self._step_s)))
        target = min(1.0, self._done + (creep if self._done < 1.0 else 0.0))
        self.share += (1.0 - math.exp(-passed_s / 0.25)) * max(0.0, target - self.share)
        rest_s = 1.6 if self._done >= 1.0 else 20.0
        is_shown = waited < rest_s
        strength = 1.0 if is_shown else 0.0
        self.strength += (1.0 - math.exp(-passed_s / (0.35 if is_shown else 0.9))) * (strength - self.strength)
        if self.strength < 0.004 and not is_shown:
            self.strength = 0.0
        return abs(self.share - before[0]) > 1e-5 or abs(self.strength - before[1]) > 1e-4
