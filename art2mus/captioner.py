"""Pictures put into words, by a model of LLaVA's kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

from art2mus.models import ModelMissingError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, ProcessorMixin

ARTWORK_PROMPT = "Describe this artwork"
"""Source: Rinaldi et al. 2024: how the descriptions of their data set were asked for."""
MAX_NEW_TOKENS = 256


class Captioner:
    """Describes pictures; the same picture always in the same words.

    Args:
        model: Takes pictures beside text, and generates text.
        processor: Of the model.
        prompt: What it is asked.
        max_new_tokens: Where it is cut off.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        processor: ProcessorMixin,
        prompt: str = ARTWORK_PROMPT,
        max_new_tokens: int = MAX_NEW_TOKENS,
    ) -> None:
        self.model, self.processor, self.max_new_tokens = model, processor, max_new_tokens
        self.question = _question(processor, prompt)
        # New tokens follow the question, so what fills up a shorter one stands before it.
        processor.tokenizer.padding_side = "left"

    @classmethod
    def load(
        cls,
        name_or_path: str | Path,
        device: torch.device | None = None,
        prompt: str = ARTWORK_PROMPT,
        max_new_tokens: int = MAX_NEW_TOKENS,
    ) -> Captioner:
        """Load a model from a folder, or by its name on the hub.

        Args:
            name_or_path: Such as "llava-hf/llava-1.5-7b-hf".
            device: Where it runs; in half precision on a graphics card.
            prompt: What it is asked.
            max_new_tokens: Where it is cut off.

        Raises: ModelMissingError.
        """
        from transformers import AutoModelForImageTextToText, AutoProcessor

        device = device or torch.device("cpu")
        dtype = torch.float32 if device.type == "cpu" else torch.float16
        try:
            model = AutoModelForImageTextToText.from_pretrained(name_or_path, dtype=dtype)
            processor = AutoProcessor.from_pretrained(name_or_path)
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ModelMissingError(
                f"captioner {str(name_or_path)!r}: cannot be loaded ({reason});\n"
                "  name the folder of a model of LLaVA's kind, saved with its processor"
            ) from error
        return cls(model.to(device).eval(), processor, prompt, max_new_tokens)

    @torch.inference_mode()
    def describe(self, images: Sequence[Image.Image]) -> list[str]:
        """Describe pictures, each in one line of text."""
        inputs = self.processor(
            images=list(images), text=[self.question] * len(images), padding=True, return_tensors="pt"
        ).to(self.model.device, self.model.dtype)
        written = self.model.generate(
            **inputs,
            max_new_tokens=self.max_new_tokens,
            do_sample=False,
            pad_token_id=self.processor.tokenizer.pad_token_id,
        )
        answers = self.processor.batch_decode(written[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        return [" ".join(answer.split()) for answer in answers]


def _question(processor: Any, prompt: str) -> str:
    if processor.chat_template is None:
        return f"USER: {processor.image_token}\n{prompt} ASSISTANT:"
    content = [{"type": "image"}, {"type": "text", "text": prompt}]
    question: str = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    return question
