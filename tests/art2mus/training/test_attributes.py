"""What is known of a window, and what a trained model is asked for."""

from pathlib import Path

import numpy as np
import pytest

from art2mus.codec.score import MELODY, Note, Score
from art2mus.data.windows import ATTRIBUTES, Window, Windows
from art2mus.training.attributes import ASKED_LIMIT, Attributes


@pytest.fixture
def windows() -> Windows:
    rng = np.random.default_rng(0)
    made = []
    for group in range(40):
        num_notes = int(rng.integers(4, 60))
        notes = [Note(2 * place, 2, 20 + int(rng.integers(9)), MELODY) for place in range(num_notes)]
        made.append(Window(Score(tuple(notes), 128), "pad", str(group), False))
    return Windows.pack(made)


def test_what_is_asked_for_is_what_is_known_with_emphasis_and_offset(windows: Windows, tmp_path: Path) -> None:
    emphasis, offset = np.array((2.0, 1.0, 1.5, 1.0)), np.array((0.0, -0.25, 0.5, 0.0))
    attributes = Attributes.measured_on(windows, tuple(emphasis.tolist()), tuple(offset.tolist()))
    everything = np.arange(len(windows.attributes))
    known, asked = attributes.conditions(windows, everything), attributes.asked(windows, everything)
    num = len(ATTRIBUTES)
    expected = (known[:, :num] * emphasis + offset).clip(-ASKED_LIMIT, ASKED_LIMIT)
    np.testing.assert_allclose(asked[:, :num], expected, rtol=1e-6, atol=1e-6)
    assert np.array_equal(asked[:, num:], known[:, num:])
    assert not attributes.conditions(windows, everything, with_kind=False)[:, 2 * num :].any()
    attributes.save(tmp_path / "attributes.json")
    assert Attributes.load(tmp_path / "attributes.json") == attributes
