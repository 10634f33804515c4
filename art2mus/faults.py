"""What can go wrong while a model computes, through no fault of what it was given."""

from __future__ import annotations

from enum import Enum

import numpy as np

from art2mus.codec.protocol import FloatArray


class Fault(Enum):
    """A kind of failure; its value is a few words for people."""

    OUT_OF_MEMORY = "out of memory"
    DEVICE_LOST = "the graphics card is lost"  # or was never there
    NOT_FINITE = "what came out is not a number"


class NotFiniteError(RuntimeError):
    """A result holds infinities, or what is not a number; the message says which, and what helps."""


_WORDS = {
    Fault.OUT_OF_MEMORY: ("out of memory", "can't allocate memory", "cudaerrormemoryallocation", "alloc_failed"),
    Fault.DEVICE_LOST: (
        *("cuda error", "cuda driver error", "cudnn error", "cudnn_status", "cublas_status"),
        *("no cuda gpus", "no nvidia driver", "not compiled with cuda"),
    ),
}
"""torch tells most of its errors apart by nothing but their text."""


def fault_of(error: BaseException) -> Fault | None:
    """Say which fault an error is a sign of; None for every other error.

    >>> fault_of(RuntimeError("CUDA error: device-side assert triggered"))
    <Fault.DEVICE_LOST: 'the graphics card is lost'>
    """
    if isinstance(error, NotFiniteError):
        return Fault.NOT_FINITE
    if isinstance(error, MemoryError):
        return Fault.OUT_OF_MEMORY
    if not isinstance(error, RuntimeError | AssertionError):
        return None
    text = str(error).lower()
    return next((fault for fault, words in _WORDS.items() if any(word in text for word in words)), None)


def require_finite(values: FloatArray, name: str) -> None:
    """Stop before silence, noise or worse is taken for music.

    Args:
        values: To be looked at, of any shape.
        name: What they are, for the message.

    Raises: NotFiniteError.
    """
    if not np.isfinite(values).all():
        raise NotFiniteError(f"{name}: not all numbers are finite; float16 overflows where bfloat16 or float32 do not")
