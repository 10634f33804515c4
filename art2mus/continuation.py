"""What a model is asked again and again, so that its music goes on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from PIL import Image

from art2mus.codec.performance import Performance
from art2mus.codec.protocol import Clip, FloatArray
from art2mus.inputs import check_num_steps

if TYPE_CHECKING:
    from art2mus.pipeline import Art2MusPipeline, StepCallback

StepListener = Callable[[int, int], None]
"""(steps done, steps in all) → None; an exception from it ends the work."""


class Continuation:
    """The subject of a piece, and how far the piece has come, in latents.

    Args:
        pipeline: The model.
        image: The artwork.
        prompt: What to hear, beside the artwork or without one.
        image_embeds: What the model's image encoder would give, instead of an image.
        negative_prompt: What to keep away from; None is the model's own.
        seed: Same seed, same piece.
        num_held: So many of the last latents are listened to when it goes on.
        num_inference_steps: None is the model's own.
        guidance_scale: None is the model's own.
        num_candidates: So many are written each time; the one nearest to the subject is taken.

    Shape: image_embeds (1, embedding_dim).
    Raises: ValueError if there is neither image nor prompt, or there are no steps.
    """

    def __init__(
        self,
        pipeline: Art2MusPipeline,
        image: Image.Image | None,
        prompt: str | None,
        *,
        image_embeds: torch.Tensor | None = None,
        negative_prompt: str | None,
        seed: int,
        num_held: int,
        num_inference_steps: int | None,
        guidance_scale: float | None,
        num_candidates: int = 1,
    ) -> None:
        if image is None and image_embeds is None and prompt is None:
            raise ValueError("a piece needs an image or a prompt")
        check_num_steps(num_inference_steps)
        self.pipeline = pipeline
        self.prompt = prompt
        self.past: torch.Tensor | None = None
        """Shape: (C, at most num_held, latent_bins)."""
        self._negative_prompt = negative_prompt
        self._generator = torch.Generator().manual_seed(seed)
        self._num_held = num_held
        self._num_inference_steps = num_inference_steps or int(pipeline.config.num_inference_steps)
        self._guidance_scale = guidance_scale
        self._num_candidates = num_candidates
        with torch.no_grad():
            self._image_embeds, self._image_tokens = pipeline.encode_artwork(image, image_embeds)
        self._followed_tokens = self._image_tokens

    def subject(self) -> FloatArray | None:
        """What the piece is about: the embedding of the picture or, without one, of the words."""
        if self._image_embeds is None:
            assert self.prompt is not None
            with torch.no_grad():
                return self.pipeline.encode_text([self.prompt])[0].pooled.float().cpu().numpy()
        embedding: FloatArray = self._image_embeds[0].float().cpu().numpy()
        return embedding

    @torch.no_grad()
    def lean(self, image: Image.Image, share: float) -> None:
        """From now on follow another artwork with a share of the attention: 0 is the own artwork, 1 the other.

        Raises: ValueError if the piece has no artwork of its own, or the share is not between 0 and 1.
        """
        if self._image_tokens is None:
            raise ValueError("a piece that began with words alone cannot lean towards an artwork")
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"a share is between 0 and 1, not {share}")
        _, other = self.pipeline.encode_artwork(image)
        assert other is not None
        self._followed_tokens = torch.lerp(self._image_tokens, other, share)

    def draw(
        self,
        num_latents: int,
        length_s: float,
        output_type: str,
        *,
        performance: Performance | None = None,
        generator: torch.Generator | None = None,
        on_step: StepListener | None = None,
    ) -> Clip:
        """Have the model write what comes next, without moving on.

        Args:
            num_latents: How much that is.
            length_s: How long that is.
            output_type: As the pipeline's. Of several candidates all are heard, whatever is asked for.
            performance: How to play it.
            generator: Source of the noise; None is the piece's own.
            on_step: Told of every denoising step; an exception from it, and only that, stops the work.
        """
        output = self.pipeline(
            prompt=self.prompt,
            negative_prompt=self._negative_prompt,
            image_embeds=self._image_embeds,
            image_tokens=self._followed_tokens,
            performance=performance,
            audio_length_in_s=length_s,
            num_inference_steps=self._num_inference_steps,
            guidance_scale=self._guidance_scale,
            num_waveforms_per_prompt=self._num_candidates,
            held_latents=None if self.past is None else self.past[None],
            generator=generator or self._generator,
            output_type=output_type if self._num_candidates == 1 else "np",
            callback_on_step_end=self._listener(num_latents, on_step),
        )
        return output.clips[0]

    @contextmanager
    def or_as_before(self, generator: torch.Generator | None = None) -> Iterator[None]:
        """Put a source of noise, the piece's own if none is named, back to where it was if what is tried fails."""
        source = generator or self._generator
        state = source.get_state()
        try:
            yield
        except BaseException:
            source.set_state(state)
            raise

    def move_on(self, latents: torch.Tensor) -> None:
        """Take latents as what has been heard.

        Shape: latents (C, latent_steps, latent_bins).
        """
        past = latents if self.past is None else torch.cat([self.past, latents], dim=1)
        self.past = past[:, -self._num_held :]

    def _listener(self, num_latents: int, on_step: StepListener | None) -> StepCallback | None:
        """Count the steps of several windows as one work; what is drawn again is counted anew."""
        if on_step is None:
            return None
        num_held = 0 if self.past is None else self.past.shape[1]
        num_steps = self._num_inference_steps * len(self.pipeline.windows(num_held + num_latents, num_held))
        steps_done = itertools.count(1)

        def listen(
            _pipeline: Art2MusPipeline, _step: int, _timestep: torch.Tensor, _tensors: dict[str, torch.Tensor]
        ) -> dict[str, torch.Tensor]:
            on_step((next(steps_done) - 1) % num_steps + 1, num_steps)
            return {}

        return listen
