"""The loop every stage is trained by; read it from top to bottom."""

import copy
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import nn
from torch.optim.swa_utils import AveragedModel

from art2mus.training.settings import Loop

Logs = Mapping[str, float]
Tensors = tuple[torch.Tensor, ...] | list[torch.Tensor]


class Task(Protocol):
    """What one stage trains, and on what.

    Attributes:
        trainable: The module whose parameters are optimised, averaged and kept in checkpoints.
    """

    trainable: nn.Module

    def loss(self, model: nn.Module, batch_size: int, seed: int) -> tuple[torch.Tensor, Logs]:
        """Give the loss of the batch that `seed` draws, and figures to show beside it."""

    def validate(self, model: nn.Module) -> Logs:
        """Give figures on held-out data; the same data each time."""

    def export(self, model: nn.Module, folder: Path) -> None:
        """Write the finished weights."""


class TrainingError(Exception):
    """Training cannot go on; says at which step and why."""


def run(task: Task, settings: Loop, output: Path) -> Logs:
    """Train a task to its end, from its last checkpoint if there is one.

    Everything random in a step follows from the seed and the step's number, so a run that was killed and
    resumed ends with the same weights as one that was not.

    Returns: The last validation's figures.
    Raises: TrainingError if the loss is not a number.
    """
    torch.set_num_threads(settings.num_threads)
    output.mkdir(parents=True, exist_ok=True)
    checkpoint = output / "checkpoint.pt"
    model = task.trainable
    average = AveragedModel(model, multi_avg_fn=_moving_average(settings.ema_decay))
    optimizer = torch.optim.AdamW(
        model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    first_step = _resume(checkpoint, model, average, optimizer)
    figures: Logs = {}
    with _progress() as progress:
        bar = progress.add_task(output.name, total=settings.num_steps, completed=first_step, figures="")
        for step in range(first_step, settings.num_steps):
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * _schedule(step, settings)
            torch.manual_seed(_step_seed(settings.seed, step))
            with _precision(settings):
                loss, logs = task.loss(model, settings.batch_size, _step_seed(settings.seed, step))
            if not torch.isfinite(loss):
                raise TrainingError(f"the loss is {loss.item()} at step {step} (seed {settings.seed}); {dict(logs)}")
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), settings.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()
            average.update_parameters(model)
            progress.update(bar, advance=1, figures=_show({"loss": loss.item(), **logs}))
            if (step + 1) % settings.checkpoint_every == 0 or step + 1 == settings.num_steps:
                figures = _validated(task, average.module, settings)
                progress.console.print(f"step {step + 1}: {_show({'loss': loss.item(), **figures})}")
                _save(checkpoint, step + 1, model, average, optimizer)
    task.export(copy.deepcopy(average.module).eval(), output)
    return figures


def _validated(task: Task, model: nn.Module, settings: Loop) -> Logs:
    model.eval()
    with torch.no_grad(), _precision(settings):
        return task.validate(model)


def _schedule(step: int, settings: Loop) -> float:
    """Give the share of the learning rate at a step: warm-up, constant, linear to zero."""
    if step < settings.num_warmup_steps:
        return (step + 1) / settings.num_warmup_steps
    remaining = (settings.num_steps - step) / settings.num_steps
    return min(1.0, remaining / settings.anneal_share) if settings.anneal_share else 1.0


def _moving_average(decay: float) -> Callable[[Tensors, Tensors, torch.Tensor | int], None]:
    """Give an exponential moving average that forgets its beginning: decay rises as (1 + n) / (10 + n)."""

    @torch.no_grad()
    def update(averages: Tensors, values: Tensors, num_averaged: torch.Tensor | int) -> None:
        num = int(num_averaged)
        torch._foreach_lerp_(averages, values, 1 - min(decay, (1 + num) / (10 + num)))

    return update


def _step_seed(seed: int, step: int) -> int:
    return (seed << 32) + step


def _precision(settings: Loop) -> AbstractContextManager[Any]:
    return torch.autocast("cpu", torch.bfloat16) if settings.precision == "bf16" else nullcontext()


def _resume(path: Path, model: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def _save(path: Path, step: int, model: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    state = {
        "step": step,
        "model": model.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def _show(figures: Logs) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in figures.items())


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
