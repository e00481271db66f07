"""A real HTTP server on this machine that serves one weights file, well or badly."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from matteline.matting.weights.registry import Checkpoint


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

    def checkpoint(self, name: str = "tiny", variant: str = "mobilenetv3") -> Checkpoint:
        """The registry entry of the file as it is served now."""
        sha256 = hashlib.sha256(self.content).hexdigest()
        size = len(self.content)
        return Checkpoint(
            name, variant, "deep_guided_filter", self.url, size, sha256, "A licence.", "A note."
        )


@contextmanager
def serve(content: bytes) -> Iterator[Server]:
    """Serve a file until the block ends."""
    server = Server(content)
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"served": server}))
    server.url = f"http://127.0.0.1:{http.server_address[1]}/weights/tiny.pth"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
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
