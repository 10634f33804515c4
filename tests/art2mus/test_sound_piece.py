"""A piece of sound goes on without a seam, in as much memory as ever."""

import numpy as np
import pytest
import torch
from PIL import Image

from art2mus.pipeline import Art2MusPipeline
from art2mus.sound_piece import SoundPiece
from tests.art2mus import tiny

LENGTH_S = 1.2


@pytest.fixture(scope="module")
def pipe() -> Art2MusPipeline:
    return tiny.pipeline(tiny.mel_codec())


@pytest.fixture
def image() -> Image.Image:
    return Image.linear_gradient("L").resize((48, 32)).convert("RGB")


def test_stretches_butt_and_bend_no_more_than_the_music_does(pipe: Art2MusPipeline, image: Image.Image) -> None:
    piece = SoundPiece(pipe, image, seed=1)
    stretches = [piece.next_stretch(LENGTH_S).waveform for _ in range(4)]
    ending = piece.finish()
    whole = np.concatenate([*stretches, ending])
    assert len(whole) == 4 * round(LENGTH_S * piece.sample_rate)
    bends = np.abs(np.diff(whole[:, 0], n=2))
    inside = np.quantile(bends, 0.999)
    for seam in np.cumsum([len(stretch) for stretch in stretches]):
        assert bends[seam - 3 : seam + 2].max() <= inside


def test_sound_that_is_decoded_the_same_twice_is_joined_to_itself(pipe: Art2MusPipeline, image: Image.Image) -> None:
    piece = SoundPiece(pipe, image)
    sound = np.sin(np.arange(48_000, dtype=np.float32) / 7)[:, None]
    first = piece._joined(sound[:16_000].copy())
    second = piece._joined(sound[len(first) : 32_000].copy())
    third = piece._joined(sound[len(first) + len(second) :].copy())
    np.testing.assert_allclose(np.concatenate([first, second, third, piece.finish()]), sound, atol=1e-6)


def test_a_cancelled_stretch_leaves_the_piece_where_it_was(pipe: Art2MusPipeline, image: Image.Image) -> None:
    def cancel(step: int, steps: int) -> None:
        raise InterruptedError

    waveforms = []
    for is_cancelled_between in (False, True):
        piece = SoundPiece(pipe, image, seed=1)
        piece.next_stretch(LENGTH_S)
        if is_cancelled_between:
            with pytest.raises(InterruptedError):
                piece.next_stretch(LENGTH_S, on_step=cancel)
        waveforms.append(piece.next_stretch(LENGTH_S).waveform)
    assert np.array_equal(*waveforms)


def test_what_it_keeps_does_not_grow(pipe: Art2MusPipeline, image: Image.Image) -> None:
    piece = SoundPiece(pipe, image)
    sizes = set()
    for _ in range(5):
        piece.next_stretch(2.0)
        past, ending = piece._continuation.past, piece._ending
        assert past is not None
        assert ending is not None
        sizes.add((past.shape, ending.shape))
    assert len(sizes) == 3  # 2 s, 4 s, and from then on 5.12 s
    assert past.shape[1] == 128


def test_each_stretch_hears_the_one_before(pipe: Art2MusPipeline, image: Image.Image) -> None:
    following = []
    for seed in (1, 2):
        piece = SoundPiece(pipe, image, seed=seed)
        piece.next_stretch(LENGTH_S)
        piece._continuation._generator.manual_seed(7)
        following.append(piece.next_stretch(LENGTH_S).latents)
    assert not torch.equal(*following)


def test_leaning_all_the_way_is_the_other_artwork(pipe: Art2MusPipeline, image: Image.Image) -> None:
    other = Image.new("RGB", (32, 32), "crimson")
    shares = {}
    for share in (0.0, 0.5, 1.0):
        piece = SoundPiece(pipe, image, seed=3)
        piece.lean(other, share)
        shares[share] = piece.next_stretch(LENGTH_S).latents
    assert torch.equal(shares[0.0], SoundPiece(pipe, image, seed=3).next_stretch(LENGTH_S).latents)
    assert torch.equal(shares[1.0], SoundPiece(pipe, other, seed=3).next_stretch(LENGTH_S).latents)
    assert not torch.equal(shares[0.5], shares[0.0])


def test_what_cannot_go_on_says_why(pipe: Art2MusPipeline, image: Image.Image) -> None:
    with pytest.raises(ValueError, match="an image or a prompt"):
        SoundPiece(pipe)
    with pytest.raises(ValueError, match="writes notes: use `Piece`"):
        SoundPiece(tiny.pipeline(), image)
    with pytest.raises(ValueError, match="began with words alone"):
        SoundPiece(pipe, prompt="slow").lean(image, 0.5)
    with pytest.raises(ValueError, match=r"between 0 and 1, not 1\.5"):
        SoundPiece(pipe, image).lean(image, 1.5)
