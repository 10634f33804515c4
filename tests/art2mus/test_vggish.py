from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from art2mus.metrics.embedders import load_embedder
from art2mus.metrics.vggish import EMBEDDING_DIM, SAMPLE_RATE, WEIGHTS_FILE, VGGish, VGGishEmbedder, log_mel
from art2mus.models import ModelMissingError, models_folder

PUBLISHED_SHAPES = {
    "features.0": (64, 1, 3, 3),
    "features.3": (128, 64, 3, 3),
    "features.6": (256, 128, 3, 3),
    "features.8": (256, 256, 3, 3),
    "features.11": (512, 256, 3, 3),
    "features.13": (512, 512, 3, 3),
    "embeddings.0": (4096, 12288),
    "embeddings.2": (4096, 4096),
    "embeddings.4": (128, 4096),
}
"""Of torchvggish's state dict, `.weight` each, with a `.bias` of the first size."""


@pytest.fixture(scope="module")
def network() -> VGGish:
    """All 72 million weights, drawn at random."""
    torch.manual_seed(0)
    return VGGish().eval()


@pytest.fixture(scope="module")
def weights(network: VGGish, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as torchvggish writes it, with the PCA that comes along."""
    path = tmp_path_factory.mktemp("vggish") / WEIGHTS_FILE
    pca = {"pproc.pca_eigen_vectors": torch.zeros(128, 128), "pproc.pca_means": torch.zeros(128, 1)}
    torch.save(network.state_dict() | pca, path)
    return path


def noise(length_s: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0.0, 0.1, round(length_s * SAMPLE_RATE)).astype(np.float32)


def htk_filters() -> np.ndarray:
    """Triangles that are straight in mel, 1127 ln(1 + f / 700), from 125 to 7500 Hz; shape (257, 64)."""
    mels = 1127.0 * np.log1p(np.arange(257) * SAMPLE_RATE / 512 / 700.0)[:, None]
    edges = np.linspace(*(1127.0 * np.log1p(np.array([125.0, 7500.0]) / 700.0)), 66)
    rising, falling = (mels - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - mels) / np.diff(edges)[1:]
    return np.maximum(0.0, np.minimum(rising, falling))


def test_the_parameters_are_the_published_ones() -> None:
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in VGGish().state_dict().items()}
    expected = {f"{name}.weight": shape for name, shape in PUBLISHED_SHAPES.items()}
    assert shapes == expected | {f"{name}.bias": shape[:1] for name, shape in PUBLISHED_SHAPES.items()}


def test_the_spectrogram_is_the_published_one() -> None:
    samples = noise(0.97)
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), 400)[::160]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    magnitude = np.abs(np.fft.rfft(frames * hann, 512))
    assert log_mel(samples) == pytest.approx(np.log(magnitude @ htk_filters() + 0.01), abs=1e-5)


def test_the_image_is_laid_out_as_tensorflow_does(network: VGGish) -> None:
    """As torchvggish turns its axes: (B, C, H, W) by way of (B, W, H, C) to (B, H, W, C)."""
    examples = torch.randn(2, 96, 64)
    with torch.inference_mode():
        image = network.features(examples[:, None]).transpose(1, 3).transpose(1, 2).contiguous()
        assert image.shape == (2, 6, 4, 512)
        expected = network.embeddings(image.view(2, -1))
        assert torch.equal(network(examples), expected)


def test_published_files_load_and_see_almost_a_second_at_a_time(weights: Path, network: VGGish) -> None:
    embedder = load_embedder("vggish", str(weights))
    points = embedder.embed(noise(10.0))
    assert points.shape == (10, EMBEDDING_DIM)
    assert embedder.embed(noise(0.1)).shape == (1, EMBEDDING_DIM)
    second = torch.from_numpy(log_mel(noise(10.0))[96:192])[None]
    with torch.inference_mode():
        assert points[1] == pytest.approx(network(second)[0].numpy(), abs=1e-5)
    assert embedder.identity == VGGishEmbedder(network).identity


def test_weights_are_found_in_the_models_folder(weights: Path) -> None:
    place = models_folder() / "vggish" / WEIGHTS_FILE
    place.parent.mkdir(parents=True)
    place.symlink_to(weights)
    assert load_embedder("vggish").name == "VGGish"


def test_missing_weights_are_explained() -> None:
    with pytest.raises(ModelMissingError, match=r"no weights of VGGish here\n  fetch https://github.com/harritaylor"):
        load_embedder("vggish")


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("hello")
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    save_file({"some": torch.zeros(1)}, tmp_path / "other.safetensors")
    (tmp_path / "text.safetensors").write_text("hello")
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(ModelMissingError, match="not the weights of VGGish"):
            VGGishEmbedder.from_file(path)
