"""The notes of a clip as a MIDI file."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import mido

from installation.messages import SoundingNote

_TICKS_PER_QUARTER = 480
_TICKS_PER_S = 2 * _TICKS_PER_QUARTER  # at MIDI's own tempo of 120 quarters a minute
_LAYERS = ("melody", "pad")


def midi_file(notes: Sequence[SoundingNote], title: str, notice: str) -> bytes:
    """The notes as they sound, melody and pad on a track each.

    Args:
        notes: Of the clip.
        title: Name of the first track.
        notice: A text beside it.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=_TICKS_PER_QUARTER, charset="utf-8")
    file.tracks.append(
        mido.MidiTrack([mido.MetaMessage("track_name", name=title), mido.MetaMessage("text", text=notice)])
    )
    for layer, name in enumerate(_LAYERS):
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        track.extend(_messages((note for note in notes if note.layer == layer), channel=layer))
        file.tracks.append(track)
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def _messages(notes: Iterable[SoundingNote], channel: int) -> Iterable[mido.Message]:
    events: list[tuple[int, int, int, int]] = []  # tick, 0 for off before 1 for on, pitch, velocity
    for note in notes:
        begin = round(note.onset_s * _TICKS_PER_S)
        events.append((begin, 1, note.pitch, note.velocity))
        events.append((max(begin + 1, round((note.onset_s + note.duration_s) * _TICKS_PER_S)), 0, note.pitch, 0))
    last = 0
    for tick, is_on, pitch, velocity in sorted(events):
        kind = "note_on" if is_on else "note_off"
        yield mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=tick - last)
        last = tick
