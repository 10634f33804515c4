"""Windows: cut from written scores, accompanied, composed, packed."""

import importlib.util
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from art2mus.codec.score import MELODY, NUM_ROWS, PAD, Note, Score
from art2mus.data import corpus, scores
from art2mus.data.composed import compose
from art2mus.data.corpus import Bar, CorpusError, SpelledNote, WrittenScore, load_corpus
from art2mus.data.excerpts import Excerpt, Key, excerpts_of, find_key, variants_of
from art2mus.data.harmonise import accompany, find_chords
from art2mus.data.split import hold_out, without_copies
from art2mus.data.texture import TEXTURES, Span
from art2mus.data.voicing import lead_voices, triad
from art2mus.data.windows import WINDOW_STEPS, Window, Windows, load_windows, measure_attributes
from art2mus.metrics.harmony import measure

C4, D2 = 29, 16  # music21's diatonic numbers
needs_music21 = pytest.mark.skipif(
    importlib.util.find_spec("music21") is None, reason="music21, which carries the written scores, is not installed"
)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def written(letters: list[int], alterations: dict[int, int], num_sharps: int = 0, metre: str = "4/4") -> WrittenScore:
    """A tune in quarter notes; alterations by letter (0 is C)."""
    notes = tuple(
        SpelledNote(float(i), 1.0, letter, alterations.get((letter - 1) % 7, 0)) for i, letter in enumerate(letters)
    )
    length = {"4/4": 4, "2/4": 2}.get(metre, 3)
    bars = tuple(Bar(float(onset), metre, num_sharps) for onset in range(0, len(letters), length))
    return WrittenScore("test/tune", "ryansMammoth", (notes,), bars)


TUNE = [C4 + step for step in (0, 1, 2, 0, 4, 4, 4, 2, 3, 3, 2, 1, 2, 1, 0, 0)] * 2


def cut(score: WrittenScore) -> list[Excerpt]:
    return list(excerpts_of(score, hop_bars=4))


def test_the_tonic_comes_to_row_zero_in_every_key() -> None:
    in_c = cut(written(TUNE, {}))[0]
    in_d = cut(written([letter + 1 for letter in TUNE], {3: 1, 0: 1}, 2))[0]
    in_b_flat = cut(written([letter - 1 for letter in TUNE], {6: -1, 2: -1}, -2))[0]
    assert in_c.score == in_d.score == in_b_flat.score
    assert in_c.score.notes[0].row % 7 == 0
    assert not in_c.is_minor


def test_minor_is_found_and_its_raised_seventh_is_the_scales_own() -> None:
    letters = [C4 - 2 + step for step in (0, 1, 2, 3, 4, 4, 3, 2, 1, -1, 0, 2, 1, -1, 0, 0)] * 2
    excerpt = cut(written(letters, {4: 1}))[0]
    assert excerpt.is_minor
    assert excerpt.score.notes[0].row % 7 == 0


def test_a_fifth_of_the_notes_outside_the_scale_is_too_much() -> None:
    notes = [(SpelledNote(0, 1, C4 + i % 7, 0), 1.0) for i in range(28)]
    assert find_key(notes, last_bass=0) == Key(0, is_minor=False)
    strange = [(SpelledNote(0, 1, C4 + 3, 1), 1.0)] * 3 + [(SpelledNote(0, 1, C4 + 6, -1), 1.0)] * 4
    assert find_key(notes + strange, last_bass=0) is None


def test_two_four_fills_a_bar_of_sixteen_steps_by_augmentation() -> None:
    excerpt = cut(written(TUNE, {}, metre="2/4"))[0]
    assert [note.onset for note in excerpt.score.notes] == list(range(0, WINDOW_STEPS, 8))


def test_waltzes_and_triplets_are_left_out() -> None:
    assert cut(written(TUNE, {}, metre="3/4")) == []
    thirds = tuple(SpelledNote(i / 3, 1 / 3, C4 + i % 5, 0) for i in range(96))
    bars = tuple(Bar(4.0 * i, "4/4", 0) for i in range(8))
    assert cut(WrittenScore("test/triplets", "ryansMammoth", (thirds,), bars)) == []


def test_an_upbeat_is_not_a_bar() -> None:
    plain = written(TUNE, {})
    upbeat = WrittenScore(plain.name, plain.collection, plain.parts, (Bar(-3.0, "4/4", 0), *plain.bars))
    assert cut(upbeat)[0].score == cut(plain)[0].score


def test_a_tune_is_played_with_several_accompaniments() -> None:
    windows = list(variants_of(cut(written(TUNE, {}))[0], 12, rng()))
    assert len({window.kind for window in windows}) > 3
    for window in windows:
        assert {note.layer for note in window.score.notes} == {MELODY, PAD}
        assert window.source == "test/tune"


