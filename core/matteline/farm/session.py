"""Asking a session: the process that keeps the model loaded from one chunk to the next.

Nothing of torch is loaded here, since a chunk that finds a session needs none of it. `farm.resident` is the
other side.
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
from matteline.contract.events import error_of

LONGEST_MESSAGE_BYTES = 1 << 20

Message = dict[str, Any]


class Unreachable(Exception):
    """There is no session to talk to: the chunk loads the model by itself."""


def ask(file: Path, request: Mapping[str, Any]) -> Iterator[Message]:
    """Have the session do something; yields what happens, as `contract.events.to_dict` has it.

    Raises:
        Unreachable: There is no such session, or it ended on the way. What it finished stays.
        MattelineError: What the session met, with its exit code.
    """
    with _connected(file) as connection:
        try:
            send(connection, {**request, "matteline": __version__})
            while True:
                message = received(connection)
                if message.get("event") == "end":
                    return
                if message.get("event") == "failed":
                    raise error_of(message)
                yield message
        except (OSError, EOFError) as error:
            raise Unreachable(f"the session ended: {error or 'no reason given'}") from None


def stop(file: Path) -> bool:
    """End a session; whether there was one."""
    try:
        return list(ask(file, {"do": "stop"})) == []
    except Unreachable:
        return False


def _connected(file: Path) -> Connection:
    try:
        said = json.loads(file.read_bytes()[:LONGEST_MESSAGE_BYTES])
        family = "AF_PIPE" if sys.platform == "win32" else "AF_UNIX"
        return Client(str(said["address"]), family, authkey=bytes.fromhex(said["key"]))
    except (OSError, EOFError, ValueError, KeyError, TypeError, AuthenticationError) as error:
        raise Unreachable(f"{file} leads to no session ({type(error).__name__})") from None


def send(connection: Connection, message: Mapping[str, Any]) -> None:
    """Send one message. Raises `OSError` where nobody is left to hear it."""
    connection.send_bytes(json.dumps(message).encode())


def received(connection: Connection) -> Message:
    """Wait for one message; empty for what is none. Raises `EOFError` or `OSError` at the end."""
    try:
        message = json.loads(connection.recv_bytes(LONGEST_MESSAGE_BYTES))
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def wait_for(file: Path, alive: Callable[[], bool], seconds: float) -> bool:
    """Wait until a session that was started can be asked; whether it can."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and alive():
        if file.exists():
            return True
        time.sleep(0.05)
    return file.exists()
