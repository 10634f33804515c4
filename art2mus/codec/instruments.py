"""The twelve instruments of the bundled SoundFont: what each can play, and how it is levelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Instrument:
    """One preset of the SoundFont.

    Attributes:
        name: As one writes it in a prompt.
        program: General MIDI program, counted from 0.
        lowest: MIDI pitch it does not go below, as players and the samples allow.
        highest: MIDI pitch it does not go above.
        level_db: What makes it as loud as the softest of them at the same velocity.
        is_sustained: Whether a held note stays (bowed, blown) or dies away (struck, plucked).
        roll_ms: Time from one note of a chord to the next; fingers and hands, not machines.
        ring_s: How long a note goes on after its end: a plucked one rings out, a slow attack is bridged.
        width: How far its notes are spread over the stage, 0 (one chair) to 1.
        since: From about which year on it, or what it stands for (a lute for the guitar, viols for strings), was
            played; 0 is for ever.

    Source: ranges from Adler, The Study of Orchestration, narrowed to where the samples sound natural;
        ``level_db`` printed by ``python -m art2mus.codec.balance``; the warm pad, which
        never pauses, is 1.5 dB softer than that. Years are those of Sadie (ed.), The New Grove Dictionary of Musical
        Instruments, rounded: viols and lutes before violins and guitars, the piano when it was common.
    """

    name: str
    program: int
    lowest: int
    highest: int
    level_db: float
    is_sustained: bool
    roll_ms: float = 0.0
    ring_s: float = 0.0
    width: float = 0.0
    since: int = 0

    def fold(self, pitch: int) -> int:
        """Bring a pitch into the range by whole octaves.

        >>> INSTRUMENTS["flute"].fold(48)
        60
        """
        while pitch < self.lowest:
            pitch += 12
        while pitch > self.highest:
            pitch -= 12
        return pitch


def _table(*instruments: Instrument) -> Mapping[str, Instrument]:
    return MappingProxyType({instrument.name: instrument for instrument in instruments})


INSTRUMENTS = _table(
    Instrument("piano", 0, 28, 103, -0.3, False, roll_ms=9.0, ring_s=0.15, width=0.5, since=1770),
    Instrument("celesta", 8, 60, 108, -0.5, False, roll_ms=12.0, ring_s=0.6, width=0.4, since=1886),
    Instrument("vibraphone", 11, 53, 89, -1.7, False, roll_ms=14.0, ring_s=0.6, width=0.4, since=1921),
    Instrument("organ", 19, 36, 96, -5.9, True, ring_s=0.04, width=0.5),
    Instrument("guitar", 24, 40, 83, -1.4, False, roll_ms=24.0, ring_s=0.35, width=0.4, since=1480),
    Instrument("cello", 42, 36, 76, -6.1, True, ring_s=0.06, since=1550),
    Instrument("harp", 46, 31, 100, -1.4, False, roll_ms=32.0, ring_s=0.8, width=0.6),
    Instrument("strings", 48, 33, 96, -4.9, True, roll_ms=4.0, ring_s=0.12, width=0.9, since=1480),
    Instrument("choir", 52, 41, 81, -3.9, True, roll_ms=6.0, ring_s=0.15, width=0.9),
    Instrument("clarinet", 71, 50, 89, -6.3, True, ring_s=0.03, since=1750),
    Instrument("flute", 73, 60, 96, -7.3, True, ring_s=0.03),
    Instrument("warm pad", 89, 33, 91, -1.5, True, ring_s=0.3, width=0.8, since=1970),
)
