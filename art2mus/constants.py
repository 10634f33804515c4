"""What a show asks for again and again, computed once: how texts read, and what GPT-2 makes of a negative prompt."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
from torch import nn

T = TypeVar("T")

MAX_KEPT = 32
"""A reading of FLAN-T5-large takes two megabytes at most: so many do no harm."""


@dataclass(frozen=True)
class _Kept:
    networks: tuple[weakref.ref[nn.Module], ...]
    state: tuple[Hashable, ...]
    value: Any


class Constants:
    """Keeps what networks gave, for as long as they would give the same again.

    It forgets what was computed with other networks, other weights, another dtype or on another device, and what was
    not asked for lately. Nothing is kept while gradients are recorded: training computes anew. Weights that are
    changed in place behind torch's back (through `.data`) are not noticed.

    Args:
        max_kept: How many values are kept.
    """

    def __init__(self, max_kept: int = MAX_KEPT) -> None:
        self._max_kept = max_kept
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    def recall(self, key: Hashable, networks: Sequence[nn.Module], compute: Callable[[], T]) -> T:
        """Give what `compute` gives, without asking it twice.

        Args:
            key: Everything that the value depends on beside the networks.
            networks: What computes it.
            compute: Computes it.
        """
        if torch.is_grad_enabled():
            return compute()
        state = tuple(state_of(network) for network in networks)
        kept = self._kept.pop(key, None)
        if kept is None or kept.state != state or [known() for known in kept.networks] != list(networks):
            kept = _Kept(tuple(map(weakref.ref, networks)), state, compute())
        self._kept[key] = kept
        while len(self._kept) > self._max_kept:
            self._kept.popitem(last=False)
        return cast(T, kept.value)

    def __len__(self) -> int:
        return len(self._kept)


def state_of(network: nn.Module) -> Hashable:
    """Give what changes when a network's weights are changed, replaced, converted or moved, or when it begins to train.

    torch counts the changes to a tensor in place; where the tensor lies tells the rest.
    """
    tensors = (*network.parameters(), *network.buffers())
    return network.training, tuple(
        (each.data_ptr(), 0 if each.is_inference() else each._version, each.dtype, each.device) for each in tensors
    )
