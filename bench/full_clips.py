"""`python -m bench.full_clips WAY`: a clip of a model of the published size, in a process of its own.

Prints what it took, as JSON, for `python -m bench.full_size`. Weights are random. Where a clip has 200 steps, few are
made: the others take as long each.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# Read when torch is imported: threads that wait actively slow down everything else.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import numpy as np
import torch
from diffusers import AudioLDM2UNet2DConditionModel, DPMSolverMultistepScheduler
from diffusers.utils import logging as diffusers_logging
from PIL import Image

from art2mus.arguments import at_least
from art2mus.imagebind import ImageBind
from art2mus.models.assembly import put_together
from art2mus.projection import ImageProjection
from art2mus.residency import BFLOAT16, CPU, SHOW_STEPS, decide
from tests.art2mus import audioldm2, tiny

DDIM_STEPS = 200
MAX_WHOLE = 20
"""A clip of so many steps is made whole, because they may differ; of more, as many as are asked for."""
PROMPT, NEGATIVE = "slow strings in a minor key", "Low quality."
Steps = list[float]
"""When each step had been done, in seconds."""


@dataclass(frozen=True)
class Cost:
    """What a clip takes.

    Attributes:
        step_s: Of a denoising step, in the mean.
        rest_s: Of everything else: pictures and texts read, GPT-2, decoder, vocoder.
        num_steps: Its default.
        memory_gb: Of the process, at most.
    """

    step_s: float
    rest_s: float
    num_steps: int
    memory_gb: float

    def seconds(self, num_steps: int | None = None) -> float:
        """Extrapolate to a whole clip, by default at its own number of steps."""
        return self.rest_s + self.step_s * (num_steps or self.num_steps)


@dataclass(frozen=True)
class Size:
    """How large the model is.

    Attributes:
        name: As the command has it.
        parts: Gives the components of AudioLDM 2.
        unet: Gives one of them alone.
        imagebind: Gives ImageBind.
        projection: Gives the projection between them.
        length_s: Of a clip.
    """

    name: str
    parts: Callable[[], audioldm2.Parts]
    unet: Callable[[], AudioLDM2UNet2DConditionModel]
    imagebind: Callable[[], ImageBind]
    projection: Callable[[], ImageProjection]
    length_s: float


SIZES = {
    "full": Size("full", audioldm2.full_parts, audioldm2.full_unet, ImageBind, ImageProjection, 10.24),
    "tiny": Size(
        "tiny",
        audioldm2.tiny_parts,
        lambda: tiny.unet(has_mask_channel=False),
        tiny.imagebind,
        lambda: ImageProjection(tiny.IMAGE_DIM, 12, tiny.LANGUAGE_DIM),
        0.96,
    ),
}


def stock(size: Size, num_steps: int) -> tuple[float, Steps]:
    """Have diffusers' AudioLDM 2 make a clip of a text."""
    pipeline = audioldm2.stock(size.parts())
    return timed(lambda done: _stock_clip(pipeline, size, num_steps, done))


def published(size: Size, num_steps: int) -> tuple[float, Steps]:
    """Make a clip of a picture in the published order of work.

    That is: ImageBind is built and read from disk to see the picture, and again to rank the clip; everything else is
    as in diffusers' AudioLDM 2, which its pipeline was made from, and computed anew for each clip.
    """
    pipeline = audioldm2.stock(size.parts())
    with tempfile.TemporaryDirectory(prefix="art2mus-bench") as folder:
        weights = Path(folder, "imagebind.pth")
        torch.save(size.imagebind().state_dict(), weights)

        def make(done: Callable[[], None]) -> None:
            for _ in ("to see", "to rank"):
                encoder = size.imagebind()
                encoder.load_state_dict(torch.load(weights, weights_only=True))
                encoder.eval().encode([_picture()])
            _stock_clip(pipeline, size, num_steps, done)

        return timed(make)


def ours(size: Size, num_steps: int, *, sees: bool) -> tuple[float, Steps]:
    """Make a clip of a text, or of a picture, as a show does: the model is loaded from disk, and stays."""
    with tempfile.TemporaryDirectory(prefix="art2mus-bench") as folder:
        _run(SAVE, size.name, "--folder", folder)  # another process, because what it takes does not count
        model = Path(folder, "art2mus" if sees else "audioldm2")
        residency = decide(str(model), device=CPU, dtype=BFLOAT16)
        pipeline = residency.load(Path(folder, "cache"), for_show=True)
    subject = {"image": _picture()} if sees else {"prompt": PROMPT}

    def make(done: Callable[[], None]) -> None:
        def tell(*_args: Any) -> dict[str, torch.Tensor]:
            done()
            return {}

        pipeline(
            **subject,
            negative_prompt=NEGATIVE,
            audio_length_in_s=size.length_s,
            num_inference_steps=num_steps,
            generator=torch.Generator().manual_seed(0),
            callback_on_step_end=tell,
        )

    return timed(make)


