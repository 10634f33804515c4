"""The line between two processes. Standard library only."""

from __future__ import annotations

import threading
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

SentT = TypeVar("SentT")
ReceivedT = TypeVar("ReceivedT")


class Channel(Generic[SentT, ReceivedT]):
    """One end of a two-way pipe; any thread may send, one thread receives."""

    def __init__(self, connection: Connection) -> None:
        """Wrap one end of `multiprocessing.Pipe(duplex=True)`."""
        self._connection = connection
        self._send_lock = threading.Lock()

    def send(self, message: SentT) -> None:
        """Send a message.

        Raises: OSError (BrokenPipeError) when the other side is gone.
        """
        with self._send_lock:
            self._connection.send(message)

    def receive(self, timeout_s: float | None = 0.0) -> ReceivedT | None:
        """The next message, or None when none came within `timeout_s` (None waits for ever).

        Raises: EOFError when the other side is gone and everything it said has been read.
        """
        try:
            if not self._connection.poll(timeout_s):
                return None
            message: ReceivedT = self._connection.recv()
        except (ConnectionResetError, BrokenPipeError) as error:
            raise EOFError from error
        return message

    def fileno(self) -> int:
        """For `select` and QSocketNotifier. After a wake-up, receive until None comes."""
        return self._connection.fileno()

    def close(self) -> None:
        """Close this end; the other side reads EOFError."""
        self._connection.close()
