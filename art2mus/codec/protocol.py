"""What the pipeline asks of a codec; it never asks which one it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

    from art2mus.codec.interpretation import SoundingNote
    from art2mus.codec.performance import Performance
    from art2mus.codec.score import Score

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class ClipRequest:
    """What is known about a clip before its latents are drawn.

    Attributes:
        subject: What the music is about: the embedding of the picture or, without one, of the words.
        words: The prompt; instruments named in it are played.
        seed: Decides what is left to the player.
        length_s: Length of the clip; None is the codec's usual length.
        performance: How to play it, where that is not to follow from the subject.
        is_loop: Whether its end is to join its beginning.
        year: When the artwork was made: no younger instrument plays, unless the words name it.
        country: Where the artwork comes from: what is at home there plays rather.

    Shape: subject (embedding_dim,).
    """

    subject: FloatArray | None
    words: str
    seed: int
    length_s: float | None
    performance: Performance | None = None
    is_loop: bool = False
    year: int | None = None
    country: str | None = None


@dataclass(frozen=True)
class Plan:
    """How long a clip is, in latents and in seconds, and how it will be played.

    Attributes:
        latent_steps: Length of the clip's latents.
        length_s: Length of the clip.
        seed: Decides what is left to the player.
        performance: How a score is played; None where the decoded latents are sound already.
        is_loop: Whether its end joins its beginning.
        request: What it follows from, where the notes are to have a say in it as well.
    """

    latent_steps: int
    length_s: float
    seed: int
    performance: Performance | None = None
    is_loop: bool = False
    request: ClipRequest | None = None


@dataclass(frozen=True)
class Clip:
    """Music made for one artwork or prompt, as far as it was asked for.

    Attributes:
        latents: What the diffusion made, float32, scaled to unit variance.
        plan: What it was made by.
        score: The notes, where the codec has notes.
        mel: The log-mel spectrogram, where the codec has one.
        sounding_notes: The notes as played, in seconds.
        waveform: The sound.
        similarity: How near the sound is to its subject; higher is nearer. None if it was not ranked.

    Shape: latents (C, latent_steps, latent_bins); mel (mel_frames, n_mels); waveform (audio_frames, channels).
    """

    latents: torch.Tensor
    plan: Plan
    score: Score | None = None
    mel: FloatArray | None = None
    sounding_notes: tuple[SoundingNote, ...] = ()
    waveform: FloatArray | None = None
    similarity: float | None = None

    @property
    def is_near_empty(self) -> bool:
        """Whether there is not even a note a bar, as far as notes are known."""
        return self.score is not None and len(self.score.notes) < self.score.num_bars


@runtime_checkable
class Codec(Protocol):
    """Between latents and sound.

    Attributes:
        sample_rate: Of the waveforms, in Hz.
        decoded_type: What decoded latents are: "score" or "mel". It is an `output_type` of the pipeline.
        latent_channels: Channels of the latents.
        latent_bins: Width of the latents: pitch rows or mel bands, seen through the VAE.
        latent_grid: Latents are a multiple of so many steps long.
    """

    decoded_type: str
    latent_grid: int

    @property
    def sample_rate(self) -> int: ...  # noqa: D102

    @property
    def latent_channels(self) -> int: ...  # noqa: D102

    @property
    def latent_bins(self) -> int: ...  # noqa: D102

    def plan(self, request: ClipRequest) -> Plan:
        """Decide how long a clip's latents must be, and how it will be played."""
        ...

    def decode_clips(self, latents: torch.Tensor, plans: Sequence[Plan], num_held: int = 0) -> list[Clip]:
        """Make out what latents say.

        Args:
            latents: One piece per plan, all equally long. What comes before and after the `latent_steps` of a
                plan is context: it is listened to, but not part of the clip.
            plans: As `plan` gave them.
            num_held: Where the clips begin.

        Shape: latents (B, latent_channels, T, latent_bins).
        """
        ...

    def sonify(self, clip: Clip) -> Clip:
        """Give a decoded clip its waveform, exactly the plan's length."""
        ...

    def stream(self, clip: Clip, piece_s: float = 1.0) -> Iterator[FloatArray]:
        """Give the waveform of a decoded clip in pieces of about so long, as soon as each is there.

        Shape: each (audio_frames, channels); joined they are the waveform.
        """
        ...
