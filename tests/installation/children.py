"""Processes for the supervisor to look after: each does one thing that children do."""

from __future__ import annotations

import logging
import os
import signal

from installation.channel import Channel
from installation.messages import (
    AudioHeartbeat,
    ComposerReady,
    Shutdown,
)
from installation.settings import ComposerSettings

Line = Channel[object, object]


def obedient(channel: Line, name: str) -> None:
    """Says who it is, repeats what it hears, leaves when asked."""
    logging.getLogger("child").warning("%s is here", name)
    channel.send((name, os.getpid()))
    while not isinstance(message := channel.receive(None), Shutdown):
        channel.send(message)


def hanging(channel: Line) -> None:
    """Works once, then does nothing and hears nothing."""
    channel.send(AudioHeartbeat(1, 0, 0.0, 0.0, 0.0, 1, "clip", 0.0, 0.0))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        signal.pause()


def beating(channel: Line) -> None:
    """Works all the time."""
    while not isinstance(channel.receive(0.05), Shutdown):
        channel.send("beat")


def failing(_channel: Line) -> None:
    """Ends with an error at once."""
    raise RuntimeError("meant to fail")


def talkative(channel: Line) -> None:
    """Says more than a pipe can hold, whatever happens."""
    while True:
        channel.send(b"x" * 10_000)


def failing_composer(_channel: Line, _settings: object) -> None:
    """As `failing`, in the composer's place."""
    failing(_channel)


def moody_composer(channel: Line, settings: ComposerSettings) -> None:
    """Composes, or would; fails instead with any model but `mini`, unless it is well."""
    if settings.model != "mini" and "CHILD_IS_WELL" not in os.environ:
        raise RuntimeError("meant to fail")
    channel.send(ComposerReady(settings.model, 0.0))
    while not isinstance(channel.receive(None), Shutdown):
        pass
