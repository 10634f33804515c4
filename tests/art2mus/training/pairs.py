"""A small collection of artworks and tracks, a tiny model, and the settings of a training on both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
import yaml
from PIL import Image

from art2mus.data.pair_table import PairTable
from art2mus.projection import ImageProjection
from art2mus.training.settings import Art2MusSettings
from tests.art2mus import tiny

SAMPLE_RATE = 16_000


def save_model(folder: Path, **scheduler: Any) -> Path:
    """The whole architecture with spectrograms; sounds and pictures are compared by ImageBind."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipeline = tiny.pipeline(tiny.mel_codec())
    pipeline.register_modules(
        image_encoder=tiny.imagebind(), image_projection=ImageProjection(tiny.IMAGE_DIM, 12, tiny.LANGUAGE_DIM)
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        torch.nn.init.normal_(pipeline.projection_model.sos_embed)
    pipeline.scheduler.register_to_config(**scheduler)
    pipeline.save_pretrained(folder)
    return folder


def save_collection(
    folder: Path,
    num_pairs: int,
    length_s: float,
    num_held_out: int,
    format: str = "wav",  # noqa: A002 - soundfile's own word
    sample_rate: int = SAMPLE_RATE,
) -> Path:
    """Pictures of one colour each, and chords; gives the CSV of their pairs."""
    rng = np.random.default_rng(0)
    for name in ("artworks", "tracks"):
        (folder / name).mkdir(parents=True)
    for number in range(num_pairs):
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        Image.new("RGB", (40, 32), colour).save(folder / "artworks" / f"{number}.png")
        time_s = np.arange(round(length_s * sample_rate)) / sample_rate
        chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in rng.uniform(100, 4000, 3))
        stereo = (
            np.stack([chord, rng.uniform(-1, 1, len(time_s))], axis=1) * np.linspace(0.05, 0.3, len(time_s))[:, None]
        )
        soundfile.write(folder / "tracks" / f"{number}.{format}", stereo, sample_rate)
    sides = ["validation"] * num_held_out + ["train"] * (num_pairs - num_held_out)
    names = [[f"{number}.{suffix}" for number in range(num_pairs)] for suffix in ("png", format)]
    table = PairTable(tuple(names[0]), tuple(names[1]), np.full(num_pairs, np.nan, np.float32))
    table.with_column("split", sides).save(folder / "pairs.csv")
    return folder / "pairs.csv"


def values(model: Path, pairs: Path, output: Path, **more: Any) -> dict[str, Any]:
    """What a YAML would say."""
    loop = {
        "num_steps": 8,
        "batch_size": 4,
        "learning_rate": 0.001,
        "num_warmup_steps": 2,
        "anneal_share": 0,
        "precision": "fp32",
        "checkpoint_every": 4,
        **more.pop("loop", {}),
    }
    return {
        "stage": "art2mus",
        "model": str(model),
        "pairs": str(pairs),
        "artworks": str(pairs.parent / "artworks"),
        "tracks": str(pairs.parent / "tracks"),
        "cache": str(output.parent / "cache"),
        "output": str(output),
        "hidden_dim": 12,
        "length_s": 0.64,
        "crops_per_track": 2,
        "num_workers": 0,
        "loop": loop,
        **more,
    }


def settings(model: Path, pairs: Path, output: Path, **more: Any) -> Art2MusSettings:
    return Art2MusSettings.model_validate(values(model, pairs, output, **more))


def write_yaml(path: Path, model: Path, pairs: Path, output: Path, **more: Any) -> Path:
    path.write_text(yaml.safe_dump({"train": values(model, pairs, output, **more)}))
    return path


def losses(output: Path) -> dict[int, float]:
    """The loss of every step, as a run has written it down."""
    lines = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    return {line["step"]: line["loss"] for line in lines if line["kind"] == "train"}
