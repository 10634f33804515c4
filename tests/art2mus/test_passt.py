from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from art2mus.metrics.embedders import load_classifier
from art2mus.metrics.passt import NUM_CLASSES, SAMPLE_RATE, WEIGHTS_FILE, PaSST, PasstClassifier, log_mel
from art2mus.models import ModelMissingError

PUBLISHED_SHAPES = {
    "cls_token": (1, 1, 768),
    "dist_token": (1, 1, 768),
    "new_pos_embed": (1, 2, 768),
    "freq_new_pos_embed": (1, 768, 12, 1),
    "time_new_pos_embed": (1, 768, 1, 99),
    "patch_embed.proj.weight": (768, 1, 16, 16),
    "blocks.11.attn.qkv.weight": (2304, 768),
    "blocks.11.attn.proj.weight": (768, 768),
    "blocks.11.mlp.fc1.weight": (3072, 768),
    "blocks.11.mlp.fc2.bias": (768,),
    "blocks.11.norm1.weight": (768,),
    "blocks.11.norm2.bias": (768,),
    "norm.weight": (768,),
    "head.0.weight": (768,),
    "head.1.weight": (527, 768),
}


@pytest.fixture
def network() -> PaSST:
    torch.manual_seed(0)
    network = PaSST(width=24, depth=2, num_heads=3).eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    return network


def noise(length_s: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0.0, 0.1, round(length_s * SAMPLE_RATE)).astype(np.float32)


def test_the_parameters_are_the_published_ones() -> None:
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in PaSST().state_dict().items()}
    assert shapes | PUBLISHED_SHAPES == shapes
    assert len(shapes) == 7 + 12 * 12 + 2 + 4


def test_the_spectrogram_is_the_published_one() -> None:
    samples = noise(0.5).astype(np.float64)
    padded = np.pad(samples[1:] - 0.97 * samples[:-1], 400, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, 800)[::320]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(800) / 799)
    power = np.abs(np.fft.rfft(frames * hann, 1024)) ** 2
    mels = 1127.0 * np.log1p(np.arange(513) * SAMPLE_RATE / 1024 / 700.0)[:, None]
    edges = np.linspace(0.0, 1127.0 * np.log1p(15_000.0 / 700.0), 130)
    rising, falling = (mels - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - mels) / np.diff(edges)[1:]
    bands = power @ np.maximum(0.0, np.minimum(rising, falling))
    assert log_mel(noise(0.5)) == pytest.approx((np.log(bands.T + 1e-5) + 4.5) / 5.0, abs=1e-4)


def test_a_block_is_a_layer_of_torchs_transformer(network: PaSST) -> None:
    layer = nn.TransformerEncoderLayer(24, 3, 96, 0.0, nn.functional.gelu, 1e-6, batch_first=True, norm_first=True)
    names = {
        "attn.qkv.": "self_attn.in_proj_",
        "attn.proj.": "self_attn.out_proj.",
        "mlp.fc1.": "linear1.",
        "mlp.fc2.": "linear2.",
    }
    state = {}
    for name, value in network.blocks[0].state_dict().items():
        for ours, theirs in names.items():
            name = name.replace(ours, theirs)
        state[name] = value
    layer.load_state_dict(state)
    tokens = torch.randn(2, 7, 24)
    with torch.no_grad():
        assert torch.allclose(network.blocks[0](tokens), layer(tokens), atol=1e-5)


def test_time_and_frequency_have_places_of_their_own(network: PaSST) -> None:
    image = torch.randn(1, 128, 116)
    with torch.no_grad():
        before = network(image)
        network.time_new_pos_embed[..., 11:] = 20.0 * torch.randn(1, 24, 1, 88)
        assert torch.equal(network(image), before)
        network.time_new_pos_embed[..., 10] = 20.0 * torch.randn(1, 24, 1)
        after = network(image)
        network.freq_new_pos_embed[:, :, 3] = 20.0 * torch.randn(1, 24, 1)
        assert not torch.allclose(after, before, atol=0.01)
        assert not torch.allclose(network(image), after, atol=0.01)


def test_music_is_heard_ten_seconds_at_a_time(network: PaSST) -> None:
    classifier = PasstClassifier(network)
    music = noise(21.0)
    logits = classifier.embed(music)
    assert logits.shape == (2, NUM_CLASSES)
    assert classifier.embed(music[10 * SAMPLE_RATE : 20 * SAMPLE_RATE])[0] == pytest.approx(logits[1], abs=1e-4)
    assert classifier.embed(noise(0.05)).shape == classifier.embed(noise(3.0)).shape == (1, NUM_CLASSES)


def test_published_files_load(tmp_path: Path) -> None:
    """At full size; every weight is a view of one number, which makes the file small."""
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in PaSST().state_dict().items()}
    shapes |= {"head_dist.weight": torch.Size([527, 768]), "head_dist.bias": torch.Size([527])}
    path = tmp_path / WEIGHTS_FILE
    torch.save({name: torch.full((1,), 0.01).expand(shape) for name, shape in shapes.items()}, path)
    logits = load_classifier("passt", str(path)).embed(noise(0.2))
    assert logits.shape == (1, NUM_CLASSES)
    assert np.isfinite(logits).all()


def test_missing_weights_are_explained() -> None:
    with pytest.raises(ModelMissingError, match=r"no such weights here\n  fetch https://github.com/kkoutini"):
        load_classifier("passt")
