"""What visitors may take home: the director's side of the web process. Standard library only."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable

from installation import messages

_TOKEN_BYTES = 18
_SOMEWHERE_ELSE = ("192.0.2.1", 9)
"""An address that nobody has. Source: RFC 5737."""


class TakeHomeDesk:
    """Puts the clip that is heard on offer, for as long as a link is good."""

    def __init__(self, send: Callable[[messages.ToWeb], bool], valid_for_s: float, address: str | None = None) -> None:
        """Begin without a web process.

        Args:
            send: Says something to the web process; False when it is not there.
            valid_for_s: So long a link is good.
            address: By which telephones reach this machine; None finds out.
        """
        self._send = send
        self._valid_for_s = valid_for_s
        self._address = address
        self._port: int | None = None
        self._offers: dict[str, messages.OfferClip] = {}

    def web_came(self, port: int, now_s: float) -> None:
        """The web process listens: it is told what was promised before its time."""
        self._port = port
        self._forget_old(now_s)
        for offer in self._offers.values():
            self._send(offer)

    def web_went(self) -> None:
        """The web process is gone; it will be replaced, and links are good again then."""
        self._port = None

    def offer(self, clip: messages.ClipInfo, label: messages.WallLabel, now_s: float) -> messages.TakeHome | None:
        """Offer the clip that is heard now; None if nobody could come for it."""
        address = self._address or find_address()
        if self._port is None or address is None:
            return None
        self._forget_old(now_s)
        offer = messages.OfferClip(secrets.token_urlsafe(_TOKEN_BYTES), clip, label, now_s + self._valid_for_s)
        if not self._send(offer):
            return None
        self._offers[offer.token] = offer
        return messages.TakeHome(clip.clip_id, f"http://{address}:{self._port}/{offer.token}", offer.expires_at_s)

    def promised(self) -> set[str]:
        """The clips that must stay."""
        return {offer.clip.clip_id for offer in self._offers.values()}

    def _forget_old(self, now_s: float) -> None:
        self._offers = {token: offer for token, offer in self._offers.items() if offer.expires_at_s > now_s}


def find_address() -> str | None:
    """The address of this machine on its network; None without one. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_SOMEWHERE_ELSE)
        except OSError:
            return None
        return str(probe.getsockname()[0])
