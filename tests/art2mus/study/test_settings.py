"""What a study may say, and how its mistakes are explained."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from art2mus.strict_yaml import ConfigError
from art2mus.study.settings import load_study
from tests.art2mus.study.studies import small_study, write_study


def test_a_collection_finds_pictures_and_tracks(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    assert list(study.artworks) == [f"card-{number}.png" for number in range(4)]
    assert study.tracks["card-2.png", "mini-4"] == tmp_path / "mini-4" / "card-2.flac"
    assert study.answers == tmp_path / "study.sqlite"
    assert study.num_artworks == 4
    assert {trial.artwork for trial in study.draw(0)} == set(study.artworks)


def test_pairs_choose_the_artworks(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("artwork,track,similarity\ncard-3.png,a.mp3,.3\ncard-1.png,b.mp3,.2\n")
    folders = {"artworks": "cards", "tracks": {"mini": "mini", "mini-4": "mini-4"}, "pairs": "pairs.csv"}
    study = small_study(tmp_path, collection=folders)
    assert list(study.artworks) == ["card-3.png", "card-1.png"]


def test_items_name_their_files(tmp_path: Path) -> None:
    items = [{"artwork": "cards/card-0.png", "tracks": {m: f"{m}/card-0.flac" for m in ("mini", "mini-4", "more")}}]
    study = small_study(tmp_path, collection=None, items=items, answers="kept/answers.sqlite")
    assert study.artworks == {"cards/card-0.png": tmp_path / "cards/card-0.png"}
    assert set(study.tracks) == {("cards/card-0.png", "mini"), ("cards/card-0.png", "mini-4")}
    assert study.answers == tmp_path / "kept" / "answers.sqlite"


def test_what_spoils_the_balance_changes_the_fingerprint_and_nothing_else_does(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    same = small_study(tmp_path, models=("mini-4", "mini"), min_listen_s=1.0)
    assert study.fingerprint == same.fingerprint
    assert study.draw(5) == same.draw(5)
    assert small_study(tmp_path, num_artworks=2).fingerprint != study.fingerprint
    assert small_study(tmp_path, seed=1).fingerprint != study.fingerprint


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"models": ["mini"]}, "models"),
        ({"models": ["mini", "mini"]}, "each may stand there once"),
        ({"items": [{"artwork": "a.png", "tracks": {}}] * 2}, "each artwork may stand there once"),
        ({"items": [{"artwork": "a.png", "tracks": {}}]}, "either 'items' or a 'collection'"),
        ({"consent": "yes"}, "consent: unknown key"),
        ({"texts": {"la": {"title": "t", "consent": "c"}}}, "texts.la"),
        ({"models": ["mini", "maxi"]}, "card-0.png: there is no track of model 'maxi'"),
        ({"collection": {"artworks": "none", "tracks": {}}}, "no paintings here"),
        ({"collection": {"artworks": "cards", "tracks": {}, "pairs": "none.csv"}}, "none.csv"),
        ({"collection": {"artworks": "cards", "tracks": {"mini": "mini", "mini-4": "cards"}}}, "no such file"),
    ],
)
def test_mistakes_are_explained(keys: dict[str, object], words: str, tmp_path: Path) -> None:
    path = write_study(tmp_path, **keys)  # type: ignore[arg-type]
    with pytest.raises(ConfigError) as mistake:
        load_study(path)
    assert all(line.startswith("study.yaml:") for line in mistake.value.mistakes)
    assert words in str(mistake.value)


def test_of_many_missing_files_ten_are_named(tmp_path: Path) -> None:
    path = write_study(tmp_path, num_cards=15)
    for track in (tmp_path / "mini").iterdir():
        track.unlink()
    with pytest.raises(ConfigError) as mistake:
        load_study(path)
    assert len(mistake.value.mistakes) == 11
    assert mistake.value.mistakes[-1] == "study.yaml: and 5 more"


def test_pairs_without_artworks_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("picture,track\na,b\n")
    path = write_study(tmp_path, collection={"artworks": "cards", "tracks": {}, "pairs": "pairs.csv"})
    with pytest.raises(ConfigError, match="no column 'artwork'"):
        load_study(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"track,artwork\na.flac,card-0.png\nb.flac\n", "a line does not name its artwork"),
        (b"artwork\n\n,\n", "a line does not name its artwork"),
        (b"artwork,track\n", "has no lines with an 'artwork'"),
        (b"", "has no lines with an 'artwork'"),
        (b"artwork\nM\xfcnch.png\n", "not CSV in UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_pairs_that_are_no_table_are_explained(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is None:
        (tmp_path / "pairs.csv").mkdir()
    else:
        (tmp_path / "pairs.csv").write_bytes(content)
    path = write_study(tmp_path, collection={"artworks": "cards", "tracks": {}, "pairs": "pairs.csv"})
    with pytest.raises(ConfigError, match=words):
        load_study(path)


def test_a_name_that_answers_cannot_keep_is_a_mistake(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    for folder, suffix in (("cards", "png"), ("mini", "flac"), ("mini-4", "flac")):
        (tmp_path / folder / f"card-0.{suffix}").rename(tmp_path / folder / os.fsdecode(b"M\xfcnch." + suffix.encode()))
    with pytest.raises(ConfigError, match=r"M.*nch.png.: its name is not in UTF-8; rename it"):
        load_study(path)


def test_pairs_may_come_from_a_spreadsheet(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("artwork,track\ncard-3.png,a.mp3\n", encoding="utf-8-sig")
    folders = {"artworks": "cards", "tracks": {"mini": "mini", "mini-4": "mini-4"}, "pairs": "pairs.csv"}
    assert list(small_study(tmp_path, collection=folders).artworks) == ["card-3.png"]
