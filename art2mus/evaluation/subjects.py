"""What the music of an evaluation is to be like: its artworks, as each listener sees or reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from art2mus.evaluation.items import Item
from art2mus.evaluation.listeners import ImageBindListener
from art2mus.images import load_artwork
from art2mus.metrics.affect import measure_picture
from art2mus.metrics.clap import ClapEmbedder
from art2mus.metrics.embedders import AudioEmbedder, FloatArray


class NoSubjectError(Exception):
    """The pairs lack what a metric compares the music with; the message is for the user, in one line."""


def subjects_of(metric: str, listener: AudioEmbedder, items: Sequence[Item]) -> FloatArray:
    """Give the artworks as points of the space that a metric listens in.

    Shape: (len(items), dim); dim is 0 for a metric that compares music with nothing but music.
    Raises: NoSubjectError; UnreadableImageError.
    """
    if isinstance(listener, ImageBindListener):
        return np.stack([listener.embed_picture(item.artwork_path) for item in items])
    if metric == "affect":
        return np.array([measure_picture(load_artwork(item.artwork_path)) for item in items])
    if metric == "clap-score":
        assert isinstance(listener, ClapEmbedder)
        return listener.embed_texts(_descriptions(items))
    return np.empty((len(items), 0), np.float32)


def _descriptions(items: Sequence[Item]) -> list[str]:
    missing = [item.artwork for item in items if not item.description]
    if missing:
        raise NoSubjectError(
            f"{len(missing):,} of {len(items):,} pairs have no description, {missing[0]} for one; "
            "make them with: python -m art2mus.data describe … --pairs"
        )
    return [item.description for item in items]
