"""Real servers on this machine: of one weights file, of a package index, and a proxy; good and bad ones."""

from __future__ import annotations

import hashlib
import io
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from urllib.request import urlopen

from matteline.matting.weights.registry import Package, ReleaseFile
from tests.waiting import PATIENCE_SECONDS


@dataclass
class Server:
    """What is served and how; may be changed between requests.

    Attributes:
        content: The bytes of the file.
        ranges: Whether the server knows Range.
        cut_after: Ends the connection after so many bytes of a body.
        status: Answers with this error.
        redirect: Redirects to this address.
        content_range: Claims this Content-Range.
        says_length: Whether the length is told in advance.
        seconds_per_piece: Waits before every 64 KiB.
        asked: The Range header of every request so far, None where there was none.
    """

    content: bytes
    url: str = ""
    ranges: bool = True
    cut_after: int | None = None
    status: int | None = None
    redirect: str | None = None
    content_range: str | None = None
    says_length: bool = True
    seconds_per_piece: float = 0.0
    asked: list[str | None] = field(default_factory=list)

    def file(self) -> ReleaseFile:
        """Return the registry's entry of the file as it is served now."""
        return ReleaseFile("tiny.pth", len(self.content), hashlib.sha256(self.content).hexdigest())


@contextmanager
def serve(content: bytes) -> Iterator[Server]:
    """Serve a file until the block ends."""
    server = Server(content)
    with _serving(type("Handler", (_Handler,), {"served": server})) as address:
        server.url = f"{address}/weights/tiny.pth"
        yield server


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve until the block ends; yields the address."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    served: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.served.asked.append(asked)
        if self.served.redirect and self.path != "/elsewhere":
            self._answer(302, {"Location": self.served.redirect})
        elif self.served.status:
            self._answer(self.served.status, {})
        else:
            self._serve(int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.served.ranges else 0)

    def _serve(self, start: int) -> None:
        size = len(self.served.content)
        if start >= size:
            return self._answer(416, {"Content-Range": f"bytes */{size}"})
        told = self.served.content_range or f"bytes {start}-{size - 1}/{size}"
        headers = {"Content-Range": told} if start else {}
        if self.served.says_length:
            headers["Content-Length"] = str(size - start)
        self._answer(206 if start else 200, headers)
        self._send(self.served.content[start:][: self.served.cut_after])

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, body: bytes) -> None:
        # The client leaves early where a test means it to.
        with suppress(BrokenPipeError, ConnectionResetError, ConnectionAbortedError):
            for at in range(0, len(body), 1 << 16):
                time.sleep(self.served.seconds_per_piece)
                self.wfile.write(body[at : at + (1 << 16)])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


WHEEL = "tiny_matting-1.0-py3-none-any.whl"
PACKAGE = Package("tiny-matting==1.0", "tiny_matting/tiny.pth", 500_000, "GPL-3.0")


@dataclass
class Index:
    """A package index, as pip asks for it (PEP 503), that has one wheel.

    Attributes:
        wheel: The wheel's bytes; None for an index without any package.
        project: What the package is called.
        file_name: What its wheel is called.
        url: Where pip finds it.
        cut_after: Ends the connection after so many bytes of the wheel.
        seconds_per_piece: Waits before every 64 KiB of the wheel.
        asked: The paths that were asked for.
    """

    wheel: bytes | None
    project: str = "tiny-matting"
    file_name: str = WHEEL
    url: str = ""
    cut_after: int | None = None
    seconds_per_piece: float = 0.0
    asked: list[str] = field(default_factory=list)


def wheel_of(content: bytes) -> bytes:
    """Build the wheel of PACKAGE around a release file."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(PACKAGE.member, content)
        about = "tiny_matting-1.0.dist-info"
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny-matting\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return written.getvalue()


@contextmanager
def serve_index(wheel: bytes | None, **named: str) -> Iterator[Index]:
    """Serve a package index until the block ends; the package is `tiny-matting` unless named otherwise."""
    index = Index(wheel, **named)
    with _serving(type("IndexHandler", (_IndexHandler,), {"served": index})) as address:
        index.url = f"{address}/simple/"
        yield index


class _IndexHandler(_Handler):
    served: Index  # type: ignore[assignment]

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.served.asked.append(path)
        page, file = f"/simple/{self.served.project}/", f"/files/{self.served.file_name}"
        if self.served.wheel is None or path not in (page, file):
            self._answer(404, {"Content-Length": "0"})
        elif path == file:
            self._answer(200, {"Content-Length": str(len(self.served.wheel))})
            self._send(self.served.wheel[: self.served.cut_after])
        else:
            links = f'<a href="{file}">{self.served.file_name}</a>'.encode()
            self._answer(200, {"Content-Type": "text/html", "Content-Length": str(len(links))})
            self._send(links)


@contextmanager
def serve_proxy(target: str) -> Iterator[tuple[str, list[str]]]:
    """Serve a web proxy that leads every request to one server; yields its address and what it was asked."""
    asked: list[str] = []

    class Handler(_Handler):
        def do_GET(self) -> None:
            asked.append(self.path)
            there = urlsplit(self.path)
            with urlopen(
                urlsplit(target)._replace(path=there.path).geturl(), timeout=PATIENCE_SECONDS
            ) as response:
                body = response.read()
                self._answer(
                    200,
                    {
                        "Content-Type": response.headers["Content-Type"] or "",
                        "Content-Length": str(len(body)),
                    },
                )
                self.wfile.write(body)

    with _serving(Handler) as address:
        yield address, asked
