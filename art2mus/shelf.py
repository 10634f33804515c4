"""Networks that are asked seldom: their weights lie in a file, and in memory only while they are read."""

from __future__ import annotations

import ctypes
import mmap
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

from art2mus.checkpoints import ALIGNMENT


def shelve(network: nn.Module, folder: Path) -> None:
    """Move a network's weights into a file, from where the system reads them whenever the network is asked.

    The network stays what it is, and gives the same. After each of its layers the memory is given back; the system
    keeps what it read for as long as nobody else needs the room, so that memory that is free is used all the same.
    The file has no name and ends with the process.

    Args:
        network: On the processor; it does not train.
        folder: Of a disk with as much room; it is made if it is not there.

    Raises: OSError if the disk does not take it; the network is as it was.
    """
    weights = {id(each): each for each in network.parameters()}.values()  # what is shared once
    if not weights:
        return
    folder.mkdir(parents=True, exist_ok=True)
    places = []
    with tempfile.TemporaryFile(dir=folder, prefix="shelf-") as file:
        for weight in weights:
            file.write(bytes(-file.tell() % ALIGNMENT))
            places.append(file.tell())
            file.write(_bytes_of(weight.detach().contiguous()))
        file.flush()
        pages = mmap.mmap(file.fileno(), 0)  # it keeps the file when its name and handle are gone
    for weight, place in zip(weights, places, strict=True):
        flat = torch.frombuffer(pages, dtype=weight.dtype, count=weight.numel(), offset=place)
        weight.data = flat.view(weight.shape)
    for layer in {network, *_layers_of(network)}:
        layer.register_forward_hook(lambda *_: _give_back(pages))
    give_back_freed()
    _give_back(pages)


def give_back_freed() -> None:
    """Have the C library give freed memory back to the system, where it is one that keeps some (glibc)."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _layers_of(network: nn.Module) -> Iterator[nn.Module]:
    """The layers of each stack of layers, outermost stacks only."""
    if isinstance(network, nn.ModuleList | nn.Sequential) and len(network) > 1:
        yield from network
    else:
        for child in network.children():
            yield from _layers_of(child)


def _give_back(pages: mmap.mmap) -> None:
    if hasattr(pages, "madvise"):  # elsewhere the system takes them when it needs the room
        pages.madvise(mmap.MADV_DONTNEED)


def _bytes_of(weight: torch.Tensor) -> memoryview:
    return weight.reshape(-1).view(torch.uint8).numpy().data
