"""Child processes that are kept alive: started, listened to, replaced when they die or hang.

A child is replaced after growing pauses, for ever; one that had worked for a while is replaced at once. It proves
that it works by work done (samples played, pictures painted, steps denoised), which the director reports here;
being alive is not enough. Children never outlive the director: they read the end of their channel, and on Linux
the kernel ends them with it.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from installation import child as child_process
from installation.channel import Channel
from installation.messages import LogLine, Shutdown

_SHORTEST_PAUSE_S = 0.2
_WORKED_FOR_A_WHILE_S = 20.0
_TERMINATE_GRACE_S = 0.25
_RESTART_WITHIN_S = 4.0
_STANDBY_AFTER_S = 3.0
"""So long after a start another process gets ready on standby: first everybody else may use the processor."""
_MAX_MESSAGES_AT_A_TIME = 100
_PATIENCE = 10.0
"""When this process wakes late, the children have waited for the processor, too: so many times longer they may take."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """What a child runs and when it counts as hung.

    Attributes:
        name: As it is called in the log.
        entry: "package.module:function", called with its channel and the arguments.
        arguments: Picklable.
        max_start_s: So long it may take from its start to its first work.
        max_idle_s: So long it may take from one piece of work to the next.
        longest_pause_s: To this the pauses before it is started again grow, while it dies young.
        niceness: Of its process from its first moment, where the system allows it; below 0 it comes before others.
        has_standby: Another process waits beside it, with everything imported and nothing opened, to take its place.
    """

    name: str
    entry: str
    arguments: tuple[Any, ...]
    max_start_s: float
    max_idle_s: float
    longest_pause_s: float = 30.0
    niceness: int = 0
    has_standby: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A child sent a message."""

    child: str
    message: Any


@dataclass(frozen=True, slots=True)
class Lost:
    """A child is gone; it will be replaced."""

    child: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """A child that was lost was started again."""

    child: str


class _Child:
    """One plan and the process that carries it out at the moment."""

    def __init__(self, plan: ChildPlan) -> None:
        self.plan = plan
        self.process: SpawnProcess | None = None
        self.channel: Channel[Any, Any] | None = None
        self.standby: tuple[SpawnProcess, Channel[Any, Any]] | None = None
        self.standby_at_s = 0.0  # before then no process gets ready
        self.num_deaths = 0
        self.start_at_s = 0.0  # when it is to be started, while there is no process
        self.started_at_s = 0.0
        self.worked_at_s: float | None = None  # None: nothing yet
        self.is_idle_allowed = False
        self.pause_s = _SHORTEST_PAUSE_S
        self.peak_memory_mb = 0.0
        self.leaves_by_s: float | None = None  # it was asked to leave
        self.is_killed = False

    def start(self, now_s: float) -> None:
        """Let the process on standby take over, if there is one, else a new one."""
        if self.standby is not None and self.has_standby:
            self.process, self.channel = self.standby
            self.standby = None
        else:
            self.end_standby()
            self.process, self.channel = self._spawn()
        self.standby_at_s = now_s + _STANDBY_AFTER_S
        with contextlib.suppress(OSError):  # it is dying already
            self.channel.send(self.plan.arguments)
        self.started_at_s, self.worked_at_s, self.leaves_by_s, self.is_killed = now_s, None, None, False

    @property
    def has_standby(self) -> bool:
        """A process waits to take over."""
        return self.standby is not None and self.standby[0].is_alive()

    def keep_standby(self, now_s: float) -> None:
        """See to it that there is a process on standby, if the plan wants one."""
        if self.plan.has_standby and now_s >= self.standby_at_s and not self.has_standby:
            self.end_standby()
            self.standby, self.standby_at_s = self._spawn(is_standby=True), now_s + _STANDBY_AFTER_S

    def end_standby(self) -> None:
        """It has nothing open, so that it can be ended anyhow."""
        if self.standby is not None:
            process, channel = self.standby
            process.kill()
            process.join()
            process.close()
            channel.close()
            self.standby = None

    def _spawn(self, *, is_standby: bool = False) -> tuple[SpawnProcess, Channel[Any, Any]]:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=True)
        process = context.Process(
            target=child_process.run,
            name=self.plan.name,
            args=(os.getpid(), theirs, self.plan.name, self.plan.entry, is_standby),
            daemon=True,
        )
        # Ctrl+C reaches the whole process group; the children leave it to the director, from their first moment.
        previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, previous)
        theirs.close()
        if self.plan.niceness and process.pid is not None:
            with contextlib.suppress(PermissionError, ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, process.pid, self.plan.niceness)
        return process, Channel(ours)

    def hung_for_s(self, now_s: float) -> float:
        """How far beyond its limit it is without having worked; negative while all is well, or while it ends."""
        if self.is_killed:
            return -1.0
        if self.leaves_by_s is not None:
            return now_s - self.leaves_by_s
        if self.worked_at_s is None:
            return now_s - self.started_at_s - self.plan.max_start_s
        return -1.0 if self.is_idle_allowed else now_s - self.worked_at_s - self.plan.max_idle_s

    def messages(self) -> Iterator[Any]:
        """What it has said; log lines go into the log. Not more than so much at a time: others speak too.

        Raises: EOFError when it has closed its end and everything was read.
        """
        assert self.channel is not None
        for _ in range(_MAX_MESSAGES_AT_A_TIME):
            message = self.channel.receive()
            if message is None:
                return
            if isinstance(message, LogLine):
                logging.getLogger(message.logger).log(message.level, "%s", message.text)
            else:
                yield message

    def measure_memory(self) -> None:
        if self.process is not None and self.process.pid is not None:
            self.peak_memory_mb = max(self.peak_memory_mb, memory_mb(self.process.pid, at_peak=True))


