"""How loud the room is: what several people and the clock have a say in, as one figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from installation.messages import SetVolume


@dataclass(frozen=True, slots=True)
class Volume:
    """Everything that the volume depends on.

    Attributes:
        wanted: 0 to 1, by the configuration, the staff or the visitor.
        gain_db: Of the night; 0 or less.
        curators_gain_db: For this room and these loudspeakers; the limiter takes care of what is above 0.
        is_muted: By the staff.
        is_hushed: The room is closed.
    """

    wanted: float
    gain_db: float = 0.0
    curators_gain_db: float = 0.0
    is_muted: bool = False
    is_hushed: bool = True

    def value(self) -> float:
        """What comes of it without the curator's gain, 0 to 1.

        >>> Volume(0.5, gain_db=-20.0, is_hushed=False).value()
        0.05
        """
        return 0.0 if self.is_muted or self.is_hushed else self.wanted * 10.0 ** (self.gain_db / 20.0)


class VolumeKnob:
    """Tells the audio process about every change of the volume."""

    def __init__(self, wanted: float, send: Callable[[SetVolume], object], curators_gain_db: float = 0.0) -> None:
        """Begin hushed, as the show begins closed; nothing is sent yet.

        Args:
            wanted: 0 to 1.
            send: Says something to the audio process.
            curators_gain_db: As in `Volume`.
        """
        self.volume = Volume(wanted, curators_gain_db=curators_gain_db)
        self._send = send

    def want(self, volume: float) -> None:
        """Set how loud it is when nothing speaks against it, 0 to 1."""
        self._turn(replace(self.volume, wanted=min(1.0, max(0.0, volume))))

    def tune(self, curators_gain_db: float) -> None:
        """Set the curator's gain."""
        self._turn(replace(self.volume, curators_gain_db=curators_gain_db))

    def dim(self, gain_db: float) -> None:
        """Set the gain of the night."""
        self._turn(replace(self.volume, gain_db=gain_db))

    def mute(self, is_muted: bool) -> None:
        """Silence by hand, or the end of it."""
        self._turn(replace(self.volume, is_muted=is_muted))

    def hush(self, is_hushed: bool) -> None:
        """Silence while the room is closed, or the end of it."""
        self._turn(replace(self.volume, is_hushed=is_hushed))

    def send(self) -> None:
        """Tell a new audio process."""
        self._send(self._message())

    def _turn(self, volume: Volume) -> None:
        before, self.volume = self._message(), volume
        if self._message() != before:
            self.send()

    def _message(self) -> SetVolume:
        return SetVolume(self.volume.value(), self.volume.curators_gain_db)
