"""Several processes at one piece of work."""

from __future__ import annotations

from datetime import timedelta

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env

LONGEST_WAIT = timedelta(days=30)
"""A process that has done its share waits so long for the others."""


def join() -> PartialState:
    """Meet the other processes of `accelerate launch` or `torchrun`; without them, be the only one.

    On machines without a card as well, where accelerate lets each process believe that it is alone unless it is told.
    """
    is_processor = parse_flag_from_env("ACCELERATE_USE_CPU") or not torch.accelerator.is_available()
    return PartialState(cpu=is_processor, timeout=LONGEST_WAIT)


def leave() -> None:
    """Part from the other processes once all have done their share; the last thing that a command does.

    A process that ends without it may crash on its way out, all work done, in threads that still listen to the others.
    """
    state = join()
    state.wait_for_everyone()
    state.destroy_process_group()
