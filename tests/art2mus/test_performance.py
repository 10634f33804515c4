import dataclasses
import json

import numpy as np
import pytest

from art2mus.codec.instruments import INSTRUMENTS
from art2mus.codec.pace import FASTEST_BPM, SLOWEST_BPM
from art2mus.codec.performance import ENSEMBLES, SCALES, Performance, fit_tempo
from art2mus.codec.traditions import HOMES, at_home_in

NIGHT = np.array([-1.5, -0.8, -1.6, -0.4, 0.2, 1.2], dtype=np.float32)
DAY = np.array([1.4, 1.0, 1.3, 0.6, 0.0, -0.8], dtype=np.float32)


def affect(**dimensions: float) -> np.ndarray:
    names = ("valence", "arousal", "brightness", "warmth", "complexity", "weight")
    return np.array([dimensions.get(name, 0.0) for name in names], dtype=np.float32)


def test_modes_follow_valence_in_the_order_of_happiness():
    modes = [Performance.from_affect(affect(valence=v), seed=0).mode for v in (2.0, 0.2, -0.2, -2.0)]
    assert modes == list(SCALES)


def test_tempo_rises_with_arousal_and_stays_within_its_bounds():
    tempi = [Performance.from_affect(affect(arousal=a), seed=0).quarter_bpm for a in np.linspace(-3, 3, 13)]
    assert tempi == sorted(tempi)
    assert tempi[0] == SLOWEST_BPM
    assert tempi[-1] == FASTEST_BPM


def test_night_is_low_slow_minor_soft_and_far_away_beside_day():
    for seed in range(10):
        night, day = Performance.from_affect(NIGHT, seed), Performance.from_affect(DAY, seed)
        assert night.tonic < day.tonic
        assert night.quarter_bpm < 0.7 * day.quarter_bpm
        assert (night.mode, day.mode) == ("aeolian", "ionian")
        assert night.velocity < day.velocity
        assert night.filter_cents < day.filter_cents
        assert night.room_size > day.room_size
        assert night.gate >= day.gate


def test_same_seed_same_performance_and_seeds_vary_it():
    assert Performance.from_affect(NIGHT, 3) == Performance.from_affect(NIGHT, 3)
    assert len({Performance.from_affect(affect(), seed) for seed in range(20)}) > 5


def test_every_instrument_is_chosen_for_some_picture():
    random = np.random.default_rng(0)
    chosen = set()
    for seed, mood in enumerate(random.normal(size=(400, 6)).astype(np.float32)):
        performance = Performance.from_affect(mood, seed)
        chosen |= {performance.melody, performance.pad, performance.colour}
    assert chosen - {None} == set(INSTRUMENTS)


def test_ensembles_name_instruments_that_exist():
    assert {name for ensemble in ENSEMBLES for name in ensemble.instruments} == set(INSTRUMENTS)


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_instrument_that_is_asked_for_plays_and_one_that_is_refused_does_not(name: str):
    for seed in range(5):
        wanted = Performance.from_affect(DAY, seed, words=f"music with a {name}, please")
        assert name in {wanted.melody, wanted.pad, wanted.colour}
        refused = Performance.from_affect(DAY, seed, words=f"no {name}")
        assert name not in {refused.melody, refused.pad, refused.colour}


@pytest.mark.parametrize("year", [900, 1494, 1573, 1665, 1800, 1888, 1930, 1990])
def test_no_instrument_is_younger_than_the_picture(year: int) -> None:
    random = np.random.default_rng(year)
    for seed, mood in enumerate(random.normal(size=(50, 6)).astype(np.float32)):
        played = Performance.from_affect(mood, seed, year=year)
        assert all(INSTRUMENTS[name].since <= year for name in (played.melody, played.pad, played.colour) if name)


def test_a_picture_of_today_has_all_instruments_and_words_win_over_the_year() -> None:
    assert Performance.from_affect(NIGHT, 3, year=2024) == Performance.from_affect(NIGHT, 3)
    assert "vibraphone" in dataclasses.asdict(Performance.from_affect(NIGHT, 3, "a vibraphone", year=1500)).values()


def players(performance: Performance) -> set[str]:
    return {name for name in (performance.melody, performance.pad, performance.colour) if name is not None}


@pytest.mark.parametrize("country", ["Japan", "Java, Indonesia", "Peru", "russian"])
def test_instruments_at_home_with_the_picture_play_rather_and_others_still_may(country: str) -> None:
    random = np.random.default_rng(1)
    at_home, anywhere, home = [], [], at_home_in(country)
    for seed, mood in enumerate(random.normal(size=(200, 6)).astype(np.float32)):
        chosen = {place: players(Performance.from_affect(mood, seed, country=place)) for place in (country, None)}
        at_home.append(len(chosen[country] & home) / len(chosen[country]))
        anywhere.append(len(chosen[None] & home) / len(chosen[None]))
    assert np.mean(at_home) > 1.4 * np.mean(anywhere)
    assert len(set(at_home)) > 1


def test_a_country_nobody_knows_changes_nothing_and_words_win_over_it() -> None:
    assert Performance.from_affect(NIGHT, 3, country="Atlantis") == Performance.from_affect(NIGHT, 3)
    for seed in range(5):
        assert "organ" in players(Performance.from_affect(DAY, seed, "an organ", country="Japan"))


def test_homes_name_instruments_that_exist() -> None:
    assert set().union(*HOMES.values()) <= set(INSTRUMENTS)
    assert at_home_in("École japonaise; Japanese school") == at_home_in("Japan") != frozenset()
    assert at_home_in("France") == at_home_in(None) == frozenset(), "all of them are"


def test_words_about_mode_pace_and_loudness_win():
    slow = Performance.from_affect(DAY, 0, words="slow strings in a minor key, low and soft")
    assert slow.mode == "aeolian"
    assert slow.quarter_bpm < 60
    assert slow.velocity <= 58
    fast = Performance.from_affect(NIGHT, 0, words="Fast and loud, in D major")
    assert fast.mode == "ionian"
    assert fast.quarter_bpm >= 100
    assert fast.velocity >= 92


def test_extreme_affects_are_as_good_as_any():
    for value in (-100.0, 100.0):
        performance = Performance.from_affect(np.full(6, value, dtype=np.float32), seed=1)
        assert SLOWEST_BPM <= performance.quarter_bpm <= FASTEST_BPM
        assert 1 <= performance.velocity <= 127


@pytest.mark.parametrize("wrong", [np.zeros(5), np.array([0, 0, np.nan, 0, 0, 0])])
def test_what_is_no_affect_is_refused(wrong: np.ndarray):
    with pytest.raises(ValueError, match="6 finite numbers"):
        Performance.from_affect(wrong.astype(np.float32), seed=0)


def test_fit_tempo_fills_the_length():
    performance = fit_tempo(Performance.neutral(), 96, 17.3)
    assert 96 * performance.step_s == pytest.approx(17.3)
    with pytest.raises(ValueError, match="cannot spread"):
        fit_tempo(performance, 0, 10.0)


def test_whole_bars_nearest_to_a_length():
    performance = Performance(quarter_bpm=60.0)
    assert performance.num_steps_for(10.24) == 48
    assert performance.num_steps_for(0.1) == 16


def test_a_performance_survives_json():
    performance = Performance.from_affect(NIGHT, 7)
    assert Performance(**json.loads(json.dumps(dataclasses.asdict(performance)))) == performance
