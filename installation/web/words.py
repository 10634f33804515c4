"""What the page says, in every language of the kiosk."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One language.

    Attributes:
        title: Of the page; takes the work's title.
        untitled: Where a work has no title.
        listen: Names the player, for those who have it read out.
        music: Downloads the sound.
        notes: Downloads the notes.
        notice: That nobody composed this; also stands in the file.
        minutes: How long the page stays; takes a number.
    """

    title: str
    untitled: str
    listen: str
    music: str
    notes: str
    notice: str
    minutes: str


WORDS = {
    "en": Words(
        title="Music for “{title}”",
        untitled="Untitled",
        listen="Listen",
        music="Keep the music (FLAC)",
        notes="Keep the notes (MIDI)",
        notice="This music was made by a computer (artificial intelligence, Art2Mus) from a picture of the work.",
        minutes="This page stays for another {minutes} min.",
    ),
    "it": Words(
        title="Musica per «{title}»",
        untitled="Senza titolo",
        listen="Ascolta",
        music="Conserva la musica (FLAC)",
        notes="Conserva le note (MIDI)",
        notice="Questa musica è stata creata da un computer (intelligenza artificiale, Art2Mus) a partire da "
        "un’immagine dell’opera.",
        minutes="Questa pagina resta disponibile per altri {minutes} min.",
    ),
    "de": Words(
        title="Musik für „{title}“",
        untitled="Ohne Titel",
        listen="Anhören",
        music="Musik behalten (FLAC)",
        notes="Noten behalten (MIDI)",
        notice="Diese Musik hat ein Computer (künstliche Intelligenz, Art2Mus) nach einem Bild des Werks gemacht.",
        minutes="Diese Seite bleibt noch {minutes} Min.",
    ),
    "fr": Words(
        title="Musique pour « {title} »",
        untitled="Sans titre",
        listen="Écouter",
        music="Garder la musique (FLAC)",
        notes="Garder les notes (MIDI)",
        notice="Cette musique a été créée par un ordinateur (intelligence artificielle, Art2Mus) à partir d’une "
        "image de l’œuvre.",
        minutes="Cette page reste disponible encore {minutes} min.",
    ),
    "es": Words(
        title="Música para «{title}»",
        untitled="Sin título",
        listen="Escuchar",
        music="Guardar la música (FLAC)",
        notes="Guardar las notas (MIDI)",
        notice="Esta música la ha creado un ordenador (inteligencia artificial, Art2Mus) a partir de una imagen "
        "de la obra.",
        minutes="Esta página seguirá aquí {minutes} min más.",
    ),
}
"""By the code that browsers send; the first is for everybody else."""


def choose_language(accepted: str) -> str:
    """The language a browser likes best among those there are.

    Args:
        accepted: The header Accept-Language.

    >>> choose_language("pt-BR,pt;q=0.9,it-CH;q=0.8,en;q=0.7"), choose_language("ja"), choose_language("")
    ('it', 'en', 'en')
    """
    liked: list[tuple[float, int, str]] = []
    for place, entry in enumerate(accepted.split(",")[:20]):
        name, _, weight = entry.partition(";q=")
        code = name.strip().lower().partition("-")[0]
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        if code in WORDS and quality > 0:
            liked.append((-quality, place, code))
    return min(liked)[2] if liked else next(iter(WORDS))
