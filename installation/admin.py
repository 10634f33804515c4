"""The PIN that opens the admin screen: kept as a scrypt hash that only this user can read, and tried slowly."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import secrets
import sys
from getpass import getpass
from pathlib import Path

from installation.messages import MAX_PIN_DIGITS, MIN_PIN_DIGITS

_SCRYPT = {"n": 2**14, "r": 8, "p": 1}
"""16 MB and some tens of milliseconds a try. Source: RFC 7914, section 2, for interactive logins."""

_SALT_BYTES = 16
_LONGEST_PAUSE_S = 300.0

_log = logging.getLogger(__name__)


def is_pin(text: str) -> bool:
    """Whether this could be a PIN: digits, neither too few nor too many.

    >>> is_pin("0042"), is_pin("42"), is_pin("abcd")
    (True, False, False)
    """
    return text.isascii() and text.isdigit() and MIN_PIN_DIGITS <= len(text) <= MAX_PIN_DIGITS


class PinFile:
    """The file with the hash; without it there is no PIN, and none that would be known beforehand."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        self.path = path

    def is_set(self) -> bool:
        """Whether a PIN was chosen."""
        return self.path.exists()

    def choose(self, pin: str) -> None:
        """Make this the PIN.

        Raises: ValueError if it is none; OSError if it cannot be kept.
        """
        if not is_pin(pin):
            raise ValueError(f"a PIN has {MIN_PIN_DIGITS} to {MAX_PIN_DIGITS} digits")
        salt = secrets.token_bytes(_SALT_BYTES)
        kept = {"salt": salt.hex(), "scrypt": _hash(pin, salt).hex()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(f".partial.{self.path.name}")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(kept, file)
        partial.replace(self.path)

    def matches(self, pin: str) -> bool:
        """Whether this is the PIN; a file that cannot be read is matched by nothing."""
        try:
            kept = json.loads(self.path.read_text())
            salt, expected = bytes.fromhex(kept["salt"]), bytes.fromhex(kept["scrypt"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.error("%s: cannot be read (%s); choose a new PIN with: python main.py --set-pin", self.path, error)
            return False
        return hmac.compare_digest(_hash(pin, salt), expected)


class Door:
    """Lets in who knows the PIN, and makes everybody else wait longer each time."""

    def __init__(self, pin_file: PinFile) -> None:
        """Nobody has tried yet."""
        self.pin_file = pin_file
        self._num_failures = 0
        self._shut_until_s = float("-inf")

    def wait_s(self, now_s: float) -> float:
        """How long nothing is accepted; 0 when the next try may come."""
        return max(0.0, self._shut_until_s - now_s)

    def enter(self, pin: str, now_s: float) -> bool:
        """Try a PIN; what comes during a pause is not looked at."""
        if self.wait_s(now_s) > 0:
            return False
        if is_pin(pin) and self.pin_file.matches(pin):
            self._num_failures = 0
            _log.info("the admin screen is opened")
            return True
        self._num_failures += 1
        pause_s = min(_LONGEST_PAUSE_S, 2.0 ** (self._num_failures - 1))
        self._shut_until_s = now_s + pause_s
        _log.warning("a wrong PIN was entered, number %d in a row; the next after %.0f s", self._num_failures, pause_s)
        return False


def set_pin(path: Path) -> int:
    """Ask for a new PIN at the terminal, twice; returns the exit code."""
    try:
        pin, again = getpass(f"New PIN ({MIN_PIN_DIGITS} to {MAX_PIN_DIGITS} digits): "), getpass("Once more: ")
    except (EOFError, KeyboardInterrupt):
        return _refuse("no PIN was set")
    if pin != again:
        return _refuse("these were two different PINs; none was set")
    try:
        PinFile(path).choose(pin)
    except ValueError as error:
        return _refuse(f"{error}; none was set")
    except OSError as error:
        return _refuse(f"{path}: cannot be written ({error.strerror}); set ART2MUS_HOME to a folder that can")
    print(f"The PIN is set; its hash is in {path}")
    return 0


def _refuse(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 2


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, **_SCRYPT)
