"""For `torchrun`: processes of which each gives another part of a network a gradient."""

import torch
from torch import nn

from art2mus.processes import join, leave
from art2mus.training.processes import average_gradients


def main() -> None:
    """Average the gradients of three layers: one that all use, one that only the last uses, one that none does."""
    state = join()
    shared, own, unused = (nn.Linear(size, 1, bias=False) for size in (2, 3, 4))
    loss = shared(torch.ones(2)).sum() * (state.process_index + 1)
    if state.process_index == 1:
        loss = loss + own(torch.ones(3)).sum()
    loss.backward()
    average_gradients([*shared.parameters(), *own.parameters(), *unused.parameters()])
    assert shared.weight.grad is not None
    assert own.weight.grad is not None
    assert shared.weight.grad.tolist() == [[1.5, 1.5]]
    assert own.weight.grad.tolist() == [[0.5, 0.5, 0.5]]
    assert unused.weight.grad is None
    leave()


if __name__ == "__main__":
    main()
