"""Music without an end, and music that sounds before all of it is decoded."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from art2mus.codec.protocol import Clip, FloatArray
from art2mus.models import load_pipeline
from art2mus.phrases import predict_in_circle, turn_at, with_context
from art2mus.pipeline import Art2MusPipeline
from art2mus.sampling import Denoiser
from tests.art2mus import tiny


@pytest.fixture(scope="module")
def mini() -> Art2MusPipeline:
    return load_pipeline("mini")


@pytest.fixture(scope="module")
def mel() -> Art2MusPipeline:
    return tiny.pipeline(tiny.mel_codec())


@pytest.fixture
def image() -> Image.Image:
    return Image.linear_gradient("L").resize((48, 32)).convert("RGB")


def made(pipe: Art2MusPipeline, image: Image.Image, **arguments: Any) -> Clip:
    return pipe(image, generator=torch.Generator().manual_seed(5), **arguments).clips[0]


def waveform(clip: Clip) -> FloatArray:
    assert clip.waveform is not None
    return clip.waveform


class Listening(Denoiser):
    """Says what it sees, after adding how far it has come in what it sees."""

    def predict(self, latents: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        return latents + torch.arange(latents.shape[2])[:, None]


@pytest.mark.parametrize(("num_latents", "phrase"), [(32, 32), (20, 32), (12, 32), (48, 32), (64, 32)])
@pytest.mark.parametrize("turn", [0, 4, 8])
def test_every_latent_of_a_circle_is_seen_where_it_stands(num_latents: int, phrase: int, turn: int) -> None:
    latents = torch.randn(2, 3, num_latents, 4)
    denoiser = Listening(*[None] * 6, latents)  # type: ignore[arg-type]
    offsets = predict_in_circle(denoiser, latents, torch.tensor(0), turn, phrase) - latents
    num_seen = math.ceil(num_latents / phrase) * phrase
    places = [(turn + seen) % num_latents for seen in range(num_seen)]
    for latent in range(num_latents):
        expected = np.mean([seen % phrase for seen, place in enumerate(places) if place == latent])
        assert offsets[:, :, latent].allclose(torch.tensor(expected, dtype=torch.float32), atol=1e-4)


def test_a_circle_is_cut_at_bar_lines_all_around() -> None:
    turns = [turn_at(step, 32, 4) for step in range(8)]
    assert all(turn % 4 == 0 for turn in turns)
    assert len(set(turns)) == 8


def test_context_goes_round() -> None:
    around = with_context(torch.arange(6.0)[None, None, :, None], 2)
    assert around.flatten().tolist() == [4, 5, 0, 1, 2, 3, 4, 5, 0, 1]


def test_a_loop_of_sound_has_no_beginning(mel: Art2MusPipeline, image: Image.Image) -> None:
    clip = made(mel, image, loop=True, audio_length_in_s=1.0)
    assert clip.mel is not None
    assert len(waveform(clip)) == round(clip.plan.length_s * mel.codec.sample_rate)
    turned = mel.codec.sonify(replace(clip, mel=np.roll(clip.mel, 7, axis=0)))
    np.testing.assert_allclose(
        waveform(turned), np.roll(waveform(clip), 7 * mel.codec.hop, axis=0), atol=1e-4 * np.abs(clip.waveform).max()
    )


def test_a_loop_of_notes_is_sound_that_goes_on(mini: Art2MusPipeline, image: Image.Image) -> None:
    clip = made(mini, image, loop=True)
    assert clip.score is not None
    samples = waveform(clip).astype(np.float64)
    assert len(samples) == round(clip.plan.length_s * mini.codec.sample_rate)
    twice = np.concatenate([samples, samples])
    bends = np.abs(np.diff(twice, n=2, axis=0)).max(axis=1)
    joint = len(samples) - 2
    around = bends[joint - 4800 : joint + 4800]
    assert bends[joint - 3 : joint + 4].max() <= np.quantile(around, 0.999)
    level = np.sqrt(np.mean(samples**2))
    assert np.sqrt(np.mean(samples[-4800:] ** 2)) > 0.1 * level  # it does not fade


def test_a_loop_continues_nothing_else(mini: Art2MusPipeline, image: Image.Image) -> None:
    with pytest.raises(ValueError, match="continues nothing but itself"):
        made(mini, image, loop=True, held_latents=torch.zeros(1, 8, 16, 20))


@pytest.mark.parametrize("loop", [False, True])
def test_a_spectrogram_sounds_piece_by_piece_as_it_does_at_once(
    mel: Art2MusPipeline, image: Image.Image, loop: bool
) -> None:
    clip = made(mel, image, loop=loop, audio_length_in_s=1.51)
    pieces = list(mel.codec.stream(clip, piece_s=0.2))
    assert len(pieces) >= 7
    np.testing.assert_allclose(
        np.concatenate(pieces), waveform(clip), atol=1e-4 * np.abs(clip.waveform).max(), rtol=0.0
    )


def test_the_first_second_is_there_before_the_last_is_made(mel: Art2MusPipeline, image: Image.Image) -> None:
    clip = made(mel, image, audio_length_in_s=3.0, output_type="mel")
    lengths: list[int] = []
    hook = mel.codec.vocoder.register_forward_pre_hook(lambda _module, given: lengths.append(len(given[0])))
    pieces = mel.codec.stream(clip)
    first = next(pieces)
    assert len(first) == mel.codec.sample_rate
    assert len(lengths) == 1
    assert lengths[0] <= len(first) / mel.codec.hop + mel.codec.reach
    assert len(list(pieces)) == 2
    hook.remove()


def test_a_sample_depends_on_nothing_beyond_the_reach(mel: Art2MusPipeline, image: Image.Image) -> None:
    clip = made(mel, image, audio_length_in_s=1.5)
    assert clip.mel is not None
    other = clip.mel.copy()
    other[60] += 5.0
    differs = np.flatnonzero(np.abs(waveform(mel.codec.sonify(replace(clip, mel=other))) - waveform(clip)) > 1e-9)
    frames = differs // mel.codec.hop
    assert frames.min() >= 60 - mel.codec.reach
    assert frames.max() <= 60 + mel.codec.reach
    assert frames.max() - frames.min() > mel.codec.reach  # not much more than is needed


@pytest.mark.parametrize("piece_s", [0.5, 2.0, 100.0])
def test_a_score_sounds_piece_by_piece_as_it_does_at_once(
    mini: Art2MusPipeline, image: Image.Image, piece_s: float
) -> None:
    clip = made(mini, image, audio_length_in_s=7.3)
    pieces = list(mini.codec.stream(clip, piece_s))
    np.testing.assert_allclose(np.concatenate(pieces), waveform(clip), atol=1e-6)
    assert (len(pieces) > 1) == (piece_s < 7.3)