def test_a_phrase_in_c_is_harmonised_home() -> None:
    melody = [
        Note(4 * i, 4, row, MELODY)
        for i, row in enumerate((14, 16, 18, 16, 17, 19, 17, 15, 18, 20, 18, 15, 14, 14, 14, 14))
    ]
    chords = [find_chords(melody, 64, 16, False, np.random.default_rng(seed)) for seed in range(20)]
    assert sum(c[0] == 0 for c in chords) > 15
    assert all(c[-1] == 0 for c in chords)
    assert all(6 not in c for c in chords)


def test_an_accompaniment_makes_consonant_music() -> None:
    tune = cut(written(TUNE, {}))[0].score
    accompanied = [accompany(tune, False, np.random.default_rng(seed))[0] for seed in range(20)]
    assert measure(accompanied).consonant_dyads > 0.85


@given(st.lists(st.integers(0, 6), min_size=1, max_size=8), st.integers(1, 6), st.integers(0, 24), st.integers(0, 99))
def test_voices_form_the_chord_and_stay_within_the_rows(roots: list[int], voices: int, low: int, seed: int) -> None:
    led = lead_voices(roots, voices, low, low + 10, np.random.default_rng(seed))
    for root, voicing in zip(roots, led, strict=True):
        assert len(voicing) == voices
        assert list(voicing) == sorted(set(voicing))
        assert voicing[0] >= 0
        assert voicing[-1] < NUM_ROWS
        assert {row % 7 for row in voicing} <= set(triad(root))


def test_upper_voices_move_little() -> None:
    led = lead_voices([0, 3, 4, 0, 5, 1, 4, 0] * 4, 4, 7, 24, rng())
    moves = [abs(b - a) for before, after in pairwise(led) for a, b in zip(before[1:], after[1:], strict=True)]
    assert np.mean(moves) < 1.6
    assert max(moves) <= 5


@pytest.mark.parametrize("name", TEXTURES)
def test_every_texture_plays_nothing_but_its_chords(name: str) -> None:
    spans = [Span(0, 16, (7, 11, 16)), Span(16, 16, (7, 12, 17)), Span(32, 32, (8, 11, 13, 15))]
    for seed in range(12):
        notes = TEXTURES[name](spans, np.random.default_rng(seed))
        assert notes
        for note in notes:
            sounding = [span for span in spans if note.onset < span.end and span.onset < note.end]
            is_drone = name == "drone" and note.row in (7, 11)
            assert is_drone or all(note.row in span.voicing for span in sounding)


@given(st.integers(0, 10_000))
def test_composed_music_is_music(number: int) -> None:
    window = compose(number)
    assert window == compose(number)
    assert window.score.num_steps == WINDOW_STEPS
    assert Score.from_roll(window.score.to_roll()) == window.score


def test_composed_harmony_is_consonant_and_closes() -> None:
    figures = measure([compose(number).score for number in range(100)])
    assert figures.consonant_dyads > 0.93
    assert figures.triads > 0.7
    assert figures.cadences > 0.6
    assert figures.repetition > 0.35


def test_conditions_of_composed_music_go_their_own_ways() -> None:
    attributes = np.array([measure_attributes(compose(number).score) for number in range(400)])
    density, register, polyphony, _ = attributes.T
    assert np.abs(np.corrcoef(np.stack((density, register, polyphony))) - np.eye(3)).max() < 0.25
    assert density.min() < 0.4
    assert density.max() > 3.5
    assert register.min() < 8
    assert register.max() > 25
    assert polyphony.min() <= 1
    assert polyphony.max() > 5


def test_attributes_are_what_they_say() -> None:
    notes = (Note(0, 8, 10, PAD), Note(0, 8, 12, PAD), Note(8, 8, 20, MELODY))
    np.testing.assert_allclose(measure_attributes(Score(notes, 16)), [0.5, 14.0, 1.5, 1 / 3], rtol=1e-6)
    assert not measure_attributes(Score((), 16)).any()


def test_packed_windows_are_the_windows(tmp_path: Path) -> None:
    windows = [compose(number) for number in range(30)]
    held = Window(windows[0].score.slice(10, 128).joined(Score((), 10)), "pad", "composed/held", is_minor=False)
    first_held = Score((Note(0, 9, 3, PAD, is_held=True), Note(9, 4, 3, PAD)), WINDOW_STEPS)
    windows += [held, Window(first_held, "pad", "composed/first", is_minor=True)]
    Windows.pack(windows, {"composed/held"}).save(tmp_path / "windows.npz")
    packed = load_windows(tmp_path / "windows.npz")
    assert len(packed) == 32
    assert packed.held_out.tolist() == [30]
    rolls = packed.rolls(np.arange(32))
    for index, window in enumerate(windows):
        assert packed.score(index) == window.score
        np.testing.assert_array_equal(rolls[index], window.score.to_roll())
        np.testing.assert_allclose(packed.attributes[index], measure_attributes(window.score))


