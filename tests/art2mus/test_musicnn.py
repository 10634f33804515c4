"""The tagger hears what it should: on the arithmetic of its publication, and on instruments."""

from dataclasses import replace

import numpy as np
import pytest
import soxr
import torch
from safetensors import safe_open

from art2mus.codec.performance import Performance
from art2mus.codec.performer import Performer
from art2mus.metrics.musicnn import EMBEDDING_DIM, SAMPLE_RATE, WEIGHTS_PATH, MusiCNN, MusiCNNEmbedder, log_mel
from tests.art2mus.pieces import chorale

# For the SoundFont's others the tagger has no names, or takes the harp for a guitar and the flute for a violin.
INSTRUMENTS = ("piano", "guitar", "strings", "cello", "choir", "warm pad")
FAMILIES = {
    "piano": ("piano",),
    "guitar": ("guitar",),
    "strings": ("strings", "violin"),
    "cello": ("cello",),
    "choir": ("choir", "choral"),
    "warm pad": ("synth", "ambient"),
}


@pytest.fixture(scope="module")
def embedder() -> MusiCNNEmbedder:
    return MusiCNNEmbedder()


@pytest.fixture(scope="module")
def performances() -> dict[str, np.ndarray]:
    """Ten seconds of one chorale, by each instrument alone, at 16 kHz."""
    sounds = {}
    with Performer(sample_rate=2 * SAMPLE_RATE) as performer:
        for name in INSTRUMENTS:
            performer.start(replace(Performance.neutral(), melody=name, pad=name), seed=0)
            waveform = performer.render(chorale().slice(0, 56)).waveform.mean(axis=1)
            sounds[name] = soxr.resample(waveform, 2 * SAMPLE_RATE, SAMPLE_RATE)
    return sounds


