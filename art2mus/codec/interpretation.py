"""From notes on a grid to what players do: when each key goes down and up, how hard, in which register.

Everything is decided in the order of time from what has already sounded. A piece may therefore be
given stretch by stretch and comes out as if it had been given whole, as long as the seams are bar lines.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from art2mus.codec.parts import Key, Part, seat_players
from art2mus.codec.performance import SCALES, Performance
from art2mus.codec.score import PAD, ROWS_PER_OCTAVE, STEPS_PER_BAR, STEPS_PER_QUARTER, Note, Score
from art2mus.codec.synthesizer import Kind, Message, volume_value

EXPRESSION, PEDAL = 11, 64  # MIDI controllers
STEPS_PER_PHRASE = 4 * STEPS_PER_BAR

_SECOND, _FOURTH, _DOMINANT, _LEADING = 1, 3, 4, 6  # degrees of the scale, counted from 0
_FLAT_SEVENTH = 10  # semitones above the tonic
_HEIGHT_OF_PHRASE = 0.6
_PAD_LAG_S = 0.012
_LEGATO_S = 0.03
_PEDAL_LIFT_S = 0.05
_MAX_DELAY_STEPS = 0.4
_METRE = {0: 8.0, 4: 2.0, 8: 4.0, 12: 2.0}  # extra velocity by position in the bar


@dataclass(frozen=True, slots=True)
class SoundingNote:
    """A note as it is played, for the eye.

    Attributes:
        onset_s: When it begins, counted from the beginning of the stretch.
        duration_s: How long it lasts within the stretch.
        pitch: MIDI pitch.
        velocity: Loudness, 1 to 127.
        layer: Index into ``LAYERS``.
    """

    onset_s: float
    duration_s: float
    pitch: int
    velocity: int
    layer: int


@dataclass(slots=True)
class _Voice:
    """What a row of a layer last sounded."""

    degree: int
    end_step: int
    is_raised: bool = False
    pitches: dict[int, int] = field(default_factory=dict)  # by the index of the part that plays it


@dataclass(frozen=True, order=True, slots=True)
class _Planned:
    """A message that is due; a note's end holds only while its key has the same token."""

    message: Message
    part_index: int = -1
    token: int = 0


