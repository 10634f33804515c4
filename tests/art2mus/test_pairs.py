from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from art2mus.data.abstract import paint
from art2mus.data.composed import compose
from art2mus.data.paintings import list_paintings, vary
from art2mus.data.pairs import (
    KEPT_OUT,
    Pairs,
    PairsConfig,
    build,
    choose_windows,
    describe,
    main,
    nearest_partners,
)
from art2mus.data.windows import Windows
from art2mus.metrics.affect import AFFECT_DIMENSIONS
from art2mus.strict_yaml import ConfigError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Windows of composed music, and paintings of which one is to be kept out."""
    folder = tmp_path_factory.mktemp("pairs")
    windows = [compose(number) for number in range(30)]
    Windows.pack(windows, held_out_sources={windows[0].source}).save(folder / "windows.npz")
    for number, name in enumerate(["one", "two", KEPT_OUT[0]]):
        paint(np.full(6, number - 1.0), number, 64).save(folder / f"{name}.png")
    return folder


def config(folder: Path, **changes: object) -> PairsConfig:
    paths = {
        "windows": folder / "windows.npz",
        "paintings": folder,
        "cache": folder / "c.npz",
        "output": folder / "p.npz",
    }
    return PairsConfig.model_validate({**paths, "num_pairs": 8, "num_windows": 12, "num_bars": 1, **changes})


def test_the_command_makes_pairs_that_can_be_read_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    yaml = folder / "pairs.yaml"
    lines = [f"{key}: {value}" for key, value in config(folder).model_dump().items()]
    yaml.write_text("\n".join(lines))
    assert main([str(yaml)]) == 0
    assert "8 pairs" in capsys.readouterr().out
    pairs, again = Pairs.load(folder / "p.npz"), build(config(folder))
    assert all(
        np.array_equal(first, second) for first, second in zip(vars(pairs).values(), vars(again).values(), strict=True)
    )
    assert pairs.picture_affect.shape == pairs.music_affect.shape == (8, len(AFFECT_DIMENSIONS))
    assert len(set(pairs.window_index.tolist())) == 8
    assert 0 not in pairs.window_index
    assert set(pairs.picture_name[:4]) == {"one", "two"}
    assert all(name.startswith("abstract") for name in pairs.picture_name[4:])
    assert np.abs(pairs.similarity).max() <= 1.0 + 1e-6
    assert "register" in describe(pairs)


def test_more_pairs_than_windows_is_a_mistake_of_the_configuration(folder: Path) -> None:
    with pytest.raises(ConfigError, match="raise num_windows"):
        build(config(folder, num_pairs=13))


def test_missing_files_name_what_makes_them(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"art2mus\.data\.scores"):
        build(config(folder, windows=tmp_path / "none.npz"))
    with pytest.raises(FileNotFoundError, match=r"art2mus\.data\.pairs"):
        Pairs.load(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError, match="no paintings here"):
        list_paintings(tmp_path)


def test_measures_of_other_windows_or_of_more_bars_are_not_taken_from_the_cache(folder: Path, tmp_path: Path) -> None:
    def music(**changes: object) -> NDArray[np.float32]:
        return build(config(folder, cache=tmp_path / f"{len(changes)}-cache.npz", **changes)).music_affect

    shared = {"cache": tmp_path / "shared.npz"}
    build(config(folder, **shared))
    assert np.array_equal(build(config(folder, num_bars=2, **shared)).music_affect, music(num_bars=2))
    others = tmp_path / "others.npz"
    Windows.pack([compose(number) for number in range(50, 80)]).save(others)
    assert np.array_equal(build(config(folder, windows=others, **shared)).music_affect, music(windows=others))
    shared["cache"].write_bytes(b"half")
    assert np.array_equal(build(config(folder, **shared)).music_affect, music())


def test_what_goes_wrong_is_a_line(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = tmp_path / "windows.npz"
    damaged.write_bytes((folder / "windows.npz").read_bytes()[:500])
    for changes, expected in (
        ({"windows": damaged}, "not a file of windows, or damaged"),
        ({"output": folder / "one.png" / "p.npz"}, "one.png: File exists"),
        ({"seed": -1}, "seed: "),
    ):
        values = config(folder).model_dump() | changes
        (tmp_path / "pairs.yaml").write_text("\n".join(f"{key}: {value}" for key, value in values.items()))
        assert main([str(tmp_path / "pairs.yaml")]) == 2
        assert expected in capsys.readouterr().err


def test_each_picture_gets_its_twin_if_there_is_one() -> None:
    music = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    order = np.random.default_rng(1).permutation(40)[:25]
    assert np.array_equal(nearest_partners(music[order] + 0.01, music), order)


def test_rare_windows_are_drawn_more_often_than_their_share() -> None:
    scores = [compose(number) for number in range(200)]
    windows = Windows.pack(scores)
    density = windows.attributes[:, 0]
    chosen = choose_windows(windows, 80, np.random.default_rng(0))
    assert len(set(chosen.tolist())) == 80
    assert density[chosen].std() > density.std()


def test_variations_of_a_painting_differ_in_light_and_colour() -> None:
    painting = paint(np.zeros(6), 5, 128)
    rng = np.random.default_rng(0)
    means = np.array([np.asarray(vary(painting, rng)).mean(axis=(0, 1)) for _ in range(12)])
    assert means.std(axis=0).min() > 5.0


def test_the_kept_out_paintings_are_in_the_gallery(repository: Path) -> None:
    gallery = repository / "installation" / "gallery"
    assert len(list_paintings(gallery)) - len(list_paintings(gallery, KEPT_OUT)) == len(KEPT_OUT) == 4