@pytest.fixture(scope="module")
def tags(embedder: MusiCNNEmbedder, performances: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    return {name: embedder.tag(waveform) for name, waveform in performances.items()}


def test_the_forward_pass_is_the_published_one(embedder: MusiCNNEmbedder) -> None:
    """Logits of the graph in the wheel of musicnn 0.1.0, run by TensorFlow on the same numbers.

    What differs by up to .002 is the half precision of the kernels.
    """
    patches = np.random.default_rng(0).uniform(0.0, 4.0, (4, 187, 96)).astype(np.float32)
    with torch.inference_mode():
        _, logits = embedder._network(torch.from_numpy(patches))
    published = [-9.1511, -7.3679, -9.2232, -0.9524, -5.4207, -1.7619, -2.5382, -7.8573, 0.2089, -12.1449]
    assert logits[0, :10].numpy() == pytest.approx(np.array(published), abs=0.005)
    assert logits[:, 0].numpy() == pytest.approx(np.array([-9.1511, -9.6182, -9.0352, -8.9142]), abs=0.005)


def test_the_spectrogram_is_the_published_one() -> None:
    """Against the formula of librosa's mel spectrogram, told anew."""
    samples = np.random.default_rng(0).normal(0.0, 0.1, SAMPLE_RATE).astype(np.float32)
    padded = np.pad(samples.astype(np.float64), 256, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, 512)[::256]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    power = np.abs(np.fft.rfft(frames * hann)) ** 2
    assert log_mel(samples) == pytest.approx(np.log10(1e4 * power @ slaney_filters() + 1.0), abs=1e-5)


def slaney_filters() -> np.ndarray:
    """96 triangles to 8 kHz, 200/3 Hz apart up to 1 kHz, by 6.4 ** (1 / 27) above, each of area 1. Shape: (257, 96)."""
    top = 15.0 + 27.0 * np.log(8.0) / np.log(6.4)
    mels = np.linspace(0.0, top, 98)
    edges = np.where(mels < 15.0, mels * 200.0 / 3.0, 1000.0 * 6.4 ** ((mels - 15.0) / 27.0))
    bins = np.arange(257)[:, None] * SAMPLE_RATE / 512
    rising = (bins - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins) / np.diff(edges)[1:]
    return np.maximum(0.0, np.minimum(rising, falling)) * 2.0 / (edges[2:] - edges[:-2])


def test_a_tone_lights_one_band() -> None:
    time_s = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    spectrum = log_mel(0.5 * np.sin(2 * np.pi * 1000.0 * time_s).astype(np.float32)).mean(axis=0)
    centre_hz = (slaney_filters() * (np.arange(257)[:, None] * SAMPLE_RATE / 512)).sum(0) / slaney_filters().sum(0)
    assert centre_hz[spectrum.argmax()] == pytest.approx(1000.0, abs=40.0)


def test_every_weight_is_used_and_none_besides() -> None:
    with safe_open(WEIGHTS_PATH, framework="pt") as file:
        stored = set(file.keys())
    assert stored == {name for name in MusiCNN().state_dict() if not name.endswith("num_batches_tracked")}


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_an_instrument_is_heard_more_in_its_own_music_than_in_any_other(
    instrument: str, tags: dict[str, dict[str, float]]
) -> None:
    heard = {name: max(likely[tag] for tag in FAMILIES[instrument]) for name, likely in tags.items()}
    if instrument == "strings":
        del heard["cello"]  # which is one of them, and is called "violin" more often than all of them together
    assert max(heard, key=heard.__getitem__) == instrument


@pytest.mark.parametrize("instrument", ["piano", "guitar", "strings", "choir"])
def test_an_instrument_is_the_likeliest_of_all_instruments(instrument: str, tags: dict[str, dict[str, float]]) -> None:
    instruments = {*sum(FAMILIES.values(), ()), "flute", "harp", "harpsichord", "sitar", "drums"} - {"ambient"}
    likeliest = max(instruments, key=tags[instrument].__getitem__)
    assert likeliest in FAMILIES[instrument]


def test_the_music_is_classical_and_slow_and_no_techno(tags: dict[str, dict[str, float]]) -> None:
    for name, likely in tags.items():
        assert likely["slow"] + likely["classical"] + likely["ambient"] + likely["choir"] > 0.5, name
        assert max(likely[tag] for tag in ("techno", "rock", "metal", "drums", "country")) < 0.05, name


def test_music_is_seen_three_seconds_at_a_time(embedder: MusiCNNEmbedder, performances: dict[str, np.ndarray]) -> None:
    points = embedder.embed(performances["piano"])
    assert points.shape == (len(performances["piano"]) // 256 // 187, EMBEDDING_DIM)
    first = embedder.embed(performances["piano"][: 187 * 256])
    # The end is mirrored where the music goes on, which only the last frames see.
    assert first[0] == pytest.approx(points[0], abs=0.2)


def test_long_music_is_heard_some_patches_at_a_time(embedder: MusiCNNEmbedder) -> None:
    """Or an hour of it would not fit into the memory."""
    music = np.random.default_rng(0).normal(0.0, 0.1, 187 * 256 * 40).astype(np.float32)
    network, at_once = embedder._network, []
    hook = network.register_forward_pre_hook(lambda _, given: at_once.append(len(given[0])))
    try:
        points = embedder.embed(music)
    finally:
        hook.remove()
    assert max(at_once) <= 16
    assert sum(at_once) == len(points) == 40
    with torch.inference_mode():
        whole, _ = network(torch.from_numpy(log_mel(music)[: 187 * 40].reshape(40, 187, 96)))
    assert points == pytest.approx(whole.numpy(), abs=1e-4)


@pytest.mark.parametrize("num_frames", [1, 100, 20_000])
def test_short_sounds_and_silence_have_a_place_too(embedder: MusiCNNEmbedder, num_frames: int) -> None:
    points = embedder.embed(np.zeros(num_frames, np.float32))
    assert points.shape == (1, EMBEDDING_DIM)
    assert np.isfinite(points).all()


def test_other_weights_are_another_identity(embedder: MusiCNNEmbedder) -> None:
    assert embedder.identity == MusiCNNEmbedder().identity
    other = MusiCNNEmbedder()
    torch.nn.init.zeros_(other._network.output.bias)
    assert other.identity != embedder.identity
