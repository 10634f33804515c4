"""Words that are refused, in whatever thin disguise; and the many that are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from installation.ui.words import LANGUAGES
from installation.word_filter import WordFilter


@pytest.fixture(scope="module")
def bundled() -> WordFilter:
    return WordFilter.load()


@pytest.mark.parametrize(
    "text",
    [
        "fuck",
        "FUCKING loud",
        "f u c k",
        "a f u c k",
        "I am a c u n t",
        "s h i t a song",
        "fuuuck",
        "a $h1t song",
        "Scheiße",
        "vaffanculo!",
    ],
)
def test_refused(bundled: WordFilter, text: str) -> None:
    assert not bundled.is_fine(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a viol and a lute",
        "rallentando, ritardando, sotto voce",
        "eine fickle breeze",
        "the horse of Troia",
        "shiitake in the forest",
        "musica nazionale",
        "un retard dans la basse",
        "a cone of light, 100 violins",
        "I I I I a a a",
        "C D E F G A B, and J. S. Bach in B A C H",
        *(words.own_text_example for words in LANGUAGES.values()),
    ],
)
def test_taken(bundled: WordFilter, text: str) -> None:
    assert bundled.is_fine(text)


def test_a_curator_adds_words(tmp_path: Path) -> None:
    path = tmp_path / "more.txt"
    path.write_text("# ours\ndubstep\ntechno*\n", encoding="utf-8")
    word_filter = WordFilter.load(path)
    assert not word_filter.is_fine("Dubstep, please")
    assert not word_filter.is_fine("technoid")
    assert word_filter.is_fine("a dub step")
    assert not word_filter.is_fine("fuck")
