"""Which loudspeakers there are, asked of PortAudio; at first in a process of its own, because asking may crash.

    python -m installation.audio.devices [--rate HZ] [NAME ...]

PortAudio lists the devices only when it starts, and the plugins below it may abort or hang when a sound
server has vanished. So nobody here starts it anew before a short-lived process has done so and lived.
"""

from __future__ import annotations

import argparse
import ctypes.util
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from installation.audio import CHANNELS

PREFERRED_RATE = 48000
"""Asked for where the device takes it: PortAudio calls 44100 the default of every virtual device."""

ANSWER_WITHIN_S = 5.0
"""A sound system that needs longer is one that hangs; alone on a machine it takes less than a tenth of a second."""


class NoSoundError(Exception):
    """No loudspeaker can be opened; the message says why and what to do, in one line."""


@dataclass(frozen=True, slots=True)
class Found:
    """Loudspeakers that can be opened.

    Attributes:
        name: "host API: name", as PortAudio says it.
        sample_rate: At which they can be opened, in Hz.
        rank: Their place in the list of wishes; 0 is the dearest.
    """

    name: str
    sample_rate: int
    rank: int = 0


def ask(wishes: Sequence[str], sample_rate: int | None = None) -> Found:
    """What `choose` says, found out in another process: whatever happens there, nothing happens here.

    Raises: NoSoundError.
    """
    rate = [] if sample_rate is None else ["--rate", str(sample_rate)]
    try:
        answer = subprocess.run(
            [sys.executable, "-m", __name__, *rate, "--", *wishes],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWER_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoSoundError("the sound system does not answer: restart the sound server, or the machine") from None
    if answer.returncode < 0 or not answer.stdout:
        raise NoSoundError("the sound system crashes: restart the sound server, or the machine")
    said = json.loads(answer.stdout)
    if "error" in said:
        raise NoSoundError(said["error"])
    return Found(**said)


def choose(wishes: Sequence[str], sample_rate: int | None = None) -> Found:
    """The first of the wishes that can be opened, as PortAudio listed the devices when it started.

    Args:
        wishes: Parts of "host API: name", the dearest first; none means the system's default.
        sample_rate: In Hz; None takes 48 kHz where the device does, else the device's default.

    Raises: NoSoundError.
    """
    sounddevice = portaudio()
    names = _names(sounddevice)
    reasons = []
    for rank, index in _candidates(sounddevice, names, wishes):
        default_rate = int(sounddevice.query_devices(index)["default_samplerate"])
        for rate in (sample_rate,) if sample_rate else (PREFERRED_RATE, default_rate):
            try:
                sounddevice.check_output_settings(index, CHANNELS, "float32", samplerate=rate)
            except (sounddevice.PortAudioError, ValueError) as error:
                reasons.append(f"{names[index]} cannot be opened: {reason_of(error)}")
            else:
                return Found(names[index], rate, rank)
    if reasons:
        raise NoSoundError(reasons[0])
    wanted = " or ".join(f"'{wish}'" for wish in wishes)
    raise NoSoundError(f"no sound device is called {wanted}; there are: {'; '.join(names.values())}")


def index_of(name: str) -> int:
    """The number of a device, good until PortAudio starts anew.

    Raises: NoSoundError if it is not there any more.
    """
    for index, full_name in _names(portaudio()).items():
        if full_name == name:
            return index
    raise NoSoundError(f"{name} is not there any more")


def look_again() -> None:
    """Let PortAudio list the devices anew. No stream may be open.

    Raises: NoSoundError.
    """
    if "sounddevice" not in sys.modules:
        portaudio()  # it looks when it is imported
        return
    sounddevice = portaudio()
    try:
        sounddevice._terminate()
        sounddevice._initialize()
    except sounddevice.PortAudioError as error:
        raise NoSoundError(f"PortAudio does not start: {reason_of(error)}") from error


def portaudio() -> Any:
    """The library.

    Raises: NoSoundError, saying what to install.
    """
    try:
        import sounddevice
    except OSError as error:
        if ctypes.util.find_library("portaudio") is None:
            raise NoSoundError("the PortAudio library is missing: install the package libportaudio2") from error
        raise NoSoundError(f"PortAudio does not start: {reason_of(error)}") from error
    return sounddevice


def reason_of(error: Exception) -> str:
    """What an exception says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def _names(sounddevice: Any) -> dict[int, str]:
    """Number and full name of every stereo output."""
    try:
        apis = sounddevice.query_hostapis()
        names = {
            index: f"{apis[device['hostapi']]['name']}: {device['name']}"
            for index, device in enumerate(sounddevice.query_devices())
            if device["max_output_channels"] >= CHANNELS
        }
    except sounddevice.PortAudioError as error:
        raise NoSoundError(f"PortAudio cannot list the sound devices: {reason_of(error)}") from error
    if not names:
        raise NoSoundError("there is no sound device: connect one, or start the sound server")
    return names


def _candidates(sounddevice: Any, names: dict[int, str], wishes: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(rank, number) of the devices in question, the dearest first."""
    if not wishes:
        default = int(sounddevice.default.device[1])
        yield 0, default if default in names else next(iter(names))
    for rank, wish in enumerate(wishes):
        wanted = wish.casefold()
        matches = [index for index, name in names.items() if wanted in name.casefold()]
        yield from ((rank, index) for index in sorted(matches, key=lambda index: names[index].casefold() != wanted))


def main() -> None:
    """Say in JSON what `choose` finds."""
    parser = argparse.ArgumentParser(description="Which loudspeakers would be played through.")
    parser.add_argument("--rate", type=int, metavar="HZ")
    parser.add_argument("wishes", nargs="*", metavar="NAME", help="part of a name, the dearest first")
    options = parser.parse_args()
    try:
        print(json.dumps(asdict(choose(options.wishes, options.rate))))
    except NoSoundError as error:
        print(json.dumps({"error": str(error)}))


if __name__ == "__main__":
    main()
