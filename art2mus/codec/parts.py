"""Who plays what, from which chair: the parts of an ensemble."""

from __future__ import annotations

from dataclasses import dataclass, field

from art2mus.codec.instruments import INSTRUMENTS, Instrument
from art2mus.codec.performance import Performance
from art2mus.codec.score import MELODY, PAD, STEPS_PER_QUARTER
from art2mus.codec.synthesizer import Kind, Message, volume_value

VOLUME, PAN, REVERB, CHORUS = 7, 10, 91, 93  # MIDI controllers

_DRUM_CHANNEL = 9
_MELODY_DB, _PAD_DB, _COLOUR_DB = -3.0, -13.0, -17.0
_MELODY_PAN, _CENTRE = 67, 64
_SEATS = (0.0, -1.0, 1.0)  # the bass in the middle, everything else on either side
_LOWEST_AT_A_SIDE = 48
_PITCHES_PER_SEAT = 5  # so that the notes of a chord are spread, and a step mostly stays on its side
_MAX_PAN = 50
_DB_PER_FILTERED_CENT = 3.0 / 4200.0  # what the filter takes in loudness, about (measured)
_COMFORT = 5  # semitones


@dataclass(slots=True)
class Key:
    """A key that is down, or was."""

    struck_step: int
    end_step: int
    num_repeats: int
    velocity: int
    token: int = 0
    release_s: float = 0.0


@dataclass(slots=True)
class Part:
    """One instrument's part.

    Attributes:
        instrument: What plays it.
        layer: The layer of the score it plays.
        octave: Octaves by which it is moved.
        level_db: Loudness beside the others.
        is_colour: Whether it doubles another part.
        channels: MIDI channels, one for each chair.
        keys: What has been struck, by pitch.
        expression: What its players were last told, a MIDI value.
        shift: Semitones by which the melody is out of its octave at present.
    """

    instrument: Instrument
    layer: int
    octave: int
    level_db: float
    is_colour: bool
    channels: tuple[int, ...]
    keys: dict[int, Key] = field(default_factory=dict)
    expression: int = -1
    shift: int = 0

    @property
    def has_pedal(self) -> bool:
        """Whether its harmonies ring under a pedal."""
        return self.layer == PAD and not self.instrument.is_sustained

    @property
    def ring_s(self) -> float:
        """How long a note rings after its end."""
        return 0.0 if self.has_pedal else self.instrument.ring_s

    def place(self, pitch: int) -> int:
        """Choose the pitch at which the instrument plays a pitch of the score.

        A melody that had to leave its octave comes back only well within the range: one leap then,
        instead of one at every crossing.
        """
        pitch += 12 * self.octave
        if self.layer == PAD:
            return self.instrument.fold(pitch)
        lowest, highest = self.instrument.lowest, self.instrument.highest
        if lowest + _COMFORT <= pitch <= highest - _COMFORT or not lowest <= pitch + self.shift <= highest:
            self.shift = self.instrument.fold(pitch) - pitch
        return pitch + self.shift

    def plays_at(self, step: int) -> bool:
        """Whether it plays notes that begin here; what doubles a melody marks only its beats."""
        return not (self.is_colour and self.layer == MELODY) or step % STEPS_PER_QUARTER == 0

    def channel(self, pitch: int) -> int:
        """The channel of the chair a pitch comes from, always the same one."""
        if len(self.channels) == 1 or pitch < _LOWEST_AT_A_SIDE:
            return self.channels[0]
        return self.channels[1 + (pitch - _LOWEST_AT_A_SIDE) // _PITCHES_PER_SEAT % 2]

    def preparation(self, performance: Performance) -> list[Message]:
        """What the players are told before the first note: level, chair, room and tone."""
        made_up_db = -performance.filter_cents * _DB_PER_FILTERED_CENT
        send = 70 if self.layer == MELODY and not self.is_colour else 110
        messages = []
        for seat, channel in enumerate(self.channels):
            is_bass = seat == 0 and self.layer == PAD
            side = self.instrument.width * _SEATS[seat] * (-1 if self.is_colour else 1)
            level_db = self.level_db + self.instrument.level_db + made_up_db + (performance.bass_db if is_bass else 0.0)
            pan = _CENTRE + round(_MAX_PAN * side) if len(self.channels) > 1 else _MELODY_PAN
            for number, value in (
                (VOLUME, volume_value(level_db)),
                (PAN, pan),
                (REVERB, send),
                (CHORUS, round(40 * self.instrument.width) if self.instrument.is_sustained else 0),
            ):
                messages.append(Message(0.0, Kind.CONTROL, channel, number, value))
            messages.append(Message(0.0, Kind.FILTER, channel, 0, performance.filter_cents))
        return messages


def seat_players(performance: Performance) -> tuple[Part, ...]:
    """The parts of a performance: melody, pad, and perhaps a colour.

    >>> [part.instrument.name for part in seat_players(Performance(colour="harp"))]
    ['piano', 'strings', 'harp']
    """
    wanted = [
        (performance.melody, MELODY, performance.melody_octave, _MELODY_DB, False),
        (performance.pad, PAD, 0, _PAD_DB, False),
    ]
    if performance.colour is not None:
        octave = performance.melody_octave if performance.colour_doubles == MELODY else 0
        wanted.append((performance.colour, performance.colour_doubles, octave, _COLOUR_DB, True))
    free = [channel for channel in range(16) if channel != _DRUM_CHANNEL]
    parts = []
    for name, layer, octave, level_db, is_colour in wanted:
        num_seats = 1 if layer == MELODY and not is_colour else len(_SEATS)
        channels, free = tuple(free[:num_seats]), free[num_seats:]
        parts.append(Part(INSTRUMENTS[name], layer, octave, level_db, is_colour, channels))
    return tuple(parts)
