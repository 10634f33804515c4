"""The gallery's benchmark on a few pictures; how long many take is measured by `python -m bench.gallery`."""

from pathlib import Path

from bench.gallery import make_gallery, measure
from installation.labels import read_gallery


def test_every_picture_is_another_and_all_are_found(tmp_path: Path) -> None:
    make_gallery(tmp_path, 1005)
    assert len(read_gallery(tmp_path)) == 1005
    assert {path.name for path in tmp_path.iterdir()} == {"000", "001"}
    figures = measure(tmp_path, 1005)
    assert figures[0].is_reached
    assert all(figure.value is not None and figure.value >= 0 for figure in figures)
