"""Weights of others, out of files that hold more than is wanted: by their keys, and without a second copy."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from torch import nn

ALIGNMENT = 64
"""Bytes, as torch allocates on the CPU."""
_NAMED_AT_MOST = 6
_READ_AT_ONCE = 2**27


class CheckpointError(Exception):
    """A file does not hold the weights that are wanted; the message is for the user."""


def open_weights(path: str | Path) -> dict[str, torch.Tensor]:
    """Map a file of weights: what is not used of it is not read.

    Args:
        path: A state dict, written by `torch.save` (and read with `weights_only=True`) or as safetensors.

    Raises: CheckpointError.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file")
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is not a dict
        weights = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # both libraries fail in many ways on a damaged file
        reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
        raise CheckpointError(f"{path}: cannot be read as weights ({reason}); copy or download it again") from error
    if not isinstance(weights, dict) or not all(isinstance(value, torch.Tensor) for value in weights.values()):
        raise CheckpointError(f"{path}: is not a state dict (names and tensors)")
    return weights


def read_weights(path: str | Path, dtype: torch.dtype, keys: Iterable[str] | None = None) -> dict[str, torch.Tensor]:
    """Read weights out of a file, one after another, into what they shall be.

    Little of them is in memory in both forms at once: the file is mapped anew again and again, since what was read of
    a mapping counts as memory of the process until that is closed.

    Args:
        path: As `open_weights` takes it.
        dtype: What weights become; whole numbers stay what they are.
        keys: Which weights; None is all.

    Raises: CheckpointError.
    """
    weights: dict[str, torch.Tensor] = {}
    mapped = open_weights(path)
    num_bytes = 0
    for key in list(mapped) if keys is None else keys:
        if num_bytes > _READ_AT_ONCE:
            mapped, num_bytes = open_weights(path), 0
        weight = mapped[key]
        num_bytes += weight.nbytes
        weights[key] = weight.to(dtype if weight.is_floating_point() else weight.dtype, copy=True)
    return weights


def fill(model: nn.Module, path: str | Path, weights: Mapping[str, torch.Tensor], dtype: torch.dtype) -> None:
    """Give a model that was made on the meta device its weights.

    Where all are of the wanted type already, they stay where they are mapped; otherwise they are read (`read_weights`).

    Args:
        model: To be filled; it is frozen.
        path: Where the weights come from.
        weights: What is mapped of it; they may be more than the model has.
        dtype: What they become.

    Raises: CheckpointError, saying which weights were expected.
    """
    wanted = model.state_dict()
    check_weights(path, weights, {key: tuple(tensor.shape) for key, tensor in wanted.items()})
    found = {key: weights[key] for key in wanted}
    if any(weight.dtype is not dtype for weight in found.values()):
        found = read_weights(path, dtype, wanted)
    model.load_state_dict(found, assign=True)
    align([model])
    model.requires_grad_(False)


def check_weights(
    path: str | Path, weights: Mapping[str, torch.Tensor], expected: Mapping[str, tuple[int | str, ...]]
) -> None:
    """Compare what a file holds with what is wanted; it may hold more.

    Args:
        path: For the message.
        weights: What it holds.
        expected: Shapes by key; a size that may be another is given as text.

    Raises: CheckpointError, naming the keys and shapes that were expected and what was found in their place.
    """
    wrong = [
        f"{key} {_text(shape)}{' is missing' if key not in weights else f', found {_text(weights[key].shape)}'}"
        for key, shape in expected.items()
        if key not in weights or not _fits(tuple(weights[key].shape), shape)
    ]
    if wrong:
        more = f", and {len(wrong) - _NAMED_AT_MOST} more" if len(wrong) > _NAMED_AT_MOST else ""
        others = ", ".join(f"{key} {_text(value.shape)}" for key, value in list(weights.items())[:_NAMED_AT_MOST])
        raise CheckpointError(
            f"{path}: expected {'; '.join(wrong[:_NAMED_AT_MOST])}{more}\n  the file holds {others or 'nothing'}"
            f"{', …' if len(weights) > _NAMED_AT_MOST else ''}"
        )


def check_whole(folder: Path, model: nn.Module) -> None:
    """See that a model's files hold all of it: diffusers and transformers draw what they do not find, and go on.

    Args:
        folder: Where it was loaded from; without safetensors in it nothing is said.
        model: As it was loaded.

    Raises: CheckpointError, naming what is missing.
    """
    known: set[str] = set()
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            known.update(file.keys())
    weights = model.state_dict()
    # What shares its memory with another, as T5's embeddings do, is saved under one name of the two.
    present = {tensor.data_ptr() for key, tensor in weights.items() if key in known}
    missing = [key for key, tensor in weights.items() if key not in known and tensor.data_ptr() not in present]
    if known and missing:
        more = f", and {len(missing) - _NAMED_AT_MOST} more" if len(missing) > _NAMED_AT_MOST else ""
        raise CheckpointError(
            f"{folder}: without {', '.join(missing[:_NAMED_AT_MOST])}{more}; copy or download it again"
        )


def align(modules: Iterable[object]) -> None:
    """Move all weights that lie at odd addresses, as in a mapped file.

    Such addresses change the last bits of a product, and with them the waveform: a model would sound otherwise
    after it was saved and loaded.
    """
    for module in modules:
        if isinstance(module, nn.Module):
            for tensor in itertools.chain(module.parameters(), module.buffers()):
                if tensor.data_ptr() % ALIGNMENT:
                    tensor.data = tensor.data.clone()


def _fits(found: tuple[int, ...], expected: tuple[int | str, ...]) -> bool:
    return len(found) == len(expected) and all(
        isinstance(want, str) or have == want for have, want in zip(found, expected, strict=True)
    )


def _text(shape: tuple[int | str, ...] | torch.Size) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
