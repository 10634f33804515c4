"""Who may ask, and for how much. Time is an argument."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict


def is_near(address: str, own: str) -> bool:
    """Whether an address is on this machine's own network, by what it looks like.

    A machine with a private address is reached from a public one only through a door that somebody has opened to the
    internet. Where the network itself has public addresses, nothing can be told by them.

    >>> [is_near(address, "192.168.1.5") for address in ("192.168.1.77", "10.0.0.3", "127.0.0.1", "8.8.8.8", "")]
    [True, True, True, False, False]
    >>> is_near("8.8.8.8", own="8.8.4.4")
    True
    """
    try:
        return not ipaddress.ip_address(address).is_global or ipaddress.ip_address(own).is_global
    except ValueError:
        return False


class RateLimit:
    """So many requests at once for each address, and then so many a second."""

    def __init__(self, burst: int, per_s: float, max_addresses: int = 1000) -> None:
        """Begin with everybody allowed.

        Args:
            burst: Requests at once.
            per_s: How fast the allowance comes back.
            max_addresses: Remembered; the one not seen for longest is forgotten first.
        """
        self._burst = burst
        self._per_s = per_s
        self._max_addresses = max_addresses
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # allowance, and when it was that

    def allows(self, address: str, now_s: float) -> bool:
        """Whether this address may ask once more, now."""
        left, at_s = self._left.pop(address, (float(self._burst), now_s))
        left = min(float(self._burst), left + (now_s - at_s) * self._per_s)
        is_allowed = left >= 1
        self._left[address] = (left - 1 if is_allowed else left, now_s)
        if len(self._left) > self._max_addresses:
            self._left.popitem(last=False)
        return is_allowed
