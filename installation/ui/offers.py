"""Which of the clips on offer is taken home: one for each piece, so that its code stands still. No Qt."""

from __future__ import annotations

from collections import OrderedDict

from installation.messages import TakeHome
from installation.ui.heard import Strand

MAX_OFFERS = 16
_LEAST_S = 60.0
"""An offer that ends sooner is not shown any more: who sees it must have the time to take it."""


class Offers:
    """Keeps what can be taken home."""

    def __init__(self) -> None:
        """Nothing."""
        self._offers: OrderedDict[str, TakeHome] = OrderedDict()
        self._chosen: tuple[Strand, TakeHome] | None = None

    def take(self, offer: TakeHome) -> None:
        """Learn of an offer."""
        self._offers[offer.clip_id] = offer
        self._offers.move_to_end(offer.clip_id)
        while len(self._offers) > MAX_OFFERS:
            self._offers.popitem(last=False)

    def choose(self, strand: Strand, now_s: float) -> TakeHome | None:
        """The offer for a piece that is heard: the one chosen before, as long as it lasts."""
        if self._chosen is not None and self._chosen[0] is strand and _lasts(self._chosen[1], now_s):
            return self._chosen[1]
        ids = [segment.clip.clip_id for segment in strand.segments[: strand.index + 1]]
        offers = [self._offers[clip_id] for clip_id in reversed(ids) if clip_id in self._offers]
        offer = next((offer for offer in offers if _lasts(offer, now_s)), None)
        self._chosen = None if offer is None else (strand, offer)
        return offer


def _lasts(offer: TakeHome, now_s: float) -> bool:
    return offer.expires_at_s - now_s > _LEAST_S
