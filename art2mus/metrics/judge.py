"""Judge a trained score model: `python -m art2mus.metrics.judge MODEL WINDOWS`.

Notes are generated under the attributes of held-out windows, and measured as they are, before any cleaning: harmony
beside held-out music and chance; attributes asked for against attributes measured; how far they are, performed alike,
from held-out music (FD-MusiCNN), beside how far its halves are from each other; likeness to the nearest training
window, for copies; and, continuing held-out music, whether notes cross the seam as they do in music.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

from art2mus.arguments import at_least, at_least_0, at_least_1, positive
from art2mus.codec.performance import Performance
from art2mus.codec.score import STEPS_PER_BAR, Score
from art2mus.codec.synthesizer import SynthesizerMissingError
from art2mus.data.windows import ATTRIBUTES, WINDOW_BARS, Windows, load_windows, measure_attributes
from art2mus.exit_codes import exit_code
from art2mus.metrics.copying import CopyingLookup
from art2mus.metrics.frechet import distances_over_halves
from art2mus.metrics.harmony import measure, scrambled, share_of_the_way, table
from art2mus.metrics.heard import listen
from art2mus.metrics.seams import crossing_share
from art2mus.models import ModelMissingError
from art2mus.pipeline import Art2MusPipeline
from art2mus.training.attributes import tokens_of
from art2mus.training.score_model import find_folder, pipeline_folder

IntArray = NDArray[np.int64]

_BATCH = 32


def generate(
    folder: Path,
    windows: Windows,
    indices: IntArray,
    *,
    guidance_scale: float | None = None,
    num_inference_steps: int | None = None,
    with_beginning: bool = False,
    seed: int = 0,
) -> list[Score]:
    """Generate one score under the attributes of each window.

    Args:
        folder: What stage B wrote, or a pipeline with projections of attributes beside it (see `tokens_of`).
        windows: Where the attributes are taken from.
        indices: Which windows.
        guidance_scale: None is the model's own.
        num_inference_steps: None is the model's own.
        with_beginning: Give the first half of each window as music to be continued.
        seed: Of the noise.

    Returns: Scores of eight bars, raw; with a beginning, the given half and the new one.
    """
    pipeline = Art2MusPipeline.from_pretrained(pipeline_folder(folder))
    pipeline.set_progress_bar_config(disable=True)
    scores: list[Score] = []
    generator = torch.Generator().manual_seed(seed)
    performance = Performance.neutral()
    num_bars = WINDOW_BARS // 2 if with_beginning else WINDOW_BARS
    for part in track(np.array_split(indices, -(-len(indices) // _BATCH)), "generating", transient=True):
        rolls = torch.from_numpy(windows.rolls(part))
        with torch.no_grad():
            held = pipeline.codec.encode(rolls[:, :, : rolls.shape[2] // 2]) if with_beginning else None
        output = pipeline(
            image_tokens=tokens_of(folder, windows, part),
            held_latents=held,
            audio_length_in_s=num_bars * STEPS_PER_BAR * performance.step_s,
            performance=performance,
            guidance_scale=guidance_scale,
            num_inference_steps=num_inference_steps,
            generator=generator,
            output_type="latent",
        )
        latents = torch.stack(output.latents)
        with torch.no_grad():
            made = pipeline.codec.decode(latents if held is None else torch.cat([held, latents], dim=2))
        scores += [Score.from_roll(roll, pipeline.codec.threshold) for roll in made.float().numpy()]
    return scores


def correlations(asked: NDArray[np.float32], measured: NDArray[np.float32]) -> dict[str, float]:
    """Pearson's r for each attribute; not a number where one does not vary, as when a model writes nothing.

    Shape: asked and measured (n, 4).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            name: float(np.corrcoef(asked[:, column], measured[:, column])[0, 1])
            for column, name in enumerate(ATTRIBUTES)
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m art2mus.metrics.judge", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("model", help="mini, or a folder that stage B wrote")
    parser.add_argument("windows", type=Path, help="what python -m art2mus.data.scores wrote")
    parser.add_argument("--num-clips", type=at_least(2), default=256)
    parser.add_argument("--skip", type=at_least_0, default=0, metavar="N", help="leave out N that were chosen by")
    parser.add_argument("--guidance-scale", type=positive)
    parser.add_argument("--steps", type=at_least_1, dest="num_inference_steps")
    parser.add_argument("--copies", type=at_least_0, default=64, help="clips to look up in training (default 64)")
    options = parser.parse_args(arguments)
    mistakes = (ModelMissingError, SynthesizerMissingError, ValueError)
    return exit_code(lambda: _judge(options), *mistakes, goes_on=False)


def _judge(options: argparse.Namespace) -> int:
    windows, folder = load_windows(options.windows), find_folder(options.model)
    num_clips = options.num_clips
    drawn = windows.some_held_out(options.skip + 2 * num_clips)[options.skip :]
    if len(drawn) < 2 * num_clips:
        raise ValueError(
            f"--num-clips {num_clips} --skip {options.skip}: {options.windows} has "
            f"{len(windows.held_out)} windows held out, of which twice as many are compared as clips are made"
        )
    indices, others = drawn[:num_clips], drawn[num_clips:]
    how = {"guidance_scale": options.guidance_scale, "num_inference_steps": options.num_inference_steps}
    truth = [windows.score(int(index)) for index in indices]
    generated = generate(folder, windows, indices, **how)
    chance, real, ours = measure(scrambled(truth)), measure(truth), measure(generated)
    print(table({"chance": chance, "generated": ours, "held out": real}))
    print("\nshare of the way from chance to held-out music")
    for name, share in share_of_the_way(ours, chance, real).items():
        print(f"  {name.replace('_', ' '):18s}{share:8.3f}")
    print("\nattributes asked for against measured, r")
    measured = np.stack([measure_attributes(score) for score in generated])
    for name, r in correlations(windows.attributes[indices], measured).items():
        print(f"  {name:18s}{r:8.3f}")
    others_too = [*truth, *(windows.score(int(index)) for index in others)]
    _print_distances(others_too, {"generated": generated, "chance": scrambled(truth)})
    continued = generate(folder, windows, indices, with_beginning=True, **how)
    print("\nshare of the notes at a seam that cross it")
    shares = [crossing_share((score, score.num_steps // 2) for score in scores) for scores in (continued, truth)]
    print(f"  continued {shares[0]:.3f}, held out {shares[1]:.3f}")
    if options.copies:
        lookup = CopyingLookup(windows)
        print("\nlikeness to the nearest training window, mean and highest")
        for name, scores in (("generated", generated), ("held out", truth)):
            found = [lookup.nearest(score).likeness for score in scores[: options.copies]]
            print(f"  {name:18s}{np.mean(found):8.3f}{max(found):8.3f}")
    return 0


def _print_distances(held_out: Sequence[Score], sets: dict[str, list[Score]]) -> None:
    """How far each set is from halves of held-out music, and these from each other."""
    real = listen(held_out)
    of_sets = {name: distances_over_halves(real, listen(scores)) for name, scores in sets.items()}
    halves, _ = next(iter(of_sets.values()))
    print(f"\nFD-MusiCNN to half of held-out music: mean of {len(halves)} divisions, lowest, highest, times held out")
    for name, found in (("held out", halves), *((name, found) for name, (_, found) in of_sets.items())):
        spread = f"{min(found):.2f} to {max(found):.2f}"
        print(f"  {name:18s}{np.mean(found):8.2f}   {spread:16s}{np.mean(found) / np.mean(halves):8.2f}")


if __name__ == "__main__":
    sys.exit(main())
