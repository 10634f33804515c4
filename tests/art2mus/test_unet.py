from pathlib import Path

import torch

from art2mus.unet import ScoreUNet


def tiny_unet() -> ScoreUNet:
    torch.manual_seed(0)
    unet = ScoreUNet(
        sample_size=(8, 16),
        in_channels=9,
        out_channels=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        cross_attention_dim=((None, 12, 10), (None, 12, 10)),
        attention_head_dim=(2, 2),
    ).eval()
    torch.nn.init.normal_(unet.conv_in.position)
    return unet


def denoised(unet: ScoreUNet, num_steps: int) -> torch.Tensor:
    sample: torch.Tensor = unet(
        torch.zeros(1, 9, num_steps, 16),
        10,
        encoder_hidden_states=torch.ones(1, 8, 12),
        encoder_hidden_states_1=torch.ones(1, 3, 10),
        encoder_attention_mask_1=torch.ones(1, 3),
    ).sample
    return sample


@torch.no_grad()
def test_it_knows_the_place_and_a_longer_piece_repeats_the_phrase() -> None:
    unet = tiny_unet()
    assert denoised(unet, 4).shape == (1, 8, 4, 16)
    position = unet.conv_in(torch.zeros(1, 9, 20, 16)) - unet.conv_in.conv(torch.zeros(1, 9, 20, 16))
    torch.testing.assert_close(position[:, :, :8], unet.conv_in.position)
    torch.testing.assert_close(position[:, :, 8:16], unet.conv_in.position)
    torch.testing.assert_close(position[:, :, 16:], unet.conv_in.position[:, :, :4])


@torch.no_grad()
def test_it_survives_saving(tmp_path: Path) -> None:
    unet = tiny_unet()
    unet.save_pretrained(tmp_path)
    again = ScoreUNet.from_pretrained(tmp_path).eval()
    torch.testing.assert_close(denoised(again, 8), denoised(unet, 8))
