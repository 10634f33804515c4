"""A camera that needs no room: a real MJPEG server on loopback, which shows what it is told to and breaks on command.

It serves `multipart/x-mixed-replace` as network cameras do. Like a sensor it has noise: no two pictures are the same
bytes, unless it is told to freeze.
"""

from __future__ import annotations

import itertools
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Fault = Literal["", "frozen", "stalled"]

_NUM_NOISES = 12
_NOISE = 4


class CameraServer:
    """Runs while the context is entered; `die` and `come_back` keep the address.

    Attributes:
        fault: "frozen" sends the same picture again and again, "stalled" keeps the line open and sends nothing.
        num_connections: How often somebody has begun to look.
    """

    def __init__(self, picture: Picture, fps: float = 25.0) -> None:
        """Show this picture (BGR) from the start, so many times a second."""
        self.fault: Fault = ""
        self.num_connections = 0
        self._fps = fps
        self._lock = threading.Lock()
        self._port = 0
        self._server: _Server | None = None
        self.show(picture)

    def __enter__(self) -> CameraServer:
        self.come_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.die()

    @property
    def address(self) -> str:
        """What `cv2.VideoCapture` opens."""
        return f"http://127.0.0.1:{self._port}/video.mjpg"

    def show(self, picture: Picture) -> None:
        """Have another picture (BGR) before the camera, from now on."""
        self.play(take_pictures([picture]))

    def play(self, jpegs: list[bytes]) -> None:
        """Send these one after the other, again and again: something that moves, as `take_pictures` takes it."""
        with self._lock:
            self._pictures = itertools.cycle(jpegs)
            self._newest = jpegs[0]

    def die(self) -> None:
        """Close every connection and the port."""
        if self._server is not None:
            self._server.is_over.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def come_back(self) -> None:
        """Listen again, where it did before."""
        server = _Server(("127.0.0.1", self._port), self)
        self._server, self._port = server, server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.02,), name="camera server", daemon=True).start()

    def next_jpeg(self) -> bytes:
        """What the sensor sees now."""
        with self._lock:
            if self.fault != "frozen":
                self._newest = next(self._pictures)
            return self._newest

    @property
    def pause_s(self) -> float:
        """Between two pictures."""
        return 1.0 / self._fps


def take_pictures(scenes: list[Picture]) -> list[bytes]:
    """Scenes (BGR) as a sensor with noise takes them, each at least once, and enough that none seems frozen."""
    repeats = max(1, -(-_NUM_NOISES // len(scenes)))
    return [_encode(scene, seed) for seed, scene in enumerate(scenes * repeats)]


def as_jpeg(picture: Picture) -> bytes:
    """A picture (BGR) as network cameras send it."""
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])


def _encode(picture: Picture, seed: int) -> bytes:
    noise = np.random.default_rng(seed).integers(-_NOISE, _NOISE + 1, picture.shape[:2], dtype=np.int16)
    return as_jpeg(np.clip(picture.astype(np.int16) + noise[..., None], 0, 255).astype(np.uint8))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], camera: CameraServer) -> None:
        super().__init__(address, _Handler)
        self.camera = camera
        self.is_over = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Somebody who looks away in the middle of a picture is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        camera = self.server.camera
        camera.num_connections += 1
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
        self.end_headers()
        due_s = time.monotonic()
        while not self.server.is_over.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s + camera.pause_s, time.monotonic())
            if camera.fault != "stalled":
                jpeg = camera.next_jpeg()
                head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""
