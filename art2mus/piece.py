"""Music that goes on: each stretch continues the last, note by note."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Self

import torch
from PIL import Image

from art2mus.codec.performance import Performance
from art2mus.codec.performer import Performer, Rendering
from art2mus.codec.protocol import ClipRequest, Plan
from art2mus.codec.score import STEPS_PER_BAR, Score
from art2mus.continuation import Continuation, StepListener
from art2mus.pipeline import Art2MusPipeline


@dataclass(frozen=True)
class Stretch:
    """The next part of a piece.

    Attributes:
        score: Its notes; those sounding on from before are held, not struck.
        rendering: Its sound, which butts against the sound of the stretch before.
        latents: What its notes were decoded from.
        compose_s: How long it took to write.
        perform_s: How long it took to play.

    Shape: latents (C, latent_steps, latent_bins).
    """

    score: Score
    rendering: Rendering
    latents: torch.Tensor
    compose_s: float
    perform_s: float


class Piece:
    """A piece of music for one artwork or text, written and played stretch by stretch.

    It owns a synthesizer, which keeps notes and room sounding over the seams. For one thread.

    Args:
        pipeline: A model whose codec has notes.
        image: The artwork.
        prompt: What to hear, beside the artwork or without one.
        negative_prompt: What to keep away from; None is the model's own.
        seed: Same seed, same piece.
        image_embeds: What the model's image encoder would give, instead of an image.
        performance: How to play it, instead of what follows from artwork and text.
        sample_rate: Of the sound, in Hz; None is the model's own.
        num_inference_steps: None is the model's own.
        guidance_scale: None is the model's own.
        year: When the artwork was made: no younger instrument plays, unless the prompt names it.
        country: Where the artwork comes from: what is at home there plays rather.
        num_candidates: So many of each stretch are written; the one nearest to the subject is taken.

    Shape: image_embeds (1, embedding_dim).
    Raises: ValueError if the model has no notes, or there is neither image nor prompt.
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
        performance: Performance | None = None,
        sample_rate: int | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        year: int | None = None,
        country: str | None = None,
        num_candidates: int = 1,
    ) -> None:
        if pipeline.codec.decoded_type != "score":
            raise ValueError("this model writes no notes, so its music cannot be continued note by note; use 'mini'")
        self.pipeline = pipeline
        self._continuation = Continuation(
            pipeline,
            image,
            prompt,
            image_embeds=image_embeds,
            negative_prompt=negative_prompt,
            seed=seed,
            num_held=self.bars_per_phrase // 2 * int(pipeline.codec.latent_grid),  # as in the model's training
            num_inference_steps=num_inference_steps,
            guidance_scale=guidance_scale,
            num_candidates=num_candidates,
        )
        subject, words = self._continuation.subject(), prompt or ""
        request = ClipRequest(subject, words, seed, None, performance, year=year, country=country)
        self._plan: Plan = pipeline.codec.plan(request)
        self.performance = _performance_of(self._plan)
        """How it is played. The notes of the first stretch have a say in it; from then on it stays."""
        self._performer = Performer(pipeline.codec.soundfont, sample_rate or pipeline.codec.sample_rate)
        self._performer.start(self.performance, seed)

    @property
    def sample_rate(self) -> int:
        """Of the sound, in Hz."""
        return self._performer.sample_rate

    @property
    def bars_per_phrase(self) -> int:
        """How many bars the model oversees at once."""
        phrase = self.pipeline.phrase or int(self.pipeline.unet.config.sample_size[0])
        return phrase // int(self.pipeline.codec.latent_grid)

    def num_bars_for(self, length_s: float) -> int:
        """The whole bars that come nearest to a length at the pace of the piece so far, at least 1."""
        return self.performance.num_steps_for(length_s) // STEPS_PER_BAR

    def next_stretch(
        self,
        num_bars: int | None = None,
        generator: torch.Generator | None = None,
        on_step: StepListener | None = None,
    ) -> Stretch:
        """Write and play what comes next.

        If this raises, the piece has not moved: the next call begins where this one did, and gives what it would have.

        Args:
            num_bars: Its length; None is a phrase at first, and then half of one.
            generator: Source of the noise; None is the piece's own.
            on_step: Told of every denoising step; an exception from it, and only that, stops the work.

        Raises: ValueError if there are no bars; whatever `on_step` raises.
        """
        if num_bars is not None and num_bars < 1:
            raise ValueError(f"a stretch has at least one bar, not {num_bars}")
        started = perf_counter()
        num_bars = num_bars or self.bars_per_phrase // (1 if self._continuation.past is None else 2)
        with self._continuation.or_as_before(generator):
            score, latents = self._compose(num_bars, generator, on_step)
            if self._continuation.past is None:
                self._settle(score)
            composed = perf_counter()
            rendering = self._performer.render(score)
        self._continuation.move_on(latents)
        return Stretch(score, rendering, latents, composed - started, perf_counter() - composed)

    def lean(self, image: Image.Image, share: float) -> None:
        """From the next stretch on follow another artwork too, with a share from 0 (not at all) to 1 (it alone).

        The notes change; tempo, key and players stay, so a slow path leads from one artwork to the next.
        """
        self._continuation.lean(image, share)

    def finish(self, tail_s: float = 4.0) -> Rendering:
        """Let the piece ring out; it is over then."""
        return self._performer.finish(tail_s)

    def close(self) -> None:
        """Free the synthesizer; more than once does no harm."""
        self._performer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _compose(
        self, num_bars: int, generator: torch.Generator | None, on_step: StepListener | None
    ) -> tuple[Score, torch.Tensor]:
        num_latents = num_bars * int(self.pipeline.codec.latent_grid)
        length_s = num_bars * STEPS_PER_BAR * self.performance.step_s
        clip = self._continuation.draw(
            num_latents, length_s, "score", performance=self.performance, generator=generator, on_step=on_step
        )
        if clip.score is None:
            raise ValueError("this model writes no notes")
        return clip.score, clip.latents

    def _settle(self, score: Score) -> None:
        performance = _performance_of(self.pipeline.codec.settle(self._plan, score))
        if performance != self.performance:
            self.performance = performance
            self._performer.start(performance, self._plan.seed)


def _performance_of(plan: Plan) -> Performance:
    if plan.performance is None:
        raise ValueError("this model's codec plans no performance")
    return plan.performance
