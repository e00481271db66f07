"""Requests to a session: the process that keeps the model loaded from one chunk to the next.

Nothing of torch is loaded here, since a chunk that finds a session needs none of it. `model_server` is the other
side.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

from matteline import __version__
from matteline.contract.errors import JobError
from matteline.contract.events import error_of
from matteline.contract.files import read_limited
from matteline.contract.wire import LONGEST_LINE_BYTES, Garbled, decode, encode

Message = Mapping[str, Any]


class SessionUnreachable(Exception):
    """There is no session to talk to: the chunk loads the model by itself."""


def ask(file: Path, request: Message) -> Iterator[Message]:
    """Make a request of the session and yield its messages, as docs/protocol.md has them.

    Args:
        file: The session's file.
        request: The request without an id.

    Raises:
        SessionUnreachable: There is no such session, or it ended on the way. What it finished stays.
        JobError: It is of another release, whose pixels may differ.
        MattelineError: The session's own error, with its exit code.
    """
    with _connected(file) as connection:
        try:
            # The greeting comes first, whatever is asked.
            if _receive(connection).get("matteline") != __version__:
                raise JobError(
                    "The session is of another release of matteline than the chunk.", field="session"
                )
            connection.send_bytes(encode({"id": 1, **request}))
            last = False
            while not last:
                message = _receive(connection)
                if message.get("event") == "failed":
                    raise error_of(message)
                yield message
                last = message.get("last") is True
        except (OSError, EOFError) as error:
            raise SessionUnreachable(f"the session ended: {error or 'no reason given'}") from None


def stop(file: Path) -> bool:
    """End a session, after what others have asked of it; return whether there was one."""
    try:
        with _connected(file) as connection:
            connection.send_bytes(encode({"request": "quit"}))
            while True:
                connection.recv_bytes(LONGEST_LINE_BYTES)
    except SessionUnreachable:
        return False
    except (OSError, EOFError):
        # It has closed the connection by ending.
        return True


def wait_for(file: Path, alive: Callable[[], bool], seconds: float) -> bool:
    """Wait until a session that was started can be asked; return whether it can."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and alive():
        if file.exists():
            return True
        time.sleep(0.05)  # loading takes seconds, so this is soon enough
    # It may have been written during the last pause.
    return file.exists()


def _connected(file: Path) -> Connection[Any, Any]:
    try:
        session = json.loads(read_limited(file, LONGEST_LINE_BYTES))
        family = "AF_PIPE" if sys.platform == "win32" else "AF_UNIX"
        return Client(str(session["address"]), family, authkey=bytes.fromhex(session["key"]))
    # A session that was killed leaves its file behind, and nobody listens at the address in it.
    except (OSError, EOFError, ValueError, KeyError, TypeError, AuthenticationError) as error:
        raise SessionUnreachable(f"{file} leads to no session ({type(error).__name__})") from None


def _receive(connection: Connection[Any, Any]) -> Message:
    """Wait for one message; empty for what is none."""
    message = decode(connection.recv_bytes(LONGEST_LINE_BYTES))
    return {} if isinstance(message, Garbled) else message
