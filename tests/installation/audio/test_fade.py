import numpy as np
import pytest

from installation.audio.fade import correlation, equal_power_gains, fold, folding_gains
from tests.installation.audio.sounds import noise, power_db, tone

PROGRESS = np.linspace(0, 1, 4800, dtype=np.float32)


def test_different_music_gets_cos_and_sin() -> None:
    outgoing, incoming = equal_power_gains(PROGRESS)
    np.testing.assert_allclose(outgoing**2 + incoming**2, 1, atol=1e-6)
    assert (outgoing[0], incoming[0]) == (1, 0)
    assert (outgoing[-1], incoming[-1]) == (pytest.approx(0, abs=1e-6), 1)


@pytest.mark.parametrize("likeness", [0.9, 0.5, 0.0, -0.4])
def test_power_is_kept_whatever_the_correlation(likeness: float) -> None:
    one, other = noise(1.0, 1), noise(1.0, 2)
    second = likeness * one + np.sqrt(1 - likeness**2) * other
    measured = correlation(one, second)
    assert measured == pytest.approx(likeness, abs=0.02)
    outgoing, incoming = equal_power_gains(np.linspace(0, 1, len(one), dtype=np.float32), measured)
    mixed = one * outgoing[:, None] + second * incoming[:, None]
    for part in np.array_split(mixed, 10):
        assert power_db(part) == pytest.approx(power_db(one), abs=0.3)


def test_the_same_clip_faded_into_itself_is_itself() -> None:
    one = tone(0.1)
    outgoing, incoming = equal_power_gains(np.linspace(0, 1, len(one), dtype=np.float32), correlation(one, one))
    level = outgoing + incoming
    assert level.max() < 10 ** (0.1 / 20) * 1.0 + 0.1  # cos and sin would give +3 dB
    assert level[len(level) // 2] == pytest.approx(1.0, abs=1e-3)


def test_fewer_voices_take_over_the_power_of_all_little_by_little() -> None:
    gains = [0.2, 0.9, 0.3, 0.25]
    folded = fold(gains, 2)
    assert [gain > 0 for gain in folded] == [False, True, True, False]
    ways = folding_gains(gains, folded, PROGRESS)
    np.testing.assert_allclose(np.linalg.norm(ways, axis=0), np.linalg.norm(gains), rtol=1e-5)
    np.testing.assert_allclose(ways[:, 0], gains, rtol=1e-5)
    np.testing.assert_allclose(ways[:, -1], folded, atol=1e-6)
    assert np.abs(np.diff(ways, axis=1)).max() < 1e-3
    assert fold(gains, 4) == ()


def test_silence_is_like_nothing() -> None:
    assert correlation(np.zeros((10, 2), np.float32), tone(0.1)) == 0
