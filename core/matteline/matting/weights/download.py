"""Download a file of known hash: resumable, never more than its size, kept only when its hash is right."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from matteline.matting.weights.registry import ReleaseFile

Progress = Callable[[int, int], None]
"""Told how many bytes are there, of how many. It may raise to give up: what has come is kept."""

# Small enough for a bar that moves, large enough that Python's share of a download stays unnoticed.
_CHUNK: Final = 1 << 18
_RESUME: Final = "Run the same command again: it continues where this stopped."


class PlaceFailed(Exception):
    """One place could not give the file.

    Args:
        why: The reason, continuing a sentence.
        hint: One sentence: what to do.
    """

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.hint = hint


def download(
    file: ReleaseFile,
    url: str,
    part: Path,
    *,
    progress: Progress,
    opener: OpenerDirector | None = None,
    timeout_seconds: float = 30.0,
) -> bytes:
    """Download a file, continuing a partial download that lies at `part`.

    Args:
        file: What to download.
        url: Where it is; may be plain http, the hash is what proves the file.
        part: Where what has come is kept until all of it has; the caller removes it when it is done with it.
        progress: Called with the bytes there and the bytes in all.
        opener: Opens the address, for a studio's own proxies and certificates; None for the system's.
        timeout_seconds: How long the server may be silent.

    Returns:
        The file, whose size and SHA-256 are as published.

    Raises:
        PlaceFailed: The server or the network failed, or sent another file.
        OSError: `part` cannot be written.
    """
    source = _Download(file, url, opener or build_opener(_NoDowngrade), timeout_seconds)
    # Longer than the file can only be another file's, and would never get its hash.
    if _size(part) > file.size:
        part.unlink()
    if _size(part) < file.size:
        _receive(source, part, progress)
    data = part.read_bytes()
    if hashlib.sha256(data).hexdigest() != file.sha256:
        part.unlink()
        hint = "Fetch it again to start afresh; if it happens again, fetch from another place."
        raise PlaceFailed("what came is not the published file, its SHA-256 differs; it was removed", hint)
    return data


@dataclass(frozen=True)
class _Download:
    file: ReleaseFile
    url: str
    opener: OpenerDirector
    timeout_seconds: float

    def open(self, offset: int) -> http.client.HTTPResponse:
        """Ask for the file from a byte on; the server may still send all of it."""
        # Compression in transit would make byte ranges those of something else.
        headers = {"User-Agent": "matteline", "Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        request = Request(self.url, headers=headers)
        response: http.client.HTTPResponse = self.opener.open(request, timeout=self.timeout_seconds)
        return response


class _NoDowngrade(HTTPRedirectHandler):
    """Follows redirections, but never from https to anything less, nor to anything but the web."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        allowed = ("https",) if req.type == "https" else ("https", "http")
        if urlsplit(newurl).scheme not in allowed:
            raise HTTPError(req.full_url, code, "Redirection to an address that is not allowed", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _receive(source: _Download, part: Path, progress: Progress) -> None:
    total = source.file.size
    with _opened(source, _size(part)) as response:
        start = _start(source, response, _size(part))
        with part.open("ab") as file:
            file.truncate(start)
            for chunk in _chunks(source, response, total - start):
                file.write(chunk)
                progress(file.tell(), total)
            file.flush()
            # On disk before its size is trusted by the next run, which may follow a power cut.
            os.fsync(file.fileno())
    if _size(part) < total:
        raise PlaceFailed(f"the connection ended after {_size(part):,} of {total:,} bytes", _RESUME)


def _opened(source: _Download, offset: int) -> http.client.HTTPResponse:
    try:
        return source.open(offset)
    except HTTPError as error:
        error.close()
        # The part on disk is of no use to this server: start again from the first byte.
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
            return _opened(source, 0)
        hint = "Try again later, or fetch from another place."
        raise PlaceFailed(f"the server answered {error.code} {error.reason}", hint) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        hint = "Check the network and its proxy, or fetch from another place."
        raise PlaceFailed(_reason(error), hint) from error


def _start(source: _Download, response: http.client.HTTPResponse, offset: int) -> int:
    """Return the byte that the response begins with: the end of the partial file, or 0 for the whole file."""
    total = source.file.size
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        sent = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        # Appending another part would cost the whole download, found out only by the hash at its end.
        if sent is None or int(sent[1]) != offset or sent[2] not in ("*", str(total)):
            raise PlaceFailed("the server sent another part of the file than was asked for", _RESUME)
        return offset
    length = response.headers.get("Content-Length", str(total))
    # A proxy's page of explanation is answered with 200 too; its length gives it away before it is stored.
    if response.status != HTTPStatus.OK or length != str(total):
        raise PlaceFailed(f"the file there has {length} bytes instead of {total}", "Check the address.")
    return 0


def _chunks(source: _Download, response: http.client.HTTPResponse, wanted: int) -> Iterator[bytes]:
    """Yield what the server sends, up to as many bytes as are wanted; fewer where the connection ends."""
    while wanted:
        try:
            # Never more than wanted, whatever the server goes on to send.
            chunk = response.read(min(_CHUNK, wanted))
        except http.client.IncompleteRead:
            return
        except (OSError, http.client.HTTPException) as error:
            raise PlaceFailed(_reason(error), _RESUME) from error
        if not chunk:
            return
        wanted -= len(chunk)
        yield chunk


def _reason(error: Exception) -> str:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return "the server does not answer"
    return (cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)).rstrip(".")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
