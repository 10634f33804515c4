"""Sides that share no work and no track, each with the styles of all."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from art2mus.data.__main__ import main
from art2mus.data.pair_split import split
from art2mus.data.pair_table import PairTable
from art2mus.data.tables import DataError


def one_to_one(**sizes: int) -> PairTable:
    """Pairs of so many works of every style, each with a track of its own."""
    styles = [style for style, size in sizes.items() for _ in range(size)]
    return table([(f"w{number}", f"t{number}") for number in range(len(styles))], styles)


def table(pairs: list[tuple[str, str]], styles: list[str] | None = None) -> PairTable:
    artworks, tracks = zip(*pairs, strict=True)
    made = PairTable(artworks, tracks, np.zeros(len(pairs), dtype=np.float32))
    return made if styles is None else made.with_column("style", styles)


def sides_of(pairs: PairTable, names: tuple[str, ...]) -> dict[str, set[str]]:
    """The sides that every work, or every track, stands on."""
    sides: dict[str, set[str]] = {}
    for name, side in zip(names, pairs.column("split"), strict=True):
        sides.setdefault(name, set()).update({side} - {""})
    return sides


def test_the_paper_s_split_keeps_every_style_s_share() -> None:
    pairs = split(one_to_one(baroque=5000, realism=3700, symbolism=1290, rare=7, pair=2, single=1), seed=3)
    assert Counter(pairs.column("split")) == {"train": 8000, "validation": 100, "test": 1900}
    held_out = Counter(
        style for style, side in zip(pairs.column("style"), pairs.column("split"), strict=True) if side != "train"
    )
    assert held_out["baroque"] in (1000, 1001)
    assert held_out["realism"] in (740, 741)
    assert held_out["symbolism"] in (258, 259)
    assert held_out["rare"] in (1, 2)
    assert held_out["pair"] == 1
    assert held_out["single"] == 0


def test_the_seed_and_nothing_else_decides() -> None:
    pairs = one_to_one(a=60, b=40)
    first = split(pairs, num_validation=5, seed=1)
    order = np.random.default_rng(0).permutation(len(pairs)).tolist()
    shuffled = table([(pairs.artworks[i], pairs.tracks[i]) for i in order], [pairs.column("style")[i] for i in order])
    again = split(shuffled, num_validation=5, seed=1)
    assert [first.column("split")[i] for i in order] == list(again.column("split"))
    assert split(pairs, num_validation=5, seed=2).column("split") != first.column("split")


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60)), min_size=60, max_size=120, unique=True),
    st.integers(0, 20),
)
def test_no_work_or_track_is_on_two_sides_however_they_are_shared(numbers: list[tuple[int, int]], seed: int) -> None:
    pairs = table([(f"w{artwork}", f"t{track}") for artwork, track in numbers])
    result = split(pairs, num_validation=1, seed=seed)
    assert max(map(len, sides_of(result, result.artworks).values())) <= 1
    assert max(map(len, sides_of(result, result.tracks).values())) <= 1
    assert {"train", "test", "validation"} >= set(result.column("split")) - {""}
    assert "test" in result.column("split")


def test_a_few_pairs_that_share_a_track_stay_together_and_none_is_lost() -> None:
    numbers = [(f"w{number}", f"t{number // 2}") for number in range(200)]
    result = split(table(numbers), num_validation=0)
    assert Counter(result.column("split")) == {"train": 160, "test": 40}


def test_pairs_that_all_hang_together_are_taken_apart_and_the_crossing_ones_left_out() -> None:
    numbers = [(f"w{number}", f"t{(number + shift) % 100}") for number in range(100) for shift in (0, 1)]
    result = split(table(numbers), num_validation=0)
    counts = Counter(result.column("split"))
    assert counts["test"] == 40
    assert 0 < counts[""] <= 40
    assert counts["train"] == 160 - counts[""]


def test_the_pictures_of_a_work_stay_together_and_works_are_counted() -> None:
    pairs = one_to_one(a=60, b=40)
    pairs = pairs.with_column("work", [f"{number % 20}" if number < 60 else "" for number in range(100)])
    result = split(pairs, num_validation=3)
    sides = sides_of(result, result.column("work"))
    assert max(len(sides[f"{number}"]) for number in range(20)) == 1
    of_works = Counter(next(iter(sides[f"{number}"])) for number in range(20))
    of_pictures = Counter(result.column("split")[60:])
    # 20 works of one style, and 40 pictures that are works of their own: a fifth of 60.
    assert of_works["train"] == 16
    assert of_pictures["train"] == 32
    assert of_works["validation"] + of_pictures["validation"] == 3


def test_the_command_takes_styles_from_the_catalogue_and_says_what_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table([(f"w{number}", f"t{number}") for number in range(50)]).save(Path("pairs.csv"))
    rows = [f"w{number},{'Realism' if number < 40 else 'Baroque'},work {number}" for number in range(49)]
    Path("artworks.csv").write_text("\n".join(["file,style,work", *rows]))
    words = ["split", "pairs.csv", "-o", "split.csv", "--num-validation", "2"]
    assert main([*words, "--artworks", "artworks.csv"]) == 0
    assert "40 train, 2 validation, 8 test; 3 styles, 1 of them not in the test" in capsys.readouterr().out
    result = PairTable.load(Path("split.csv"))
    assert Counter(result.column("style")) == {"Realism": 40, "Baroque": 9, "": 1}
    assert result.column("work")[-2:] == ("work 48", "")
    assert main(words) == 0
    assert "none is known: name the catalogue" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "ask for fewer (--num-validation)"),
        (("--test-share", "0.9", "--num-validation", "1"), "cannot keep 18 apart"),
        (("--test-share", "1"), "1 is not between 0 and 1"),
        (("--test-share", "a"), "invalid share value"),
        (("--num-validation", "x"), "'x' is not a whole number"),
    ],
)
def test_more_than_there_is_cannot_be_kept_apart(
    words: tuple[str, ...], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one_to_one(a=20).save(tmp_path / "pairs.csv")
    try:
        code = main(["split", str(tmp_path / "pairs.csv"), "-o", str(tmp_path / "split.csv"), *words])
    except SystemExit as leave:  # argparse
        code = int(leave.code or 0)
    assert code == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "split.csv").exists()


def test_an_empty_table_cannot_be_split() -> None:
    with pytest.raises(DataError, match="0 works"):
        split(PairTable((), (), np.zeros(0, dtype=np.float32)))
