"""A worker that stays for a scheduler's session, so that the model is loaded once for many chunks.

It listens on a socket or pipe of this machine alone, never on a network, and only who can read the session
file knows the word that opens it. Messages are JSON, one object each.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import closing, suppress
from functools import partial
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path

from matteline import __version__
from matteline.contract.errors import JobError, MattelineError, WorkerError
from matteline.contract.events import Failed, to_dict
from matteline.contract.files import replacing
from matteline.engine.plan import Resources
from matteline.farm.asked import begin
from matteline.farm.chunk import Networks
from matteline.farm.session import Message, received, send

LONGEST_SOCKET_PATH = 100
"""Of a Unix socket; systems allow 104 to 108 bytes."""


class _Gone(Exception):
    """Who asked has left."""


def serve(file: Path, resources: Resources, networks: Networks, idle_seconds: float) -> None:
    """Answer requests, one after another, until one says `stop` or none has come for long.

    Args:
        file: Written when requests can be made; says where and with what word. Removed at the end.
        resources: What the environment says.
        networks: Gives the network of a plan, and keeps it.
        idle_seconds: How long it waits for a request: a scheduler's session may end without a word to it.

    Raises:
        WriteError: The file cannot be written.
    """
    key = secrets.token_bytes(32)
    with _listener(file.parent, key) as listener:
        address = str(listener.address)
        idle = _Idle((file, Path(address)), idle_seconds)
        _announce(file, address, key)
        try:
            idle.begin()
            while _answered(listener, resources, networks, idle):
                pass
        finally:
            file.unlink(missing_ok=True)


def _answered(listener: Listener, resources: Resources, networks: Networks, idle: _Idle) -> bool:
    """Answer one client; False when it asked for the end."""
    try:
        connection = listener.accept()
    except (OSError, EOFError, AuthenticationError):
        # One that left at the door, or has no key.
        return True
    with connection, suppress(_Gone, OSError, EOFError), idle.busy():
        request = received(connection)
        if request.get("do") == "stop":
            send(connection, {"event": "end"})
            return False
        _answer(connection, request, resources, networks)
    return True


def _answer(connection: Connection, request: Message, resources: Resources, networks: Networks) -> None:
    try:
        with closing(_events(connection, request, resources, networks)) as events:
            for event in events:
                send(connection, event)
        send(connection, {"event": "end"})
    except MattelineError as error:
        send(connection, to_dict(Failed.of(error)))


def _events(
    connection: Connection, request: Message, resources: Resources, networks: Networks
) -> Generator[Message, None, None]:
    if request.get("matteline") != __version__:
        raise JobError("The session is of another release of matteline than the chunk.", field="session")
    between = partial(_still_there, connection)
    with closing(begin(request, resources, networks=networks, between_frames=between)) as events:
        for event in events:
            yield to_dict(event)


def _still_there(connection: Connection) -> None:
    # A client says nothing while it waits, so what can be read is the end.
    if connection.poll():
        raise _Gone


class _Idle:
    """Ends the process when nobody has asked for long: `accept` itself cannot be given a time."""

    def __init__(self, left: tuple[Path, ...], seconds: float) -> None:
        self._left = left
        self._seconds = seconds
        self._since: float | None = time.monotonic()

    def begin(self) -> None:
        threading.Thread(target=self._watch, name="matteline idle", daemon=True).start()

    def busy(self) -> _Idle:
        return self

    def __enter__(self) -> None:
        self._since = None

    def __exit__(self, *_: object) -> None:
        self._since = time.monotonic()

    def _watch(self) -> None:
        while True:
            since = self._since
            if since is not None and time.monotonic() - since > self._seconds:
                for path in self._left:
                    # On Windows the second is a pipe, which goes by itself.
                    with suppress(OSError):
                        path.unlink(missing_ok=True)
                os._exit(0)
            time.sleep(min(1.0, self._seconds / 4))


def _listener(folder: Path, key: bytes) -> Listener:
    if sys.platform == "win32":
        return Listener(rf"\\.\pipe\matteline-{secrets.token_hex(8)}", "AF_PIPE", authkey=key)
    return Listener(_socket_path(folder), "AF_UNIX", authkey=key)


def _socket_path(folder: Path) -> str:
    name = f"matteline-{secrets.token_hex(4)}.sock"
    for place in (str(folder.absolute()), tempfile.gettempdir()):
        path = os.path.join(place, name)
        if len(os.fsencode(path)) < LONGEST_SOCKET_PATH:
            return path
    raise WorkerError(
        f"No session can be kept: {folder} and {tempfile.gettempdir()} are too long for a socket.",
        hint="Set TMPDIR to a short folder.",
    )


def _announce(file: Path, address: str, key: bytes) -> None:
    said = {"matteline": __version__, "pid": os.getpid(), "address": address, "key": key.hex()}
    with replacing(file) as temporary, open(temporary, "w", opener=_for_its_owner) as stream:
        stream.write(json.dumps(said))


def _for_its_owner(path: str, flags: int) -> int:
    # From the start: the key must at no moment be readable for others.
    return os.open(path, flags | os.O_EXCL, 0o600)
