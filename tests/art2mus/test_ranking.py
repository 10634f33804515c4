"""All candidates are heard at once, and get what each would get alone."""

import numpy as np
import pytest
import torch

from art2mus.affect_encoder import AffectEncoder
from art2mus.codec.protocol import Clip, FloatArray, Plan
from art2mus.ranking import Ranker, rank, ranker_of
from tests.art2mus import tiny

RATE = 16_000
ENCODERS = {"imagebind": tiny.imagebind(), "affect": AffectEncoder()}


def sound(seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    seconds = np.arange(3 * RATE) / RATE
    tones = sum(np.sin(2 * np.pi * rng.uniform(100, 3000) * seconds) for _ in range(3))
    return (0.1 * tones + rng.normal(0, 0.03, len(seconds))).astype(np.float32)[:, None]


def clips(num_clips: int) -> list[Clip]:
    return [Clip(torch.full((1,), float(index)), Plan(1, 3.0, 0), waveform=sound(index)) for index in range(num_clips)]


def ranker(kind: str) -> Ranker:
    found = ranker_of(ENCODERS[kind])
    assert found is not None
    return found


def subjects(kind: str, number: int) -> list[FloatArray]:
    size = {"imagebind": tiny.IMAGE_DIM, "affect": tiny.AFFECT_DIM}[kind]
    return list(np.random.default_rng(9).normal(size=(number, size)).astype(np.float32))


@pytest.mark.parametrize("kind", ENCODERS)
def test_a_batch_is_ranked_as_one_by_one(kind: str) -> None:
    made, about = clips(6), subjects(kind, 2)
    together = rank(made, about, ranker(kind), RATE)
    alone = []
    for item, subject in enumerate(about):
        scored = [rank([clip], [subject], ranker(kind), RATE)[0] for clip in made[3 * item : 3 * item + 3]]
        alone += sorted(scored, key=lambda clip: -(clip.similarity or 0.0))
    assert [int(clip.latents) for clip in together] == [int(clip.latents) for clip in alone]
    assert [clip.similarity for clip in together] == pytest.approx([clip.similarity for clip in alone], abs=1e-5)
    assert len({round(clip.similarity or 0.0, 4) for clip in together}) > 3, "they must differ for a test to fail"


def test_imagebind_is_asked_once() -> None:
    batches = []
    trunk = ENCODERS["imagebind"].modality_trunks["audio"]
    hook = trunk.register_forward_hook(lambda _module, inputs, _output: batches.append(len(inputs[0])))
    rank(clips(6), subjects("imagebind", 3), ranker("imagebind"), RATE)
    hook.remove()
    assert batches == [18], "three cuts of each of six clips"


def test_what_cannot_be_compared_stays_where_it_is() -> None:
    made = clips(4)
    kept = rank(made, [None, np.zeros(3, np.float32)], ranker("imagebind"), RATE)
    assert [int(clip.latents) for clip in kept] == [0, 1, 2, 3]
    assert {clip.similarity for clip in kept} == {None}
    silent = [Clip(clip.latents, clip.plan) for clip in made]
    assert rank(silent, subjects("imagebind", 1), ranker("imagebind"), RATE) == silent
