"""What there is to be had: the page, the music and the notes of every clip on offer, and nothing else."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

from installation.flac_tags import head_with, read_head
from installation.messages import OfferClip
from installation.web.midi import midi_file
from installation.web.page import file_stem, render
from installation.web.responses import Body, Response, in_parts, plain
from installation.web.words import WORDS, choose_language

MAX_OFFERS = 3000
"""More than a kiosk makes while the first of them is good, so that no link ends before its time: by the bounds of its
configuration, one every 5 s for four hours."""


class Site:
    """The offers, by token. Time is an argument."""

    def __init__(self, has_metrics: bool = False) -> None:
        """Begin with nothing on offer.

        Args:
            has_metrics: Whether `/metrics` is served.
        """
        self.metrics = ""
        self._has_metrics = has_metrics
        self._offers: dict[bytes, OfferClip] = {}

    def take(self, offer: OfferClip, now_s: float) -> None:
        """Put a clip on offer; what is over, and what is too much, goes."""
        self._offers = {key: each for key, each in self._offers.items() if each.expires_at_s > now_s}
        self._offers[_key(offer.token)] = offer
        while len(self._offers) > MAX_OFFERS:
            del self._offers[next(iter(self._offers))]

    def answer(self, method: str, target: str, headers: Mapping[str, str], now_s: float) -> Response:
        """Answer a request; what is not known, over, or not there any more all looks the same.

        Args:
            method: Of HTTP.
            target: As it stands in the request.
            headers: By name in small letters.
            now_s: Monotonic.
        """
        if method not in ("GET", "HEAD"):
            return plain(405, "not allowed", ("Allow", "GET, HEAD"))
        if target == "/metrics" and self._has_metrics and self.metrics:
            return Response(200, Body.of(self.metrics.encode()), (("Content-Type", "text/plain; version=0.0.4"),))
        token, slash, name = target.removeprefix("/").partition("/")
        offer = self._offers.get(_key(token))
        is_path = target.startswith("/") and bool(slash) == bool(name)
        if not is_path or offer is None or offer.expires_at_s <= now_s:
            return plain(404, "not found")
        try:
            response = _serve(offer, name, headers, now_s)
        except (OSError, ValueError):
            response = None  # its file is gone
        return response or plain(404, "not found")


def _serve(offer: OfferClip, name: str, headers: Mapping[str, str], now_s: float) -> Response | None:
    """Answer for one clip.

    Raises: OSError or ValueError if its file is not there any more.
    """
    language = choose_language(headers.get("accept-language", ""))
    words, label = WORDS[language], offer.label
    title = words.title.format(title=label.title or words.untitled)
    spoken = (("Content-Language", language), ("Vary", "Accept-Language"))
    if name == "":
        read_head(offer.clip.audio_path)
        minutes = math.ceil((offer.expires_at_s - now_s) / 60)
        page = render(label, language, offer.token, minutes, has_notes=bool(offer.clip.notes))
        return Response(200, Body.of(page.encode()), (("Content-Type", "text/html; charset=utf-8"), *spoken))
    if name == "music.flac":
        head = read_head(offer.clip.audio_path)
        tags = {"TITLE": title, "ARTIST": label.artist, "COMMENT": words.notice}
        sound = Body.of(
            head_with(head, {tag: text for tag, text in tags.items() if text}), offer.clip.audio_path, head.num_bytes
        )
        return in_parts(sound, headers.get("range", ""), (*_file(offer, "audio/flac", ".flac"), *spoken))
    if name == "notes.mid" and offer.clip.notes:
        notes = Body.of(midi_file(offer.clip.notes, title, words.notice))
        return Response(200, notes, (*_file(offer, "audio/midi", ".mid"), *spoken))
    return None


def _file(offer: OfferClip, kind: str, suffix: str) -> tuple[tuple[str, str], ...]:
    name = f'inline; filename="{file_stem(offer.label)}{suffix}"'
    return (("Content-Type", kind), ("Content-Disposition", name))


def _key(token: str) -> bytes:
    """What is looked up: how long that takes says nothing about tokens."""
    return hashlib.sha256(token.encode(errors="replace")).digest()
