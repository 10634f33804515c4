import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pyloudnorm
import pytest

from art2mus.codec.instruments import INSTRUMENTS
from art2mus.codec.parts import seat_players
from art2mus.codec.performance import ENSEMBLES, Performance, fit_tempo
from art2mus.codec.performer import Performer
from art2mus.codec.score import MELODY, PAD, Note, Score
from art2mus.codec.synthesizer import BUNDLED_SOUNDFONT, Kind, Message, Synthesizer
from tests.art2mus.pieces import chorale, random_score
from tests.art2mus.test_performance import DAY, NIGHT

RATE = 48000


@pytest.fixture(scope="module")
def performer() -> Iterator[Performer]:
    with Performer() as performer:
        yield performer


def spectral_centroid(waveform: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(waveform.mean(axis=1))) ** 2
    return float((power * np.fft.rfftfreq(len(waveform), 1 / RATE)).sum() / power.sum())


def only(score: Score, layer: int) -> Score:
    return Score(tuple(note for note in score.notes if note.layer == layer), score.num_steps)


@pytest.mark.parametrize("seed", range(6))
def test_two_stretches_are_the_whole_piece_to_the_sample(performer: Performer, seed: int):
    random = np.random.default_rng(seed)
    performance = Performance.from_affect(random.normal(size=6).astype(np.float32) * 1.5, seed)
    score, seam = random_score(seed, 64), 16 * int(random.integers(1, 4))
    performer.start(performance, seed)
    whole = np.concatenate((performer.render(score).waveform, performer.finish(1.0).waveform))
    performer.start(performance, seed)
    first, second = performer.render(score.slice(0, seam)), performer.render(score.slice(seam, 64))
    assert len(first.waveform) == round(seam * performance.step_s * RATE)
    np.testing.assert_array_equal(
        whole, np.concatenate((first.waveform, second.waveform, performer.finish(1.0).waveform))
    )


def test_a_held_note_sounds_through_the_seam_and_is_not_struck_again(performer: Performer):
    performance = Performance(melody="flute", looseness_ms=0.0)
    held = Score((Note(0, 16, 14, MELODY),), 16)
    performer.start(performance, 0)
    performer.render(held)
    going_on = performer.render(Score((Note(0, 16, 14, MELODY, is_held=True),), 16))
    performer.start(performance, 0)
    performer.render(held)
    again = performer.render(held)
    assert [(n.onset_s, n.pitch) for n in going_on.notes] == [(0.0, 60)]
    assert np.abs(going_on.waveform[:24000] - again.waveform[:24000]).max() > 0.01


def test_what_nothing_leads_to_is_struck(performer: Performer):
    performer.start(Performance(), 0)
    waveform = performer.render(Score((Note(0, 16, 14, MELODY, is_held=True),), 16)).waveform
    assert np.abs(waveform).max() > 0.01


def test_same_seed_same_waveform_whatever_was_played_before(performer: Performer):
    performance = Performance.from_affect(DAY, 1)
    performer.start(performance, 5)
    first = performer.render(chorale()).waveform
    performer.start(Performance.from_affect(NIGHT, 2), 6)
    performer.render(random_score(3, 32))
    performer.start(performance, 5)
    np.testing.assert_array_equal(first, performer.render(chorale()).waveform)
    performer.start(performance, 6)
    assert not np.array_equal(first, performer.render(chorale()).waveform)


def test_lengths_add_up_without_drift(performer: Performer):
    performance = fit_tempo(Performance.neutral(), 16, 1.23456789)
    performer.start(performance, 0)
    num_frames = sum(len(performer.render(Score((), 16)).waveform) for _ in range(7))
    assert num_frames == round(7 * 1.23456789 * RATE)


@pytest.mark.parametrize("ensemble", ENSEMBLES, ids=lambda e: f"{e.melody}-{e.pad}-{e.colour}")
def test_ensembles_are_balanced_and_do_not_clip(performer: Performer, ensemble):
    performance = Performance(quarter_bpm=110.0).given_to(ensemble)
    meter, loudness = pyloudnorm.Meter(RATE), []
    for layer in (MELODY, PAD):
        performer.start(performance, 0)
        loudness.append(meter.integrated_loudness(performer.render(only(chorale(), layer).slice(0, 64)).waveform))
    assert 0.5 < loudness[0] - loudness[1] < 8.5, "the melody stands out, and the pad is still there"
    assert -30.0 < loudness[0] < -19.0
    performer.start(replace(performance, velocity=104), 0)
    assert np.abs(performer.render(random_score(1, 64)).waveform).max() < 0.9


def test_every_note_lies_in_its_instruments_range_and_in_the_mode(performer: Performer):
    for seed in range(10):
        performance = Performance.from_affect(np.random.default_rng(seed).normal(size=6).astype(np.float32), seed)
        performer.start(performance, seed)
        third, seventh = (3, 10) if performance.mode in ("dorian", "aeolian") else (4, 10)
        for note in performer.render(random_score(seed, 32)).notes:
            name = performance.melody if note.layer == MELODY else performance.pad
            assert INSTRUMENTS[name].lowest <= note.pitch <= INSTRUMENTS[name].highest
            assert (note.pitch - performance.tonic) % 12 != 7 - third, "the other third"
            if performance.mode != "ionian":
                assert (note.pitch - performance.tonic) % 12 in {*range(seventh + 1), 11}


