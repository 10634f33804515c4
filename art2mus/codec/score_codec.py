"""Latents that stand for a note roll; a performance makes it sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from diffusers import ModelMixin  # noqa: F401  diffusers finds the loader by this name, here
from diffusers.configuration_utils import register_to_config

from art2mus.codec.performance import Performance, fit_tempo
from art2mus.codec.performer import Performer, Rendering
from art2mus.codec.protocol import Clip, ClipRequest, FloatArray, Plan
from art2mus.codec.roll_vae import ROWS_PER_LATENT, STEPS_PER_LATENT, RollVAE
from art2mus.codec.score import NUM_ROWS, STEPS_PER_BAR, Score
from art2mus.codec.synthesizer import BUNDLED_SOUNDFONT

USUAL_BARS = 8
"""The phrase the model learns from."""
FADE_OUT_S, FADE_OUT_SHARE = 1.5, 0.15
"""A clip stops where its last bar does, so it fades before: so long, but no greater a share of it."""
LOOP_JOIN_S = 0.05
"""Over so long the end of a loop turns into what really went before its beginning."""


class ScoreCodec(RollVAE):
    """A `RollVAE` that can be heard: notes out of its rolls, and sound out of notes. It loads a `RollVAE`'s folder.

    Args:
        latent_channels: Channels of a latent.
        hidden_channels: Width of the VAE's convolutions.
        layers_per_block: Residual layers of the encoder; the decoder has one more.
        scaling_factor: What latents are multiplied by so that their standard deviation is 1.
        sample_rate: Of the waveforms, in Hz.
        threshold: What a cell's probability must exceed to sound.
    """

    decoded_type = "score"
    latent_bins = NUM_ROWS // ROWS_PER_LATENT
    latent_grid = STEPS_PER_BAR // STEPS_PER_LATENT

    @register_to_config
    def __init__(
        self,
        latent_channels: int = 8,
        hidden_channels: int = 64,
        layers_per_block: int = 1,
        scaling_factor: float = 1.0,
        sample_rate: int = 48_000,
        threshold: float = 0.6,
    ) -> None:
        super().__init__(latent_channels, hidden_channels, layers_per_block, scaling_factor)
        self.sample_rate = sample_rate
        self.latent_channels = latent_channels
        self.threshold = threshold
        self.soundfont: Path = BUNDLED_SOUNDFONT

    @classmethod
    def from_vae(cls, vae: RollVAE) -> ScoreCodec:
        """Make a trained VAE audible, without copying its weights."""
        codec = cls.from_config(vae.config)
        codec.vae = vae.vae
        return codec.eval()

    @cached_property
    def performer(self) -> Performer:
        """The resident synthesizer of finished clips; a `Piece` that goes on has its own."""
        return Performer(self.soundfont, self.sample_rate)

    def plan(self, request: ClipRequest) -> Plan:
        """Choose a performance, and whole bars at about its pace; it gives way so that they fill the clip."""
        performance = request.performance or _performance_for(request)
        length_s = request.length_s
        num_steps = USUAL_BARS * STEPS_PER_BAR if length_s is None else performance.num_steps_for(length_s)
        return _filled(request, performance, num_steps)

    def settle(self, plan: Plan, score: Score) -> Plan:
        """Play as the notes ask as well, where nobody else said how to play.

        At another pace a clip of a given length has more bars or fewer, of those that there are; a loop has the same.

        Args:
            plan: From `plan`.
            score: The notes, those for which there may be no room included.
        """
        request = plan.request
        if request is None or request.performance is not None or request.subject is None:
            return plan
        performance = _performance_for(request, score.events_per_quarter)
        num_steps = plan.latent_steps * STEPS_PER_LATENT
        if request.length_s is not None and not request.is_loop:
            num_steps = min(performance.num_steps_for(request.length_s), score.num_steps)
        return _filled(request, performance, num_steps)

    @torch.no_grad()
    def decode_clips(self, latents: torch.Tensor, plans: Sequence[Plan], num_held: int = 0) -> list[Clip]:
        """Read the notes, and settle how to play them; those that sound on from the context are held, not struck."""
        rolls = self.decode(latents.to(self.device, self.dtype)).float().cpu().numpy()
        clips = []
        for latent, roll, plan in zip(latents, rolls, plans, strict=True):
            context = num_held * STEPS_PER_LATENT
            score = Score.from_roll(roll, self.threshold).cleaned()
            settled = self.settle(plan, score.slice(context, score.num_steps))
            end = num_held + settled.latent_steps
            score = score.slice(context, end * STEPS_PER_LATENT)
            if num_held == 0:  # there is nothing that a note could be held from
                score = Score(tuple(replace(note, is_held=False) for note in score.notes), score.num_steps)
            clips.append(Clip(latent[:, num_held:end], settled, score))
        return clips

    def sonify(self, clip: Clip) -> Clip:
        """Perform the score; stereo.

        Raises: SynthesizerMissingError without FluidSynth's library; the message says what to install.
        """
        *past, rendering = self._renderings(clip, clip.plan.latent_steps)
        waveform = _fitted(rendering.waveform, round(clip.plan.length_s * self.sample_rate))
        if past:
            join = round(LOOP_JOIN_S * self.sample_rate)
            share = np.linspace(0.0, 1.0, join, dtype=np.float32)[:, None]
            before = _fitted(past[0].waveform, len(waveform))
            waveform[-join:] += share * (before[-join:] - waveform[-join:])
        else:
            waveform *= self._fade(clip, 0, len(waveform))
        return replace(clip, waveform=waveform, sounding_notes=rendering.notes)

    def stream(self, clip: Clip, piece_s: float = 1.0) -> Iterator[FloatArray]:
        """Perform the score in pieces of whole bars; held notes and the room's reverberation go on across them."""
        if clip.plan.is_loop:  # its beginning depends on its end
            yield _waveform_of(self.sonify(clip))
            return
        num_samples = round(clip.plan.length_s * self.sample_rate)
        per_bar_s = clip.plan.length_s * self.latent_grid / clip.plan.latent_steps
        begin = 0
        for rendering in self._renderings(clip, max(1, round(piece_s / per_bar_s)) * self.latent_grid):
            is_last = num_samples - begin - len(rendering.waveform) <= 2
            piece = _fitted(rendering.waveform, num_samples - begin if is_last else len(rendering.waveform))
            yield piece * self._fade(clip, begin, begin + len(piece))
            begin += len(piece)

    def _renderings(self, clip: Clip, latents_at_once: int) -> Iterator[Rendering]:
        """The sound of a clip, piece after piece; of a loop the whole, twice."""
        plan = clip.plan
        if clip.score is None or plan.performance is None:
            raise ValueError("this clip has no score to perform")
        self.performer.start(plan.performance, plan.seed)
        if plan.is_loop:
            yield self.performer.render(clip.score)
        step = latents_at_once * STEPS_PER_LATENT
        for begin in range(0, clip.score.num_steps, step):
            yield self.performer.render(clip.score.slice(begin, min(begin + step, clip.score.num_steps)))

    def _fade(self, clip: Clip, begin: int, end: int) -> FloatArray:
        """The gain of some samples of a clip that fades before its end."""
        length_s = clip.plan.length_s
        fade_s = min(FADE_OUT_S, FADE_OUT_SHARE * length_s)
        remaining_s = length_s - np.arange(begin, end, dtype=np.float32)[:, None] / self.sample_rate
        return (0.5 - 0.5 * np.cos(np.pi * np.clip(remaining_s / fade_s, 0.0, 1.0))).astype(np.float32)


def _waveform_of(clip: Clip) -> FloatArray:
    assert clip.waveform is not None
    return clip.waveform


def _performance_for(request: ClipRequest, events_per_quarter: float | None = None) -> Performance:
    if request.subject is None:
        return Performance.neutral()
    return Performance.from_affect(
        request.subject, request.seed, request.words, request.year, request.country, events_per_quarter
    )


def _filled(request: ClipRequest, performance: Performance, num_steps: int) -> Plan:
    """A plan of so many steps, at the pace at which they fill the length asked for."""
    length_s = request.length_s
    if length_s is None:
        length_s = num_steps * performance.step_s
    else:
        performance = fit_tempo(performance, num_steps, length_s)
    num_latents = num_steps // STEPS_PER_LATENT
    return Plan(num_latents, length_s, request.seed, performance, request.is_loop, request)


def _fitted(waveform: FloatArray, num_samples: int) -> FloatArray:
    """Steps are rounded to samples, so a clip can miss its length by one or two; a copy that does not."""
    fitted = np.zeros((num_samples, waveform.shape[1]), dtype=np.float32)
    fitted[: len(waveform)] = waveform[:num_samples]
    return fitted
