"""How a clip is played is settled when its notes are known, and then it stays."""

import numpy as np
import pytest
import torch
from PIL import Image

from art2mus.codec.performance import Performance, fit_tempo
from art2mus.codec.protocol import ClipRequest
from art2mus.codec.score import MELODY, STEPS_PER_BAR, Note, Score
from art2mus.codec.score_codec import ScoreCodec
from art2mus.piece import Piece
from art2mus.pipeline import Art2MusPipeline
from tests.art2mus import tiny

EXCITED = np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0], dtype=np.float32)
NUM_STEPS = 8 * STEPS_PER_BAR


@pytest.fixture(scope="module")
def codec() -> ScoreCodec:
    return tiny.pipeline().codec


@pytest.fixture(scope="module")
def pipe() -> Art2MusPipeline:
    pipe = tiny.pipeline()
    pipe.codec.threshold = 0.7
    return pipe


@pytest.fixture
def image() -> Image.Image:
    return Image.new("RGB", (32, 24), (180, 120, 40))


def notes_every(num_steps: int) -> Score:
    return Score(tuple(Note(onset, num_steps, 14, MELODY) for onset in range(0, NUM_STEPS, num_steps)), NUM_STEPS)


def test_a_given_length_takes_more_bars_of_long_notes_than_of_short_ones(codec: ScoreCodec) -> None:
    request = ClipRequest(EXCITED, "", 3, length_s=10.24)
    planned = codec.plan(request)
    long_notes, short_notes = (codec.settle(planned, notes_every(steps)) for steps in (8, 1))
    assert long_notes.latent_steps > short_notes.latent_steps
    for plan, score in ((long_notes, notes_every(8)), (short_notes, notes_every(1))):
        assert plan.length_s == 10.24
        assert plan.performance is not None
        num_steps = plan.latent_steps * STEPS_PER_BAR // codec.latent_grid
        wanted = Performance.from_affect(EXCITED, 3, events_per_quarter=score.events_per_quarter)
        assert plan.performance == fit_tempo(wanted, num_steps, 10.24)
        assert num_steps == wanted.num_steps_for(10.24)


def test_no_more_bars_than_there_are(codec: ScoreCodec) -> None:
    planned = codec.plan(ClipRequest(EXCITED, "", 3, length_s=60.0))
    assert codec.settle(planned, notes_every(8)).latent_steps == 8 * codec.latent_grid


def test_the_usual_length_is_in_bars_and_a_loop_keeps_its_own(codec: ScoreCodec) -> None:
    usual = codec.plan(ClipRequest(EXCITED, "", 3, None))
    settled = codec.settle(usual, notes_every(8))
    assert settled.latent_steps == usual.latent_steps
    assert settled.length_s < usual.length_s
    loop = codec.plan(ClipRequest(EXCITED, "", 3, 10.0, is_loop=True))
    assert codec.settle(loop, notes_every(8)).latent_steps == loop.latent_steps
    assert codec.settle(loop, notes_every(8)).length_s == 10.0


def test_who_says_how_to_play_is_obeyed(codec: ScoreCodec) -> None:
    for request in (
        ClipRequest(EXCITED, "", 3, None, Performance(quarter_bpm=80.0)),
        ClipRequest(None, "", 3, None),
    ):
        planned = codec.plan(request)
        assert codec.settle(planned, notes_every(8)) == planned
    slow = codec.settle(codec.plan(ClipRequest(EXCITED, "slow", 3, None)), notes_every(8))
    assert slow.performance is not None
    assert slow.performance.quarter_bpm <= 58.0


def test_a_clip_is_played_as_its_notes_ask(pipe: Art2MusPipeline, image: Image.Image) -> None:
    for arguments in ({}, {"audio_length_in_s": 8.0}, {"loop": True}):
        clip = pipe(image, generator=torch.Generator().manual_seed(1), **arguments).clips[0]
        assert clip.score is not None
        assert clip.plan.performance is not None
        assert clip.score.num_steps * clip.plan.performance.step_s == pytest.approx(clip.plan.length_s)
        assert clip.waveform is not None
        assert len(clip.waveform) == round(clip.plan.length_s * pipe.codec.sample_rate)
        streamed = np.concatenate(list(pipe.codec.stream(clip)))
        np.testing.assert_allclose(streamed, clip.waveform, atol=1e-6)


def test_a_piece_settles_with_its_first_stretch_and_keeps_its_tempo(pipe: Art2MusPipeline, image: Image.Image) -> None:
    with Piece(pipe, image, seed=3, year=1888, country="France") as piece:
        planned = piece.performance
        first = piece.next_stretch()
        settled = piece.performance
        with torch.no_grad():
            (subject,), _ = pipe.encode_artwork(image)
        assert settled == Performance.from_affect(
            subject.numpy(), 3, year=1888, country="France", events_per_quarter=first.score.events_per_quarter
        )
        assert settled.quarter_bpm != planned.quarter_bpm
        assert settled.melody == planned.melody
        second = piece.next_stretch()
        assert piece.performance == settled
    length_s = 4 * STEPS_PER_BAR * settled.step_s
    assert len(second.rendering.waveform) == pytest.approx(length_s * piece.sample_rate, abs=1)


def test_a_performance_that_was_given_stays(pipe: Art2MusPipeline, image: Image.Image) -> None:
    given = Performance(quarter_bpm=97.0)
    with Piece(pipe, image, performance=given) as piece:
        piece.next_stretch()
        assert piece.performance == given
