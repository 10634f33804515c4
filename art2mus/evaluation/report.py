"""The report of an evaluation: one page that holds its pictures and its sound, and opens without a server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

import numpy as np

import art2mus
from art2mus.data.histogram import draw_histogram
from art2mus.evaluation.clips import Order, Orders, notes_path, sound_path
from art2mus.evaluation.items import Item, partners
from art2mus.evaluation.media import file_address, jpeg_address, sound_address, spectrogram_address
from art2mus.evaluation.scores import Scores
from art2mus.evaluation.settings import EvaluateSettings
from art2mus.evaluation.tables import Table
from art2mus.images import load_artwork
from art2mus.picture import Palette
from art2mus.whole_files import whole_file

ARTWORK_SIDE, HISTOGRAM_SIDE = 480, 800
"""Longest side on the page (pixels)."""

_STYLE = """
:root { color-scheme: light; --ink: #23211e; --soft: #6f6a62; --line: #ddd8cf; --ground: #faf8f4; }
body { margin: 0 auto; max-width: 1240px; padding: 2.5rem 1.5rem 5rem; background: var(--ground); color: var(--ink);
       font: 16px/1.5 system-ui, sans-serif; }
h1 { font-weight: 500; font-size: 2rem; margin: 0; }
h2 { font-weight: 500; font-size: 1.3rem; margin: 3rem 0 .6rem; }
h3 { font-weight: 500; font-size: 1rem; margin: 0; }
p, figcaption, .small { color: var(--soft); font-size: .9rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .4rem .9rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; white-space: normal; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; padding-left: 0; position: sticky; left: 0;
                                 background: var(--ground); }
td small { display: block; color: var(--soft); }
figcaption { overflow-wrap: anywhere; }
.work { display: grid; grid-template-columns: minmax(200px, 1fr) 3fr; gap: 1.5rem; margin: 1.5rem 0 2.5rem;
        padding-top: 1.5rem; border-top: 1px solid var(--line); }
.music { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(210px, 100%), 1fr)); gap: 1.5rem; }
figure { margin: 0; }
img { display: block; width: 100%; border-radius: 3px; margin: .3rem 0; }
audio { width: 100%; height: 36px; }
.histograms { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(380px, 100%), 1fr)); gap: 1.5rem; }
@media (max-width: 720px) { body { padding: 1.5rem 1rem 3rem; } .work { grid-template-columns: minmax(0, 1fr); } }
"""


def write_report(
    path: Path,
    settings: EvaluateSettings,
    items: Sequence[Item],
    orders: Orders,
    scores: Scores,
    tables: Sequence[Table],
) -> None:
    """Write the page, whole or not at all.

    Raises: DataError for sound, UnreadableImageError for a picture that cannot be read.
    """
    parts = [
        _head(settings, len(items)),
        *map(_table, tables),
        _remarks([*scores.missing, *scores.remarks]),
        *_examples(settings, items, orders),
        *_histograms(items, scores, settings.seed),
    ]
    with whole_file(path) as partial:
        partial.write_text("\n".join(parts) + "\n</body>\n</html>\n", "utf-8")


def _head(settings: EvaluateSettings, num_items: int) -> str:
    clips = f"{num_items} pairs of the split “{escape(settings.split)}” of {escape(str(settings.pairs))}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Music for artworks: evaluation</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Music for artworks: evaluation</h1>
<p>{clips}; {settings.clips_per_artwork} × {settings.length_s:g} s for each; seed {settings.seed};
art2mus {escape(art2mus.__version__)}</p>"""


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "\n".join(f"<tr><td>{escape(name)}</td>{''.join(map(_cell, cells))}</tr>" for name, *cells in table.rows)
    return (
        f'<h2>{escape(table.title)}</h2>\n<div class="wide"><table>\n<tr>{head}</tr>\n{rows}\n</table></div>\n'
        f"<p>{escape(table.note)}</p>"
    )


def _cell(text: str) -> str:
    """A figure, and below it its interval."""
    figure, bracket, interval = text.partition(" (")
    below = f"<small>{escape(interval.removesuffix(')'))}</small>" if bracket else ""
    return f"<td>{escape(figure)}{below}</td>"


def _remarks(lines: Sequence[str]) -> str:
    listed = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<ul class="small">{listed}</ul>' if lines else ""


def _examples(settings: EvaluateSettings, items: Sequence[Item], orders: Orders) -> Iterator[str]:
    """Each artwork, the true track, and what each model made: as sound, as spectrogram, as notes."""
    shown = list(enumerate(items))[: settings.num_examples]
    if shown:
        yield "<h2>Examples</h2>\n<p>The true track and the first clip of each model; spectrograms up to 8 kHz.</p>"
    folder = settings.output / "clips"
    for number, item in shown:
        artwork = load_artwork(item.artwork_path)
        palette = Palette.of(artwork)
        figures = [_music("true track", item.track_path.name, item.track_path, None, settings.length_s, palette)]
        for name, of_items in orders.items():
            order = of_items[number][0]
            sound, notes = sound_path(order, folder), notes_path(order, folder)
            caption = _caption(order)
            figures.append(_music(name, caption, sound, notes, settings.length_s, palette))
        picture = f'<img src="{jpeg_address(artwork, ARTWORK_SIDE)}" alt="">'
        words = f"<figcaption>{escape(item.artwork)}</figcaption>"
        yield f'<div class="work"><figure>{picture}{words}</figure>\n<div class="music">{"".join(figures)}</div></div>'


def _caption(order: Order) -> str:
    seen = "text alone" if order.artwork is None else f"sees {Path(order.artwork).name}"
    return f"{seen}{f'; “{order.prompt}”' if order.prompt else ''}; seed {order.seed}"


def _music(name: str, caption: str, sound: Path, notes: Path | None, length_s: float, palette: Palette) -> str:
    pictures = [spectrogram_address(sound, length_s, palette)]
    if notes is not None and notes.is_file():
        pictures.append(file_address(notes, "image/jpeg"))
    images = "".join(f'<img src="{address}" alt="">' for address in pictures)
    player = f'<audio controls preload="none" src="{sound_address(sound, length_s)}"></audio>'
    return f"<figure><h3>{escape(name)}</h3>{images}{player}<figcaption>{escape(caption)}</figcaption></figure>\n"


def _histograms(items: Sequence[Item], scores: Scores, seed: int) -> Iterator[str]:
    pictures = list(_distributions(items, scores, seed))
    if pictures:
        yield f'<h2>Distributions</h2>\n<div class="histograms">{"".join(pictures)}</div>'


def _distributions(items: Sequence[Item], scores: Scores, seed: int) -> Iterable[str]:
    similarity = np.array([item.similarity for item in items], dtype=np.float32)
    if np.isfinite(similarity).any():
        known = {"pairs": similarity[np.isfinite(similarity)]}
        yield _histogram("How alike the pairs are", known, "similarity")
    for condition, cube in scores.distances.items():
        # As many others as there are own ones, so that both are seen.
        every, values = np.arange(len(cube)), cube.astype(np.float32)
        others = values[every, :, partners(len(cube), seed)]
        sets = {"own artwork": values[every, :, every].ravel(), "another artwork": others.ravel()}
        yield _histogram(condition, sets, "distance in affect")


def _histogram(title: str, sets: dict[str, np.ndarray], axis: str) -> str:
    address = jpeg_address(draw_histogram(sets, axis), HISTOGRAM_SIDE)
    return f'<figure><h3>{escape(title)}</h3><img src="{address}" alt=""></figure>\n'
