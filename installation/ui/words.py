"""Every word the screen says by itself, by language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """What the screen says in one language.

    Attributes:
        name: The installation's own.
        motto: Under it, while no painting hangs yet.
        unknown_artist: Where a label names nobody.
        composing: Beside the progress of what will be heard next.
    """

    name: str
    motto: str
    unknown_artist: str
    composing: str


ENGLISH = Words(
    name="Art2Mus",
    motto="music for paintings",
    unknown_artist="Unknown artist",
    composing="composing what comes next",
)
