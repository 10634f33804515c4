"""A piece goes on without a seam, stretch by stretch."""

import numpy as np
import pytest
import torch
from PIL import Image

from art2mus.codec.performance import Performance
from art2mus.codec.performer import Performer
from art2mus.codec.score import NUM_ROWS, STEPS_PER_BAR, Score
from art2mus.piece import Piece
from art2mus.pipeline import Art2MusPipeline
from tests.art2mus import tiny


@pytest.fixture(scope="module")
def pipe() -> Art2MusPipeline:
    return tiny.pipeline()


@pytest.fixture
def image() -> Image.Image:
    return Image.new("RGB", (32, 24), (180, 120, 40))


def test_stretches_are_one_piece_to_the_note_and_to_the_sample(pipe: Art2MusPipeline, image: Image.Image) -> None:
    with Piece(pipe, image, seed=3) as piece:
        stretches = [piece.next_stretch(), piece.next_stretch(), piece.next_stretch(num_bars=1)]
        assert [stretch.score.num_bars for stretch in stretches] == [8, 4, 1]
        whole = Score((), 0)
        for stretch in stretches:
            whole = whole.joined(stretch.score)
        heard = np.concatenate([stretch.rendering.waveform for stretch in stretches])
        tail = piece.finish(tail_s=2.0)
    assert len(tail.waveform) == 2 * piece.sample_rate
    assert np.abs(tail.waveform[-1]).max() == pytest.approx(0.0, abs=1e-4)
    with Performer() as performer:
        performer.start(piece.performance, seed=3)
        assert np.array_equal(heard, performer.render(whole).waveform)
    assert len(heard) == round(13 * STEPS_PER_BAR * piece.performance.step_s * piece.sample_rate)


def test_each_stretch_hears_the_one_before(pipe: Art2MusPipeline, image: Image.Image) -> None:
    """What follows another beginning is different, though the noise is the same."""
    performance, following = Performance(quarter_bpm=120.0), []
    for seed in (1, 2):
        with Piece(pipe, image, seed=seed, performance=performance) as piece:
            piece.next_stretch()
            following.append(piece.next_stretch(generator=torch.Generator().manual_seed(7)).latents)
    assert not torch.equal(*following)


def test_same_seed_same_piece_at_any_rate(pipe: Art2MusPipeline, image: Image.Image) -> None:
    scores = []
    for sample_rate in (None, None, 44_100):
        with Piece(pipe, image, "slow strings", seed=5, sample_rate=sample_rate) as piece:
            stretch = piece.next_stretch(num_bars=2)
            scores.append(stretch.score)
            length_s = 2 * STEPS_PER_BAR * piece.performance.step_s
            assert len(stretch.rendering.waveform) == round(length_s * (sample_rate or 48_000))
    assert scores[0] == scores[1] == scores[2]


def test_progress_counts_all_windows_of_a_long_stretch(pipe: Art2MusPipeline, image: Image.Image) -> None:
    told: list[tuple[int, int]] = []
    with Piece(pipe, image, num_inference_steps=2) as piece:
        piece.next_stretch(num_bars=13, on_step=lambda step, steps: told.append((step, steps)))
    assert told[-6:] == [(step, 6) for step in range(1, 7)]


class CancelledError(Exception):
    pass


def test_a_cancelled_stretch_leaves_the_piece_where_it_was(pipe: Art2MusPipeline, image: Image.Image) -> None:
    def cancel(step: int, steps: int) -> None:
        raise CancelledError

    waveforms = []
    for is_cancelled_between in (False, True):
        with Piece(pipe, image, seed=1) as piece:
            piece.next_stretch(num_bars=4)
            if is_cancelled_between:
                with pytest.raises(CancelledError):
                    piece.next_stretch(on_step=cancel)
            waveforms.append(piece.next_stretch(num_bars=2).rendering.waveform)
    assert np.array_equal(*waveforms)


def test_leaning_leads_from_one_artwork_to_another(pipe: Art2MusPipeline, image: Image.Image) -> None:
    """All the way it is the other artwork's music, played as the piece is; half the way it is neither's."""
    other, performance = Image.new("RGB", (32, 24), (10, 20, 90)), Performance.neutral()
    latents = {}
    for share in (0.0, 0.5, 1.0):
        with Piece(pipe, image, seed=3, performance=performance) as piece:
            piece.lean(other, share)
            latents[share] = piece.next_stretch().latents
            assert piece.performance is performance
    for share, alone in ((0.0, image), (1.0, other)):
        with Piece(pipe, alone, seed=3, performance=performance) as piece:
            assert torch.equal(latents[share], piece.next_stretch().latents)
    assert not any(torch.equal(latents[0.5], latents[share]) for share in (0.0, 1.0))


def test_what_it_keeps_does_not_grow(pipe: Art2MusPipeline, image: Image.Image) -> None:
    sizes = []
    with Piece(pipe, image, seed=2, num_inference_steps=1) as piece:
        for _ in range(12):
            piece.next_stretch()
            _, interpreter = piece._performer._current()
            keys = sum(len(part.keys) for part in interpreter.parts)
            past = piece._continuation.past
            assert past is not None
            sizes.append((past.shape[1], len(interpreter._queue), len(interpreter._voices) + keys))
    latents, messages, notes = zip(*sizes, strict=True)
    assert set(latents) == {16}
    assert max(messages[6:]) <= 2 * max(messages[:6])
    assert max(notes) <= 2 * NUM_ROWS + len(interpreter.parts) * 128, "no more than there are rows, and keys to play"


def test_length_is_counted_in_bars_of_the_piece(pipe: Art2MusPipeline, image: Image.Image) -> None:
    with Piece(pipe, image, performance=Performance(quarter_bpm=60.0)) as piece:
        assert piece.num_bars_for(32.0) == 8
        assert piece.num_bars_for(0.1) == 1
        assert piece.bars_per_phrase == 8


def test_what_cannot_be_continued_is_said(pipe: Art2MusPipeline, image: Image.Image) -> None:
    with pytest.raises(ValueError, match="no notes"):
        Piece(tiny.pipeline(tiny.mel_codec()), image)
    with pytest.raises(ValueError, match="needs an image or a prompt"):
        Piece(pipe)
    with pytest.raises(ValueError, match="at least one has to be taken"):
        Piece(pipe, prompt="slow strings", num_inference_steps=0)
    with Piece(pipe, prompt="slow strings") as piece, pytest.raises(ValueError, match="at least one bar, not 0"):
        piece.next_stretch(num_bars=0)
