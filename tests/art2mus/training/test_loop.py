"""The loop, on a task small enough to see through: fit a line."""

import json
import math
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from art2mus.training.checkpoint import TrainingError
from art2mus.training.loop import Logs, run
from art2mus.training.settings import Loop

SETTINGS = Loop(
    num_steps=40, batch_size=16, learning_rate=0.1, num_warmup_steps=5, checkpoint_every=10, precision="fp32"
)


class PowerCutError(Exception):
    """Ends a run from within."""


class LineTask:
    """Learns y = 3 x from noisy examples."""

    def __init__(self, cut_at: int | None = None, nan_at: int | None = None) -> None:
        torch.manual_seed(0)
        self.trainable: nn.Module = nn.Linear(1, 1)
        self.cut_at, self.nan_at = cut_at, nan_at
        self.num_losses = 0

    def loss(self, model: nn.Module, examples: range, seed: int) -> tuple[torch.Tensor, Logs]:
        if self.num_losses == self.cut_at:
            raise PowerCutError
        self.num_losses += 1
        x = torch.randn(len(examples), 1, generator=torch.Generator().manual_seed(seed))
        error = (model(x) - 3 * x - 0.1 * torch.randn(len(examples), 1)).square().mean()
        return (error * math.nan if self.num_losses - 1 == self.nan_at else error), {"error": error.item()}

    def validate(self, model: nn.Module) -> Logs:
        return {"weight": model.weight.item()}

    def export(self, model: nn.Module, folder: Path) -> None:
        torch.save(model.state_dict(), folder / "line.pt")


def test_it_learns_and_exports_the_average(tmp_path: Path) -> None:
    figures = run(LineTask(), SETTINGS, tmp_path)
    assert figures["weight"] == pytest.approx(3, abs=0.5)
    assert torch.load(tmp_path / "line.pt", weights_only=True)["weight"].item() == figures["weight"]


def test_a_run_cut_off_and_resumed_ends_with_the_same_weights(tmp_path: Path) -> None:
    run(LineTask(), SETTINGS, tmp_path / "whole")
    with pytest.raises(PowerCutError):
        run(LineTask(cut_at=27), SETTINGS, tmp_path / "cut")
    resumed = LineTask()
    run(resumed, SETTINGS, tmp_path / "cut")
    assert resumed.num_losses == 20  # from the checkpoint at step 20
    whole, cut = (torch.load(tmp_path / name / "line.pt", weights_only=True) for name in ("whole", "cut"))
    assert all(torch.equal(whole[name], cut[name]) for name in whole)


def test_a_finished_run_only_exports_again(tmp_path: Path) -> None:
    run(LineTask(), SETTINGS, tmp_path)
    (tmp_path / "line.pt").unlink()
    again = LineTask()
    run(again, SETTINGS, tmp_path)
    assert again.num_losses == 0
    assert (tmp_path / "line.pt").exists()


def test_a_loss_that_is_no_number_names_its_step(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="the loss is nan at step 12"):
        run(LineTask(nan_at=12), SETTINGS, tmp_path)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 10


def test_a_bar_shows_loss_rate_and_time_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    run(LineTask(), SETTINGS, tmp_path / "line")
    shown = capsys.readouterr().err.splitlines()[-1]
    assert re.search(r"^line ━+ 40/40 [\d,.]+/s \d:\d\d:\d\d loss [\d.]+  error [\d.]+  gradient [\d.]+", shown)


@pytest.mark.parametrize(("limit", "is_clipped"), [(0.01, True), (100.0, False)])
def test_gradients_are_clipped_and_written_down_as_they_were(tmp_path: Path, limit: float, is_clipped: bool) -> None:
    run(LineTask(), SETTINGS.model_copy(update={"num_steps": 1, "max_grad_norm": limit}), tmp_path)
    (line, _) = (json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines())
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["optimizer"]["state"]
    # After one step AdamW's first momentum is a tenth of the gradient that it was given.
    given = 10 * torch.stack([moments["exp_avg"].norm() for moments in state.values()]).norm().item()
    assert line["gradient"] > 1
    assert given == pytest.approx(limit if is_clipped else line["gradient"], rel=1e-3)


@pytest.mark.parametrize(("limit", "learns"), [(0.001, False), (1e6, True)])
def test_a_step_with_too_large_a_gradient_is_left_out(tmp_path: Path, limit: float, learns: bool) -> None:
    task = LineTask()
    before = {key: value.clone() for key, value in task.trainable.state_dict().items()}
    run(task, SETTINGS.model_copy(update={"num_steps": 2, "skipped_grad_norm": limit}), tmp_path)
    assert task.num_losses == 2
    assert learns == any((value != before[key]).any() for key, value in task.trainable.state_dict().items())


def test_the_average_follows_the_weights_and_forgets_its_beginning(tmp_path: Path) -> None:
    averages, weights = [], []
    for num_steps in (1, 2, 3):
        run(LineTask(), SETTINGS.model_copy(update={"num_steps": num_steps}), tmp_path)
        state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
        averages.append(state["average"]["module.weight"].item())
        weights.append(state["model"]["weight"].item())
    assert averages[0] == weights[0]
    assert averages[1] == pytest.approx(averages[0] + (1 - 2 / 11) * (weights[1] - averages[0]))
    assert averages[2] == pytest.approx(averages[1] + (1 - 3 / 12) * (weights[2] - averages[1]))
