"""The page of a clip: no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from installation.messages import WallLabel
from installation.web.words import WORDS

_STYLE = """
body { margin: 0 auto; padding: 2rem 1.25rem; max-width: 34rem; font: 1.1rem/1.5 Georgia, serif;
       color: #1b1a18; background: #f6f3ec; overflow-wrap: anywhere; hyphens: auto; }
h1 { font-size: 1.6rem; font-weight: normal; margin: 0 0 .25rem; }
audio { width: 100%; margin: 1.5rem 0; }
a { display: block; margin: .75rem 0; padding: .8rem 1rem; color: #1b1a18; border: 1px solid #5c564b;
    border-radius: .4rem; text-decoration: none; text-align: center; }
.small { font-size: .9rem; color: #4d483f; }
"""

STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
"""Lets a browser take this page's style and no other."""


def render(label: WallLabel, language: str, token: str, minutes: int, has_notes: bool) -> str:
    """Write the page.

    Args:
        label: Of the work.
        language: One of `WORDS`.
        token: Where music and notes lie.
        minutes: So long it stays.
        has_notes: Whether there is a MIDI file.
    """
    words = WORDS[language]
    title = label.title or words.untitled
    heading = escape(words.title.format(title=title))
    artist = escape(", ".join(part for part in (label.artist, label.year) if part))
    stem = escape(file_stem(label), quote=True)
    notes = f'<a href="{token}/notes.mid" download="{stem}.mid">{escape(words.notes)}</a>' if has_notes else ""
    return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{heading}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{heading}</h1>
<p class="small">{artist}</p>
<audio controls preload="metadata" src="{token}/music.flac" aria-label="{escape(words.listen)}"></audio>
<a href="{token}/music.flac" download="{stem}.flac">{escape(words.music)}</a>
{notes}
<p class="small">{escape(words.notice)}</p>
<p class="small">{escape(words.minutes.format(minutes=minutes))}</p>
</body>
</html>
"""


def file_stem(label: WallLabel) -> str:
    """The name of the work as every system takes it for a file.

    >>> file_stem(WallLabel("Bal du moulin: la Galette/2", "Renoir")), file_stem(WallLabel("«»"))
    ('Bal-du-moulin-la-Galette-2', 'Art2Mus')
    """
    kept = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in label.title)
    return "-".join(kept.split())[:60] or "Art2Mus"
