"""That the projection learns from pairs which music goes with which picture."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AudioLDM2UNet2DConditionModel

from art2mus.training.art2mus import Art2MusTask
from art2mus.training.frozen import Cached
from art2mus.training.loop import run
from tests.art2mus import tiny
from tests.art2mus.training import pairs as collection

NUM_PAIRS, NUM_HELD_OUT = 48, 12


def listening(unet: AudioLDM2UNet2DConditionModel) -> None:
    """Let random weights, which hardly listen to GPT-2, listen as closely as trained ones do."""
    with torch.no_grad():
        for name, module in unet.named_modules():
            if name.endswith("attn2") and module.to_k.in_features == tiny.LANGUAGE_DIM:
                module.to_out[0].weight.mul_(10)
                module.to_v.weight.mul_(2)
            if name.endswith("proj_out"):
                module.weight.mul_(3)


def with_two_kinds(task: Art2MusTask) -> None:
    """Pictures that lie on two sides of a plane, and music whose latents lie on two sides of zero."""
    rng = np.random.default_rng(0)
    kind = np.where(np.arange(NUM_PAIRS) % 2, 1.0, -1.0).astype(np.float32)
    embeds = 0.1 * rng.standard_normal((NUM_PAIRS, tiny.IMAGE_DIM), np.float32)
    embeds[:, 0] += 0.4 * kind
    moments = np.zeros((NUM_PAIRS, 1, 2 * tiny.LATENT_CHANNELS, 4, 4), np.float32)
    moments[:, 0, : tiny.LATENT_CHANNELS] = kind[:, None, None, None] / task.codec.vae.config.scaling_factor
    moments[:, 0, tiny.LATENT_CHANNELS :] = -4.0
    task.examples = dataclasses.replace(
        task.examples,
        pictures=Cached(embeds, {f"{number}.png": number for number in range(NUM_PAIRS)}, {}),
        moments=Cached(moments, {f"{number}.wav": number for number in range(NUM_PAIRS)}, {}),
    )


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["conditional", "reference"])
def test_held_out_pairs_fall_below_shuffled_ones(objective: str, tmp_path: Path) -> None:
    model = collection.save_model(tmp_path / "model", prediction_type="v_prediction")
    pairs = collection.save_collection(tmp_path / "data", NUM_PAIRS, length_s=0.2, num_held_out=NUM_HELD_OUT)
    loop = {"num_steps": 200, "batch_size": 8, "learning_rate": 0.02, "checkpoint_every": 200, "ema_decay": 0.9}
    more = {"length_s": 0.16, "crops_per_track": 1, "objective": objective, "guidance_scale": 1.5}
    settings = collection.settings(model, pairs, tmp_path / "out", loop=loop, **more)
    task = Art2MusTask(settings)
    listening(task.pipeline.unet)
    with_two_kinds(task)
    with torch.no_grad():
        before = task.validate(task.trainable)
    after = run(task, settings.loop, settings.output)
    assert before["held_out"] == pytest.approx(before["shuffled"], rel=0.1)
    assert after["held_out"] < 0.7 * after["shuffled"]
    assert after["held_out"] < 0.85 * before["held_out"]
