"""What is compared, with few notes; what fewer steps cost is measured by `python -m bench.steps`."""

from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from art2mus.codec.score import Note, Score
from art2mus.data.windows import WINDOW_STEPS
from bench.steps import BATCH, OTHER_REAL, REAL, Composer, Sampling, listen_in_batches, main, table_of
from tests.art2mus import tiny

SCORE = Score(tuple(Note(onset, 8, 14, 0) for onset in range(0, WINDOW_STEPS, 8)), WINDOW_STEPS)


def test_what_has_been_heard_is_not_composed_again(tmp_path: Path) -> None:
    asked: list[slice] = []

    def compose(part: slice) -> list[Score]:
        asked.append(part)
        return [SCORE] * (part.stop - part.start)

    heard = listen_in_batches(tmp_path, "any", BATCH + 1, compose)
    assert asked == [slice(0, BATCH), slice(BATCH, BATCH + 1)]
    again = listen_in_batches(tmp_path, "any", BATCH + 1, compose)
    assert len(asked) == 2
    assert len(heard) == BATCH + 1
    assert all(np.array_equal(first, second) for first, second in zip(heard, again, strict=True))


@pytest.mark.parametrize("sampling", [Sampling("DPM++", 2), Sampling("DDIM", 3)])
def test_pieces_are_composed_and_the_model_stays_as_it_was(sampling: Sampling) -> None:
    pipeline = tiny.pipeline()
    tokens = torch.randn(2, 1, tiny.LANGUAGE_DIM, generator=torch.Generator().manual_seed(0))
    before = pipeline.scheduler, pipeline.config.timestep_exponent
    first, second = (Composer(pipeline, sampling, tokens).compose(part) for part in (slice(0, 2), slice(1, 2)))
    assert first[1] == second[0], "a piece is the same in any batch"
    assert (pipeline.scheduler, pipeline.config.timestep_exponent) == before


def test_what_is_alike_is_nearer() -> None:
    rng = np.random.default_rng(0)
    reference, alike, other = (
        [rng.normal(mean, size=(4, 6)).astype(np.float32) for _ in range(12)] for mean in (0, 0, 2)
    )
    console = Console(width=120, record=True)
    console.print(table_of({REAL: reference, OTHER_REAL: alike, "DPM++-8-bfloat16": other}))
    text = console.export_text()
    assert "DPM++ 8 bfloat16" in text
    assert "1.00" in text


def test_without_windows_it_says_how_to_make_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.npz"), "--output", str(tmp_path)]) == 2
    assert "art2mus.data.scores" in capsys.readouterr().err
