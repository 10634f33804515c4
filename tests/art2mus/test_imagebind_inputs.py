"""Pictures and sound are prepared as the published code prepares them; its steps are restated here, slowly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from art2mus.imagebind_inputs import kaldi_fbank, spectrogram_clips, views_of

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def picture(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width * height)
    small = Image.fromarray(rng.integers(0, 255, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BILINEAR)


def published_pixels(image: Image.Image) -> NDArray[np.float64]:
    """torchvision's Resize(224, bicubic), CenterCrop(224), ToTensor and Normalize."""
    width, height = image.size
    if width < height:
        resized = image.resize((224, int(224 * height / width)), Image.Resampling.BICUBIC)
    else:
        resized = image.resize((int(224 * width / height), 224), Image.Resampling.BICUBIC)
    top, left = round((resized.height - 224) / 2.0), round((resized.width - 224) / 2.0)
    pixels = np.zeros((3, 224, 224))
    for channel in range(3):
        values = np.asarray(resized, dtype=np.float64)[top : top + 224, left : left + 224, channel] / 255
        pixels[channel] = (values - MEAN[channel]) / STD[channel]
    return pixels


@pytest.mark.parametrize("size", [(300, 200), (201, 303), (224, 500), (90, 91), (640, 227)])
def test_the_crop_is_the_published_one(size: tuple[int, int]) -> None:
    image = picture(*size)
    found = views_of(image, 224).numpy()
    assert found.shape == (1, 3, 224, 224)
    np.testing.assert_allclose(found[0], published_pixels(image), atol=1e-5)


@pytest.mark.parametrize("turned", [False, True])
def test_pad_and_multi_crop_see_the_ends_that_the_crop_loses(turned: bool) -> None:
    wide = Image.new("RGB", (700, 200), "grey")
    wide.paste("red", (0, 0, 50, 200))
    wide.paste("red", (650, 0, 700, 200))
    image = wide.rotate(90, expand=True) if turned else wide
    is_red = {
        view: (views_of(image, 64, view)[:, 0] > 1.5).flatten(1).any(dim=1).tolist()
        for view in ("crop", "pad", "multi-crop")
    }
    assert is_red == {"crop": [False], "pad": [True], "multi-crop": [True, False, False, True]}


def test_padding_is_zero_and_keeps_the_proportions() -> None:
    pixels = views_of(Image.new("RGB", (200, 100), "white"), 64, "pad")[0]
    assert pixels[:, :15].abs().max() < 0.01
    assert pixels[:, 16:48].min() > 1.5


def test_a_square_picture_is_one_square_in_every_view() -> None:
    image = picture(224, 224)
    for view in ("pad", "multi-crop"):
        assert np.array_equal(views_of(image, 224, view), views_of(image, 224))


def slow_fbank(samples: NDArray[np.float64], num_bins: int) -> NDArray[np.float64]:
    """Kaldi's filter bank in double precision, as torchaudio.compliance.kaldi.fbank writes it out."""
    length, shift, padded = 400, 160, 512
    window = [0.5 - 0.5 * math.cos(2 * math.pi * n / (length - 1)) for n in range(length)]

    def mel(hz: float) -> float:
        return 1127.0 * math.log(1.0 + hz / 700.0)

    low, high = mel(20.0), mel(8000.0)
    step = (high - low) / (num_bins + 1)
    banks = np.zeros((num_bins, padded // 2 + 1))
    for band in range(num_bins):
        left, centre, right = (low + (band + offset) * step for offset in range(3))
        for line in range(padded // 2):
            place = mel(line * 16_000 / padded)
            banks[band, line] = max(0.0, min((place - left) / (centre - left), (right - place) / (right - centre)))
    rows = []
    for start in range(0, len(samples) - length + 1, shift):
        frame = samples[start : start + length] - samples[start : start + length].mean()
        frame = frame - 0.97 * np.concatenate([frame[:1], frame[:-1]])
        power = np.abs(np.fft.rfft(frame * window, padded)) ** 2
        rows.append(np.log(np.maximum(banks @ power, np.finfo(np.float32).eps)))
    return np.array(rows)


def test_the_filter_bank_is_kaldis() -> None:
    rng = np.random.default_rng(0)
    seconds = np.arange(8_000) / 16_000
    samples = 0.3 * np.sin(2 * np.pi * 440 * seconds) + 0.01 * rng.normal(size=8_000) + 0.05
    found = kaldi_fbank(samples.astype(np.float32), 128)
    expected = slow_fbank(samples - samples.mean(), 128)
    assert found.shape == expected.shape == (48, 128)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_silence_is_as_quiet_as_numbers_get() -> None:
    assert np.allclose(kaldi_fbank(np.zeros(800, np.float32), 128), math.log(np.finfo(np.float32).eps))


def test_clips_come_from_beginning_middle_and_end() -> None:
    rng = np.random.default_rng(1)
    waveform = rng.normal(0, 0.1, 16_000 * 10).astype(np.float32)
    found = spectrogram_clips(waveform, 16_000, 128, 204).numpy()
    assert found.shape == (3, 1, 128, 204)
    for number, start in enumerate((0, 64_000, 128_000)):
        bands = slow_fbank(waveform[start : start + 32_000].astype(np.float64), 128)
        expected = np.zeros((204, 128))
        expected[: len(bands)] = bands
        np.testing.assert_allclose(found[number, 0], (expected.T + 4.268) / 9.138, atol=1e-3)


def test_the_first_channel_is_heard_at_any_rate_and_length() -> None:
    rng = np.random.default_rng(2)
    left = rng.normal(0, 0.1, 20_000).astype(np.float32)
    stereo = np.stack([left, np.zeros_like(left)], axis=1)
    short = spectrogram_clips(left, 16_000, 128, 204)
    assert np.array_equal(spectrogram_clips(stereo, 16_000, 128, 204), short)
    assert np.array_equal(short[0], short[2]), "shorter than a clip: the same three times"
    tone = np.sin(2 * np.pi * 1000 * np.arange(96_000) / 48_000).astype(np.float32)
    there = np.sin(2 * np.pi * 1000 * np.arange(32_000) / 16_000).astype(np.float32)
    loudest = [spectrogram_clips(*each, 128, 204)[1, 0, :, 100].argmax() for each in ((tone, 48_000), (there, 16_000))]
    assert loudest[0] == loudest[1]
    with pytest.raises(ValueError, match="too short to be heard"):
        spectrogram_clips(left[:399], 16_000, 128, 204)