class Interpreter:
    """Plays one piece, stretch after stretch.

    Args:
        performance: How it is played.
        seed: Decides the small irregularities of a human hand.
    """

    def __init__(self, performance: Performance, seed: int) -> None:
        self._performance = performance
        self._seed = seed
        self._step = 0
        self._horizon = 0  # the step up to which notes are known
        self.parts = seat_players(performance)
        self._voices: dict[tuple[int, int], _Voice] = {}
        self._ringing: set[int] = set()  # degrees under the pedal
        self._num_tokens = 0
        self._queue = [_Planned(message) for part in self.parts for message in part.preparation(performance)]
        heapq.heapify(self._queue)

    @property
    def now_s(self) -> float:
        """Where the next stretch begins, counted from the beginning of the piece."""
        return self._time(self._step)

    def play(self, score: Score) -> tuple[list[Message], list[SoundingNote]]:
        """Play the next stretch.

        A note that reaches the end of the stretch stays down until the next one, which may hold it.

        Returns: The messages of this stretch in the order of time, and its notes.
        """
        begin = self._step
        self._horizon = begin + score.num_steps
        sounding = self._take_over({(n.layer, n.row): n for n in score.notes if n.is_held})
        onsets: defaultdict[int, list[Note]] = defaultdict(list)
        for note in score.notes:
            voice = self._voices.get((note.layer, note.row))
            if not (note.is_held and voice is not None and voice.end_step > begin):
                onsets[note.onset].append(note)
        messages: list[Message] = []
        for step in range(begin, self._horizon):
            messages.extend(self._due(step))
            self._express(step)
            if notes := onsets.get(step - begin):
                sounding.extend(self._strike_all(step, notes))
        self._step = self._horizon
        messages.extend(self._due(self._step))
        return messages, sounding

    def finish(self) -> list[Message]:
        """Let every key go that is still down; the pedal stays, so that plucked notes ring out."""
        self._horizon = self._step + 1
        self._take_over({})
        messages = [planned.message for planned in sorted(self._queue) if self._is_valid(planned)]
        self._queue.clear()
        return messages

    def _time(self, step: int) -> float:
        return step * self._performance.step_s

    def _due(self, step: int) -> Iterable[Message]:
        while self._queue and self._queue[0].message.time_s < self._time(step):
            planned = heapq.heappop(self._queue)
            if self._is_valid(planned):
                yield planned.message

    def _is_valid(self, planned: _Planned) -> bool:
        if planned.part_index < 0:
            return True
        return self.parts[planned.part_index].keys[planned.message.number].token == planned.token

    def _say(self, time_s: float, kind: Kind, channel: int, number: int, value: int) -> None:
        heapq.heappush(self._queue, _Planned(Message(time_s, kind, channel, number, value)))

    def _take_over(self, held: dict[tuple[int, int], Note]) -> list[SoundingNote]:
        """Go on with the notes that reached the seam: hold those that the new stretch holds, release the rest."""
        sounding = []
        for (layer, row), voice in self._voices.items():
            if voice.end_step != self._step:
                continue
            note = held.get((layer, row))
            if note is not None:
                voice.end_step += note.duration
            for index, pitch in voice.pitches.items():
                key = self.parts[index].keys[pitch]
                self._hold(index, pitch, max(key.end_step, voice.end_step))
                if note is not None and not self.parts[index].is_colour:
                    length_s = note.duration * self._performance.step_s
                    sounding.append(SoundingNote(0.0, length_s, pitch, key.velocity, layer))
        return sounding

    def _strike_all(self, step: int, notes: list[Note]) -> list[SoundingNote]:
        """Play the notes that begin together."""
        for note in notes:
            self._voices[note.layer, note.row] = _Voice(note.row % ROWS_PER_OCTAVE, step + note.duration)
        for note in notes:
            self._alter(step, self._voices[note.layer, note.row])
        self._change_pedal(step, {n.row % ROWS_PER_OCTAVE for n in notes if n.layer == PAD})
        by_height = sorted(notes, key=lambda note: note.row)
        sounding = []
        for index, part in enumerate(self.parts):
            mine = [note for note in by_height if note.layer == part.layer and part.plays_at(step)]
            for place_in_chord, note in enumerate(mine):
                velocity, delay_s = self._strike(index, step, note, place_in_chord, len(mine))
                if not part.is_colour:
                    pitch = self._voices[note.layer, note.row].pitches[index]
                    onset_s = self._time(step) + delay_s - self.now_s
                    length_s = note.duration * self._performance.step_s - delay_s
                    sounding.append(SoundingNote(onset_s, length_s, pitch, velocity, part.layer))
        return sounding

    def _alter(self, step: int, voice: _Voice) -> None:
        """Raise the seventh of a mode to a leading tone where it belongs to a dominant.

        Source: harmonic minor; without it a mode with a flat seventh has no cadence.
        """
        if voice.degree != _LEADING or SCALES[self._performance.mode][_LEADING] != _FLAT_SEVENTH:
            return
        sounding = [(layer, v) for (layer, _), v in self._voices.items() if v.end_step > step and v is not voice]
        others = [v for _, v in sounding if v.degree == _LEADING and v.pitches]
        harmony = {v.degree for layer, v in sounding if layer == PAD}
        is_dominant = _DOMINANT in harmony and harmony <= {_DOMINANT, _LEADING, _SECOND, _FOURTH}
        voice.is_raised = others[0].is_raised if others else is_dominant

    def _pitch(self, note: Note, voice: _Voice) -> int:
        octave, scale = note.row // ROWS_PER_OCTAVE, SCALES[self._performance.mode]
        return self._performance.tonic + 12 * octave + scale[voice.degree] + voice.is_raised

    def _strike(self, index: int, step: int, note: Note, place_in_chord: int, num_in_chord: int) -> tuple[int, float]:
        """Put a key down, or leave it down where striking it again would only rattle.

        Returns: The velocity, and how late the note is in seconds.
        """
        part = self.parts[index]
        voice = self._voices[note.layer, note.row]
        pitch = voice.pitches[index] = part.place(self._pitch(note, voice))
        before, end = part.keys.get(pitch), step + note.duration
        if before is not None and (before.end_step > step or self._is_tied(part, before, step)):
            self._hold(index, pitch, max(before.end_step, end))
            return before.velocity, 0.0
        is_repeated = before is not None and step - before.end_step < STEPS_PER_QUARTER
        num_repeats = before.num_repeats + 1 if before is not None and is_repeated else 0
        velocity = self._velocity(part, step, pitch, num_repeats)
        delay_s = self._delay(part, step, note.row, place_in_chord, num_in_chord)
        time_s, channel = self._time(step) + delay_s, part.channel(pitch)
        if before is not None and before.release_s >= self._time(step):
            self._say(time_s, Kind.NOTE_OFF, channel, pitch, 0)
        self._say(time_s, Kind.NOTE_ON, channel, pitch, velocity)
        part.keys[pitch] = Key(step, end, num_repeats, velocity)
        self._hold(index, pitch, end)
        return velocity, delay_s

    def _is_tied(self, part: Part, key: Key, step: int) -> bool:
        """A held harmony that is written again off the strong beats goes on sounding, unless it has been let go."""
        if part.layer != PAD or not part.instrument.is_sustained or key.release_s < self._time(step):
            return False
        strong = STEPS_PER_QUARTER if self._performance.is_pulsing else STEPS_PER_BAR // 2
        return key.end_step == step and step % strong != 0

    def _hold(self, index: int, pitch: int, end: int) -> None:
        """Plan when a key goes up; what was planned before no longer holds."""
        part = self.parts[index]
        key = part.keys[pitch]
        self._num_tokens += 1
        key.token, key.end_step = self._num_tokens, end
        # Only what lies after the last bar line is shortened, for what lies before it may have been played already.
        length = min(end - key.struck_step, end % STEPS_PER_BAR, STEPS_PER_QUARTER)
        cut_s = (1.0 - self._performance.gate) * length * self._performance.step_s
        key.release_s = self._time(end) + (part.ring_s + _LEGATO_S if cut_s == 0.0 else part.ring_s - cut_s)
        if end < self._horizon:
            message = Message(key.release_s, Kind.NOTE_OFF, part.channel(pitch), pitch, 0)
            heapq.heappush(self._queue, _Planned(message, index, key.token))

    def _velocity(self, part: Part, step: int, pitch: int, num_repeats: int) -> int:
        """How hard a key is struck.

        Source: metre, phrase arch and "high loud" of the KTH rule system (Friberg, Bresin & Sundberg
            2006, Advances in Cognitive Psychology 2); amounts by ear.
        """
        performance = self._performance
        position = step % STEPS_PER_BAR
        metre = _METRE.get(position, 0.0 if position % 2 == 0 else -4.0)
        velocity = performance.velocity + (0.4 + performance.accent) * metre + 0.2 * (pitch - 64)
        velocity -= min(num_repeats, 4) * 2.0 + 3.0 * (num_repeats % 2)
        velocity += 6.0 * self._chance("velocity", step, pitch, part.instrument.name) - 3.0
        if not part.instrument.is_sustained:
            velocity *= 10.0 ** (self._swell_db(step) / 40.0)
        return round(min(max(velocity, 24.0), 120.0))

    def _delay(self, part: Part, step: int, row: int, place_in_chord: int, num_in_chord: int) -> float:
        """How late a note is: a hand's irregularity, a chord's roll, and the pad's deference to the melody.

        Source: melody lead from Goebl 2001 (Journal of the Acoustical Society of America 110).
        """
        delay_s = 0.001 * self._performance.looseness_ms * self._chance("time", step, row, part.instrument.name)
        if part.layer == PAD:
            delay_s += _PAD_LAG_S
        longest_s = _MAX_DELAY_STEPS * self._performance.step_s
        roll_s = min(0.001 * part.instrument.roll_ms * num_in_chord, max(longest_s - delay_s, 0.0)) / num_in_chord
        return min(delay_s + place_in_chord * roll_s, longest_s)

    def _swell_db(self, step: int) -> float:
        """The arch of a four-bar phrase: 0 dB at its height, softer at its ends; every second one is fuller."""
        position = step % STEPS_PER_PHRASE / STEPS_PER_PHRASE
        side = _HEIGHT_OF_PHRASE if position < _HEIGHT_OF_PHRASE else 1.0 - _HEIGHT_OF_PHRASE
        depth = self._performance.swell_db + (0.0 if step // STEPS_PER_PHRASE % 2 else 0.8)
        return -depth * ((position - _HEIGHT_OF_PHRASE) / side) ** 2

    def _express(self, step: int) -> None:
        """Bows and breath follow the arch of the phrase."""
        value = volume_value(self._swell_db(step))
        for part in self.parts:
            if part.instrument.is_sustained and part.expression != value:
                part.expression = value
                for channel in part.channels:
                    self._say(self._time(step), Kind.CONTROL, channel, EXPRESSION, value)

    def _change_pedal(self, step: int, degrees: set[int]) -> None:
        """Lift the pedal where a new harmony would blur with the old: at bar lines and where seconds meet."""
        if not degrees:
            return
        is_blurred = any((d + side) % ROWS_PER_OCTAVE in self._ringing for d in degrees for side in (-1, 1))
        if not (is_blurred or step % STEPS_PER_BAR == 0):
            self._ringing |= degrees
            return
        self._ringing = {v.degree for (layer, _), v in self._voices.items() if layer == PAD and v.end_step > step}
        for part in self.parts:
            if part.has_pedal:
                for channel in part.channels:
                    self._say(self._time(step), Kind.CONTROL, channel, PEDAL, 0)
                    self._say(self._time(step) + _PEDAL_LIFT_S, Kind.CONTROL, channel, PEDAL, 127)

    def _chance(self, *what: object) -> float:
        """A number from 0 to 1 that depends on nothing but the seed and what it is for."""
        digest = hashlib.blake2b(repr((self._seed, *what)).encode(), digest_size=4).digest()
        return int.from_bytes(digest, "big") / 2**32
