"""Stage A: the autoencoder of note rolls."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from art2mus.codec.roll_vae import RollVAE
from art2mus.codec.score import Note, Score
from art2mus.training.inputs import open_windows, sizes_named
from art2mus.training.loop import Logs
from art2mus.training.settings import RollVAESettings
from art2mus.whole_files import whole_folder

NUM_VALIDATION_WINDOWS = 512


class RollVAETask:
    """Trains `RollVAE` to give rolls back, with latents near a unit Gaussian."""

    def __init__(self, settings: RollVAESettings) -> None:
        self.settings = settings
        self.windows = open_windows(settings.windows)
        torch.manual_seed(settings.loop.seed)
        with sizes_named():
            self.trainable: nn.Module = RollVAE(
                settings.latent_channels, settings.hidden_channels, settings.layers_per_block
            )
        rng = np.random.default_rng(settings.loop.seed)
        self.held_out = rng.choice(
            self.windows.held_out, min(NUM_VALIDATION_WINDOWS, len(self.windows.held_out)), False
        )

    def loss(self, model: nn.Module, examples: range, seed: int) -> tuple[torch.Tensor, Logs]:
        """Give reconstruction in nats per note cell (roughly), plus the weighted KL divergence."""
        indices = np.random.default_rng(seed).choice(self.windows.train, len(examples))
        roll = torch.from_numpy(self.windows.rolls(indices))
        posterior = model.posterior(roll)  # type: ignore[operator]
        logits = model.logits(posterior.sample())  # type: ignore[operator]
        weight = torch.tensor([1.0, self.settings.onset_weight] * 2).view(4, 1, 1)
        errors = binary_cross_entropy_with_logits(logits.float(), roll, reduction="none") * weight
        reconstruction = errors.sum() / roll.sum()
        divergence = posterior.kl().mean() / posterior.mean[0].numel()
        loss = reconstruction + self.settings.kl_weight * divergence
        return loss, {"reconstruction": reconstruction.item(), "kl": divergence.item()}

    def validate(self, model: nn.Module) -> Logs:
        """Give the F1 of sustained and struck cells, and of notes by onset and row, and by their length as well."""
        roll = torch.from_numpy(self.windows.rolls(self.held_out))
        probabilities = model.decode(model.encode(roll)).float()  # type: ignore[operator]
        marks, truth = probabilities > 0.5, roll > 0.5
        pairs = [
            (Score.from_roll(a), Score.from_roll(b)) for a, b in zip(probabilities.numpy(), roll.numpy(), strict=True)
        ]
        return {
            "sustain_f1": _f1(marks[:, ::2], truth[:, ::2]),
            "onset_f1": _f1(marks[:, 1::2], truth[:, 1::2]),
            "note_f1": _note_f1(pairs, lambda note: replace(note, duration=0)),
            "whole_note_f1": _note_f1(pairs, lambda note: note),
        }

    def export(self, model: nn.Module, folder: Path) -> None:
        """Measure the latents' scale and save the autoencoder."""
        roll = torch.from_numpy(self.windows.rolls(self.held_out))
        with torch.no_grad():
            std = model.posterior(roll).mode().std().item()  # type: ignore[operator]
        model.register_to_config(scaling_factor=1 / std)  # type: ignore[operator]
        with whole_folder(folder / "vae") as partial:
            model.save_pretrained(partial)  # type: ignore[operator]


def _f1(marks: torch.Tensor, truth: torch.Tensor) -> float:
    return float(2 * (marks & truth).sum() / (marks.sum() + truth.sum()))


def _note_f1(pairs: Sequence[tuple[Score, Score]], key: Callable[[Note], Note]) -> float:
    found = [({key(note) for note in a.notes}, {key(note) for note in b.notes}) for a, b in pairs]
    return 2 * sum(len(a & b) for a, b in found) / sum(len(a) + len(b) for a, b in found)
