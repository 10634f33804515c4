"""`python -m bench.training`: training steps a second, beside the published order of work.

Both take the same loss on the same examples, with the same functions. The published order computes everything anew at
each step: it reads the tracks (MP3, 30 s, 44.1 kHz, as FMA's), encodes them, reads both texts, lets GPT-2 write the
negative branch, and lets the gradient go through both branches of the UNet. Here that lies in the cache, so that a step
is GPT-2 and UNet. The loss is the published one ("reference"), and our default ("conditional").

Three tables: what the full model has to compute, part by part, counted (`training_work.py`); what a model takes of the
processor in which every part has the share that it has in the full one (`scaled_model.py`); and what both come to
where the networks run on a card, which does not read the tracks. The processor's time on one thread is taken, which
other work on the machine hardly changes.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

# Read when torch is imported: threads that wait actively slow down everything else.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import torch
from rich.console import Console
from rich.table import Table

from art2mus.arguments import at_least_1
from art2mus.conditioning import Condition, TextEncoding
from art2mus.models import load_pipeline
from art2mus.pipeline import Art2MusPipeline
from art2mus.training.art2mus import Art2MusTask, crop_reader
from art2mus.training.denoising import predict, weighted_errors
from art2mus.training.loop import autocast
from bench import scaled_model
from bench.training_work import AT_ONCE, Need, needs, work_table
from tests.art2mus.training import pairs as collection

MIN_RATIO = 5.0
BATCH_SIZE, TRACK_S = 16, 30.0
OBJECTIVES, BF16 = ("reference", "conditional"), ", bf16"
CARDS_TFLOPS = (10, 25, 50, 100)
"""What the networks may come to on a card; an RTX 4090 does 165 in bfloat16 at best."""


@dataclass(frozen=True)
class Figures:
    """What was measured.

    Attributes:
        seconds: Of the processor for an example, in each order of work.
        reading_s: Of these, for reading a track; and ours for drawing an example.
        loss_difference: By how much the losses of the published order and of the reference differ, of their value.
        gradient_difference: Likewise the gradients.
    """

    seconds: Mapping[str, float]
    reading_s: Mapping[str, float]
    loss_difference: float
    gradient_difference: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code: 0, or 1 where the goal was missed or the losses differ."""
    parser = argparse.ArgumentParser(prog="python -m bench.training", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=at_least_1, default=5, metavar="N", help="the best of so many (default: 5)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    console, found = Console(), needs()
    console.print(work_table(found))
    with tempfile.TemporaryDirectory(prefix="art2mus-bench") as folder:
        figures = measure(Path(folder), options.rounds)
    console.print(table_of(figures))
    console.print(card_table(figures, found))
    is_reached = max(figures.seconds[name] for name in OBJECTIVES) * MIN_RATIO <= figures.seconds["published"]
    is_same = max(figures.loss_difference, figures.gradient_difference) < 1e-4
    return 0 if is_reached and is_same else 1


def measure(folder: Path, num_rounds: int) -> Figures:
    """Take the time of each order of work, by turns."""
    model = scaled_model.save_model(folder / "model")
    tasks = tasks_of(model, folder)
    published = Published(load_pipeline(model), tasks["reference"])
    learn = {"published": partial(gradient_of, tasks["reference"], published.loss, AT_ONCE["published"])}
    learn |= {
        name: partial(gradient_of, task, partial(loss_of, task), AT_ONCE[name.removesuffix(BF16)])
        for name, task in tasks.items()
    }
    (loss, gradient), (other_loss, other_gradient) = learn["published"](), learn["reference"]()
    read: dict[str, Callable[[], object]] = {
        "published": partial(published.read, range(BATCH_SIZE)),
        **{name: partial(task.examples.batch, range(BATCH_SIZE)) for name, task in tasks.items()},
    }
    rounds = [{name: (timed(learn[name]), timed(read[name])) for name in learn} for _ in range(num_rounds)]
    seconds, reading_s = (
        {name: min(each[name][place] for each in rounds) / BATCH_SIZE for name in learn} for place in (0, 1)
    )
    gradient_difference = float((gradient - other_gradient).norm() / gradient.norm())
    return Figures(seconds, reading_s, abs(other_loss / loss - 1), gradient_difference)


def tasks_of(model: Path, folder: Path) -> dict[str, Art2MusTask]:
    """Give our order of work for either objective, in either precision, on tracks such as FMA's."""
    pairs = collection.save_collection(
        folder / "data", num_pairs=BATCH_SIZE, length_s=TRACK_S, num_held_out=0, format="mp3", sample_rate=44_100
    )
    sizes = {"length_s": scaled_model.CROP_S, "hidden_dim": scaled_model.HIDDEN_DIM}
    settings = collection.settings(model, pairs, folder / "out", crops="published", **sizes)
    tasks = {}
    for objective, precision in itertools.product(OBJECTIVES, ("fp32", "bf16")):
        loop = settings.loop.model_copy(update={"precision": precision})
        chosen = settings.model_copy(update={"objective": objective, "loop": loop})
        tasks[objective + BF16 * (precision == "bf16")] = Art2MusTask(chosen)
    return tasks


def loss_of(task: Art2MusTask, examples: range) -> torch.Tensor:
    """The loss of some examples, as a training takes it."""
    with autocast(task.trainable, task.settings.loop):
        return task.loss(task.trainable, examples, 0)[0]


def gradient_of(
    task: Art2MusTask, take_loss: Callable[[range], torch.Tensor], at_once: int
) -> tuple[float, torch.Tensor]:
    """Give the loss of a batch, some examples at once, and its gradient."""
    task.trainable.zero_grad()
    total = 0.0
    for first in range(0, BATCH_SIZE, at_once):
        loss = take_loss(range(first, first + at_once)) * (at_once / BATCH_SIZE)
        loss.backward()
        total += loss.item()
    return total, torch.cat(
        [parameter.grad.flatten() for parameter in task.trainable.parameters() if parameter.grad is not None]
    )


@dataclass(frozen=True)
class Published:
    """The published order of work, on the examples of a task.

    It calls the same functions as ours, with whole batches: what differs is what is computed, and when. The published
    code reads more slowly than this: both channels are resampled, and spectra are products with a Fourier matrix.
    """

    pipeline: Art2MusPipeline
    task: Art2MusTask

    def loss(self, examples: range) -> torch.Tensor:
        """The loss of some examples."""
        task, num_examples = self.task, len(examples)
        # The draws are given to it, so that the losses can be compared.
        drawn = task.examples.batch(examples)
        with torch.no_grad():
            posterior = self.pipeline.codec.vae.encode(self.read(examples)).latent_dist
            negatives = self._texts([self.pipeline.config.negative_prompt] * num_examples)
            avoided = Condition.of(self.pipeline.compose_loa(None, negatives), negatives)
            sentences = self._texts([self.pipeline.config.artwork_prompt] * num_examples, with_clap=False)
        latents = self.pipeline.codec.vae.config.scaling_factor * (posterior.mean + posterior.std * drawn.latent_noise)
        noisy = task.scheduler.add_noise(latents, drawn.noise, drawn.timesteps)
        loa_tokens = self.pipeline.compose_loa(task.trainable(drawn.image_embeds), None)
        both = Condition.of(loa_tokens, sentences).after(avoided)
        away, towards = predict(self.pipeline.unet, torch.cat([noisy] * 2), drawn.timesteps.repeat(2), both).chunk(2)
        guided = away + task.settings.guidance_scale * (towards - away)
        gamma = task.settings.min_snr_gamma
        return weighted_errors(task.scheduler, guided, latents, drawn.noise, drawn.timesteps, gamma).mean()

    def read(self, examples: range) -> torch.Tensor:
        """Read the tracks of some examples; (len(examples), 1, mel_frames, n_mels)."""
        reader = crop_reader(self.task.settings, self.task.codec)
        tracks = [self.task.settings.tracks / self.task.examples.pair(example).track for example in examples]
        return torch.cat([torch.from_numpy(reader(track)) for track in tracks])[:, None]

    def _texts(self, texts: list[str], *, with_clap: bool = True) -> list[TextEncoding]:
        """Read the texts of a batch anew; CLAP's are padded to all that it can read."""
        pipeline = self.pipeline
        pooled = torch.zeros(len(texts), 0)
        if with_clap:
            words = pipeline.tokenizer(texts, padding="max_length", return_tensors="pt")
            pooled = pipeline.text_encoder(words.input_ids, words.attention_mask).text_embeds
        words = pipeline.tokenizer_2(texts, padding=True, return_tensors="pt")
        states = pipeline.text_encoder_2(words.input_ids, words.attention_mask).last_hidden_state
        return [TextEncoding(*each) for each in zip(pooled, states, words.attention_mask, strict=True)]


def timed(work: Callable[[], object]) -> float:
    """Seconds of the processor."""
    began_s = time.process_time()
    work()
    return time.process_time() - began_s


def table_of(figures: Figures) -> Table:
    """One row for each order of work."""
    table = Table(title=f"Training, {BATCH_SIZE} examples a step, a model at 1/512, one thread", title_justify="left")
    for column in (
        "",
        "at once",
        "ms an\nexample",
        "of it\nreading",
        "times the\npublished",
        "without\nreading",
        "goal",
    ):
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    published = figures.seconds["published"]
    networks = {name: seconds - figures.reading_s[name] for name, seconds in figures.seconds.items()}
    for name, seconds in figures.seconds.items():
        table.add_row(
            name,
            str(AT_ONCE[name.removesuffix(BF16)]),
            f"{1e3 * seconds:.1f}",
            f"{1e3 * figures.reading_s[name]:.1f}",
            f"{published / seconds:.1f}",
            f"{networks['published'] / networks[name]:.1f}",
            f"{MIN_RATIO:g}" if name in OBJECTIVES else "",
        )
    table.caption = (
        f"fp32 where nothing is said. Published and reference differ by {figures.loss_difference:.0e} of the loss, and "
        f"by {figures.gradient_difference:.0e} of the gradient."
    )
    return table


def card_table(figures: Figures, found: Mapping[str, Need]) -> Table:
    """One row for each speed that the networks may run at on a card; derived, not measured."""
    table = Table(title="Derived for the full model: tracks read here, networks on a card", title_justify="left")
    table.add_column("networks at", justify="right", no_wrap=True)
    for name in found:
        table.add_column(f"{name},\nms an example", justify="right", no_wrap=True)
    for rate in CARDS_TFLOPS:
        ms = {name: 1e3 * figures.reading_s[name] + need.total / rate for name, need in found.items()}
        cells = [f"{each:.0f}  ({ms['published'] / each:.1f} x)" for each in ms.values()]
        table.add_row(f"{rate} TFLOP/s", *cells)
    return table


if __name__ == "__main__":
    sys.exit(main())
