"""A clip that comes out nearly empty is drawn again, from what its own generator gives next."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from art2mus.codec.performance import Performance
from art2mus.codec.protocol import Clip
from art2mus.codec.score import STEPS_PER_BAR
from art2mus.piece import Piece
from art2mus.pipeline import MAX_DRAWS, Art2MusPipeline
from tests.art2mus import tiny

SEEDS = range(12)
NUM_BARS = 8


@pytest.fixture(scope="module")
def pipe() -> Art2MusPipeline:
    """A model that leaves about every second clip nearly empty."""
    pipe = tiny.pipeline()
    pipe.codec.threshold = 0.76
    return pipe


@pytest.fixture
def image() -> Image.Image:
    return Image.new("RGB", (32, 24), (180, 120, 40))


def make(pipe: Art2MusPipeline, image: Image.Image, **arguments: Any) -> list[Clip]:
    return pipe([image] * len(SEEDS), performance=Performance.neutral(), **arguments).clips


def num_notes(clip: Clip) -> int:
    assert clip.score is not None
    return len(clip.score.notes)


def test_what_is_nearly_empty_is_drawn_again_and_all_else_is_not(pipe: Art2MusPipeline, image: Image.Image) -> None:
    shape = (1, tiny.LATENT_CHANNELS, 32, pipe.codec.latent_bins)
    sources = [torch.Generator().manual_seed(seed) for seed in SEEDS]
    draws = [torch.cat([torch.randn(shape, generator=source) for source in sources]) for _ in range(MAX_DRAWS)]
    by_draw = [make(pipe, image, latents=noise, output_type="score") for noise in draws]
    made = make(pipe, image, generator=[torch.Generator().manual_seed(s) for s in SEEDS], output_type="score")
    needed = []
    for candidates, clip in zip(zip(*by_draw, strict=True), made, strict=True):
        enough = [number for number, candidate in enumerate(candidates) if num_notes(candidate) >= NUM_BARS]
        needed.append(enough[0] if enough else MAX_DRAWS - 1)
        assert clip.score == candidates[needed[-1]].score
    assert set(needed) == set(range(MAX_DRAWS)), "some at once, some later"


def test_a_batch_gives_what_single_runs_give(pipe: Art2MusPipeline, image: Image.Image) -> None:
    batch = make(pipe, image, generator=[torch.Generator().manual_seed(s) for s in SEEDS], output_type="score")
    for seed, clip in zip(SEEDS, batch, strict=True):
        generator = torch.Generator().manual_seed(seed)
        alone = pipe(image, performance=Performance.neutral(), generator=generator, output_type="score").clips[0]
        assert alone.score == clip.score
        torch.testing.assert_close(alone.latents, clip.latents, rtol=1e-4, atol=1e-4)


def test_a_piece_draws_as_the_pipeline_does_and_counts_its_steps_anew(
    pipe: Art2MusPipeline, image: Image.Image
) -> None:
    told: dict[int, list[int]] = {}
    for seed in SEEDS:
        with Piece(pipe, image, seed=seed, performance=Performance.neutral(), num_inference_steps=2) as piece:
            steps = told.setdefault(seed, [])
            stretch = piece.next_stretch(on_step=lambda step, _, steps=steps: steps.append(step))
        generator = torch.Generator().manual_seed(seed)
        arguments = {"performance": Performance.neutral(), "num_inference_steps": 2}
        assert stretch.score == pipe(image, generator=generator, output_type="score", **arguments).scores[0]
    assert {tuple(steps) for steps in told.values()} == {(1, 2) * draws for draws in range(1, MAX_DRAWS + 1)}


def test_latents_are_as_they_were_drawn(pipe: Art2MusPipeline, image: Image.Image) -> None:
    """Who asks for latents judges the model, not what is delivered."""
    pipe.codec.threshold, threshold = 1.1, pipe.codec.threshold
    try:
        calls: list[int] = []
        arguments: dict[str, Any] = {
            "num_inference_steps": 1,
            "callback_on_step_end": lambda _pipe, step, _time, _tensors: calls.append(step) or {},
        }
        make(pipe, image, output_type="latent", **arguments)
        assert len(calls) == 1
        silent = make(pipe, image, output_type="np", **arguments)
        assert len(calls) == 1 + MAX_DRAWS
        assert all(num_notes(clip) == 0 and np.abs(clip.waveform).max() < 1e-4 for clip in silent)
        assert silent[0].score is not None
        assert silent[0].score.num_steps == NUM_BARS * STEPS_PER_BAR
    finally:
        pipe.codec.threshold = threshold