def save(size: Size, folder: Path) -> None:
    """Write a model as it is published: AudioLDM 2, ImageBind, and Art2Mus put together of both."""
    audioldm2.save_as_on_the_hub(size.parts(), folder / "audioldm2")
    size.imagebind().save_pretrained(folder / "imagebind")
    torch.save(size.projection().state_dict(), folder / "projection.pt")
    parts = (str(folder / "audioldm2"), str(folder / "imagebind"), folder / "projection.pt")
    put_together(folder / "art2mus", *parts, "reference")


WAYS: dict[str, tuple[int, Callable[[Size, int], tuple[float, Steps]]]] = {
    "stock": (DDIM_STEPS, stock),
    "published": (DDIM_STEPS, published),
    "ours": (SHOW_STEPS, lambda size, steps: ours(size, steps, sees=False)),
    "ours-picture": (SHOW_STEPS, lambda size, steps: ours(size, steps, sees=True)),
}
"""Default number of steps, and what makes the clip."""
DIFFERENCES, SAVE = "differences", "save"


def timed(make: Callable[[Callable[[], None]], None]) -> tuple[float, Steps]:
    """Give the seconds that a clip takes, and when each of its steps had been done."""
    steps: Steps = []
    began_s = time.perf_counter()
    make(lambda: steps.append(time.perf_counter() - began_s))
    return time.perf_counter() - began_s, steps


def cost_of(way: str, size: str, num_steps: int) -> Cost:
    """Measure in this process."""
    default, make = WAYS[way]
    num_steps = default if default <= MAX_WHOLE else num_steps
    total_s, steps = make(SIZES[size], num_steps)
    step_s = statistics.mean(after - before for before, after in itertools.pairwise(steps))
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return Cost(step_s, total_s - num_steps * step_s, default, memory_gb)


def compare_precisions(size: str, num_steps: int) -> dict[str, float]:
    """Make one clip in fp32 and in bf16, and give by how much its latents and its spectrogram differ.

    Returns: Root mean squares of the differences, as shares of those of fp32.
    """
    parts = SIZES[size].parts()
    parts["scheduler"] = DPMSolverMultistepScheduler.from_config(parts["scheduler"].config)
    pipeline = audioldm2.ours(parts)
    clips = []
    for dtype in (torch.float32, torch.bfloat16):
        (clip,) = pipeline.to(dtype)(
            prompt=PROMPT,
            negative_prompt=NEGATIVE,
            audio_length_in_s=SIZES[size].length_s,
            num_inference_steps=num_steps,
            generator=torch.Generator().manual_seed(0),
            output_type="mel",
        ).clips
        clips.append({"latents": clip.latents.numpy(), "mel": clip.mel})
    exact, rounded = clips
    return {name: float(np.linalg.norm(rounded[name] - exact[name]) / np.linalg.norm(exact[name])) for name in exact}


def measure(way: str, size: str, num_steps: int) -> Cost:
    """Measure a way in a process of its own.

    Raises: subprocess.CalledProcessError.
    """
    return Cost(**_in_its_own_process(way, size, num_steps))


def differences(size: str, num_steps: int) -> dict[str, float]:
    """Compare the precisions in a process of its own (see `compare_precisions`).

    Raises: subprocess.CalledProcessError.
    """
    return _in_its_own_process(DIFFERENCES, size, num_steps)


def _in_its_own_process(what: str, size: str, num_steps: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_run(what, size, "--steps", str(num_steps)).splitlines()[-1])
    return found


def _run(what: str, size: str, *options: str) -> str:
    command = [sys.executable, "-m", "bench.full_clips", what, "--size", size, *options]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print JSON, or write the model; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.full_clips", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=[*WAYS, DIFFERENCES, SAVE])
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--steps", type=at_least(3), default=3, metavar="N", help="3 or more (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("model"), help=f"of {SAVE} (default: %(default)s)")
    options = parser.parse_args(arguments)
    diffusers_logging.set_verbosity_error()  # a change of precision is meant
    what, size, steps = options.what, options.size, options.steps
    if what == SAVE:
        save(SIZES[size], options.folder)
        return 0
    found = compare_precisions(size, steps) if what == DIFFERENCES else asdict(cost_of(what, size, steps))
    print(json.dumps(found))
    return 0


def _stock_clip(pipeline: Any, size: Size, num_steps: int, done: Callable[[], None]) -> None:
    pipeline(
        PROMPT,
        negative_prompt=NEGATIVE,
        audio_length_in_s=size.length_s,
        num_inference_steps=num_steps,
        guidance_scale=3.5,
        generator=torch.Generator().manual_seed(0),
        callback=lambda *_: done(),
    )


def _picture() -> Image.Image:
    return Image.linear_gradient("L").resize((480, 320)).convert("RGB")


if __name__ == "__main__":
    sys.exit(main())
