"""What turns sound into points of a space in which near means alike: the contract, and who fulfils it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from art2mus.digests import network_digest
from art2mus.models import ModelMissingError

if TYPE_CHECKING:
    from torch import nn

NetworkT = TypeVar("NetworkT", bound="nn.Module")
FloatArray = NDArray[np.float32]
Waveform = NDArray[np.float32]


class AudioEmbedder(Protocol):
    """Looks at a piece of music window by window."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def identity(self) -> str:
        """What makes its results what they are, weights included; embeddings are kept on disk under this name."""

    @property
    def sample_rate(self) -> int:
        """What it listens at, in Hz."""

    def embed(self, waveform: Waveform) -> FloatArray:
        """Give one point for every window.

        Shape: waveform (audio_frames,), mono in [-1, 1]; result (num_windows, dim), at least one.
        """


AST, PASST = "ast", "passt"
DISTANCE_NAMES = {"musicnn": "FD-MusiCNN", "vggish": "FAD", "clap": "FAD-CLAP"}
"""What the Fréchet distance in the space of each embedder is called."""
_DIGEST_LENGTH = 12


def load_embedder(name: str, weights: str | None = None) -> AudioEmbedder:
    """Load an embedder.

    Args:
        name: A key of `DISTANCE_NAMES`.
        weights: A file (musicnn, vggish), or a folder or the name of a model (clap); None is the usual one.

    Raises: ModelMissingError, saying where the weights should be and what to do; KeyError for another name.
    """
    return _LOADERS[name](weights)


def load_classifier(name: str, weights: str | None = None) -> AudioEmbedder:
    """Load a classifier of sound: an embedder whose points are logits.

    Args:
        name: A key of `CLASSIFIERS`.
        weights: A folder or the name of a model (ast), or a file (passt); None is the usual one.

    Raises: ModelMissingError; KeyError for another name.
    """
    return CLASSIFIERS[name](weights)


def cut(rows: FloatArray, size: int, hop: int) -> FloatArray:
    """Cut what goes on in time into windows; what is too short for one is repeated, the rest at the end is left out.

    >>> cut(np.arange(5), 2, 2).tolist(), cut(np.arange(2), 5, 5).tolist()
    ([[0, 1], [2, 3]], [[0, 1, 0, 1, 0]])

    Shape: rows (num_rows, ...); result (num_windows, size, ...).
    """
    if len(rows) < size:
        return rows[np.arange(size) % len(rows)][None]
    return np.stack([rows[start : start + size] for start in range(0, len(rows) - size + 1, hop)])


def load_weights(make: type[NetworkT], path: Path, source: str, unused: str) -> NetworkT:
    """Fill a network with weights that others have published.

    Args:
        make: The network's class.
        path: Its state dict, .safetensors or as torch saves it.
        source: Where people find the file.
        unused: How the names of weights begin that the network has no use for.

    Raises: ModelMissingError if the file is not there, or is another.
    """
    import torch
    from safetensors.torch import load_file

    if not path.is_file():
        raise ModelMissingError(f"{path}: no such weights here\n  fetch {source} to this place")
    with torch.device("meta"):
        network = make()
    try:
        state = load_file(path) if path.suffix == ".safetensors" else torch.load(path, weights_only=True)
        network.load_state_dict({k: v for k, v in state.items() if not k.startswith(unused)}, assign=True)
    except Exception as error:  # a file of another kind fails to load in every way there is
        raise ModelMissingError(f"{path}: not the weights of {make.__name__}; fetch {source}") from error
    return network


def identity_of(name: str, network: nn.Module) -> str:
    """Name an embedder by its network, so that the name changes with any weight."""
    return f"{name}-{network_digest(network)[:_DIGEST_LENGTH]}"


def load_published(name_or_path: str | Path, *classes: Any) -> list[Any]:
    """Load parts of a model in the manner of transformers: a folder, or a name on the Hugging Face hub.

    Raises: ModelMissingError, saying what to do.
    """
    from safetensors import SafetensorError

    try:
        return [each.from_pretrained(str(name_or_path)) for each in classes]
    except SafetensorError as error:
        raise ModelMissingError(f"{name_or_path}: damaged ({error}); copy or download it again") from error
    except (OSError, ValueError) as error:
        raise ModelMissingError(
            f"{name_or_path}: no such model here or on the Hugging Face hub\n"
            "  name the folder of a copy, or connect this machine for the first use"
        ) from error


def _load_musicnn(weights: str | None) -> AudioEmbedder:
    from safetensors import SafetensorError

    from art2mus.metrics.musicnn import WEIGHTS_PATH, MusiCNNEmbedder

    try:
        return MusiCNNEmbedder(Path(weights) if weights else WEIGHTS_PATH)
    except (KeyError, OSError, RuntimeError, SafetensorError, TypeError) as error:
        raise ModelMissingError(f"{weights}: not weights of MusiCNN; leave --weights out for the bundled") from error


def _load_vggish(weights: str | None) -> AudioEmbedder:
    from art2mus.metrics.vggish import VGGishEmbedder

    return VGGishEmbedder.from_file(Path(weights) if weights else None)


def _load_clap(weights: str | None) -> AudioEmbedder:
    from art2mus.metrics.clap import ClapEmbedder

    return ClapEmbedder.from_pretrained(weights)


def _load_ast(weights: str | None) -> AudioEmbedder:
    from art2mus.metrics.kl import SoundClassifier

    return SoundClassifier.from_pretrained(weights)


def _load_passt(weights: str | None) -> AudioEmbedder:
    from art2mus.metrics.passt import PasstClassifier

    return PasstClassifier.from_file(Path(weights) if weights else None)


_LOADERS: dict[str, Callable[[str | None], AudioEmbedder]] = {
    "musicnn": _load_musicnn,
    "vggish": _load_vggish,
    "clap": _load_clap,
}
CLASSIFIERS: dict[str, Callable[[str | None], AudioEmbedder]] = {AST: _load_ast, PASST: _load_passt}
"""By what the KL of labels is measured."""
