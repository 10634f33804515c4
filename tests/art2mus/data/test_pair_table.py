from pathlib import Path

import numpy as np
import pytest

from art2mus.data.pair_table import PairTable
from art2mus.data.tables import DataError


def test_pairs_are_read_as_they_were_written(tmp_path: Path) -> None:
    similarity = np.array([0.1, np.nan, 1 / 3], dtype=np.float32)
    pairs = PairTable(("a.jpg", "b.jpg", "c.jpg"), ("1.mp3", "2.mp3", "3.mp3"), similarity)
    pairs = pairs.with_column("style", ("Realism", "", "Pop Art")).with_column("split", ("train", "train", "test"))
    pairs.save(tmp_path / "pairs.csv")
    assert (tmp_path / "pairs.csv").read_text().splitlines()[:3] == [
        "artwork,track,similarity,style,split",
        "a.jpg,1.mp3,0.1,Realism,train",
        "b.jpg,2.mp3,,,train",
    ]
    again = PairTable.load(tmp_path / "pairs.csv")
    assert (again.artworks, again.tracks, again.columns) == (pairs.artworks, pairs.tracks, pairs.columns)
    assert again.similarity.tobytes() == similarity.tobytes()
    assert again.column("description") == ("", "", "")
    assert again.with_column("style", "abc").column("style") == ("a", "b", "c")


def test_similarity_need_not_be_known_but_must_be_a_number(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("track,artwork\n1.mp3,a.jpg\n")
    pairs = PairTable.load(path)
    assert (pairs.artworks, pairs.tracks) == (("a.jpg",), ("1.mp3",))
    assert np.isnan(pairs.similarity).all()
    path.write_text("artwork,track,similarity\na.jpg,1.mp3,0.5\nb.jpg,2.mp3,high\n")
    with pytest.raises(DataError, match="row 3: the similarity 'high' is not a number"):
        PairTable.load(path)
    path.write_text("artwork,track\n")
    assert len(PairTable.load(path)) == 0
