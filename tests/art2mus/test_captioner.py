from pathlib import Path

import pytest
import torch
from PIL import Image

from art2mus.captioner import Captioner
from art2mus.models import ModelMissingError
from art2mus.pipeline import Art2MusPipeline
from tests.art2mus import tiny, tiny_llava

PICTURES = [Image.effect_mandelbrot((50, 70), (-2, -1.5, 1, 1.5), 40).convert("RGB"), Image.new("RGB", (60, 40), "red")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("llava")
    tiny_llava.save(folder)
    return folder


def test_a_picture_is_described_in_the_same_words_alone_and_beside_others(folder: Path) -> None:
    captioner = Captioner.load(folder, max_new_tokens=6)
    together = captioner.describe(PICTURES)
    assert together == [captioner.describe([picture])[0] for picture in PICTURES]
    assert together == Captioner.load(folder, max_new_tokens=6).describe(PICTURES)
    assert all(1 <= len(text.split()) <= 6 for text in together)
    assert together[0] != together[1]
    assert not {"<image>", "<pad>"} & {word for text in together for word in text.split()}


def test_the_question_is_asked_as_the_model_was_taught(folder: Path) -> None:
    captioner = Captioner.load(folder)
    assert captioner.question == "USER: <image>\nDescribe this artwork ASSISTANT:"
    processor = tiny_llava.processor()
    turn = "{% for part in messages[0].content %}{{ part.text or '<image>' }}{% endfor %}"
    processor.chat_template = "{{ messages[0].role }}>" + turn
    assert Captioner(tiny_llava.model(), processor, "Describe").question == "user><image>Describe"


def test_what_is_no_captioner_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="saved with its processor"):
        Captioner.load(tmp_path)


def test_the_caption_is_the_prompt_beside_the_picture(folder: Path) -> None:
    pipeline = tiny.pipeline()
    assert pipeline.describe_artwork(PICTURES[0]) is None
    pipeline.captioner = Captioner.load(folder, max_new_tokens=6)
    words = pipeline.describe_artwork(PICTURES[:1])
    assert words == pipeline.captioner.describe(PICTURES[:1])
    made = latents(pipeline)
    pipeline.captioner = None
    assert torch.equal(made, latents(pipeline, prompt=words))
    assert not torch.equal(made, latents(pipeline))


def latents(pipeline: Art2MusPipeline, **options: object) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    options |= {"audio_length_in_s": 2.0, "output_type": "latent", "generator": generator}
    return pipeline(PICTURES[0], **options).latents[0]
