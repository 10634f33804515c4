"""ImageBind's text tower gives what the published code gives, from the same tokens."""

from __future__ import annotations

import gzip
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import CLIPTokenizer

from art2mus.checkpoints import CheckpointError
from art2mus.imagebind_text import ImageBindText, tokens_of
from tests.art2mus.published_imagebind import TINY_SIZES, largest_difference, published, randomised, towers

TINY: dict[str, Any] = {"embedding_dim": 32, "width": 16, "num_layers": 3, "num_heads": 2}
TEXTS = [
    "Describe this artwork",
    "Two figures, in red & gold: the sea's calm; it is 1831!",
    "un bateau à l'étoile  –  naïve",
    "",
    "a calm sea under dark clouds " * 30,
]


@pytest.fixture(scope="module")
def reference() -> torch.nn.Module:
    model = published().ImageBindModel(**{**TINY_SIZES, "text_num_blocks": 3})
    return randomised(model)


@pytest.fixture(scope="module")
def weights(reference: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("imagebind") / "imagebind.pth"
    torch.save(reference.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def merges() -> Path:
    path = Path(str(published().__file__)).parent.parent / "bpe" / "bpe_simple_vocab_16e6.txt.gz"
    if not path.is_file():
        pytest.skip("the published package has no vocabulary")
    return path


@pytest.fixture(scope="module")
def tokenizer(merges: Path, tmp_path_factory: pytest.TempPathFactory) -> CLIPTokenizer:
    """CLIP's files as transformers has them, made of the published vocabulary."""
    from transformers.models.clip.tokenization_clip import CLIPTokenizer as Kind

    folder = tmp_path_factory.mktemp("clip")
    lines = gzip.decompress(merges.read_bytes()).decode().split("\n")[1 : 49152 - 256 - 2 + 1]
    codes = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(code) for code in codes] + [chr(256 + number) for number in range(256 - len(codes))]
    words = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(line.split()) for line in lines)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *lines, ""]))
    return Kind.from_pretrained(folder)


def test_keys_and_shapes_are_those_of_imagebind_huge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "linspace", partial(torch.linspace, device="cpu"))
    with torch.device("meta"):
        ours, theirs = ImageBindText().state_dict(), published().imagebind_huge().state_dict()
    expected = {key: value.shape for key, value in towers(theirs, ("text",)).items()}
    assert {key: value.shape for key, value in ours.items()} == expected


def test_the_tower_equals_the_published_one(reference: torch.nn.Module, weights: Path) -> None:
    ours = ImageBindText.from_file(weights, config=TINY)
    tokens = torch.randint(1, 49_000, (3, 77), generator=torch.Generator().manual_seed(1))
    for row, length in zip(tokens, (5, 30, 76), strict=True):
        row[length] = 49_407
        row[length + 1 :] = 0
    with torch.no_grad():
        expected, found = reference({"text": tokens})["text"], ours(tokens)
    assert largest_difference(found, expected) < 1e-4
    assert largest_difference(found[:1], expected[1:2]) > 1e-2, "the test must be able to fail"


def test_tokens_are_the_published_ones(tokenizer: CLIPTokenizer, merges: Path) -> None:
    simple = published().TextPreprocessor.__init__.__globals__["SimpleTokenizer"](str(merges))
    found = tokens_of(TEXTS, tokenizer)
    for text, row in zip(TEXTS, found, strict=True):
        assert row.tolist() == simple(text).tolist(), text


def test_other_weights_are_told_apart(weights: Path) -> None:
    with pytest.raises(CheckpointError, match="token_embedding"):
        ImageBindText.from_file(weights, config={**TINY, "width": 24})
