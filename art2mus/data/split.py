"""Which scores are learned from, and which are kept for measuring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from art2mus.codec.score import MELODY, Score
from art2mus.data.windows import MIN_NOTES, WINDOW_STEPS, IntArray, Window, Windows
from art2mus.metrics.copying import CopyingLookup

COMPOSED = "composed"
# Two melodies this alike are one tune under two names, as many are in both fiddlers' collections.
_SAME_TUNE = 0.8


def hold_out(windows: Windows, share: float, seed: int) -> Windows:
    """Hold out the windows of a share of the scores of every collection, drawn at random."""
    rng = np.random.default_rng(seed)
    sources, window_source = np.unique(windows.source, return_inverse=True)
    collection = np.array([source.split("/")[0] for source in sources], dtype=np.str_)
    is_held_out = np.zeros(len(sources), dtype=bool)
    for name in np.unique(collection):
        members = np.nonzero(collection == name)[0]
        is_held_out[rng.permutation(members)[: round(share * len(members))]] = True
    held_out = is_held_out[window_source]
    indices: IntArray = np.arange(len(windows))
    return replace(windows, train=indices[~held_out], held_out=indices[held_out])


def without_copies(windows: Windows) -> Windows:
    """Measure on no score whose tune is learned from under another name.

    Windows that such scores held out are neither learned from nor measured on. Composed windows have
    no other names and stay.
    """
    melodies = _melodies(windows)
    if not len(melodies.train):
        return windows
    lookup = CopyingLookup(melodies)
    copies = {
        str(melodies.source[index])
        for index in melodies.held_out.tolist()
        if lookup.nearest(melodies.score(index)).likeness >= _SAME_TUNE
    }
    is_copy = np.isin(windows.source[windows.held_out], sorted(copies))
    return replace(windows, held_out=windows.held_out[~is_copy])


def _melodies(windows: Windows) -> Windows:
    """The melodies of the written scores, each once."""
    seen: set[tuple[str, tuple[int, ...]]] = set()
    melodies: list[Window] = []
    held_out = set(windows.source[windows.held_out].tolist())
    for index in np.nonzero(~np.char.startswith(windows.source, COMPOSED))[0].tolist():
        packed = windows.notes[windows.starts[index] : windows.starts[index + 1]]
        sung = packed[packed[:, 3] % 2 == MELODY]
        source = str(windows.source[index])
        rhythm = (source, tuple(sung[:, 0].tolist()))
        if len(sung) < MIN_NOTES or rhythm in seen:
            continue
        seen.add(rhythm)
        notes = tuple(note for note in windows.score(index).notes if note.layer == MELODY)
        melodies.append(Window(Score(notes, WINDOW_STEPS), "melody", source, is_minor=False))
    return Windows.pack(melodies, held_out)
