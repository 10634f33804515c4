import io
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
import soundfile

from art2mus.evaluation.media import sound_address


@pytest.mark.parametrize(("rate", "num_channels", "played_rate"), [(8_000, 1, 8_000), (384_000, 2, 48_000)])
def test_any_rate_can_be_played(rate: int, num_channels: int, played_rate: int, tmp_path: Path) -> None:
    """True tracks come as their owners have them; libvorbis ends the process above 200 kHz."""
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)
    soundfile.write(tmp_path / "tone.wav", np.tile(tone[:, None], num_channels), rate)
    kind, _, content = sound_address(tmp_path / "tone.wav", length_s=1.5).partition(",")
    played, found_rate = soundfile.read(io.BytesIO(b64decode(content)), always_2d=True)
    assert kind == "data:audio/ogg;base64"
    assert (found_rate, played.shape) == (played_rate, (round(1.5 * played_rate), num_channels))
    loudest = np.abs(np.fft.rfft(played[:, 0])).argmax() / 1.5
    assert loudest == pytest.approx(440, abs=1)