def test_night_sounds_darker_slower_and_softer_in_attack_than_day(performer: Performer):
    score, centroids = chorale(), []
    for affect in (NIGHT, DAY):
        values = []
        for seed in range(3):
            performer.start(Performance.from_affect(affect, seed), seed)
            values.append(spectral_centroid(performer.render(score.slice(0, 32)).waveform))
        centroids.append(values)
    assert max(centroids[0]) < min(centroids[1])


def test_a_piece_rings_out_into_silence(performer: Performer):
    performer.start(Performance(pad="harp"), 0)
    performer.render(chorale().slice(0, 16))
    tail = performer.finish(3.0).waveform
    assert len(tail) == 3 * RATE
    assert np.abs(tail[:4800]).max() > 0.01
    assert np.abs(tail[-480:]).max() < 1e-4
    with pytest.raises(ValueError, match="call start first"):
        performer.finish()


def test_it_plays_at_any_rate_with_a_tail():
    score = chorale().slice(0, 16)
    with Performer(sample_rate=44100) as performer:
        performer.start(Performance.neutral(), 0)
        body, tail = performer.render(score), performer.finish(1.0)
    assert body.waveform.shape == (round(16 * Performance.neutral().step_s * 44100), 2)
    assert tail.waveform.shape == (44100, 2)
    assert body.waveform.dtype == np.float32
    assert len(body.notes) == len(score.notes)


def test_many_pieces_leave_nothing_behind(performer: Performer):
    def play(times: int) -> int:
        for seed in range(times):
            performer.start(Performance.neutral(), seed)
            performer.render(Score((Note(0, 4, 14, MELODY),), 4))
        return psutil.Process().memory_info().rss

    before = play(30)
    assert play(60) - before < 8 * 2**20


def test_two_performers_do_not_disturb_each_other(performer: Performer):
    performance, score = Performance.from_affect(DAY, 0), random_score(0, 32)
    performer.start(performance, 0)
    alone = performer.render(score).waveform
    with Performer() as other:
        performer.start(performance, 0)
        first = performer.render(score.slice(0, 16)).waveform
        other.start(Performance.from_affect(NIGHT, 0), 0)
        other.render(score)
        second = performer.render(score.slice(16, 32)).waveform
    np.testing.assert_array_equal(alone, np.concatenate((first, second)))


def test_fluidsynth_is_silent_on_the_terminal_and_speaks_to_the_log(
    performer: Performer, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    synthesizer = Synthesizer()
    with caplog.at_level(logging.DEBUG), pytest.raises(ValueError, match="no program 5"):
        synthesizer.choose_program(0, 5)
    synthesizer.render([Message(0.0, Kind.NOTE_ON, 0, 60, 80)], 0.1)
    synthesizer.close()
    assert "FluidSynth: There is no preset" in caplog.text
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_no_instrument_has_a_constant_offset(name: str):
    instrument = INSTRUMENTS[name]
    synthesizer = Synthesizer()
    synthesizer.choose_program(0, instrument.program)
    chord = [Message(0.0, Kind.NOTE_ON, 0, instrument.fold(pitch), 90) for pitch in (48, 55, 64)]
    pieces = [synthesizer.render(chord, 1.0)]
    pieces += [synthesizer.render([], 1.0 + index / 7) for index in range(15)]  # the first has no frames
    synthesizer.close()
    waveform = np.concatenate(pieces[1:])
    assert len(waveform) == 2 * RATE
    assert np.abs(waveform).max() > 0.01
    assert np.abs(np.average(waveform, axis=0, weights=np.hanning(len(waveform)))).max() < 0.001
    synthesizer = Synthesizer()
    synthesizer.choose_program(0, instrument.program)
    np.testing.assert_array_equal(synthesizer.render(chord, 3.0), np.concatenate(pieces))
    synthesizer.close()


@pytest.mark.parametrize(
    ("num_bytes", "complaint"), [(0, "not a SoundFont"), (11, "not a SoundFont"), (99_999, "cut short")]
)
def test_a_bad_soundfont_gets_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], num_bytes: int, complaint: str
):
    path = tmp_path / "font.sf3"
    with pytest.raises(FileNotFoundError, match="no SoundFont there"):
        Performer(path)
    path.write_bytes(BUNDLED_SOUNDFONT.read_bytes()[:num_bytes])
    with pytest.raises(ValueError, match=complaint):
        Performer(path)
    assert capfd.readouterr() == ("", "")


def test_without_the_library_one_line_names_the_package():
    code = (
        "import ctypes.util; ctypes.util.find_library = lambda name: None\n"
        "from art2mus.codec.performer import Performer\n"
        "from art2mus.codec.synthesizer import SynthesizerMissingError\n"
        "try: Performer()\n"
        "except SynthesizerMissingError as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "sudo apt-get install libfluidsynth3" in told
    assert told.count("\n") == 1


def test_each_chair_has_its_own_channel_and_none_is_the_drums():
    for ensemble in ENSEMBLES:
        parts = seat_players(Performance(melody=ensemble.melody, pad=ensemble.pad, colour=ensemble.colour))
        channels = [channel for part in parts for channel in part.channels]
        assert len(channels) == len(set(channels))
        assert 9 not in channels
