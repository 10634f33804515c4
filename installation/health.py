"""Is everything there that the kiosk needs? Looked up without loading any of it."""

from __future__ import annotations

import contextlib
import ctypes.util
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from rich.console import Console
from rich.table import Table

from art2mus.models import ModelMissingError, locate
from art2mus.residency import FLOAT32, DoesNotFitError, Machine, decide, gigabytes
from installation.audio.devices import NoSoundError, ask
from installation.camera.devices import (
    DEV,
    device_number,
    find_device,
    shown_name,
    stable_name,
    stable_names,
    video_devices,
)
from installation.config import CameraConfig, KioskConfig, WebConfig
from installation.gpu import ask_now
from installation.labels import read_gallery
from installation.memory_folder import MEMORY
from installation.messages import Gpu
from installation.places import library_dir, log_path, pin_path
from installation.take_home import find_address
from installation.works import BUNDLED_GALLERY

MIN_FREE_BYTES = 500_000_000
_CAMERA_TIMEOUT_S = 3.0
_PICTURE_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked for and how it is.

    Attributes:
        name: What was looked for.
        is_there: It is there and will do.
        state: What was found.
        advice: What to do about it; empty when nothing is to be done.
        is_needed: The kiosk cannot do its work in the room without it.
    """

    name: str
    is_there: bool
    state: str
    advice: str = ""
    is_needed: bool = True


def check(config: KioskConfig | None, mistakes: Sequence[str], config_path: Path | None) -> int:
    """Look at everything and print a table; returns the exit code, 0 or 2.

    Args:
        config: The configuration, or None when it has mistakes.
        mistakes: What is wrong with it.
        config_path: Where it was read from.
    """
    findings = [_configuration(mistakes, config_path), *_findings(config or KioskConfig())]
    table = Table(title="Ready?", title_justify="left")
    for heading in ("", "what", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        mark = "[green]ok[/]" if finding.is_there else ("[red]no[/]" if finding.is_needed else "[yellow]-[/]")
        table.add_row(mark, finding.name, _plain(finding.state), _plain(finding.advice))
    Console().print(table)
    return 0 if all(finding.is_there or not finding.is_needed for finding in findings) else 2


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _findings(config: KioskConfig) -> Iterator[Finding]:
    yield find_screen(os.environ)
    yield find_sound(config.audio.devices)
    yield _synthesizer()
    yield look_through_camera(config.camera)
    yield from _model(config)
    yield _gallery(config.gallery.folder or BUNDLED_GALLERY)
    yield find_pin(pin_path())
    yield from _web(config.web)
    yield find_room("library", config.library.folder or library_dir(), MIN_FREE_BYTES)
    yield find_room("log", log_path().parent, MIN_FREE_BYTES // 10)
    if config.study is not None:
        yield find_study(config.study)


def _configuration(mistakes: Sequence[str], path: Path | None) -> Finding:
    if mistakes:
        return Finding("configuration", False, "\n".join(mistakes), "correct these lines")
    return Finding("configuration", True, str(path) if path else "defaults")


def find_study(path: Path) -> Finding:
    """Whether the listening study's file is there; the study itself reads it."""
    is_there = path.is_file()
    return Finding("study", is_there, str(path), "" if is_there else "no such file; correct the key `study`")


# ---------------------------------------------------------------- screen


def find_screen(environment: Mapping[str, str]) -> Finding:
    """Whether a window can be opened: does a display server answer where the environment says?"""
    asked = environment.get("QT_QPA_PLATFORM", "")
    if asked and not asked.startswith(("xcb", "wayland")):
        return Finding("screen", True, f"QT_QPA_PLATFORM={asked}, as the environment says")
    if not sys.platform.startswith("linux"):
        return Finding("screen", True, "the system's own")
    wayland, x11 = environment.get("WAYLAND_DISPLAY"), environment.get("DISPLAY")
    if wayland and _answers(str(Path(environment.get("XDG_RUNTIME_DIR", "/"), wayland))):
        return Finding("screen", True, f"Wayland, {wayland}")
    if x11 and _x11_answers(x11):
        if ctypes.util.find_library("xcb-cursor") is None:
            return Finding("screen", False, f"X11, {x11}", "install the package libxcb-cursor0")
        return Finding("screen", True, f"X11, {x11}")
    state = "the display server does not answer" if wayland or x11 else "none"
    advice = "no screen: the show runs unseen; start it from a graphical session, or set DISPLAY"
    return Finding("screen", False, state, advice)


def _x11_answers(display: str) -> bool:
    host, _, numbers = display.rpartition(":")
    number = numbers.partition(".")[0]
    if not number.isdecimal():
        return False
    if host in ("", "unix"):
        name = f"/tmp/.X11-unix/X{number}"
        return _answers(name) or _answers("\0" + name)
    try:
        with socket.create_connection((host, 6000 + int(number)), timeout=2):
            return True
    except OSError:
        return False


