"""What is compared, on one round; how fast it is here is nobody's business."""

from pathlib import Path

import pytest
import torch
from rich.console import Console
from torch import nn

from art2mus.conditioning import Condition
from art2mus.models import load_pipeline
from art2mus.training.denoising import predict
from bench import scaled_model
from bench.training import BF16, OBJECTIVES, card_table, measure, table_of
from bench.training_work import Need, needs, work_of, work_table


@pytest.fixture(scope="module")
def found() -> dict[str, Need]:
    return needs()


@pytest.mark.slow
def test_both_orders_of_work_take_the_same_loss_and_gradient(found: dict[str, Need], tmp_path: Path) -> None:
    figures = measure(tmp_path, num_rounds=1)
    names = {"published", *OBJECTIVES, *(name + BF16 for name in OBJECTIVES)}
    assert figures.seconds.keys() == figures.reading_s.keys() == names
    assert all(figures.seconds[name] > figures.reading_s[name] > 0 for name in names)
    assert figures.loss_difference < 1e-5
    assert 0 < figures.gradient_difference < 1e-4
    console = Console(width=120, record=True)
    for table in (table_of(figures), work_table(found), card_table(figures, found)):
        console.print(table)
    assert all(name in console.export_text(clear=False) for name in names)


@pytest.mark.slow
def test_the_full_model_computes_and_keeps_what_is_said(found: dict[str, Need]) -> None:
    published, reference, conditional = (found[name] for name in ("published", *OBJECTIVES))
    assert published.gflop["VAE"] == pytest.approx(345, abs=5)  # by hand: 65,536 places, 128 channels, and so on
    assert conditional.gflop["UNet"] == pytest.approx(170, abs=5)
    assert published.gflop["UNet"] == pytest.approx(2 * conditional.gflop["UNet"], rel=0.02)
    assert reference.gflop["UNet"] < 0.97 * published.gflop["UNet"], "both branches are one to begin with"
    assert published.gflop["UNet, gradient"] == pytest.approx(2 * reference.gflop["UNet, gradient"], rel=0.02)
    assert reference.gflop.keys() == conditional.gflop.keys() == {"GPT-2", "UNet", "UNet, gradient"}
    # Half as much is kept for an example, so that twice as many go at once.
    assert published.kept_gb == pytest.approx(reference.kept_gb, rel=0.01)
    assert published.kept_gb == pytest.approx(conditional.kept_gb, rel=0.01)


@pytest.mark.slow
def test_every_part_of_the_scaled_model_does_its_share_of_the_work(found: dict[str, Need], tmp_path: Path) -> None:
    pipeline = load_pipeline(scaled_model.save_model(tmp_path))
    clap, t5 = pipeline.text_encoder, pipeline.text_encoder_2
    ids = torch.ones(1, scaled_model.CLAP_TOKENS, dtype=torch.long)
    with torch.no_grad():
        counted = {"CLAP": work_of(lambda _: clap(ids, torch.ones_like(ids)).text_embeds, 1)[0], "T5": 0.0}
        for words in (ids[:, :10], ids[:, :5]):
            counted["T5"] += work_of(lambda _, words=words: t5(words, words).last_hidden_state, 1)[0]
    unet, vae = (nn.Module.to(part, "meta").requires_grad_(False) for part in (pipeline.unet, pipeline.codec.vae))
    with torch.device("meta"):
        loa_tokens = torch.empty(1, 8, 96, requires_grad=True)
        condition = Condition(loa_tokens, torch.empty(1, 10, 128), torch.ones(1, 10, dtype=torch.long))
        latents, mel, times = torch.empty(1, 8, 32, 16), torch.empty(1, 1, 128, 64), torch.empty(1, dtype=torch.long)
        of_unet = work_of(lambda _: predict(unet, latents, times, condition), 1)
        counted["VAE"] = work_of(lambda _: vae.encode(mel).latent_dist.mean, 1)[0]
    counted |= dict(zip(("UNet", "UNet, gradient"), (2 * work for work in of_unet), strict=True))
    for part, gflop in counted.items():
        assert 512 * gflop == pytest.approx(found["published"].gflop[part], rel=0.1), part
