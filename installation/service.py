"""What systemd is told: that the kiosk is ready, and that it still plays.

Source: sd_notify(3): lines to the datagram socket that the environment names.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Mapping

from installation.messages import AudioHeartbeat, AudioReady, UiReady

_log = logging.getLogger(__name__)


class Service:
    """Listens to what the processes say, and tells the service manager what matters; nothing where there is none.

    READY is said once, when sound and picture are there. WATCHDOG is said as long as samples go out: a kiosk whose
    processes all live, but that plays nothing, is started again.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Find the manager in the environment that it started this process with."""
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._has_sound = self._has_picture = self._is_ready = False
        self._samples_played: int | None = None

    def hear(self, message: object) -> None:
        """Take note of what a process said."""
        match message:
            case AudioReady():
                self._has_sound = True
            case UiReady():
                self._has_picture = True
            case AudioHeartbeat(samples_played=samples_played) if samples_played != self._samples_played:
                self._samples_played = samples_played
                self.tell("WATCHDOG=1")
        if self._has_sound and self._has_picture and not self._is_ready:
            self._is_ready = True
            self.tell("READY=1")

    def tell(self, state: str) -> None:
        """Say something, such as "STOPPING=1"; never waits, and a manager that is gone is none."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as line:
                line.sendto(state.encode(), self._address)
        except OSError as error:
            _log.warning("the service manager does not hear: %s", error)
