"""Counting clips that are nearly empty, as drawn and as delivered."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from art2mus.codec.score import Score
from art2mus.metrics.near_empty import CONDITIONS, count, main
from tests.art2mus import tiny

SEEDS = range(10)
PICTURE = Image.new("RGB", (32, 24), (180, 120, 40))


@pytest.mark.parametrize("prompt", [None, "slow strings"])
def test_what_is_delivered_is_counted_beside_what_was_drawn(prompt: str | None) -> None:
    pipe = tiny.pipeline()
    pipe.codec.threshold = 0.76  # so that about every second draw says too little
    num_drawn = num_delivered = 0
    for seed in SEEDS:
        for output_type in ("latent", "score"):
            made = pipe(PICTURE, prompt, generator=torch.Generator().manual_seed(seed), output_type=output_type)
            if output_type == "score":
                num_delivered += made.clips[0].is_near_empty
                continue
            with torch.no_grad():
                (roll,) = pipe.codec.decode(made.latents[0][None]).numpy()
            num_drawn += len(Score.from_roll(roll, pipe.codec.threshold).cleaned().notes) < 8
    assert 0 < num_delivered < num_drawn < len(SEEDS)
    assert count(pipe, PICTURE, prompt, SEEDS) == (num_drawn, num_delivered)


def test_the_command_counts_every_condition(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tiny.pipeline()
    pipe.save_pretrained(tmp_path / "model")
    PICTURE.save(tmp_path / "work.jpg")
    assert main([str(tmp_path), "--model", str(tmp_path / "model"), "--num-seeds", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{name}: nearly empty 0 of 2 as drawn, 0 as delivered" for name in CONDITIONS]
    assert main([str(tmp_path / "nowhere")]) == 2
