"""Embeddings of sound files, computed once: they are found again by the content of the file and by the embedder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
from rich.console import Console
from rich.progress import track

from art2mus.digests import content_digest
from art2mus.metrics.embedders import AudioEmbedder, FloatArray
from art2mus.sound_files import UnreadableSoundError, load_mono
from art2mus.whole_files import whole_file


def embeddings_folder() -> Path:
    """Where embeddings lie: `embeddings` in `ART2MUS_HOME`, or in the user's cache folder. It may be deleted."""
    home = os.environ.get("ART2MUS_HOME")
    return (Path(home) if home else platformdirs.user_cache_path("art2mus")) / "embeddings"


@dataclass(frozen=True)
class EmbeddedSounds:
    """What an embedder says about sound files.

    Attributes:
        paths: The files that could be read.
        windows: Their embeddings, in the same order.
        failed: The others, and why, one line each.

    Shape: each of windows (num_windows, dim).
    """

    paths: tuple[Path, ...]
    windows: tuple[FloatArray, ...]
    failed: dict[Path, str]


def embed_sounds(paths: Sequence[Path], embedder: AudioEmbedder) -> EmbeddedSounds:
    """Embed sound files; an interrupted run goes on where it was.

    Args:
        paths: The files.
        embedder: What looks at them.
    """
    embedded: dict[Path, FloatArray] = {}
    failed: dict[Path, str] = {}
    console = Console(stderr=True)
    for path in track(paths, f"listening ({embedder.name})", console=console, transient=True):
        try:
            embedded[path] = embed_sound(path, embedder)
        except UnreadableSoundError as error:
            failed[path] = str(error)
    return EmbeddedSounds(tuple(embedded), tuple(embedded.values()), failed)


def embed_sound(path: Path, embedder: AudioEmbedder) -> FloatArray:
    """Embed one file, or find what is kept of it.

    Shape: (num_windows, dim).
    Raises: UnreadableSoundError.
    """
    try:
        content = content_digest(path)
    except OSError as error:
        raise UnreadableSoundError(f"{path}: cannot be read: {error.strerror}") from error
    return kept(embedder.identity, content, lambda: embedder.embed(load_mono(path, embedder.sample_rate)))


def kept(identity: str, content: str, compute: Callable[[], FloatArray]) -> FloatArray:
    """Give an embedding, computed only if it is not kept yet, or if what is kept is damaged.

    Args:
        identity: Of what computes it.
        content: Digest of the file it is of.
        compute: Computes it.
    """
    place = embeddings_folder() / identity / f"{content}.npy"
    if place.is_file():
        with contextlib.suppress(EOFError, ValueError):  # a disk that was full or failed: computed again
            return np.asarray(np.load(place))
    embedding = compute()
    with whole_file(place) as partial:
        np.save(partial, embedding)
    return embedding
