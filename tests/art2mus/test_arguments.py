"""Counts that make no sense are refused where they are given, by every command."""

from collections.abc import Callable, Sequence
from importlib import import_module

import pytest

Command = Callable[[Sequence[str]], int]


@pytest.mark.parametrize(
    ("module", "arguments", "said"),
    [
        ("art2mus.metrics.near_empty", "gallery --num-seeds 0", "0 is less than 1"),
        ("art2mus.metrics.relevance", "gallery --num-seeds 0", "0 is less than 1"),
        ("art2mus.metrics.relevance", "gallery --first-seed -1", "-1 is not between 0 and 2^63"),
        ("art2mus.metrics.harmony", "windows.npz --limit -1", "-1 is less than 1"),
        ("art2mus.metrics.copying", "windows.npz --limit 0", "0 is less than 1"),
        ("art2mus.metrics.judge", "mini windows.npz --num-clips 1", "1 is less than 2"),
        ("art2mus.metrics.judge", "mini windows.npz --guidance-scale -1", "-1 is not above 0"),
        ("art2mus.metrics.seams", "gallery windows.npz --num-windows 0", "0 is less than 1"),
        ("art2mus.metrics.seams", "gallery windows.npz --seed 9223372036854775808", "is not between 0"),
        ("art2mus.metrics.standardise", "sound windows.npz --num-pieces some", "'some' is not a whole number"),
        ("art2mus.models.__main__", "memory mini --candidates -5", "-5 is less than 1"),
        ("art2mus.study.__main__", "plan study.yaml --listeners 0", "0 is less than 1"),
        ("bench.__main__", "--rounds 0", "0 is less than 1"),
        ("bench.__main__", "--run-for 0", "0 is not above 0"),
        ("bench.full_size", "--steps 2", "2 is less than 3"),
        ("bench.pairing", "--artworks 0", "0 is less than 1"),
    ],
)
def test_a_count_that_makes_no_sense_is_refused(
    module: str, arguments: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main: Command = import_module(module).main
    with pytest.raises(SystemExit) as left:
        main(arguments.split())
    assert left.value.code == 2
    assert said in capsys.readouterr().err
