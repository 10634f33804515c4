"""Both branches of guidance in one pass through the UNet, of which one is learned."""

from __future__ import annotations

import pytest
import torch
from diffusers import AudioLDM2UNet2DConditionModel, DDPMScheduler

from art2mus.conditioning import Condition
from art2mus.training.denoising import predict, predict_apart, weighted_errors
from art2mus.unet_step import Heard, listen
from tests.art2mus import tiny

NUM_ITEMS = 3
TIMESTEPS = torch.tensor([10, 500, 900])


def unet(*, has_mask_channel: bool = False) -> AudioLDM2UNet2DConditionModel:
    torch.manual_seed(0)
    return tiny.unet(has_mask_channel=has_mask_channel).eval().requires_grad_(False)


def noisy() -> torch.Tensor:
    return torch.randn(NUM_ITEMS, tiny.LATENT_CHANNELS, 16, 16, generator=torch.Generator().manual_seed(1))


def condition(num_items: int, seed: int, *, is_learned: bool = False) -> Condition:
    """Of the same texts, whatever the seed; the last of their tokens does not count."""
    loa_tokens = torch.randn(num_items, 8, tiny.LANGUAGE_DIM, generator=torch.Generator().manual_seed(seed))
    texts = torch.randn(1, 5, tiny.TEXT_DIM, generator=torch.Generator().manual_seed(0)).repeat(num_items, 1, 1)
    mask = torch.tensor([[1, 1, 1, 1, 0]]).repeat(num_items, 1)
    return Condition(loa_tokens.requires_grad_(is_learned), texts, mask)


def spread(heard: Heard) -> Heard:
    return {place: each.take([0] * NUM_ITEMS) for place, each in heard.items()}


@pytest.mark.parametrize("has_mask_channel", [False, True])
def test_both_branches_and_the_gradient_are_those_of_two_calls(has_mask_channel: bool) -> None:
    network = unet(has_mask_channel=has_mask_channel)
    negative = condition(1, seed=7)
    called, walked = (condition(NUM_ITEMS, seed=2, is_learned=True) for _ in range(2))
    expected = predict(network, noisy(), TIMESTEPS, called)
    expected_away = predict(network, noisy(), TIMESTEPS, negative.take([0] * NUM_ITEMS))
    (expected_away + 3.5 * (expected - expected_away)).square().sum().backward()

    constant = spread(listen(network, negative))
    towards, away = predict_apart(network, noisy(), TIMESTEPS, listen(network, walked, constant), constant)
    assert away is not None
    assert not away.requires_grad
    (away + 3.5 * (towards - away)).square().sum().backward()
    torch.testing.assert_close(towards, expected)
    torch.testing.assert_close(away, expected_away)
    assert called.loa_tokens.grad is not None
    torch.testing.assert_close(walked.loa_tokens.grad, called.loa_tokens.grad)
    assert called.loa_tokens.grad.abs().max() > 1e-4, "the test must be able to fail"
    assert (away - towards).abs().max() > 1e-3


def test_alone_it_is_what_calling_the_unet_gives() -> None:
    network, learned = unet(), condition(NUM_ITEMS, seed=2, is_learned=True)
    towards, away = predict_apart(network, noisy(), TIMESTEPS, listen(network, learned), None)
    assert away is None
    assert torch.equal(towards, predict(network, noisy(), TIMESTEPS, learned))


def test_what_comes_before_the_first_layer_that_listens_keeps_nothing() -> None:
    network = unet()
    heard = listen(network, condition(NUM_ITEMS, seed=2, is_learned=True))
    first = network.down_blocks[0].resnets[0]
    results = []
    hook = first.register_forward_hook(lambda _module, _given, result: results.append(result))
    predict_apart(network, noisy(), TIMESTEPS, heard, heard)
    hook.remove()
    assert [result.requires_grad for result in results] == [False], "once, for both branches, without a graph"


@pytest.mark.parametrize("timestep", [1, 200, 500, 990])
def test_errors_are_weighted_with_min_snr(timestep: int) -> None:
    noise, latents, times = noisy(), noisy().flip(0), torch.full((NUM_ITEMS,), timestep)
    predicted = noise + torch.tensor([1.0, 2.0, 3.0])[:, None, None, None]
    scheduler = DDPMScheduler()
    signal = float(scheduler.alphas_cumprod[timestep])
    snr = signal / (1 - signal)
    found = weighted_errors(scheduler, predicted, latents, noise, times, 5.0)
    torch.testing.assert_close(found, torch.tensor([1.0, 4.0, 9.0]) * min(snr, 5.0) / snr)
    alike = weighted_errors(scheduler, predicted, latents, noise, times, None)
    torch.testing.assert_close(alike, torch.tensor([1.0, 4.0, 9.0]))
    of_velocity = DDPMScheduler(prediction_type="v_prediction")
    velocity = signal**0.5 * noise - (1 - signal) ** 0.5 * latents
    found = weighted_errors(of_velocity, velocity + 2.0, latents, noise, times, 5.0)
    torch.testing.assert_close(found, torch.full((NUM_ITEMS,), 4.0) * min(snr, 5.0) / (snr + 1))
