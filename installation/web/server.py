"""The web process: a loop that answers requests, and bounds whatever a client does.

HTTP is read by h11; one request for each connection. Nothing is written, nothing is logged of who asked for what.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter

import h11

from installation.messages import OfferClip, ShowMetrics, Shutdown, WebChannel, WebHeartbeat, WebReady
from installation.settings import WebSettings
from installation.web.limits import RateLimit, is_near
from installation.web.responses import CHUNK_BYTES, Response, plain
from installation.web.site import Site

MAX_HEAD_BYTES = 8192
MAX_CONNECTIONS = 64
MAX_CONNECTIONS_EACH = 8
REQUEST_BURST = 60
REQUESTS_PER_S = 1.0
HEARTBEAT_EVERY_S = 5.0

_log = logging.getLogger(__name__)


def main(channel: WebChannel, settings: WebSettings) -> None:
    """Serve until told to leave."""
    try:
        asyncio.run(Server(channel, settings).run())
    except OSError as error:
        _log.error("web: port %d: %s; choose another as web.port", settings.port, error.strerror)


class Server:
    """The loop. Everything in it runs on one thread."""

    def __init__(
        self, channel: WebChannel, settings: WebSettings, *, patience_s: float = 10.0, limit: RateLimit | None = None
    ) -> None:
        """Prepare to serve.

        Args:
            channel: To the director.
            settings: Where to listen.
            patience_s: So long a request may take to come in, and 64 KB of the answer to go out.
            limit: On the requests of one address.
        """
        self._channel = channel
        self._settings = settings
        self._patience_s = patience_s
        self._limit = limit or RateLimit(REQUEST_BURST, REQUESTS_PER_S)
        self._site = Site(settings.has_metrics)
        self._connections: Counter[str] = Counter()
        self._is_over = asyncio.Event()

    async def run(self) -> None:
        """Serve until told to leave, or until the director is gone.

        Raises: OSError if the port cannot be had.
        """
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connected, "0.0.0.0", self._settings.port, limit=MAX_HEAD_BYTES)
        loop.add_reader(self._channel.fileno(), self._hear)
        try:
            self._channel.send(WebReady(server.sockets[0].getsockname()[1]))
            while not self._is_over.is_set():
                self._channel.send(WebHeartbeat())
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._is_over.wait(), HEARTBEAT_EVERY_S)
        finally:
            loop.remove_reader(self._channel.fileno())
            server.close()

    def _hear(self) -> None:
        try:
            while (message := self._channel.receive()) is not None:
                match message:
                    case OfferClip():
                        self._site.take(message, time.monotonic())
                    case ShowMetrics(text):
                        self._site.metrics = text
                    case Shutdown():
                        self._is_over.set()
        except EOFError:
            self._is_over.set()

    # ------------------------------------------------------------ one connection

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        address, own = (str(name[0]) if name else "" for name in (peer, writer.get_extra_info("sockname")))
        if not is_near(address, own):
            writer.transport.abort()
            return
        if self._connections.total() >= MAX_CONNECTIONS or self._connections[address] >= MAX_CONNECTIONS_EACH:
            writer.transport.abort()
            return
        self._connections[address] += 1
        writer.transport.set_write_buffer_limits(high=CHUNK_BYTES)
        try:
            await self._converse(reader, writer, address)
        except (OSError, TimeoutError, h11.ProtocolError):
            writer.transport.abort()  # it is gone, too slow, or talks nonsense even now
        finally:
            self._connections[address] -= 1
            self._connections += Counter()  # forgets who has none

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        is_head_request = False
        try:
            async with asyncio.timeout(self._patience_s):
                request = await _read_request(connection, reader)
            if request is None:
                writer.close()
                return
            is_head_request = request.method == b"HEAD"
            response = self._answer(request, address)
        except h11.RemoteProtocolError as error:
            response = plain(error.error_status_hint, "not understood")
        await self._send(connection, writer, response, with_body=not is_head_request)

    def _answer(self, request: h11.Request, address: str) -> Response:
        now_s = time.monotonic()
        if not self._limit.allows(address, now_s):
            return plain(429, "too much at once", ("Retry-After", "30"))
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        return self._site.answer(request.method.decode("ascii"), request.target.decode("latin-1"), headers, now_s)

    async def _send(
        self, connection: h11.Connection, writer: asyncio.StreamWriter, response: Response, *, with_body: bool
    ) -> None:
        writer.write(connection.send(h11.Response(status_code=response.status, headers=response.all_headers())) or b"")
        if with_body:
            for chunk in response.body.part(response.start, response.end):
                writer.write(connection.send(h11.Data(data=chunk)) or b"")
                async with asyncio.timeout(self._patience_s):
                    await writer.drain()
        async with asyncio.timeout(self._patience_s):
            await writer.drain()
            writer.close()
            await writer.wait_closed()


async def _read_request(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Request | None:
    """The head of a request; None if the client leaves before its end.

    Raises: h11.RemoteProtocolError.
    """
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA:
            return None
        connection.receive_data(await reader.read(MAX_HEAD_BYTES))
