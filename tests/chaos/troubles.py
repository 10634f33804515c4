"""What can go wrong in a room: how it is made, put right, and known to be over, and how much silence it may cost."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from tests.chaos.camera import camera_troubles
from tests.chaos.composer import FLAG
from tests.chaos.room import COMPILER, LISTEN_S, RATE, Room
from tests.chaos.trouble import Trouble

FROZEN_S = 10.0


def all_troubles() -> Iterator[Trouble]:
    """Every one of them, in the order in which they are tried."""
    yield Trouble("audio killed", replaced("audio", signal.SIGKILL), 1.0)
    yield Trouble("audio frozen", frozen("audio"), 1.0)
    for child in ("composer", "ui", "web"):
        yield Trouble(f"{child} killed", replaced(child, signal.SIGKILL))
        yield Trouble(f"{child} frozen", frozen(child))
    yield from camera_troubles()
    yield Trouble("composer out of memory", out_of_memory)
    yield Trouble("disk full", disk_full)
    yield Trouble("gallery emptied and refilled", gallery_emptied)
    yield Trouble("configuration broken, then mended", configuration_broken)
    needs_compiler = "" if COMPILER is not None else "install gcc"
    yield Trouble("clock an hour forward", clock_stepped(+1), missing=needs_compiler)
    yield Trouble("clock an hour back", clock_stepped(-1), missing=needs_compiler)
    yield Trouble("director frozen for 3 s", director_frozen)
    yield Trouble("sound server killed for 5 s", sound_server(lambda room: room.server.kill()), 2.0)
    yield Trouble("sound server and its folder gone for 5 s", sound_server(lambda room: room.server.vanish()), 2.0)
    yield Trouble("sound server frozen for 5 s", sound_server_frozen, 2.0)


# ---------------------------------------------------------------- processes


def replaced(child: str, number: signal.Signals) -> Callable[[Room], float]:
    """Kill a process, and see another one in its place."""

    def measure(room: Room) -> float:
        room.wait_until(lambda: room.pid("standby") is not None)
        since = room.now()
        pid = room.signal(child, number)
        room.wait_until(lambda: room.pid(child) not in (None, pid))
        room.hear_sound()
        return room.silence_s(since)

    return measure


def frozen(child: str) -> Callable[[Room], float]:
    """Stop a process until there is another in its place, for ten seconds at most, and let it go on then."""

    def measure(room: Room) -> float:
        room.wait_until(lambda: room.pid("standby") is not None)
        since = room.now()
        pid = room.signal(child, signal.SIGSTOP)
        until = room.now() + round(FROZEN_S * RATE)
        room.wait_until(lambda: room.pid(child) not in (None, pid) or room.now() >= until)
        if room.pid(child) == pid:
            os.kill(pid, signal.SIGCONT)
        room.hear_sound()
        return room.silence_s(since)

    return measure


def director_frozen(room: Room) -> float:
    """Stop the process in the middle."""
    since = room.now()
    room.process.send_signal(signal.SIGSTOP)
    room.hear(3)
    room.process.send_signal(signal.SIGCONT)
    room.hear(LISTEN_S)
    return room.silence_s(since)


def out_of_memory(room: Room) -> float:
    """Let every job fail for fifteen seconds."""
    since = room.now()
    flag = room.home / FLAG
    flag.touch()
    room.hear(15)
    flag.unlink()
    _compose_again(room)
    return room.silence_s(since)


def disk_full(room: Room) -> float:
    """Let the composer write no file that is worth the name for fifteen seconds."""
    since = room.now()
    composer = psutil.Process(room.signal("composer", signal.SIGCONT))
    composer.rlimit(psutil.RLIMIT_FSIZE, (4096, psutil.RLIM_INFINITY))
    room.hear(15)
    with contextlib.suppress(psutil.NoSuchProcess):  # it may have ended with an error
        composer.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
    _compose_again(room)
    return room.silence_s(since)


def _compose_again(room: Room) -> None:
    num_clips = room.num_clips()
    room.wait_until(lambda: room.num_clips() > num_clips)
    room.hear(LISTEN_S)


# ---------------------------------------------------------------- what people do


def gallery_emptied(room: Room) -> float:
    """Take all works away, and bring them back."""
    since = room.now()
    away = Path(f"{room.gallery}.away")
    away.mkdir()
    pictures = sorted(room.gallery.iterdir())
    for picture in pictures:
        shutil.move(picture, away)
    room.wait_until(lambda: "changed: 0 works" in room.log)
    room.hear(20)
    for picture in pictures:
        shutil.move(away / picture.name, picture)
    _compose_again(room)
    return room.silence_s(since)


def configuration_broken(room: Room) -> float:
    """Have a broken configuration read, and then a good one with half the volume."""
    since = room.now()
    room.configure(more="shwo: {}\n")
    room.process.send_signal(signal.SIGHUP)
    room.wait_until(lambda: "not taken" in room.log)
    room.configure(volume=0.5)
    room.process.send_signal(signal.SIGHUP)
    room.wait_until(lambda: "configuration is taken" in room.log)
    room.hear(LISTEN_S)
    return room.silence_s(since)


def clock_stepped(hours: int) -> Callable[[Room], float]:
    """Put the clock on the wall forward or back, and right again; the one that counts seconds goes on."""

    def measure(room: Room) -> float:
        since = room.now()
        room.step_clock(hours)
        room.hear(10)
        _compose_again(room)
        room.step_clock(0)  # the system's own waits know nothing of a clock that is wrong for one program alone
        room.hear(LISTEN_S)
        return room.silence_s(since)

    return measure


# ---------------------------------------------------------------- the sound server


def sound_server(end: Callable[[Room], None]) -> Callable[[Room], float]:
    """Take the sound server away for five seconds; what counts is the silence after its return."""

    def measure(room: Room) -> float:
        end(room)
        time.sleep(5)
        room.server.start()
        returned_s = time.monotonic()
        room.listen()
        listening_s = time.monotonic() - room.now() / RATE
        sound = room.listener.wait_for_sound(60)
        room.hear(LISTEN_S)
        return max(0.0, listening_s + sound / RATE - returned_s) + room.silence_s(sound)

    return measure


def sound_server_frozen(room: Room) -> float:
    """Stop the sound server for five seconds; what counts is the silence after its return."""
    os.kill(room.server.pid, signal.SIGSTOP)
    time.sleep(5)
    os.kill(room.server.pid, signal.SIGCONT)
    returned_s = time.monotonic()
    room.listen()
    listening_s = time.monotonic() - room.now() / RATE
    sound = room.listener.wait_for_sound(60)
    room.hear(LISTEN_S + 4)
    return max(0.0, listening_s + sound / RATE - returned_s) + room.silence_s(sound)
