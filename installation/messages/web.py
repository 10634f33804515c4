"""Between the director and the web process, from which visitors take music home."""

from __future__ import annotations

from dataclasses import dataclass

from installation.channel import Channel
from installation.messages.common import ClipInfo, LogLine, Shutdown, WallLabel


@dataclass(frozen=True, slots=True)
class OfferClip:
    """To web: whoever knows the token may have this clip.

    Attributes:
        token: Cannot be guessed; the path of the page.
        clip: The clip; its file stays until the offer ends.
        label: Of the work it was made for.
        expires_at_s: The offer ends.
    """

    token: str
    clip: ClipInfo
    label: WallLabel
    expires_at_s: float


@dataclass(frozen=True, slots=True)
class ShowMetrics:
    """To web: serve these figures at `/metrics`, in Prometheus' text format, until the next ones come."""

    text: str


@dataclass(frozen=True, slots=True)
class WebReady:
    """From web: the server listens."""

    port: int


@dataclass(frozen=True, slots=True)
class WebHeartbeat:
    """From web, every few seconds, from the loop that answers requests."""


ToWeb = OfferClip | ShowMetrics | Shutdown
FromWeb = WebReady | WebHeartbeat | LogLine

WebChannel = Channel[FromWeb, ToWeb]
"""As the web process holds it: `installation.web.server.main(channel, settings)`."""
