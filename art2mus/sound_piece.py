"""Music that goes on, for models that write sound: each stretch continues the last, without a seam."""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from PIL import Image

from art2mus.codec.protocol import Clip, FloatArray, Plan
from art2mus.continuation import Continuation, StepListener
from art2mus.pipeline import Art2MusPipeline

HELD_S = 5.12
"""So much of what was heard is listened to when it goes on: half of what AudioLDM 2 was trained on."""
OVERLAP_S = 0.16
"""Over so long the end of a stretch, decoded with its past, becomes the same moment decoded with its future."""


@dataclass(frozen=True)
class SoundStretch:
    """The next part of a piece.

    Attributes:
        waveform: Its sound, which butts against the sound of the stretch before.
        latents: What the model wrote.
        compose_s: How long that took.
        decode_s: How long it took to make it sound.

    Shape: waveform (audio_frames, channels); latents (C, latent_steps, latent_bins).
    """

    waveform: FloatArray
    latents: torch.Tensor
    compose_s: float
    decode_s: float


class SoundPiece:
    """A piece of music for one artwork or text by a model that writes spectrograms, of any length.

    What it keeps does not grow: the last latents, and a moment of sound that is still to be joined.

    Args:
        pipeline: A model whose codec has spectrograms.
        image: The artwork.
        prompt: What to hear, beside the artwork or without one.
        image_embeds: What the model's image encoder would give, instead of an image.
        negative_prompt: What to keep away from; None is the model's own.
        seed: Same seed, same piece.
        num_inference_steps: None is the model's own.
        guidance_scale: None is the model's own.
        num_candidates: So many of each stretch are written; the one nearest to the subject is taken.

    Shape: image_embeds (1, embedding_dim).
    Raises: ValueError if the model writes notes, or there is neither image nor prompt.
    """

    def __init__(
        self,
        pipeline: Art2MusPipeline,
        image: Image.Image | None = None,
        prompt: str | None = None,
        *,
        image_embeds: torch.Tensor | None = None,
        negative_prompt: str | None = None,
        seed: int = 0,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        num_candidates: int = 1,
    ) -> None:
        codec = pipeline.codec
        if codec.decoded_type != "mel":
            raise ValueError("this model writes notes: use `Piece`")
        self.pipeline = pipeline
        self._latent_s = codec.stride * codec.hop / codec.sample_rate
        self._continuation = Continuation(
            pipeline,
            image,
            prompt,
            image_embeds=image_embeds,
            negative_prompt=negative_prompt,
            seed=seed,
            num_held=round(HELD_S / self._latent_s),
            num_inference_steps=num_inference_steps,
            guidance_scale=guidance_scale,
            num_candidates=num_candidates,
        )
        self._overlap = round(OVERLAP_S / self._latent_s)
        self._reach = math.ceil(codec.reach / codec.stride)
        self._ending: FloatArray | None = None

    @property
    def sample_rate(self) -> int:
        """Of the sound, in Hz."""
        return int(self.pipeline.codec.sample_rate)

    def lean(self, image: Image.Image, share: float) -> None:
        """From the next stretch on follow another artwork too, with a share from 0 (not at all) to 1 (it alone)."""
        self._continuation.lean(image, share)

    def next_stretch(self, length_s: float | None = None, on_step: StepListener | None = None) -> SoundStretch:
        """Write what comes next and make it sound.

        If this raises, the piece has not moved: the next call gives what this one would have. The first stretch is
        shorter than asked for by the moment that is still to be joined, half a second at most as published.

        Args:
            length_s: Its length, about; None is the model's usual length at first, and then half of it.
            on_step: Told of every denoising step; an exception from it, and only that, stops the work.
        """
        past = self._continuation.past
        usual_s = 2 * HELD_S if past is None else HELD_S
        num_latents = max(2 * (self._overlap + self._reach), round((length_s or usual_s) / self._latent_s))
        began_s = perf_counter()
        with self._continuation.or_as_before():
            clip = self._continuation.draw(num_latents, num_latents * self._latent_s, "latent", on_step=on_step)
            composed_s = perf_counter()
            waveform = self._joined(self._decode(clip, past))
        self._continuation.move_on(clip.latents)
        return SoundStretch(waveform, clip.latents, composed_s - began_s, perf_counter() - composed_s)

    def finish(self) -> FloatArray:
        """Give the last moment; the piece is over then.

        Shape: (audio_frames, channels).
        """
        ending, self._ending = self._ending, None
        return np.zeros((0, 1), np.float32) if ending is None else ending

    def _decode(self, clip: Clip, past: torch.Tensor | None) -> FloatArray:
        """Make new latents sound, and with them the last moment of the old ones.

        The vocoder's first samples, which do not know what was before, are left out.
        """
        latents, num_again = clip.latents, 0
        if past is not None:
            num_again = self._overlap + 2 * self._reach
            latents = torch.cat([past, latents], dim=1)
        num_sounding = clip.latents.shape[1] + num_again
        plan = Plan(num_sounding, num_sounding * self._latent_s, clip.plan.seed)
        (decoded,) = self.pipeline.codec.decode_clips(latents[None], [plan], latents.shape[1] - num_sounding)
        sound: FloatArray = self.pipeline.codec.sonify(decoded).waveform
        return sound if past is None else sound[self._num_samples(self._reach) :]

    def _joined(self, sound: FloatArray) -> FloatArray:
        """Fade from what the last stretch kept back into this one, and keep back this one's end.

        The vocoder's last samples, which do not know what will come, are kept back too, and never heard.
        """
        overlap = self._num_samples(self._overlap)
        if self._ending is not None:
            share = np.linspace(0.0, 1.0, overlap, dtype=np.float32)[:, None]
            sound[:overlap] = (1 - share) * self._ending[:overlap] + share * sound[:overlap]
        num_kept = overlap + self._num_samples(self._reach)
        self._ending = sound[-num_kept:].copy()
        return sound[:-num_kept]

    def _num_samples(self, num_latents: int) -> int:
        return round(num_latents * self._latent_s * self.sample_rate)
