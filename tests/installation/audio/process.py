"""The real audio process, spawned as the director spawns it."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import TypeVar

from installation.audio import TAP_BYTES
from installation.audio.tap import TapReader
from installation.channel import Channel
from installation.messages import (
    FromAudio,
    Shutdown,
    ToAudio,
)
from installation.settings import AudioSettings

MessageT = TypeVar("MessageT")
SPAWN = multiprocessing.get_context("spawn")


def _main(connection: Connection, settings: AudioSettings, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    from installation.audio import player

    player.main(Channel(connection), settings)


class AudioProcess:
    """Starts it, talks to it, kills it; the shared memory is the director's, so it is made here."""

    def __init__(
        self,
        make_settings: Callable[[str], AudioSettings],
        environment: dict[str, str] | None = None,
        first: Sequence[ToAudio] = (),
    ) -> None:
        """`make_settings` gets the name of the shared memory and returns the settings; `first` as for `start`."""
        self.memory = SharedMemory(create=True, size=TAP_BYTES)
        self.settings = make_settings(self.memory.name)
        self.tap = TapReader(self.memory.name)
        self._environment = environment or {}
        self._first = first
        self.heard: list[FromAudio] = []

    def __enter__(self) -> AudioProcess:
        self.start(*self._first)
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
        self.tap.close()
        self.memory.close()
        self.memory.unlink()

    def start(self, *first: ToAudio) -> None:
        """Spawn it; `first` is in the channel before it looks."""
        ours, theirs = SPAWN.Pipe()
        self.channel: Channel[ToAudio, FromAudio] = Channel(ours)
        for message in first:
            self.channel.send(message)
        self.process = SPAWN.Process(target=_main, args=(theirs, self.settings, self._environment), daemon=True)
        self.started_at_s = time.monotonic()
        self.process.start()
        theirs.close()

    def wait_for(
        self, kind: type[MessageT], timeout_s: float = 10.0, where: Callable[[MessageT], bool] = lambda _: True
    ) -> MessageT:
        """The next message of a kind; whatever comes before it is kept in `heard`."""
        deadline_s = time.monotonic() + timeout_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            message = self.channel.receive(left_s)
            if message is not None:
                self.heard.append(message)
            if isinstance(message, kind) and where(message):
                return message
        raise AssertionError(f"no {kind.__name__} within {timeout_s} s; heard: {self.heard[-10:]}")

    def leave(self) -> float:
        """Ask it to leave; returns how long it took."""
        began_s = time.monotonic()
        self.channel.send(Shutdown())
        self.process.join(5.0)
        assert self.process.exitcode == 0
        return time.monotonic() - began_s

    def kill(self) -> None:
        """SIGKILL."""
        if self.process.is_alive():
            self.process.kill()
        self.process.join(5.0)
        self.channel.close()
