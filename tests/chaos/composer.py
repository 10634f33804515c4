"""Composers whose memory runs out whenever the file `out-of-memory` is in the kiosk's home."""

from __future__ import annotations

import os
from pathlib import Path

from installation import composer
from installation.messages import Compose, ComposerChannel, ToComposer
from installation.settings import ComposerSettings
from tests.installation import sine_composer

FLAG = "out-of-memory"


class _Channel:
    """The real one; but a job that comes while the flag is there finds no memory."""

    def __init__(self, channel: ComposerChannel) -> None:
        self._channel = channel
        self.send = channel.send

    def receive(self, timeout_s: float | None = 0.0) -> ToComposer | None:
        message = self._channel.receive(timeout_s)
        if isinstance(message, Compose) and Path(os.environ["ART2MUS_HOME"], FLAG).exists():
            raise MemoryError("out of memory")
        return message


def mini(channel: ComposerChannel, settings: ComposerSettings) -> None:
    composer.main(_Channel(channel), settings)  # type: ignore[arg-type]


def sine(channel: ComposerChannel, settings: ComposerSettings) -> None:
    sine_composer.main(_Channel(channel), settings)  # type: ignore[arg-type]
