"""A hub on this machine: the few answers that huggingface_hub asks for, over real HTTP."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LARGE = ".safetensors"
"""What the hub keeps in LFS, with a SHA-256."""


class Hub:
    """Repositories, each a folder; what is in it is every commit of it.

    Attributes:
        folders: By the names of the repositories.
        commit: What `main` is.
        cut_after: Break the connection after so many bytes of a large file, once.
        is_false: Send other bytes than were announced.
        served: Commit and name of every file that was sent, and how many bytes of it.
    """

    def __init__(self, folders: dict[str, Path]) -> None:
        self.folders = folders
        self.commit = "a" * 40
        self.cut_after: int | None = None
        self.is_false = False
        self.served: list[tuple[str, str, int]] = []
        self.endpoint = ""

    def info(self, repository: str) -> dict[str, Any]:
        folder = self.folders[repository]
        names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        return {
            "id": repository,
            "modelId": repository,
            "sha": self.commit,
            "siblings": [self._file(folder, name) for name in names],
        }

    def _file(self, folder: Path, name: str) -> dict[str, Any]:
        content = (folder / name).read_bytes()
        described = {"rfilename": name, "size": len(content), "blobId": git_sha1(content)}
        if name.endswith(LARGE):
            described["lfs"] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "pointerSize": 130}
        return described


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@contextmanager
def serving(folders: dict[str, Path]) -> Iterator[Hub]:
    hub = Hub(folders)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def do_GET(self) -> None:
            self.answer(with_body=True)

        def answer(self, *, with_body: bool) -> None:
            path = self.path.split("?")[0].strip("/")
            if path.startswith("api/models/"):
                repository = "/".join(path.split("/")[2:4])
                if repository not in hub.folders:
                    self.send_error(404, headers={"X-Error-Code": "RepoNotFound"})
                    return
                self.reply(200, json.dumps(hub.info(repository)).encode(), {"Content-Type": "application/json"})
                return
            repository, _, rest = path.partition("/resolve/")
            commit, _, name = rest.partition("/")
            file = hub.folders.get(repository, Path("/nowhere")) / name
            if not file.is_file():
                self.send_error(404)
                return
            self.send_file(file, commit, name, with_body=with_body)

        def send_error(self, code: int, headers: dict[str, str] | None = None, **_: object) -> None:  # type: ignore[override]
            self.reply(code, b"{}", headers or {})

        def send_file(self, file: Path, commit: str, name: str, *, with_body: bool) -> None:
            content = file.read_bytes()
            etag = hashlib.sha256(content).hexdigest() if name.endswith(LARGE) else git_sha1(content)
            headers = {"ETag": f'"{etag}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
            start = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            body = bytes(len(content) - start) if hub.is_false else content[start:]
            send = len(body) if with_body else 0
            if hub.cut_after is not None and with_body and name.endswith(LARGE):
                send, hub.cut_after = hub.cut_after, None
            self.reply(206 if start else 200, body, headers, send)
            if with_body:
                hub.served.append((commit, name, send))
                self.close_connection = send < len(body)

        def reply(self, code: int, body: bytes, headers: dict[str, str], send: int | None = None) -> None:
            self.send_response(code)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body if send is None else body[:send])
            self.wfile.flush()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
