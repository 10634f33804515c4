"""`python -m bench.steps WINDOWS`: how far the bundled model's music is from real music, by denoising steps.

The model writes pieces as held-out windows are, asked for by their attributes, with each number of steps from the same
noise. They are performed as other held-out windows are, so that nothing but the notes differs, and compared with them
as sets (FD-MusiCNN). Beside it stands the distance between the two sets of windows. What has been heard is kept in the
output folder, batch by batch: a run that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

# Read when torch is imported: threads that wait actively slow down everything else.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from art2mus.arguments import at_least_1
from art2mus.metrics.frechet import estimate_distance
from art2mus.whole_files import FolderInUseError, sole_run, whole_file

if TYPE_CHECKING:
    import torch

    from art2mus.codec.score import Score
    from art2mus.data.windows import Windows
    from art2mus.pipeline import Art2MusPipeline

FloatArray = NDArray[np.float32]
BATCH = 8
NUM_RESAMPLES = 200
REAL, OTHER_REAL = "held-out", "other-held-out"


@dataclass(frozen=True)
class Sampling:
    """A way to denoise.

    Attributes:
        scheduler: "DPM++", the model's own with its own times, or "DDIM", evenly spaced.
        num_steps: Denoising steps.
        dtype: Of the networks.
    """

    scheduler: str
    num_steps: int
    dtype: str = "bfloat16"

    @property
    def name(self) -> str:
        """What its files are called.

        >>> Sampling("DDIM", 200).name
        'DDIM-200-bfloat16'
        """
        return f"{self.scheduler}-{self.num_steps}-{self.dtype}"


CURVE = (
    *(Sampling("DPM++", num_steps) for num_steps in (4, 5, 8, 12, 20, 25, 50)),
    Sampling("DPM++", 5, "float32"),
    Sampling("DDIM", 200),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code: 0, or 2 where nothing could be measured."""
    options = _parser().parse_args(arguments)
    from art2mus.models import ModelMissingError

    try:
        with sole_run(options.output):
            music = listen_to_all(options.windows, options.model, options.output, options.clips)
    except (FileNotFoundError, FolderInUseError, ModelMissingError) as error:
        print(error, file=sys.stderr)
        return 2
    Console().print(table_of(music))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.steps", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("windows", type=Path, help="what python -m art2mus.data.scores wrote")
    parser.add_argument("--model", default="mini", help="mini, or a folder that stage B wrote (default: mini)")
    parser.add_argument("--clips", type=at_least_1, default=64, metavar="N", help="in each set (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=Path("runs/bench-steps"), help="(default: %(default)s)")
    return parser


def listen_to_all(windows_file: Path, model: str, folder: Path, num_clips: int) -> dict[str, list[FloatArray]]:
    """Give the embeddings of each clip of each set, of held-out music and of the model's at each point of the curve.

    Raises: FileNotFoundError or ModelMissingError.
    """
    import torch

    from art2mus.data.windows import load_windows
    from art2mus.digests import content_digest
    from art2mus.models import load_pipeline
    from art2mus.models.identity import identify
    from art2mus.training.attributes import tokens_of
    from art2mus.training.score_model import find_folder, pipeline_folder

    windows = load_windows(windows_file)
    model_folder = find_folder(model)
    own = str(pipeline_folder(model_folder))
    pipelines = {each.dtype: load_pipeline(own, getattr(torch, each.dtype)) for each in CURVE}
    drawn = windows.some_held_out(2 * num_clips)
    tokens = tokens_of(model_folder, windows, drawn[num_clips:])
    music = {}
    folder /= f"{content_digest(windows_file)[:12]}-{num_clips}"
    for name, half in ((REAL, drawn[:num_clips]), (OTHER_REAL, drawn[num_clips:])):
        music[name] = listen_in_batches(folder, name, num_clips, partial(_scores, windows, half.tolist()))
    own_folder = folder / identify(own, folder / "identities.json")[:12]
    for sampling in CURVE:
        composer = Composer(pipelines[sampling.dtype], sampling, tokens)
        music[sampling.name] = listen_in_batches(own_folder, sampling.name, num_clips, composer.compose)
    return music


def _scores(windows: Windows, indices: Sequence[int], part: slice) -> list[Score]:
    return [windows.score(index) for index in indices[part]]


class Composer:
    """Writes a phrase for each item of some tokens, each from its own seed.

    Args:
        pipeline: The model; its scheduler is replaced.
        sampling: How to denoise.
        tokens: What GPT-2 is asked with.

    Shape: tokens (num_clips, N, W).
    """

    def __init__(self, pipeline: Art2MusPipeline, sampling: Sampling, tokens: torch.Tensor) -> None:
        from diffusers import DDIMScheduler, DPMSolverMultistepScheduler

        self._pipeline, self._sampling, self._tokens = pipeline, sampling, tokens
        kind = DDIMScheduler if sampling.scheduler == "DDIM" else DPMSolverMultistepScheduler
        self._scheduler = kind.from_config(pipeline.scheduler.config)

    def compose(self, part: slice) -> list[Score]:
        """Write the pieces with these numbers."""
        import torch

        from art2mus.codec.performance import Performance
        from art2mus.codec.score import STEPS_PER_BAR
        from art2mus.data.windows import WINDOW_BARS

        performance = Performance.neutral()
        pipeline, exponent = self._pipeline, self._pipeline.config.timestep_exponent
        own_scheduler = pipeline.scheduler
        pipeline.register_modules(scheduler=self._scheduler)
        if self._sampling.scheduler == "DDIM":
            pipeline.register_to_config(timestep_exponent=None)
        try:
            return pipeline(
                image_tokens=self._tokens[part],
                performance=performance,
                audio_length_in_s=WINDOW_BARS * STEPS_PER_BAR * performance.step_s,
                num_inference_steps=self._sampling.num_steps,
                generator=[torch.Generator().manual_seed(number) for number in range(part.start, part.stop)],
                output_type="score",
            ).scores
        finally:
            pipeline.register_modules(scheduler=own_scheduler)
            pipeline.register_to_config(timestep_exponent=exponent)


def listen_in_batches(
    folder: Path, name: str, num_clips: int, compose: Callable[[slice], Iterable[Score]]
) -> list[FloatArray]:
    """Give the embeddings of each clip of a set, out of the folder where they have been heard before.

    Shape: each (num_windows, dim).
    """
    from art2mus.metrics.heard import listen

    heard: list[FloatArray] = []
    for begin in track(range(0, num_clips, BATCH), name, console=Console(stderr=True)):
        part = slice(begin, min(begin + BATCH, num_clips))
        path = folder / f"{name}-{part.start}-{part.stop}.npz"
        if not path.is_file():
            clips = listen(compose(part))
            with whole_file(path) as partial:
                np.savez(partial, *clips)
        with np.load(path) as stored:
            heard += [stored[each] for each in stored.files]
    return heard


def table_of(music: Mapping[str, Sequence[FloatArray]]) -> Table:
    """One row for each set but the first, which is the one they are compared with."""
    reference = music[REAL]
    floor = estimate_distance(reference, music[OTHER_REAL], NUM_RESAMPLES)
    title = f"FD-MusiCNN to {len(reference)} held-out windows, of as many clips"
    table = Table(title=title, title_justify="left", caption="All are too large by what so few clips add, and alike.")
    for column in ("", "distance", "95 %", "times that of held-out music"):
        table.add_column(column, justify="right" if column else "left")
    for name, clips in music.items():
        if name == REAL:
            continue
        found = estimate_distance(reference, clips, NUM_RESAMPLES)
        cells = f"{found.value:.3f}", f"{found.low:.3f} to {found.high:.3f}", f"{found.value / floor.value:.2f}"
        table.add_row(name.replace("-", " "), *cells)
    return table


if __name__ == "__main__":
    sys.exit(main())
