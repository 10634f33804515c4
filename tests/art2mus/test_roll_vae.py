from pathlib import Path

import torch

from art2mus.codec.roll_vae import RollVAE, fold, unfold


def test_cells_fold_into_channels_and_back() -> None:
    roll = torch.rand(2, 4, 16, 32)
    cells = fold(roll)
    assert cells.shape == (2, 32, 4, 16)
    assert torch.equal(unfold(cells), roll)


def test_a_cell_holds_its_own_steps_and_rows() -> None:
    roll = torch.zeros(1, 4, 16, 32)
    roll[0, 2, 5, 9] = 1  # latent step 1, latent row 4
    assert fold(roll)[0, :, 1, 4].sum() == 1


def test_it_gives_probabilities_and_survives_saving(tmp_path: Path) -> None:
    vae = RollVAE(latent_channels=4, hidden_channels=8, scaling_factor=0.5).eval()
    roll = (torch.rand(1, 4, 32, 32) > 0.9).float()
    latents = vae.encode(roll)
    assert latents.shape == (1, 4, 8, 16)
    decoded = vae.decode(latents)
    assert decoded.shape == roll.shape
    assert decoded.min() >= 0
    assert decoded.max() <= 1
    vae.save_pretrained(tmp_path)
    assert torch.equal(RollVAE.from_pretrained(tmp_path).eval().decode(latents), decoded)
