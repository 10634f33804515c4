"""The real server over real connections: visitors, and those who are none."""

import asyncio
import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path

import pytest

from installation.channel import Channel
from installation.messages import FromWeb, OfferClip, ShowMetrics, Shutdown, ToWeb, WebHeartbeat, WebReady
from installation.settings import WebSettings
from installation.web.limits import RateLimit, is_near
from installation.web.server import MAX_CONNECTIONS_EACH, Server, main
from tests.installation.test_library import put
from tests.installation.web.test_site import LABEL, TOKEN

PATIENCE_S = 0.5


@dataclass
class Visit:
    """A running server, and the director's end of the line to it."""

    port: int
    channel: Channel[ToWeb, FromWeb]

    def request(self, target: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, target, headers={k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            return response, response.read()

    def raw(self, *parts: bytes, finish: bool = False) -> bytes:
        """Send bytes as they are; everything that comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            answer = b""
            with contextlib.suppress(ConnectionError):
                for part in parts:
                    connection.sendall(part)
                if finish:
                    connection.shutdown(socket.SHUT_WR)
                while chunk := connection.recv(65536):
                    answer += chunk
            return answer

    def until_served(self, target: str) -> tuple[http.client.HTTPResponse, bytes]:
        """Ask until what the director has said has arrived."""
        deadline_s = time.monotonic() + 10
        while True:
            response, content = self.request(target)
            if response.status == 200 or time.monotonic() > deadline_s:
                return response, content


@contextlib.contextmanager
def serving(has_metrics: bool = False, limit: RateLimit | None = None) -> Iterator[Visit]:
    ours, theirs = Pipe(duplex=True)
    server = Server(
        Channel(theirs), WebSettings(0, has_metrics), patience_s=PATIENCE_S, limit=limit or RateLimit(10_000, 1.0)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.run()))
    thread.start()
    channel: Channel[ToWeb, FromWeb] = Channel(ours)
    ready = channel.receive(10.0)
    assert isinstance(ready, WebReady)
    try:
        yield Visit(ready.port, channel)
    finally:
        channel.send(Shutdown())
        thread.join(10.0)
        assert not thread.is_alive()


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Visit]:
    with serving() as visit:
        visit.channel.send(OfferClip(TOKEN, put(tmp_path, "clip", size=3_000_000), LABEL, time.monotonic() + 3600))
        visit.until_served(f"/{TOKEN}")
        yield visit


def test_page_music_and_notes_come_whole(visit: Visit, tmp_path: Path) -> None:
    response, page = visit.request(f"/{TOKEN}", Accept_Language="fr")
    assert response.status == 200
    assert response.headers["Content-Language"] == "fr"
    assert "Garder la musique" in page.decode()
    response, music = visit.request(f"/{TOKEN}/music.flac")
    assert response.headers["Content-Type"] == "audio/flac"
    assert len(music) == int(response.headers["Content-Length"]) > 3_000_000
    response, part = visit.request(f"/{TOKEN}/music.flac", Range="bytes=100000-300000")
    assert (response.status, part) == (206, music[100_000:300_001])
    _, notes = visit.request(f"/{TOKEN}/notes.mid")
    assert notes.startswith(b"MThd")


def test_the_head_alone_has_no_body(visit: Visit) -> None:
    response, content = visit.request(f"/{TOKEN}/music.flac", "HEAD")
    assert (response.status, content) == (200, b"")
    assert int(response.headers["Content-Length"]) > 3_000_000


@pytest.mark.parametrize(
    "line",
    [b"GET /../../etc/passwd HTTP/1.1", b"GET /%2e%2e%2fetc%2fpasswd HTTP/1.1", b"GET //etc/passwd HTTP/1.1",
     b"GET /" + TOKEN.encode() + b"/../../library.db HTTP/1.1", b"GET http://elsewhere/ HTTP/1.1"],
)  # fmt: skip
def test_there_is_no_way_out_of_it(visit: Visit, line: bytes) -> None:
    answer = visit.raw(line + b"\r\nHost: kiosk\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert answer.endswith(b"\r\n\r\nnot found\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_written(visit: Visit, method: str) -> None:
    assert visit.request(f"/{TOKEN}", method)[0].status == 405


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20 + b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nBad header\r\n\r\n",
        b"G\x00T / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000,
    ],
)
def test_nonsense_is_refused_and_the_next_visitor_served(visit: Visit, nonsense: bytes) -> None:
    answer = visit.raw(nonsense)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))
    assert visit.request(f"/{TOKEN}")[0].status == 200


def test_a_client_that_says_nothing_or_leaves_costs_nothing(visit: Visit) -> None:
    began_s = time.monotonic()
    assert visit.raw(b"GET / HT") == b"", "cut off when patience ends"
    assert PATIENCE_S * 0.8 < time.monotonic() - began_s < 10
    assert visit.raw(finish=True) == b""
    assert visit.raw(b"GET / HT", finish=True).startswith(b"HTTP/1.1 400 ")
    assert visit.request(f"/{TOKEN}")[0].status == 200


def test_a_client_that_does_not_read_is_let_go(visit: Visit) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", visit.port))
        connection.sendall(f"GET /{TOKEN}/music.flac HTTP/1.1\r\nHost: kiosk\r\n\r\n".encode())
        threading.Event().wait(PATIENCE_S * 3)
        received = 0
        with contextlib.suppress(ConnectionError):
            while chunk := connection.recv(65536):
                received += len(chunk)
    assert received < 3_000_000, "not all of it: it was given up"


def test_who_comes_from_the_internet_is_not_answered(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert visit.request(f"/{TOKEN}")[0].status == 200
    monkeypatch.setattr("installation.web.server.is_near", lambda _peer, own: is_near("8.8.8.8", own))
    with pytest.raises(ConnectionError):
        visit.request(f"/{TOKEN}")


def test_one_address_has_not_all_connections(visit: Visit) -> None:
    with contextlib.ExitStack() as stack:
        held = [
            stack.enter_context(socket.create_connection(("127.0.0.1", visit.port), timeout=10))
            for _ in range(MAX_CONNECTIONS_EACH)
        ]
        assert visit.raw(b"GET / HTTP/1.1\r\nHost: kiosk\r\n\r\n") == b""
        held[0].sendall(b"GET /x HTTP/1.1\r\nHost: kiosk\r\n\r\n")
        assert held[0].recv(100).startswith(b"HTTP/1.1 404 ")
    response, _ = visit.until_served(f"/{TOKEN}")
    assert response.status == 200, "they are free again"


def test_too_many_requests_are_refused_for_a_while() -> None:
    with serving(limit=RateLimit(burst=5, per_s=0.001)) as visit:
        answers = [visit.request("/x")[0].status for _ in range(7)]
        assert answers == [404] * 5 + [429] * 2
        assert visit.request("/x")[0].headers["Retry-After"] == "30"


def test_figures_and_heartbeats() -> None:
    with serving(has_metrics=True) as visit:
        visit.channel.send(ShowMetrics("art2mus_clips 3\n"))
        assert visit.until_served("/metrics")[1] == b"art2mus_clips 3\n"
        assert isinstance(visit.channel.receive(10.0), WebHeartbeat)


def test_a_port_that_is_taken_is_said_in_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with serving() as visit:
        _, theirs = Pipe(duplex=True)
        main(Channel(theirs), WebSettings(visit.port))
    assert f"web: port {visit.port}: " in caplog.text
    assert "choose another as web.port" in caplog.text


def test_it_leaves_with_the_director(tmp_path: Path) -> None:
    ours, theirs = Pipe(duplex=True)
    thread = threading.Thread(target=main, args=(Channel(theirs), WebSettings(0)))
    thread.start()
    Channel(ours).receive(10.0)
    ours.close()
    thread.join(10.0)
    assert not thread.is_alive()