def test_merged_windows_keep_their_order() -> None:
    windows = [compose(number) for number in range(9)]
    merged = Windows.merge([Windows.pack(windows[:4], {windows[1].source}), Windows.pack(windows[4:])])
    assert [merged.score(i) for i in range(9)] == [window.score for window in windows]
    assert merged.held_out.tolist() == [1]


def test_scores_are_held_out_whole_and_from_every_collection() -> None:
    music = compose(1).score
    sources = [f"{collection}/{i}" for collection in ("bach", "composed") for i in range(20) for _ in range(3)]
    windows = hold_out(Windows.pack([Window(music, "pad", source, is_minor=False) for source in sources]), 0.1, seed=1)
    held_out = set(windows.source[windows.held_out])
    assert len(held_out) == 4
    assert {source.split("/")[0] for source in held_out} == {"bach", "composed"}
    assert not held_out & set(windows.source[windows.train])


def test_a_tune_under_another_name_is_not_measured_on() -> None:
    first, second, other = cut(written(TUNE, {}))[0].score, cut(written([9 + t for t in TUNE], {}))[0].score, compose(4)
    tunes = {"ryans/a": first, "oneills/b": second, "oneills/c": Score(other.score.slice(0, 128).notes, 128)}
    melodies = {
        name: Score(tuple(replace(note, layer=MELODY) for note in score.cleaned().notes), WINDOW_STEPS)
        for name, score in tunes.items()
    }
    windows = Windows.pack(
        [Window(score, "tune", name, is_minor=False) for name, score in melodies.items()], {"oneills/b", "oneills/c"}
    )
    kept = without_copies(windows)
    assert kept.source[kept.held_out].tolist() == ["oneills/c"]
    assert kept.train.tolist() == windows.train.tolist()


def config_file(folder: Path, more: str) -> Path:
    path = folder / "data.yaml"
    path.write_text(f"output: {folder}/windows.npz\ncache: {folder}/cache\nnum_processes: 1\n{more}")
    return path


def test_composed_windows_need_no_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scores.main([str(config_file(tmp_path, "collections: []\nnum_composed: 60\nheld_out_share: 0.1\n"))]) == 0
    windows = load_windows(tmp_path / "windows.npz")
    assert 50 <= len(windows) <= 60
    assert not set(windows.source[windows.train]) & set(windows.source[windows.held_out])
    assert 4 <= len(windows.held_out) <= 6
    assert "density" in capsys.readouterr().out


def test_a_mistake_in_the_configuration_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scores.main([str(config_file(tmp_path, "num_compsed: 60\n"))]) == 2
    assert "num_composed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "expected"),
    [("num_composed: 0\n", "nothing to make windows of"), ("num_composed: 20\nseed: -1\n", "seed: ")],
)
def test_what_no_windows_can_be_made_of_is_a_mistake(
    more: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scores.main([str(config_file(tmp_path, f"collections: []\n{more}"))]) == 2
    assert expected in capsys.readouterr().err


def test_windows_that_cannot_be_written_are_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "windows.npz").mkdir()
    assert scores.main([str(config_file(tmp_path, "collections: []\nnum_composed: 20\n"))]) == 2
    assert "windows.npz: Is a directory" in capsys.readouterr().err


def test_an_unknown_collection_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="palestrina"):
        load_corpus(["palestrina"], tmp_path)


def test_missing_windows_say_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"art2mus\.data\.scores"):
        load_windows(tmp_path / "none.npz")


@pytest.mark.parametrize("content", [b"hello", b"PK\x03\x04" + b"\xff" * 400])
def test_damaged_windows_say_so(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "windows.npz").write_bytes(content)
    with pytest.raises(OSError, match="not a file of windows, or damaged"):
        load_windows(tmp_path / "windows.npz")


@needs_music21
def test_a_chorale_is_read_and_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        corpus, "_files", lambda _: [path for path in chorales() if path.stem in ("bwv66.6", "bwv10.7")]
    )
    read = load_corpus(["bach"], tmp_path, num_processes=1)
    monkeypatch.setattr(corpus, "_files", lambda _: [])
    assert load_corpus(["bach"], tmp_path) == read
    chorale = next(score for score in read if score.name == "bach/bwv66.6")
    assert len(chorale.parts) == 4
    excerpts = list(excerpts_of(chorale, hop_bars=1))
    assert excerpts
    assert all(excerpt.is_minor for excerpt in excerpts[:1])
    figures = measure([excerpt.score for excerpt in excerpts])
    assert figures.consonant_dyads > 0.85


@needs_music21
def test_files_with_a_copyright_notice_are_left_out() -> None:
    files = corpus._files("monteverdi")
    restricted = [path for path in files if path.stem in ("madrigal.5.4", "madrigal.5.5")]
    assert len(restricted) == 2
    assert [corpus._parse_file(str(path), "monteverdi") for path in restricted] == [[], []]


def chorales() -> list[Path]:
    import music21

    return sorted((Path(str(music21.__file__)).parent / "corpus" / "bach").glob("*.mxl"))
