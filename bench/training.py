"""`python -m bench.training`: training steps a second, beside the published order of work, on one tiny model.

Both take the same loss on the same examples. The published order computes everything anew at each step: it reads the
tracks (MP3, 30 s, 44.1 kHz, as FMA's), encodes them, reads both texts, and lets GPT-2 write the negative branch. Here
that lies in the cache, so that a step is GPT-2 and UNet. The loss is the published one ("reference"), and our default
("conditional"). What counts is the processor's time on one thread, which other work on the machine hardly changes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

# Read when torch is imported: threads that wait actively slow down everything else.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import torch
from rich.console import Console
from rich.table import Table

from art2mus.conditioning import Condition
from art2mus.models import load_pipeline
from art2mus.training.art2mus import Art2MusTask, crop_reader
from art2mus.training.denoising import predict, weighted_errors
from tests.art2mus.training import pairs as collection

MIN_RATIO = 5.0
BATCH_SIZE, TRACK_S, CROP_S = 4, 30.0, 10.24
OBJECTIVES = ("reference", "conditional")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code: 0, or 1 where the goal was missed or the losses differ."""
    parser = argparse.ArgumentParser(prog="python -m bench.training", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="the best of so many (default: 5)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="art2mus-bench") as folder:
        rates, difference = measure(Path(folder), options.rounds)
    Console().print(table_of(rates, difference))
    is_reached = min(rates[name] for name in OBJECTIVES) >= MIN_RATIO * rates["published"]
    return 0 if is_reached and difference < 1e-4 else 1


def measure(folder: Path, num_rounds: int) -> tuple[dict[str, float], float]:
    """Give examples a second of each order of work, and by how much the losses of both differ (relative)."""
    model = collection.save_model(folder / "model")
    pairs = collection.save_collection(
        folder / "data", num_pairs=BATCH_SIZE, length_s=TRACK_S, num_held_out=0, format="mp3", sample_rate=44_100
    )
    tasks = {
        objective: Art2MusTask(
            collection.settings(
                model, pairs, folder / objective, objective=objective, crops="published", length_s=CROP_S
            )
        )
        for objective in OBJECTIVES
    }
    steps = {"published": published_step(model, tasks["reference"])}
    steps |= {name: partial(first_loss, task) for name, task in tasks.items()}
    with torch.no_grad():
        difference = abs(steps["reference"]().item() / steps["published"]().item() - 1)
    seconds = {name: min(timed(step) for _ in range(num_rounds)) for name, step in steps.items()}
    return {name: BATCH_SIZE / each for name, each in seconds.items()}, difference


def published_step(model: Path, task: Art2MusTask) -> Callable[[], torch.Tensor]:
    """Give a step in the published order of work, on the first examples of a task.

    It calls the same functions as ours, with whole batches: what differs is what is computed, and when.
    """
    pipeline = load_pipeline(model)
    drawn = task.examples.batch(range(BATCH_SIZE))
    reader = crop_reader(task.settings, task.codec)

    def step() -> torch.Tensor:
        mels = torch.cat([torch.from_numpy(reader(task.settings.tracks / pair.track)) for pair in drawn.pairs])
        with torch.no_grad():
            posterior = pipeline.codec.vae.encode(mels[:, None]).latent_dist
            negatives = pipeline.encode_text([pipeline.config.negative_prompt] * BATCH_SIZE)
            avoided = Condition.of(pipeline.compose_loa(None, negatives), negatives)
            sentences = pipeline.encode_text([pipeline.config.artwork_prompt] * BATCH_SIZE)
        # With what the cache's were sampled with, so that the losses can be compared.
        sampled = posterior.mean + posterior.std * drawn.latent_noise
        latents = pipeline.codec.vae.config.scaling_factor * sampled
        noisy = task.scheduler.add_noise(latents, drawn.noise, drawn.timesteps)
        loa_tokens = pipeline.compose_loa(task.trainable(drawn.image_embeds), None)
        both = Condition.of(loa_tokens, sentences).after(avoided)
        away, towards = predict(pipeline.unet, torch.cat([noisy] * 2), drawn.timesteps.repeat(2), both).chunk(2)
        guided = away + task.settings.guidance_scale * (towards - away)
        gamma = task.settings.min_snr_gamma
        return weighted_errors(task.scheduler, guided, latents, drawn.noise, drawn.timesteps, gamma).mean()

    return step


def first_loss(task: Art2MusTask) -> torch.Tensor:
    """The loss of a task's first examples."""
    return task.loss(task.trainable, range(BATCH_SIZE), seed=0)[0]


def timed(step: Callable[[], torch.Tensor]) -> float:
    """Seconds of the processor for a step, forwards and backwards."""
    began_s = time.process_time()
    step().backward()
    return time.process_time() - began_s


def table_of(rates: dict[str, float], difference: float) -> Table:
    """One row for each order of work."""
    table = Table(title=f"Training, batches of {BATCH_SIZE}, fp32, one thread, tiny model", title_justify="left")
    for column in ("", "examples/s of the processor", "times the published", "goal"):
        table.add_column(column, justify="left" if not column else "right")
    for name, rate in rates.items():
        goal = "" if name == "published" else f"{MIN_RATIO:g}"
        table.add_row(name, f"{rate:.2f}", f"{rate / rates['published']:.1f}", goal)
    table.caption = f"The losses of both orders differ by {difference:.1e} of their value."
    return table


if __name__ == "__main__":
    sys.exit(main())
