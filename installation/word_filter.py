"""Which words are not taken from a visitor's keyboard. Standard library only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Self

BUNDLED = Path(__file__).with_name("refused.txt")

_DISGUISES = str.maketrans("013457@$€", "oieastase")
_WORDS = re.compile(r"[^\W_]+")


class WordFilter:
    """Knows words that are refused, also in a thin disguise.

    >>> WordFilter(["damn", "shit*"]).is_fine("D A M N good, or just good?")
    False
    >>> WordFilter(["damn", "shit*"]).is_fine("a slow waltz on the Amstel dam, no one there")
    True
    """

    def __init__(self, refused: Iterable[str]) -> None:
        """Take the words; one that ends in * refuses every word that begins so."""
        self._whole: set[str] = set()
        self._beginnings: tuple[str, ...] = ()
        for line in refused:
            word = line.strip()
            if word.endswith("*"):
                self._beginnings += (_plain(word[:-1]),)
            elif word and not word.startswith("#"):
                self._whole.add(_plain(word))

    @classmethod
    def load(cls, more: Path | None = None) -> Self:
        """The bundled words, and a curator's.

        Raises: OSError or UnicodeDecodeError if the file cannot be read.
        """
        lines = BUNDLED.read_text("utf-8").splitlines()
        return cls(lines if more is None else [*lines, *more.read_text("utf-8").splitlines()])

    def is_fine(self, text: str) -> bool:
        """Whether none of the words in a text is refused, spelled out letter by letter or not."""
        words = _WORDS.findall(text.translate(_DISGUISES))
        spelled: list[str] = []
        for word in [*words, ".."]:
            if len(word) == 1:
                spelled.append(word)
                continue
            if self._refuses_within(spelled) or self._refuses(word):
                return False
            spelled = []
        return True

    def _refuses_within(self, letters: Sequence[str]) -> bool:
        """Whether some of these letters, one after the other, spell a word: others may stand before and behind it."""
        return any(
            self._refuses("".join(letters[first:stop])) for first, stop in combinations(range(len(letters) + 1), 2)
        )

    def _refuses(self, word: str) -> bool:
        plain = _plain(word)
        return plain in self._whole or (bool(self._beginnings) and plain.startswith(self._beginnings))


def _plain(word: str) -> str:
    """Small letters without accents, none of them doubled.

    >>> _plain("Schééße")
    'schese'
    """
    letters = unicodedata.normalize("NFKD", word.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"(.)\1+", r"\1", bare)
