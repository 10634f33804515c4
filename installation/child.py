"""What a child process does before its own work: its life is tied to the director's, and its log lines go there."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from installation.channel import Channel
from installation.messages import LogLine

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


def run(director_pid: int, connection: Connection, name: str, entry: str, is_standby: bool) -> None:
    """Get ready, wait for the arguments, and do the work.

    Args:
        director_pid: The process that must not be outlived.
        connection: The channel's end; the first message in it is the entry's other arguments.
        name: As `top` shows it once there is work.
        entry: "package.module:function", called with the channel and the arguments.
        is_standby: The arguments may be long in coming.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _end_with(director_pid)
    _take_name("standby" if is_standby else name)
    channel: Channel[Any, Any] = Channel(connection)
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(_ToDirector(channel))
    logging.captureWarnings(True)
    module, _, function = entry.partition(":")
    try:
        work: Callable[..., None] = getattr(import_module(module), function)
        arguments: Any = channel.receive(None)
        _take_name(name)
        work(channel, *arguments)
    except EOFError:
        return  # the director is gone
    except Exception:
        logging.getLogger(entry).exception("stopped by an error")
        raise SystemExit(1) from None


class _ToDirector(logging.Handler):
    """Sends every line of the log to the director, which owns the file."""

    def __init__(self, channel: Channel[Any, Any]) -> None:
        super().__init__(logging.INFO)
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._channel.send(LogLine(record.levelno, record.name, self.format(record)))
        except OSError:
            return  # the director is gone, and so will this process be


def _end_with(director_pid: int) -> None:
    """Have the kernel end this process with the director, even when it hangs."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != director_pid:
        raise SystemExit(0)  # it ended before the line above


def _take_name(name: str) -> None:
    """For `top`."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NAME, f"kiosk-{name}".encode())
