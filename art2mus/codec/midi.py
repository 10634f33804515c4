"""A performed score as a MIDI file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import mido

from art2mus.codec.interpretation import Interpreter
from art2mus.codec.parts import Part
from art2mus.codec.performance import Performance
from art2mus.codec.score import Score
from art2mus.codec.synthesizer import Kind, Message

TICKS_PER_QUARTER: Final = 480


def write_midi(path: Path, score: Score, performance: Performance, seed: int) -> None:
    """Write what the performer plays: one track for the tempo and one for each instrument.

    The notes come as they are performed, not as they stand on the grid; the low-pass filters and the
    room belong to the synthesizer and are left out.

    Args:
        path: The file to write, usually ``.mid``.
        score: The whole piece.
        performance: How it is played.
        seed: As given to ``Performer.start``.
    """
    interpreter = Interpreter(performance, seed)
    messages, _ = interpreter.play(score)
    messages.extend(interpreter.finish())
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER)
    file.tracks.append(
        mido.MidiTrack(
            [
                mido.MetaMessage("track_name", name=performance.describe()),
                mido.MetaMessage("time_signature", numerator=4, denominator=4),
                mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(performance.quarter_bpm)),
            ]
        )
    )
    for part in interpreter.parts:
        mine = (message for message in messages if message.channel in part.channels)
        file.tracks.append(_track(part, mine, performance.quarter_bpm))
    file.save(path)


def _track(part: Part, messages: Iterable[Message], quarter_bpm: float) -> mido.MidiTrack:
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=part.instrument.name)])
    for channel in part.channels:
        track.append(mido.Message("program_change", channel=channel, program=part.instrument.program))
    last_tick = 0
    for message in messages:
        if message.kind is Kind.FILTER:
            continue
        tick = round(message.time_s * quarter_bpm / 60.0 * TICKS_PER_QUARTER)
        track.append(_event(message, tick - last_tick))
        last_tick = tick
    return track


def _event(message: Message, ticks: int) -> mido.Message:
    if message.kind is Kind.CONTROL:
        return mido.Message(
            "control_change", channel=message.channel, control=message.number, value=message.value, time=ticks
        )
    kind = "note_on" if message.kind is Kind.NOTE_ON else "note_off"
    return mido.Message(kind, channel=message.channel, note=message.number, velocity=message.value, time=ticks)
