from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from art2mus.codec.interpretation import PEDAL, Interpreter
from art2mus.codec.performance import Performance
from art2mus.codec.score import MELODY, PAD, Note, Score
from art2mus.codec.synthesizer import Kind, Message
from tests.art2mus.pieces import chorale, random_score

PLAIN = Performance(melody="flute", pad="strings", looseness_ms=0.0)


def play(score: Score, performance: Performance = PLAIN, seed: int = 0) -> list[Message]:
    interpreter = Interpreter(performance, seed)
    messages, _ = interpreter.play(score)
    return messages + interpreter.finish()


def struck(messages: list[Message], channels: tuple[int, ...]) -> list[Message]:
    return [m for m in messages if m.kind is Kind.NOTE_ON and m.channel in channels]


def test_no_note_is_early_and_none_is_very_late():
    performance = Performance(looseness_ms=14.0, pad="harp", colour="celesta", quarter_bpm=110.0)
    onsets = {note.onset * performance.step_s for note in chorale().notes}
    for message in play(chorale(), performance):
        if message.kind is Kind.NOTE_ON:
            lateness = min(message.time_s - onset for onset in onsets if onset <= message.time_s)
            assert 0.0 <= lateness <= 0.4 * performance.step_s + 1e-9


def test_messages_come_in_the_order_of_time_and_every_key_goes_up_again():
    for seed in range(10):
        down: dict[tuple[int, int], int] = {}
        last_s = 0.0
        for message in play(random_score(seed), Performance(gate=0.7, colour="harp"), seed):
            assert message.time_s >= last_s
            last_s = message.time_s
            key = (message.channel, message.number)
            if message.kind is Kind.NOTE_ON:
                assert not down.get(key), "a key that is down cannot be struck"
                down[key] = 1
            elif message.kind is Kind.NOTE_OFF:
                down[key] = 0
        assert not any(down.values())


@pytest.mark.parametrize(
    ("changes", "struck_at"),
    [
        ({}, [0, 8, 16, 24]),
        ({"is_pulsing": True}, list(range(0, 32, 4))),
        ({"gate": 0.7}, list(range(0, 32, 2))),
    ],
)
def test_the_pad_holds_what_is_written_again_off_the_strong_beats(changes: dict[str, Any], struck_at: list[int]):
    repeated = Score(tuple(Note(onset, 2, 7, PAD) for onset in range(0, 32, 2)), 32)
    interpreter = Interpreter(replace(PLAIN, **changes), 0)
    messages, _ = interpreter.play(repeated)
    notes = [m for m in messages if m.channel in interpreter.parts[1].channels and m.kind is not Kind.CONTROL]
    assert [round(m.time_s / PLAIN.step_s) for m in notes if m.kind is Kind.NOTE_ON] == struck_at
    for step in range(0, 32, 2):
        before = [m for m in notes if m.time_s < (step + 0.5) * PLAIN.step_s]
        assert before[-1].kind is Kind.NOTE_ON, "silent where the score is not"


def test_repeated_melody_notes_are_never_equally_loud():
    repeated = Score(tuple(Note(onset, 2, 16, MELODY) for onset in range(0, 16, 2)), 16)
    velocities = [m.value for m in play(repeated) if m.kind is Kind.NOTE_ON]
    assert len(velocities) == 8
    assert all(first != second for first, second in pairwise(velocities))


def test_the_seventh_is_raised_over_a_dominant_and_only_there():
    dominant = [Note(0, 8, row, PAD) for row in (4, 6, 8)]  # G B D in C
    mediant = [Note(8, 8, row, PAD) for row in (2, 4, 6)]  # E flat, G, B flat
    score = Score((*dominant, *mediant, Note(0, 4, 20, MELODY), Note(8, 4, 20, MELODY)), 16)
    pitches = {(round(m.time_s / PLAIN.step_s), m.number % 12) for m in play(score, Performance(mode="aeolian"))
               if m.kind is Kind.NOTE_ON}  # fmt: skip
    assert {pitch for step, pitch in pitches if step == 0} == {7, 11, 2}
    assert {pitch for step, pitch in pitches if step == 8} == {3, 7, 10}


def test_the_metre_is_heard_and_phrases_swell():
    score = Score(tuple(Note(onset, 2, 14 + onset % 4, MELODY) for onset in range(0, 128, 2)), 128)
    by_step = {
        round(m.time_s / PLAIN.step_s): m.value
        for m in play(score, Performance(melody="piano", looseness_ms=0.0))
        if m.kind is Kind.NOTE_ON
    }
    downbeats = [value for step, value in by_step.items() if step % 16 == 0]
    others = [value for step, value in by_step.items() if step % 4 == 2]
    assert sum(downbeats) / len(downbeats) > sum(others) / len(others) + 4
    assert by_step[32] > by_step[0]
    assert by_step[32] > by_step[48]


def test_a_new_harmony_gets_a_new_pedal():
    harp = Performance(melody="flute", pad="harp", looseness_ms=0.0)
    messages = play(chorale(), harp)
    lifts = {
        round(m.time_s / harp.step_s) for m in messages if m.kind is Kind.CONTROL and m.number == PEDAL and not m.value
    }
    assert lifts >= set(range(0, 128, 16))
    assert lifts <= set(range(0, 128, 8))