class Supervisor:
    """Starts the children and stays with them. One thread uses it."""

    def __init__(self, plans: Sequence[ChildPlan], now_s: float) -> None:
        """Start every child, in this order."""
        self._children = {plan.name: _Child(plan) for plan in plans}
        self._lateness_s = 0.0  # of this process itself, on a machine that is too busy
        for child in self._children.values():
            child.start(now_s)

    def wait(self, timeout_s: float) -> Iterator[Said | Lost | Replaced]:
        """What the children say and what happens to them, within so long at most."""
        by_handle: dict[Any, _Child] = {}
        began_s = time.monotonic()
        due_s = began_s + timeout_s
        for child in self._children.values():
            if child.process is not None and child.channel is not None:
                by_handle[child.channel.fileno()] = by_handle[child.process.sentinel] = child
                if (hung_for_s := child.hung_for_s(began_s)) < 0:
                    due_s = min(due_s, began_s - hung_for_s)
            else:
                due_s = min(due_s, child.start_at_s)
        ready = wait(list(by_handle), max(0.0, due_s - time.monotonic()))
        # By this moment it is judged who hangs: what is done about the news below takes its time, too.
        now_s = time.monotonic()
        self._lateness_s = max(0.95 * self._lateness_s, now_s - max(due_s, began_s))
        for child in {id(by_handle[handle]): by_handle[handle] for handle in ready}.values():
            yield from self._listen(child)
        for child in self._children.values():
            if child.process is None:
                if time.monotonic() >= child.start_at_s:
                    child.start(time.monotonic())
                    yield Replaced(child.plan.name)
                continue
            child.keep_standby(now_s)
            if child.hung_for_s(now_s) > _PATIENCE * self._lateness_s:
                how = "does nothing any more" if child.leaves_by_s is None else "does not leave by itself"
                _log.warning("%s %s; it is ended", child.plan.name, how)
                child.process.kill()
                child.is_killed = True

    def _listen(self, child: _Child) -> Iterator[Said | Lost]:
        assert child.process is not None
        is_over = not child.process.is_alive()
        try:
            for message in child.messages():
                yield Said(child.plan.name, message)
        except EOFError:
            child.process.join(_TERMINATE_GRACE_S)  # it has closed its end: it is leaving
            if child.process.is_alive():
                _log.warning("%s has closed its end and does not leave; it is ended", child.plan.name)
                child.process.kill()
                child.process.join()
            is_over = True
        if is_over:
            self._bury(child)
            yield Lost(child.plan.name)

    def _bury(self, child: _Child) -> None:
        assert child.channel is not None
        assert child.process is not None
        now_s = time.monotonic()
        has_worked = child.worked_at_s is not None and now_s - child.started_at_s > _WORKED_FOR_A_WHILE_S
        is_asked_for = child.leaves_by_s is not None
        pause_s = 0.0 if has_worked or is_asked_for or child.has_standby else child.pause_s
        child.pause_s = _SHORTEST_PAUSE_S if has_worked else min(child.plan.longest_pause_s, 2 * child.pause_s)
        child.num_deaths += not is_asked_for
        child.start_at_s = now_s + pause_s
        exit_reason = _explain_exit(child.process.exitcode)
        level = logging.INFO if is_asked_for else logging.WARNING
        _log.log(level, "%s ended (%s); starting it again in %.1f s", child.plan.name, exit_reason, pause_s)
        child.channel.close()
        child.process.close()
        child.process = child.channel = None

    def send(self, name: str, message: Any) -> bool:
        """Say something to a child; False when it is not there to hear it."""
        channel = self._children[name].channel
        if channel is None:
            return False
        try:
            channel.send(message)
        except OSError:
            return False  # it is dying; `wait` will notice
        return True

    def offer(self, name: str, message: Any) -> bool:
        """Say something that may get lost: it does when the child is not there, or has stopped listening."""
        channel = self._children[name].channel
        if channel is None or not select.select([], [channel.fileno()], [], 0)[1]:
            return False
        return self.send(name, message)

    def note_work(self, name: str) -> None:
        """The child has done some work."""
        self._children[name].worked_at_s = time.monotonic()

    def allow_idling(self, name: str, is_allowed: bool) -> None:
        """Whether the child may do nothing for now, because nothing is asked of it."""
        child = self._children[name]
        if child.is_idle_allowed and not is_allowed and child.worked_at_s is not None:
            child.worked_at_s = time.monotonic()
        child.is_idle_allowed = is_allowed

    def change_plans(self, plans: Sequence[ChildPlan]) -> None:
        """Start the children by these plans from now on; those that run go on as they are, and nobody new comes."""
        for plan in plans:
            if plan.name in self._children:
                self._children[plan.name].plan = plan

    def restart(self, name: str) -> None:
        """Have a child leave, in good order if it can, and start it afresh."""
        child = self._children[name]
        if child.process is not None and child.leaves_by_s is None:
            _log.info("%s is started afresh", name)
            self.send(name, Shutdown())
            child.leaves_by_s = time.monotonic() + _RESTART_WITHIN_S

    @property
    def names(self) -> tuple[str, ...]:
        """Of all children."""
        return tuple(self._children)

    def age_s(self, name: str, now_s: float) -> float:
        """How long the child's process has been there; 0 while there is none."""
        child = self._children[name]
        return now_s - child.started_at_s if child.process is not None else 0.0

    def pid(self, name: str) -> int | None:
        """Of the child's process; None while there is none."""
        process = self._children[name].process
        return process.pid if process is not None else None

    def num_deaths(self, name: str) -> int:
        """How often the child was lost."""
        return self._children[name].num_deaths

    def measure_memory(self) -> dict[str, float]:
        """Peak resident memory in MB by child, over all its lives."""
        for child in self._children.values():
            child.measure_memory()
        return {name: child.peak_memory_mb for name, child in self._children.items()}

    def close(self, grace_s: float) -> None:
        """Ask all children to leave, and see to it that they do."""
        self.measure_memory()
        for name, child in self._children.items():
            child.end_standby()
            self.send(name, Shutdown())
        deadline_s = time.monotonic() + grace_s
        self._drain_until(deadline_s)
        for end in ("terminate", "kill"):
            for child in self._children.values():
                if child.process is not None and child.process.is_alive():
                    _log.debug("%s does not leave by itself: %s", child.plan.name, end)
                    getattr(child.process, end)()
            self._drain_until(time.monotonic() + _TERMINATE_GRACE_S)

    def _drain_until(self, deadline_s: float) -> None:
        """Wait for the children to end, reading on: a full pipe must not keep one from leaving."""
        while (rest_s := deadline_s - time.monotonic()) > 0:
            living = [c for c in self._children.values() if c.process is not None and c.process.is_alive()]
            if not living:
                return
            wait([c.process.sentinel for c in living if c.process is not None], min(rest_s, 0.05))
            for child in living:
                with contextlib.suppress(EOFError):
                    deque(child.messages(), maxlen=0)


def memory_mb(pid: int, *, at_peak: bool = False) -> float:
    """The memory the process has resident now, or the most it has had at once, in MB; 0 when it cannot be told.

    Where the system does not keep the peak (it does on Linux), the memory at this moment.
    """
    field = "VmHWM:" if at_peak else "VmRSS:"
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) / 1024
    except OSError:
        if sys.platform == "linux":
            return 0.0
    import psutil  # only where there is no /proc

    try:
        return float(psutil.Process(pid).memory_info().rss) / 2**20
    except psutil.Error:
        return 0.0


def _explain_exit(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
