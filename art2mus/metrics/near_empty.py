"""How often does a model leave a clip nearly empty? `python -m art2mus.metrics.near_empty GALLERY_FOLDER`.

Counted twice: as the model draws clips, and as they are delivered, after what came out nearly empty has been drawn
again (`Art2MusPipeline`). Once for pictures alone, and once with words beside them that ask for as little as there is.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from tqdm import tqdm

from art2mus.arguments import at_least_1
from art2mus.data.paintings import list_paintings
from art2mus.exit_codes import exit_code
from art2mus.images import UnreadableImageError, load_artwork
from art2mus.models import BUNDLED, ModelMissingError, load_pipeline
from art2mus.pipeline import Art2MusPipeline

CONDITIONS = {"pictures": None, "pictures, and words for sparse music": "slow sparse calm still quiet"}


def count(pipeline: Art2MusPipeline, picture: Image.Image, prompt: str | None, seeds: Sequence[int]) -> tuple[int, int]:
    """Make a clip for every seed; count the nearly empty ones, as first drawn and as delivered.

    Latents are given as they were first drawn, so only what they leave nearly empty has to be made to the end.
    """
    prompts = None if prompt is None else [prompt] * len(seeds)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    drawn = pipeline([picture] * len(seeds), prompts, generator=generators, output_type="latent").clips
    num_drawn = num_delivered = 0
    for seed, clip in zip(seeds, drawn, strict=True):
        if pipeline.decode(clip.latents[None], [clip.plan], "score")[0].is_near_empty:
            generator = torch.Generator().manual_seed(seed)
            made = pipeline(picture, prompt, generator=generator, output_type="score").clips[0]
            num_drawn, num_delivered = num_drawn + 1, num_delivered + made.is_near_empty
    return num_drawn, num_delivered


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m art2mus.metrics.near_empty", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("gallery", type=Path, help="folder of pictures")
    parser.add_argument("--model", default=BUNDLED, help="name or folder of the model (default: %(default)s)")
    parser.add_argument("--num-seeds", type=at_least_1, default=10, help="clips per picture (default: %(default)s)")
    options = parser.parse_args(arguments)
    return exit_code(lambda: _run(options), ModelMissingError, UnreadableImageError, ValueError, goes_on=False)


def _run(options: argparse.Namespace) -> int:
    pictures = [load_artwork(path) for path in list_paintings(options.gallery)]
    pipeline = load_pipeline(options.model)
    pipeline.set_progress_bar_config(disable=True)
    num_clips = len(pictures) * options.num_seeds
    for name, prompt in CONDITIONS.items():
        seeds = range(options.num_seeds)
        counts = [count(pipeline, picture, prompt, seeds) for picture in tqdm(pictures, desc=name)]
        drawn, delivered = (sum(column) for column in zip(*counts, strict=True))
        print(f"{name}: nearly empty {drawn} of {num_clips} as drawn, {delivered} as delivered")
    return 0


if __name__ == "__main__":
    sys.exit(main())
