"""The loop every stage is trained by; read it from top to bottom."""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from rich.progress import TextColumn
from torch import nn
from torch.optim.swa_utils import AveragedModel

from art2mus.data.progress import progress_bar
from art2mus.processes import join
from art2mus.training.checkpoint import Checkpoint, TrainingError
from art2mus.training.processes import average_figures, average_gradients, parts_of
from art2mus.training.record import Record, open_record
from art2mus.training.settings import Loop
from art2mus.whole_files import sole_run

CHECKPOINT_FILE = "checkpoint.pt"

Logs = Mapping[str, float]
Tensors = tuple[torch.Tensor, ...] | list[torch.Tensor]


class Task(Protocol):
    """What one stage trains, and on what.

    Attributes:
        trainable: The module whose parameters are optimised, averaged and kept in checkpoints.
    """

    trainable: nn.Module

    def loss(self, model: nn.Module, examples: range, seed: int) -> tuple[torch.Tensor, Logs]:
        """Give the mean loss of some examples, and figures to show beside it.

        Args:
            model: `trainable`.
            examples: Their numbers; every example that is seen in a training has one.
            seed: To draw them from; other examples come with another seed.
        """

    def validate(self, model: nn.Module) -> Logs:
        """Give figures on held-out data; the same data each time."""

    def export(self, model: nn.Module, folder: Path) -> None:
        """Write the finished weights."""


@runtime_checkable
class MakesClips(Protocol):
    """A task whose progress can be heard."""

    def make_clips(self, model: nn.Module, step: int, record: Record) -> Logs:
        """Make clips of held-out artworks, if it is time for it, and give figures on them."""


def run(task: Task, settings: Loop, output: Path) -> Logs:
    """Train a task to its end, from its last checkpoint if there is one.

    Everything random in a step follows from the seed and the step's number, so a run that was killed and
    resumed ends with the same weights as one that was not. Under `accelerate launch` every process runs this.

    Returns: The last validation's figures; nothing in other processes than the first.
    Raises: TrainingError if the loss is not a number, or the run cannot go on; FolderInUseError.
    """
    torch.set_num_threads(settings.num_threads)
    state = join()
    is_first = state.is_main_process
    parts = parts_of(settings.batch_size, settings.at_once, state.process_index, state.num_processes)
    model = task.trainable
    average = AveragedModel(model, multi_avg_fn=_moving_average(settings.ema_decay))
    optimizer = torch.optim.AdamW(
        model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    checkpoint = Checkpoint(output / CHECKPOINT_FILE, model, average, optimizer)
    figures: Logs = {}
    with sole_run(output) if is_first else nullcontext(), progress_bar(TextColumn("{task.fields[figures]}")) as bar:
        bar.disable = not is_first
        first_step = checkpoint.load()
        task_id = bar.add_task(output.name, total=settings.num_steps, completed=first_step, figures="")
        with open_record(output, first_step, settings) if is_first else nullcontext(Record()) as record:
            for step in range(first_step, settings.num_steps):
                for group in optimizer.param_groups:
                    group["lr"] = settings.learning_rate * _schedule(step, settings)
                logs = _differentiate(task, model, settings, step, parts)
                logs["gradient"] = _clipped(model, settings, step)
                if settings.skipped_grad_norm is None or logs["gradient"] <= settings.skipped_grad_norm:
                    optimizer.step()
                optimizer.zero_grad()
                average.update_parameters(model)
                record.figures(step + 1, {**logs, "learning_rate": optimizer.param_groups[0]["lr"]}, "train")
                bar.update(task_id, advance=1, figures=_show(logs))
                if (step + 1) % settings.checkpoint_every == 0 or step + 1 == settings.num_steps:
                    if is_first:
                        figures = _validated(task, average.module, settings, step + 1, record)
                        bar.console.print(f"step {step + 1}: {_show({'loss': logs['loss'], **figures})}")
                        checkpoint.save(step + 1)
                    state.wait_for_everyone()
        if is_first:
            task.export(copy.deepcopy(average.module).eval(), output)
    return figures


def _differentiate(task: Task, model: nn.Module, settings: Loop, step: int, parts: Sequence[range]) -> dict[str, float]:
    """Give every parameter its gradient over the whole batch, of all processes; returns the figures of the batch."""
    share = sum(map(len, parts))
    totals: dict[str, float] = {}
    for part in parts:
        first = step * settings.batch_size
        seed = _seed(settings.seed, step, part.start)
        torch.manual_seed(seed)
        with autocast(model, settings):
            loss, logs = task.loss(model, range(first + part.start, first + part.stop), seed)
        if not torch.isfinite(loss):
            raise TrainingError(f"the loss is {loss.item()} at step {step} (seed {settings.seed}); {dict(logs)}")
        weight = len(part) / share
        (weight * loss).backward()
        for name, value in {"loss": loss.item(), **logs}.items():
            totals[name] = totals.get(name, 0.0) + weight * value
    average_gradients(model.parameters())
    return average_figures(totals)


def _clipped(model: nn.Module, settings: Loop, step: int) -> float:
    """Clip the gradients; gives the norm they had."""
    norm = nn.utils.clip_grad_norm_(model.parameters(), settings.max_grad_norm).item()
    if not math.isfinite(norm):
        raise TrainingError(
            f"the gradient is {norm} at step {step} (seed {settings.seed}), though the loss is a number"
        )
    return norm


def _validated(task: Task, model: nn.Module, settings: Loop, step: int, record: Record) -> Logs:
    model.eval()
    with torch.no_grad():
        with autocast(model, settings):
            figures = dict(task.validate(model))
        if isinstance(task, MakesClips):  # each network in its own precision, as when they are called
            figures |= task.make_clips(model, step, record)
    record.figures(step, figures, "validation")
    return figures


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


def _seed(seed: int, step: int, example: int) -> int:
    """A seed for the examples of a step from this one on; torch looks at 32 bits of it."""
    return (step + seed * 0x9E3779B1 + example * 0x85EBCA77) % 2**32


def autocast(model: nn.Module, settings: Loop) -> AbstractContextManager[Any]:
    """Compute in the precision that was asked for."""
    device = next(model.parameters()).device.type
    return torch.autocast(device, torch.bfloat16) if settings.precision == "bf16" else nullcontext()


def _show(figures: Logs) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
