"""What is the same for every work of a show is computed once, and is exactly what it would be computed anew."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from art2mus.constants import Constants
from art2mus.pipeline import Art2MusPipeline
from tests.art2mus import tiny

PICTURES = [Image.linear_gradient("L").convert("RGB"), Image.new("RGB", (32, 32), "orange")]
CALL = {"audio_length_in_s": 2.0, "num_inference_steps": 1}
READERS = ("text_encoder", "text_encoder_2", "language_model")


@pytest.fixture
def pipe() -> Art2MusPipeline:
    return tiny.pipeline()


def counted(pipe: Art2MusPipeline) -> Counter[str]:
    """How often each network is asked from now on."""
    calls: Counter[str] = Counter()
    for name in READERS:
        pipe.components[name].register_forward_hook(lambda *_, name=name: calls.update([name]))
    return calls


def make(pipe: Art2MusPipeline, picture: int = 0, **arguments: object) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return pipe(PICTURES[picture], generator=generator, output_type="latent", **CALL, **arguments).latents[0]


def test_the_second_work_asks_no_text_encoder(pipe: Art2MusPipeline) -> None:
    calls = counted(pipe)
    make(pipe)
    assert calls == {"text_encoder": 2, "text_encoder_2": 2, "language_model": 16}
    make(pipe, picture=1)
    assert calls == {"text_encoder": 2, "text_encoder_2": 2, "language_model": 24}, "but GPT-2 of the new picture"


@pytest.mark.parametrize("arguments", [{}, {"prompt": "slow strings"}, {"negative_prompt": "piano . fast"}])
def test_what_is_remembered_gives_the_same_to_the_last_bit(pipe: Art2MusPipeline, arguments: dict[str, str]) -> None:
    made = [make(pipe, picture, **arguments) for picture in (0, 1, 0, 1)]
    pipe.constants = Constants(max_kept=0)
    anew = [make(pipe, picture, **arguments) for picture in (0, 1)]
    assert torch.equal(made[0], anew[0])
    assert torch.equal(made[1], anew[1])
    assert torch.equal(made[2], anew[0])
    assert torch.equal(made[3], anew[1])


def changed_in_place(encoder: nn.Module) -> None:
    with torch.no_grad():
        next(encoder.parameters()).mul_(1.5)


def loaded(encoder: nn.Module) -> None:
    encoder.load_state_dict({name: 1.5 * tensor for name, tensor in encoder.state_dict().items()})


def trained(encoder: nn.Module) -> None:
    parameter = next(encoder.parameters())
    parameter.grad = torch.ones_like(parameter)
    torch.optim.SGD([parameter], lr=0.1).step()


@pytest.mark.parametrize("change", [changed_in_place, loaded, trained, nn.Module.double])
def test_other_weights_are_noticed(pipe: Art2MusPipeline, change: Callable[[nn.Module], object]) -> None:
    with torch.no_grad():
        (before,) = pipe.encode_text(["slow strings"])
        change(pipe.text_encoder_2)
        (after,) = pipe.encode_text(["slow strings"])
    assert before.states.dtype != after.states.dtype or not torch.equal(before.states, after.states)


def test_another_network_is_noticed_though_it_has_the_same_weights(pipe: Art2MusPipeline) -> None:
    constants, asked = Constants(), []
    networks = [nn.Linear(2, 2), nn.Linear(2, 2)]
    networks[1].weight, networks[1].bias = networks[0].weight, networks[0].bias
    with torch.no_grad():
        for network in (*networks, networks[1]):
            constants.recall("key", [network], lambda: asked.append(1))
    assert len(asked) == 2


def test_nothing_is_remembered_while_gradients_are_recorded(pipe: Art2MusPipeline) -> None:
    first, second = (pipe.encode_text(["slow"])[0].states for _ in range(2))
    assert first is not second
    assert first.requires_grad
    assert len(pipe.constants) == 0


def test_what_was_not_asked_for_lately_is_forgotten() -> None:
    constants, asked = Constants(max_kept=2), []
    with torch.no_grad():
        for key in ("a", "b", "a", "c", "a", "b"):
            constants.recall(key, [], lambda key=key: asked.append(key))
    assert asked == ["a", "b", "c", "b"]
    assert len(constants) == 2


def test_padded_prompts_give_the_same_music(pipe: Art2MusPipeline) -> None:
    plain = make(pipe, prompt="slow strings")
    pipe.num_prompt_tokens = 24
    np.testing.assert_allclose(make(pipe, prompt="slow strings"), plain, atol=1e-5)
