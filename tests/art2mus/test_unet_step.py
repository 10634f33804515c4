"""A step gives what calling diffusers' UNet gives, with the work of both branches shared or not."""

import pytest
import torch
from diffusers import AudioLDM2UNet2DConditionModel

from art2mus.conditioning import Condition
from art2mus.unet_step import listen, predict, side_by_side
from tests.art2mus import tiny

TIMESTEP = torch.tensor(400)


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    assert torch.get_num_threads() == before
    torch.set_num_threads(before)


def unet(*, has_mask_channel: bool = False) -> AudioLDM2UNet2DConditionModel:
    torch.manual_seed(0)
    return tiny.unet(has_mask_channel=has_mask_channel).eval().requires_grad_(False)


def condition(num_items: int, seed: int = 0) -> Condition:
    generator = torch.Generator().manual_seed(seed)
    mask = torch.ones(num_items, 5, dtype=torch.long)
    mask[0, 3:] = 0
    loa_tokens = torch.randn(num_items, 8, tiny.LANGUAGE_DIM, generator=generator)
    return Condition(loa_tokens, torch.randn(num_items, 5, tiny.TEXT_DIM, generator=generator), mask)


def noise(num_items: int, channels: int, places: tuple[int, int]) -> torch.Tensor:
    return torch.randn(num_items, channels, *places, generator=torch.Generator().manual_seed(5))


def called(network: AudioLDM2UNet2DConditionModel, sample: torch.Tensor, heard: Condition) -> torch.Tensor:
    return network(
        sample.repeat(len(heard.loa_tokens) // len(sample), 1, 1, 1),
        TIMESTEP,
        encoder_hidden_states=heard.loa_tokens.to(network.dtype),
        encoder_hidden_states_1=heard.prompt_embeds.to(network.dtype),
        encoder_attention_mask_1=heard.attention_mask,
    ).sample


@pytest.mark.parametrize(
    ("has_mask_channel", "places"),
    [(False, (32, 16)), (False, (20, 4)), (False, (7, 5)), (True, (32, 16)), (True, (9, 16))],
)
@pytest.mark.parametrize(("num_samples", "num_heard"), [(1, 1), (1, 2), (2, 4), (3, 3), (3, 6)])
def test_a_step_is_what_calling_the_unet_gives(
    num_samples: int, num_heard: int, places: tuple[int, int], has_mask_channel: bool
) -> None:
    network = unet(has_mask_channel=has_mask_channel)
    sample = noise(num_samples, network.config.in_channels, places)
    both = condition(num_heard)
    expected = called(network, sample, both)
    found = predict(network, sample, TIMESTEP, listen(network, both))
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    other = called(network, sample, condition(num_heard, seed=1))
    assert (other - expected).abs().max() > 1e-3, "the test must be able to fail"


def test_in_bfloat16_it_is_as_near_to_full_precision_as_the_call() -> None:
    network, both = unet(), condition(2)
    sample = noise(1, network.config.in_channels, (64, 16))
    exact = called(network, sample, both)
    network = network.bfloat16()
    stock = called(network, sample.bfloat16(), both)
    found = predict(network, sample.bfloat16(), TIMESTEP, listen(network, both))
    assert (found - exact).norm() < 1.2 * (stock - exact).norm()


def test_what_was_heard_stays_as_it_was_over_the_steps() -> None:
    network = unet()
    heard = listen(network, condition(2))
    sample = noise(1, network.config.in_channels, (16, 4))
    first = predict(network, sample, TIMESTEP, heard)
    predict(network, sample + 1, TIMESTEP - 100, heard)
    assert torch.equal(predict(network, sample, TIMESTEP, heard), first)
    assert len(heard) == sum(name.endswith("attn2") for name, _ in network.named_modules()) * 2 // 3


@pytest.mark.parametrize("num_threads", [1, 2, 3])
def test_branches_with_threads_of_their_own_are_the_same(num_threads: int) -> None:
    network, both = unet(), condition(4)
    sample = noise(2, network.config.in_channels, (32, 16))
    expected = called(network, sample, both)
    before = torch.get_num_threads()
    torch.set_num_threads(num_threads)
    try:
        found = predict(network, sample, TIMESTEP, listen(network, both))
        assert torch.get_num_threads() == num_threads
    finally:
        torch.set_num_threads(before)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_threads_are_shared_out_and_given_back() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        shares = side_by_side(lambda part: torch.tensor([part, torch.get_num_threads()]), [7, 8])
        assert [share.tolist() for share in shares] == [[7, 2], [8, 2]]
        assert torch.get_num_threads() == 4
        with pytest.raises(ValueError, match="no"):
            side_by_side(fail, [1, 2])
        assert torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(before)


def fail(part: int) -> torch.Tensor:
    raise ValueError(f"no {part}")
