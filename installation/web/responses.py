"""What a request is answered with: a status, headers, and a body that is read while it is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from installation.web.page import STYLE_HASH

CHUNK_BYTES = 1 << 16

_ALWAYS = (
    ("Cache-Control", "private, no-store"),
    ("Connection", "close"),
    (
        "Content-Security-Policy",
        f"default-src 'none'; style-src '{STYLE_HASH}'; media-src 'self'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
    ),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-Robots-Tag", "noindex, nofollow"),
)


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes in memory, and after them the rest of a file.

    Attributes:
        head: These first.
        path: Then this file, or none.
        skipped: From here on.
        num_bytes: Of both together.
    """

    head: bytes
    path: Path | None = None
    skipped: int = 0
    num_bytes: int = 0

    @classmethod
    def of(cls, head: bytes, path: Path | None = None, skipped: int = 0) -> Body:
        """Bytes, and the rest of a file.

        Raises: OSError if there is no such file.
        """
        rest = path.stat().st_size - skipped if path is not None else 0
        return cls(head, path, skipped, len(head) + rest)

    def part(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`, a piece at a time; fewer if the file has become shorter.

        Raises: OSError.
        """
        if start < len(self.head):
            yield self.head[start : min(stop, len(self.head))]
        place = max(start, len(self.head))
        if self.path is None or place >= stop:
            return
        with self.path.open("rb") as file:
            file.seek(self.skipped + place - len(self.head))
            while place < stop and (chunk := file.read(min(CHUNK_BYTES, stop - place))):
                yield chunk
                place += len(chunk)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer.

    Attributes:
        status: Of HTTP.
        body: All of it, of which `start` up to `stop` is sent.
        headers: Besides those that every answer has.
        start: See `body`.
        stop: Likewise; None is the end.
    """

    status: int
    body: Body = field(default_factory=lambda: Body.of(b""))
    headers: tuple[tuple[str, str], ...] = ()
    start: int = 0
    stop: int | None = None

    @property
    def end(self) -> int:
        """Where what is sent of the body ends."""
        return self.body.num_bytes if self.stop is None else self.stop

    def all_headers(self) -> list[tuple[str, str]]:
        """Everything that stands before the body."""
        return [*_ALWAYS, *self.headers, ("Content-Length", str(self.end - self.start))]


def plain(status: int, text: str, *headers: tuple[str, str]) -> Response:
    """A word and nothing else."""
    return Response(status, Body.of(f"{text}\n".encode()), (("Content-Type", "text/plain; charset=utf-8"), *headers))


def in_parts(body: Body, wanted: str, headers: tuple[tuple[str, str], ...]) -> Response:
    """A file, or the part of it that a player asks for: some play nothing that cannot be had in parts.

    Args:
        body: The file.
        wanted: The header Range; what is not one range of bytes is passed over, as the standard allows.
        headers: Of the answer.

    Source: RFC 9110, section 14.
    """
    headers = (*headers, ("Accept-Ranges", "bytes"))
    match = re.fullmatch(r"bytes=([0-9]{0,15})-([0-9]{0,15})", wanted.replace(" ", ""))
    if match is None or not any(match.groups()):
        return Response(200, body, headers)
    first, last = match.groups()
    size = body.num_bytes
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if start >= stop:
        return plain(416, "no such part", ("Content-Range", f"bytes */{size}"))
    return Response(206, body, (*headers, ("Content-Range", f"bytes {start}-{stop - 1}/{size}")), start, stop)