def _answers(unix_socket: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(unix_socket)
        except OSError:
            return False
    return True


# ---------------------------------------------------------------- sound


def find_sound(wishes: Sequence[str]) -> Finding:
    """Which loudspeakers the music would be played through.

    Args:
        wishes: Parts of their names, the dearest first; none means the system's default.
    """
    try:
        found = ask(wishes)
    except NoSoundError as error:
        state, _, advice = str(error).partition(": ")
        return Finding("sound", False, state, advice or "until then the music plays into a silent device")
    return Finding("sound", True, f"{found.name}, {found.sample_rate} Hz")


def _synthesizer() -> Finding:
    if ctypes.util.find_library("fluidsynth") is None:
        return Finding("synthesizer", False, "FluidSynth's library is missing", "install the package libfluidsynth3")
    return Finding("synthesizer", True, "FluidSynth")


# ---------------------------------------------------------------- camera


def look_through_camera(config: CameraConfig) -> Finding:
    """Whether the camera of the configuration is there, and pictures come from it."""
    if config.source and not config.keep_artworks and not os.access(MEMORY, os.W_OK):
        advice = "mount a tmpfs there: pictures of works are not put on the disk, unless camera.keep_artworks says so"
        return Finding("camera", False, f"no {MEMORY} that may be written to", advice)
    finding = find_camera(config.source)
    if not config.source or not finding.is_there:
        return finding
    command = [sys.executable, "-m", "installation.camera.probe"]
    asked = json.dumps(config.model_dump(include={"source", "width", "height", "exposure"}))  # it may hold a password
    try:
        answer = subprocess.run(
            command, input=asked, capture_output=True, text=True, timeout=_PICTURE_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return replace(finding, is_there=False, state=f"{finding.state}, but hangs", advice=_no_picture(config.source))
    if answer.returncode != 0:
        reason = answer.stdout.strip() or "OpenCV failed"
        return replace(finding, is_there=False, state=f"{finding.state}; {reason}", advice=_no_picture(config.source))
    return replace(finding, state=f"{finding.state}: {answer.stdout.strip()}")


def _no_picture(source: str) -> str:
    """What to do where there is something, but no picture."""
    if "://" in source:
        if urlsplit(source).password is not None:
            return "are its address, user and password right? A player such as VLC must show its stream (RTSP or MJPEG)"
        return "look up the address of its stream (RTSP or MJPEG); a player such as VLC must show it"
    if Path(source).is_file():
        return "no video that can be played: MP4 (H.264) and AVI (MJPEG) can"
    return "does another program use it? else unplug it and plug it in again"


def find_camera(name: str | None, dev: Path = DEV) -> Finding:
    """Whether the camera of the configuration is there and may be opened; it is not looked through.

    Args:
        name: As the configuration says.
        dev: Where the system lists its devices.
    """
    if not name:
        listed = _list_devices(dev)
        return Finding("camera", bool(listed), listed or "none", "" if listed else "nothing; none is asked for", False)
    if "://" in name:
        return _camera_at(name)
    if device_number(name, dev) is not None or name.startswith(f"{dev}/"):
        return _camera_device(name, dev)
    if not Path(name).is_file():
        return Finding("camera", False, f"no file {name}", "correct camera.source in the configuration")
    return Finding("camera", True, f"the video file {name}")


def _camera_device(name: str, dev: Path) -> Finding:
    number = device_number(name, dev)
    found = find_device(number, None, dev) if number is not None else Path(name) if Path(name).exists() else None
    others = _list_devices(dev)
    if found is None:
        advice = f"plug it in, or set camera.source to {others}" if others else "plug it in; there is no other either"
        return Finding("camera", False, f"no device {name}", advice)
    if not os.access(found, os.R_OK | os.W_OK):
        return Finding("camera", False, f"{found} may not be opened", "add this user to the group 'video'")
    stable = stable_name(found, dev)
    advice = f"better say {stable}: it stays when devices are numbered anew" if stable and stable != found else ""
    return Finding("camera", True, str(found), advice)


def _list_devices(dev: Path) -> str:
    return ", ".join(str(path) for path in stable_names(dev) or video_devices(dev))


def _camera_at(address: str) -> Finding:
    """Whether somebody listens there, and whether a web server knows the address."""
    parts = urlsplit(address)
    shown = shown_name(address)
    try:
        port = parts.port or {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}[parts.scheme]
        with socket.create_connection((parts.hostname or "", port), timeout=_CAMERA_TIMEOUT_S):
            pass
        status = _http_status(parts.scheme, parts.hostname or "", port, f"{parts.path}?{parts.query}")
    except (KeyError, ValueError):
        return Finding("camera", False, f"{shown} is no address of a camera", "rtsp://..., http://... or https://...")
    except (OSError, HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or "no answer"
        return Finding("camera", False, f"{shown}: {reason}", "is it switched on, and on this network?")
    if status in (401, 403):
        has_one = parts.password is not None  # whether it is the right one, a look through the camera says
        advice = "" if has_one else "put user and password into the address: http://user:password@..."
        return Finding("camera", has_one, f"{shown} asks for a password", advice)
    if status in (404, 410):
        return Finding("camera", False, f"{shown} is not known there", "look up the camera's address for its stream")
    return Finding("camera", True, f"{shown} answers")


def _http_status(scheme: str, host: str, port: int, path: str) -> int | None:
    if not scheme.startswith("http"):
        return None
    kind = HTTPSConnection if scheme == "https" else HTTPConnection
    with contextlib.closing(kind(host, port, timeout=_CAMERA_TIMEOUT_S)) as connection:
        connection.request("HEAD", path)
        return connection.getresponse().status


# ---------------------------------------------------------------- model, gallery, disk


def _model(config: KioskConfig) -> Iterator[Finding]:
    name = config.model
    try:
        folder = locate(name)
    except ModelMissingError as error:
        state, _, advice = " ".join(str(error).split()).partition("; ")
        yield Finding("model", False, state, advice or "name another one as 'model:' in the configuration")
        return
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    yield Finding("model", True, f"{name}, {size / 1e6:.0f} MB in {folder}")
    tool = shutil.which("nvidia-smi")
    yield find_memory(config, machine_of(psutil.virtual_memory().available, ask_now(Path(tool)) if tool else ()))


def machine_of(free_bytes: int, cards: Sequence[Gpu]) -> Machine:
    """What can be told of a machine without torch.

    Args:
        free_bytes: Main memory that can be had.
        cards: Its graphics cards, of which the first is used.
    """
    card_free = round((cards[0].total_memory_mb - cards[0].memory_mb) * 2**20) if cards else None
    return Machine(free_bytes, card_free, has_bfloat16=True)


def find_memory(config: KioskConfig, machine: Machine) -> Finding:
    """Whether the model fits into memory, and in which form."""
    device, number = config.composer.device, config.sampling.candidates
    try:
        residency = decide(config.model, machine, device=device, num_candidates=number, faster_dtype=lambda: FLOAT32)
    except DoesNotFitError as error:
        return Finding("memory", False, str(error), "without that, mini composes", is_needed=False)
    except ModelMissingError as error:
        state, _, advice = str(error).partition("\n")
        return Finding("memory", False, state, advice.strip(), is_needed=False)
    free = machine.card_free_bytes if residency.is_on_card else machine.free_bytes
    state = f"{gigabytes(residency.num_bytes)} for the model ({residency.dtype} on {residency.device})"
    state += "" if free is None else f", {gigabytes(free)} free"
    return Finding("memory", not residency.note, state, residency.note, is_needed=False)


def _gallery(folder: Path) -> Finding:
    if not folder.is_dir():
        return Finding("gallery", False, f"{folder} is no folder", "correct gallery.folder in the configuration")
    works = read_gallery(folder)
    if not works:
        return Finding("gallery", False, f"no pictures in {folder}", "put JPEG, PNG, WebP or TIFF files there")
    return Finding("gallery", True, f"{len(works)} works in {folder}")


def find_pin(path: Path) -> Finding:
    """Whether the admin screen has a PIN, and whether only this user can read its hash."""
    if not path.exists():
        return Finding(
            "PIN", False, "none", "choose it, before a visitor does: python main.py --set-pin", is_needed=False
        )
    if path.stat().st_mode & 0o077:
        return Finding("PIN", False, f"{path} can be read by others", f"chmod 600 {path}", is_needed=False)
    return Finding("PIN", True, "set", is_needed=False)


def _web(config: WebConfig) -> Iterator[Finding]:
    """Where telephones will look for the music; nothing where nobody wants that."""
    if not config.enabled:
        return
    address = config.address or find_address()
    if address is None:
        advice = "connect this machine to a network, or name its address as web.address"
        yield Finding("take home", False, "no network", advice, is_needed=False)
        return
    yield Finding("take home", True, f"http://{address}:{config.port}/", is_needed=False)


def find_room(name: str, folder: Path, needed_bytes: int) -> Finding:
    """Whether so much fits into a folder that need not exist yet."""
    existing = folder
    while not existing.exists():
        existing = existing.parent
    if not os.access(existing, os.W_OK):
        return Finding(name, False, f"{existing} may not be written", "set ART2MUS_HOME to a folder that may")
    free = shutil.disk_usage(existing).free
    state = f"{free / 1e9:.1f} GB free for {folder}"
    if free < needed_bytes:
        return Finding(name, False, state, f"make room: at least {needed_bytes / 1e9:.2f} GB")
    return Finding(name, True, state)
