"""Windows, seeds, and conditions of different lengths."""

from itertools import pairwise

import pytest
import torch
from diffusers import AudioLDM2UNet2DConditionModel, DDIMScheduler, DPMSolverMultistepScheduler
from hypothesis import example, given
from hypothesis import strategies as st

from art2mus.conditioning import Condition, TextEncoding
from art2mus.inputs import player_seeds
from art2mus.phrases import windows
from art2mus.sampling import Denoiser, set_timesteps
from tests.art2mus import tiny


@given(num_bars=st.integers(1, 60), held_bars=st.integers(0, 8), phrase_bars=st.sampled_from([2, 4, 8]))
def test_windows_cover_everything_once_and_fit_the_phrase(num_bars: int, held_bars: int, phrase_bars: int) -> None:
    num_steps, num_held, phrase = 4 * (num_bars + held_bars), 4 * held_bars, 4 * phrase_bars
    found = windows(num_steps, num_held, phrase)
    done = num_held
    for begin, held_end, end in found:
        assert held_end == done, "every window goes on where the last one ended"
        assert 0 <= begin <= held_end < end <= num_steps
        assert end - begin <= phrase
        assert begin % 4 == 0, "windows begin on bar lines"
        assert held_end - begin >= min(held_end, phrase // 2) or num_steps <= phrase
        done = end
    assert done == num_steps


def test_player_seeds_leave_the_generator_where_it_is() -> None:
    generator = torch.Generator().manual_seed(3)
    state = generator.get_state()
    seeds = player_seeds(generator, 3)
    assert len(set(seeds)) == 3
    assert torch.equal(generator.get_state(), state)
    assert player_seeds([torch.Generator().manual_seed(seed) for seed in (3, 3, 4, 4)], 2)[0] == seeds[0]
    torch.manual_seed(5)
    assert player_seeds(None, 2) == player_seeds(None, 2)


def test_conditions_of_different_lengths_meet_under_guidance() -> None:
    def condition(num_tokens: int) -> Condition:
        states = torch.full((num_tokens, 3), float(num_tokens))
        texts = [TextEncoding(torch.zeros(2), states, torch.ones(num_tokens, dtype=torch.long))]
        return Condition.of(torch.full((1, 8, 5), float(num_tokens)), texts)

    both = condition(2).after(condition(4))
    assert both.loa_tokens[:, 0, 0].tolist() == [4.0, 2.0], "what to keep away from comes first"
    assert both.attention_mask.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert both.prompt_embeds[1, :, 0].tolist() == [2.0, 2.0, 0.0, 0.0]
    assert condition(2).take([0, 0]).loa_tokens.shape == (2, 8, 5)


def test_windows_need_no_mask_where_all_fits() -> None:
    assert windows(10, 0, 32) == [(0, 0, 10)]
    assert windows(10, 4, 32) == [(0, 4, 10)]
    assert windows(33, 0, 32) == [(0, 0, 32), (1, 32, 33)]


def test_steps_lie_closer_the_larger_the_exponent() -> None:
    scheduler = DPMSolverMultistepScheduler(1000, beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction")
    device = torch.device("cpu")
    times = {}
    for exponent in (1.0, 1.8):
        set_timesteps(scheduler, 8, device, exponent)
        times[exponent] = scheduler.timesteps.tolist()
    assert times[1.0] == [999, 874, 749, 624, 500, 375, 250, 125]
    assert times[1.8][0] == 999
    assert all(crowded > even for crowded, even in zip(times[1.8][1:], times[1.0][1:], strict=True))
    set_timesteps(scheduler, 8, device)
    own = scheduler.timesteps.tolist()
    scheduler.set_timesteps(8)
    assert own == scheduler.timesteps.tolist()


@given(num_steps=st.integers(1, 1000), exponent=st.sampled_from([0.5, 1.0, 1.8, 3.0]))
@example(num_steps=70, exponent=1.8)
@example(num_steps=1000, exponent=1.8)
def test_no_time_comes_twice(num_steps: int, exponent: float) -> None:
    scheduler = DPMSolverMultistepScheduler(1000, beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction")
    set_timesteps(scheduler, num_steps, torch.device("cpu"), exponent)
    times = scheduler.timesteps.tolist()
    assert (len(times), times[0]) == (num_steps, 999)
    assert times[-1] >= 0
    assert all(later < earlier for earlier, later in pairwise(times))


def test_there_are_no_more_steps_than_were_trained_on() -> None:
    with pytest.raises(ValueError, match="is 11, but this model has only 10"):
        set_timesteps(DPMSolverMultistepScheduler(10), 11, torch.device("cpu"), 1.8)


def denoiser(unet: AudioLDM2UNet2DConditionModel, scale: float = 2.0) -> Denoiser:
    texts = [TextEncoding(torch.zeros(2), torch.ones(3, tiny.TEXT_DIM), torch.ones(3, dtype=torch.long))]
    towards, away = (Condition.of(torch.full((1, 8, tiny.LANGUAGE_DIM), value), texts) for value in (1.0, -1.0))
    noise = torch.randn(1, tiny.LATENT_CHANNELS, 16, 4, generator=torch.Generator().manual_seed(0))
    return Denoiser(unet, DDIMScheduler(), towards, away, scale, None, noise)


def test_a_compiled_unet_is_called_as_a_whole() -> None:
    unet = tiny.unet(has_mask_channel=False).eval().requires_grad_(False)
    calls: list[torch.nn.Module] = []
    unet.register_forward_hook(lambda module, *_: calls.append(module))
    asked = denoiser(unet)
    layer_by_layer = asked.predict(asked.noise, torch.tensor(300))
    assert not calls
    unet._compiled_call_impl = unet._call_impl  # as `compile` leaves it
    torch.testing.assert_close(asked.predict(asked.noise, torch.tensor(300)), layer_by_layer, rtol=1e-5, atol=1e-5)
    assert calls == [unet]


def test_nothing_is_kept_for_the_next_clip() -> None:
    unet = tiny.unet(has_mask_channel=False).eval().requires_grad_(False)
    first = denoiser(unet)
    before = first.predict(first.noise, torch.tensor(300))
    for parameter in unet.parameters():
        parameter.mul_(1.1)
    after = denoiser(unet).predict(first.noise, torch.tensor(300))
    unet._compiled_call_impl = unet._call_impl
    torch.testing.assert_close(after, denoiser(unet).predict(first.noise, torch.tensor(300)), rtol=1e-5, atol=1e-5)
    assert (after - before).abs().max() > 1e-3
