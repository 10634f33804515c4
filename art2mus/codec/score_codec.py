"""Latents that stand for a note roll; a performance makes it sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from diffusers import ModelMixin  # noqa: F401  diffusers finds the loader by this name, here
from diffusers.configuration_utils import register_to_config

from art2mus.codec.performance import Performance, fit_tempo
from art2mus.codec.performer import Performer
from art2mus.codec.protocol import Clip, ClipRequest, FloatArray, Plan
from art2mus.codec.roll_vae import ROWS_PER_LATENT, STEPS_PER_LATENT, RollVAE
from art2mus.codec.score import NUM_ROWS, STEPS_PER_BAR, Score
from art2mus.codec.synthesizer import BUNDLED_SOUNDFONT

USUAL_BARS = 8
"""The phrase the model learns from."""
FADE_OUT_S, FADE_OUT_SHARE = 1.5, 0.15
"""A clip stops where its last bar does, so it fades before: so long, but no greater a share of it."""


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
        if request.length_s is None:
            num_steps = USUAL_BARS * STEPS_PER_BAR
            length_s = num_steps * performance.step_s
        else:
            length_s = request.length_s
            num_steps = performance.num_steps_for(length_s)
            performance = fit_tempo(performance, num_steps, length_s)
        return Plan(num_steps // STEPS_PER_LATENT, length_s, request.seed, performance)

    @torch.no_grad()
    def decode_clips(self, latents: torch.Tensor, plans: Sequence[Plan], num_held: int = 0) -> list[Clip]:
        """Read the notes; those that sound on from the context are held, not struck."""
        rolls = self.decode(latents.to(self.device, self.dtype)).float().cpu().numpy()
        clips = []
        for latent, roll, plan in zip(latents, rolls, plans, strict=True):
            end = num_held + plan.latent_steps
            score = Score.from_roll(roll, self.threshold).cleaned()
            score = score.slice(num_held * STEPS_PER_LATENT, end * STEPS_PER_LATENT)
            if num_held == 0:  # there is nothing that a note could be held from
                score = Score(tuple(replace(note, is_held=False) for note in score.notes), score.num_steps)
            clips.append(Clip(latent[:, num_held:end], score, performance=plan.performance, player_seed=plan.seed))
        return clips

    def sonify(self, clip: Clip, plan: Plan) -> Clip:
        """Perform the score; stereo.

        Raises: SynthesizerMissing without FluidSynth's library; the message says what to install.
        """
        if clip.score is None or plan.performance is None:
            raise ValueError("this clip has no score to perform")
        self.performer.start(plan.performance, plan.seed)
        rendering = self.performer.render(clip.score)
        waveform = _fitted(rendering.waveform, round(plan.length_s * self.sample_rate))
        num_fading = round(min(FADE_OUT_S, FADE_OUT_SHARE * plan.length_s) * self.sample_rate)
        fade = 0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, num_fading, dtype=np.float32))
        waveform[len(waveform) - num_fading :] *= fade[:, None]
        return replace(clip, waveform=waveform, sounding_notes=rendering.notes)


def _performance_for(request: ClipRequest) -> Performance:
    if request.subject is None:
        return Performance.neutral()
    return Performance.from_affect(request.subject, request.seed, request.words)


def _fitted(waveform: FloatArray, num_samples: int) -> FloatArray:
    """Steps are rounded to samples, so a clip can miss its length by one or two; a copy that does not."""
    fitted = np.zeros((num_samples, waveform.shape[1]), dtype=np.float32)
    fitted[: len(waveform)] = waveform[:num_samples]
    return fitted
