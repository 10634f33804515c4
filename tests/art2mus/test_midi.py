from pathlib import Path

import mido
import pytest

from art2mus.codec.interpretation import Interpreter
from art2mus.codec.midi import write_midi
from art2mus.codec.performance import Performance
from art2mus.codec.synthesizer import Kind
from tests.art2mus.pieces import chorale


def test_a_midi_file_holds_what_was_played(tmp_path: Path):
    performance = Performance(tonic=33, mode="aeolian", melody="cello", pad="harp", colour="warm pad", quarter_bpm=63.5)
    path = tmp_path / "piece.mid"
    write_midi(path, chorale(), performance, seed=3)
    file = mido.MidiFile(path)
    assert [track.name for track in file.tracks[1:]] == ["cello", "harp", "warm pad"]
    assert {m.program for m in file if m.type == "program_change"} == {42, 46, 89}
    interpreter = Interpreter(performance, 3)
    played = [m for m in interpreter.play(chorale())[0] if m.kind is Kind.NOTE_ON]
    time_s, read = 0.0, []
    for message in file:
        time_s += message.time
        if message.type == "note_on":
            read.append((time_s, message.channel, message.note, message.velocity))
    assert len(read) == len(played)
    assert sorted(r[0] for r in read) == pytest.approx([m.time_s for m in played], abs=0.002)
    assert sorted(r[1:] for r in read) == sorted((m.channel, m.number, m.value) for m in played)
    ends = [m for m in file if m.type == "note_off"]
    assert len(ends) == len(read)
