"""One training in several processes: each takes its part of every batch, and all take the same step.

The network that is trained is small, so its gradients are averaged once a step, as one vector. A batch is cut by its
size and the number of processes alone. In the stage `art2mus` whatever is drawn for an example follows from its number:
several processes see what one would see. The other stages draw for each part of a batch from the seed, the step and
where the part begins: several processes see other examples than one would, of the same kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from accelerate.utils import reduce
from torch import nn

from art2mus.processes import join
from art2mus.training.checkpoint import TrainingError


def parts_of(batch_size: int, at_once: int | None, process: int, num_processes: int) -> list[range]:
    """Say which examples of a batch a process takes, and which of them together.

    Args:
        batch_size: Examples of a step, of all processes.
        at_once: So many go through the networks together at most; None is all.
        process: Which of the processes.
        num_processes: How many there are.

    Raises: TrainingError if the processes cannot have equally many.

    >>> parts_of(8, 3, process=1, num_processes=2)
    [range(4, 7), range(7, 8)]
    """
    share, rest = divmod(batch_size, num_processes)
    if rest:
        raise TrainingError(
            f"loop.batch_size: {batch_size} examples cannot be shared equally by {num_processes} processes"
        )
    first = process * share
    size = at_once or share
    return [range(start, min(start + size, first + share)) for start in range(first, first + share, size)]


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace every gradient by its mean over the processes.

    What one process draws may leave a part of the network without a gradient that another gives it: there it is zero.
    What has none in any process keeps none.
    """
    state = join()
    if state.num_processes == 1:
        return
    learned = [parameter for parameter in parameters if parameter.requires_grad]
    has_gradient = torch.tensor([float(each.grad is not None) for each in learned], device=state.device)
    touched = reduce(has_gradient, "sum").tolist()
    gradients = []
    for parameter, count in zip(learned, touched, strict=True):
        if count:
            parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            gradients.append(parameter.grad)
    means = reduce(torch.cat([gradient.flatten() for gradient in gradients]), "mean")
    for gradient, mean in zip(gradients, means.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def average_figures(figures: Mapping[str, float]) -> dict[str, float]:
    """Give the mean of every figure over the processes; all of them name the same."""
    state = join()
    if state.num_processes == 1:
        return dict(figures)
    means = reduce(torch.tensor(list(figures.values()), dtype=torch.float32, device=state.device), "mean")
    return dict(zip(figures, means.tolist(), strict=True))
