"""Sound → log-mel spectrogram, as the VAE and the vocoder of AudioLDM 2 were trained on."""

from __future__ import annotations

from functools import cache

import torch
from transformers.audio_utils import mel_filter_bank

FFT_SIZE = 1024
"""Samples of a window."""
MIN_MAGNITUDE = 1e-5


def log_mel(waveform: torch.Tensor, sample_rate: int, hop: int, n_mels: int) -> torch.Tensor:
    """Draw the spectrogram of a sound: the natural logarithm of magnitudes in Slaney's mel bands, from 0 Hz up.

    Args:
        waveform: In [-1, 1].
        sample_rate: In Hz; bands reach to the half of it.
        hop: Audio frames per mel frame.
        n_mels: Bands.

    Shape: waveform (B, audio_frames), more than 512; result (B, audio_frames // hop + 1, n_mels).
    Source: AudioLDM's TacotronSTFT: Hann windows, centred, the ends mirrored.
    """
    window = torch.hann_window(FFT_SIZE, device=waveform.device)
    spectrum = torch.stft(waveform, FFT_SIZE, hop, window=window, pad_mode="reflect", return_complex=True)
    energies = spectrum.abs().transpose(1, 2) @ _filters(sample_rate, n_mels).to(waveform.device)
    return energies.clamp(min=MIN_MAGNITUDE).log()


@cache
def _filters(sample_rate: int, n_mels: int) -> torch.Tensor:
    bank = mel_filter_bank(
        FFT_SIZE // 2 + 1, n_mels, 0.0, sample_rate / 2, sample_rate, norm="slaney", mel_scale="slaney"
    )
    return torch.from_numpy(bank).float()
