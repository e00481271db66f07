"""Fetch a known checkpoint: resumable, never more than its size, and only kept when its hash is right."""

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

from matteline.contract.errors import JobError, ModelError
from matteline.matting.weights.files import writing
from matteline.matting.weights.lock import exclusive
from matteline.matting.weights.registry import Checkpoint

Progress = Callable[[int, int], None]
"""Told how many bytes are there, of how many."""

_CHUNK: Final = 1 << 18
_RESUME: Final = "Run the same command again: it continues where this stopped."


def fetch(
    checkpoint: Checkpoint,
    folder: Path,
    *,
    progress: Progress,
    mirror: str | None = None,
    opener: OpenerDirector | None = None,
    timeout_seconds: float = 30.0,
) -> Path:
    """Download a checkpoint into a folder, continuing a partial download that lies there as `NAME.part`.

    Several processes may fetch the same file at once: one does, the others wait and find it done. What is
    there is only ever replaced by the complete, verified file. An interrupt keeps the partial file.

    Args:
        checkpoint: What to fetch.
        folder: Where to; made if needed.
        progress: Called with the bytes there and the bytes in all.
        mirror: Another address of the same file; may be plain http, the hash is what proves the file.
        opener: Opens the address, for a studio's own proxies and certificates; None for the system's.
        timeout_seconds: How long the server may be silent.

    Returns:
        The file, whose size and SHA-256 are the checkpoint's.

    Raises:
        JobError: The mirror is no http or https address.
        ModelError: The server or the network failed, or sent another file.
        WriteError: The folder cannot be written.
    """
    opener = opener or build_opener(_NoDowngrade)
    source = _Source(checkpoint, _address(checkpoint, mirror), opener, timeout_seconds)
    target = folder / checkpoint.file_name
    part = folder / f"{checkpoint.file_name}.part"
    with writing(target):
        folder.mkdir(parents=True, exist_ok=True)
        lock = folder / f"{checkpoint.file_name}.lock"
        with exclusive(lock, waiting=lambda: progress(_size(part), checkpoint.size)):
            if not is_intact(checkpoint, target):
                _complete(source, part, progress)
                os.replace(part, target)
    progress(checkpoint.size, checkpoint.size)
    return target


def is_intact(checkpoint: Checkpoint, path: Path) -> bool:
    """Whether the file is there, can be read and is the checkpoint, by size and SHA-256."""
    if _size(path) != checkpoint.size:
        return False
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == checkpoint.sha256
    except OSError:
        return False


@dataclass(frozen=True)
class _Source:
    checkpoint: Checkpoint
    url: str
    opener: OpenerDirector
    timeout_seconds: float

    @property
    def host(self) -> str:
        """The address as far as it may be shown: without passwords and tokens."""
        return urlsplit(self.url).hostname or ""

    def open(self, offset: int) -> http.client.HTTPResponse:
        """Ask for the file from a byte on; the server may still send all of it."""
        headers = {"User-Agent": "matteline", "Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        request = Request(self.url, headers=headers)
        response: http.client.HTTPResponse = self.opener.open(request, timeout=self.timeout_seconds)
        return response

    def failed(self, why: str, hint: str = _RESUME) -> ModelError:
        """The error for a download that did not come about; `why` continues the sentence."""
        return ModelError(f"Fetching {self.checkpoint.name} from {self.host} failed: {why}.", hint=hint)


class _NoDowngrade(HTTPRedirectHandler):
    """Follows redirections, but never from https to anything less, nor to anything but the web."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        allowed = ("https",) if req.type == "https" else ("https", "http")
        if urlsplit(newurl).scheme not in allowed:
            raise HTTPError(req.full_url, code, "Redirection to an address that is not allowed", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _address(checkpoint: Checkpoint, mirror: str | None) -> str:
    if mirror is None:
        return checkpoint.url
    try:
        parts = urlsplit(mirror)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        hint = "Give the full address of the file, beginning with https:// or http://."
        raise JobError(f"Weights cannot be fetched from '{mirror}'.", field="from", hint=hint)
    return mirror


def _complete(source: _Source, part: Path, progress: Progress) -> None:
    """Bring the partial file to its full size and check it; a wrong one is removed."""
    if _size(part) > source.checkpoint.size:
        part.unlink()
    if _size(part) < source.checkpoint.size:
        _receive(source, part, progress)
    if not is_intact(source.checkpoint, part):
        part.unlink()
        hint = (
            "Run the same command to start afresh; if it happens again, fetch from another place with --from."
        )
        raise source.failed("what came is not the published file, its SHA-256 differs; it was removed", hint)


def _receive(source: _Source, part: Path, progress: Progress) -> None:
    total = source.checkpoint.size
    with _opened(source, _size(part)) as response:
        start = _start(source, response, _size(part))
        with part.open("ab") as file:
            file.truncate(start)
            for chunk in _chunks(source, response, total - start):
                file.write(chunk)
                progress(file.tell(), total)
            file.flush()
            os.fsync(file.fileno())
    if _size(part) < total:
        raise source.failed(f"the connection ended after {_size(part):,} of {total:,} bytes")


def _opened(source: _Source, offset: int) -> http.client.HTTPResponse:
    try:
        return source.open(offset)
    except HTTPError as error:
        error.close()
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
            return _opened(source, 0)
        hint = "Try again later, or give another address of the file with --from."
        raise source.failed(f"the server answered {error.code} {error.reason}", hint) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        hint = "Check the network and its proxy, or give another address of the file with --from."
        raise source.failed(_reason(error), hint) from error


def _start(source: _Source, response: http.client.HTTPResponse, offset: int) -> int:
    """The byte that the response begins with: where the partial file ends, or 0 if it is the whole file."""
    total = source.checkpoint.size
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        sent = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if sent is None or int(sent[1]) != offset or sent[2] not in ("*", str(total)):
            raise source.failed("the server sent another part of the file than was asked for")
        return offset
    length = response.headers.get("Content-Length", str(total))
    if response.status != HTTPStatus.OK or length != str(total):
        raise source.failed(f"the file there has {length} bytes instead of {total}", "Check the address.")
    return 0


def _chunks(source: _Source, response: http.client.HTTPResponse, wanted: int) -> Iterator[bytes]:
    """What the server sends, up to as many bytes as are wanted; fewer where the connection ends."""
    while wanted:
        try:
            chunk = response.read(min(_CHUNK, wanted))
        except http.client.IncompleteRead:
            return
        except (OSError, http.client.HTTPException) as error:
            raise source.failed(_reason(error)) from error
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
