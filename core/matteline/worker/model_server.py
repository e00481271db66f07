"""A worker that stays for a scheduler's session, so that the model is loaded once for many chunks.

It speaks the worker's protocol on a socket or pipe of this machine alone, never on a network, and only who can read
the session file knows the key that opens it. `model_client` is the other side.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

from matteline import __version__
from matteline.contract.errors import WorkerError
from matteline.contract.files import replacing
from matteline.contract.wire import LONGEST_LINE_BYTES, Garbled, decode
from matteline.worker.conversation import Conversation, Services
from matteline.worker.pipes import Answers
from matteline.worker.task import Task

LONGEST_SOCKET_PATH = 100
"""Bytes of a Unix socket's path; systems allow 104 to 108."""


def serve_session(file: Path, idle_seconds: float) -> None:
    """Answer clients until one says `quit` or no request has come for long. Ends the process.

    Args:
        file: Written when clients can connect: address and key. Removed at the end.
        idle_seconds: How long it waits for a request: a scheduler's session may end without a word to it.

    Raises:
        WriteError: The file cannot be written.
    """
    # 256 bits: a key that nobody guesses, new for each session.
    key = secrets.token_bytes(32)
    with _listener(file.parent, key) as listener:
        address = str(listener.address)

        def leave(_: Task | None = None) -> None:
            # The file first, so that no other client finds its way to a session that is ending.
            for path in (file, Path(address)):
                # On Windows the second is a pipe, which goes by itself.
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            services.close()
            # Not by returning: this thread cannot wake the main one from `accept`.
            os._exit(0)

        # Idle is when no chunk was asked for: a client that is only connected does not keep the process.
        services = Services(idle_seconds, on_idle=leave)

        def answer(connection: Connection[Any, Any]) -> None:
            with connection:
                conversation = Conversation(services, Answers(connection.send_bytes).send)
                conversation.greet()
                is_over = conversation.take_requests(_messages(connection))
                # A client that is gone gives up its chunk, so that the next one is not kept waiting.
                conversation.cancel_all()
                if is_over:
                    # In the queue, after what others have asked for.
                    services.renders.put(Task(0, {}, lambda message: None), leave)
                    # With the connection open, so that its end tells the client of the process's.
                    threading.Event().wait()

        _announce(file, address, key)
        try:
            while True:
                # A client that left at the door, or has no key, is no reason to end.
                with suppress(OSError, EOFError, AuthenticationError):
                    connection = listener.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()
        finally:
            file.unlink(missing_ok=True)


def _messages(connection: Connection[Any, Any]) -> Iterator[Mapping[str, Any] | Garbled]:
    with suppress(EOFError, OSError):
        while True:
            yield decode(connection.recv_bytes(LONGEST_LINE_BYTES))


def _listener(folder: Path, key: bytes) -> Listener:
    if sys.platform == "win32":
        return Listener(rf"\\.\pipe\matteline-{secrets.token_hex(8)}", "AF_PIPE", authkey=key)
    name = f"matteline-{secrets.token_hex(4)}.sock"
    # The folder of the session file first: only its owner may look into it. Temporary folders have shorter paths.
    for place in (str(folder.absolute()), tempfile.gettempdir()):
        path = os.path.join(place, name)
        if len(os.fsencode(path)) < LONGEST_SOCKET_PATH:
            return Listener(path, "AF_UNIX", authkey=key)
    raise WorkerError(
        f"No session can be kept: {folder} and {tempfile.gettempdir()} are too long for a socket.",
        hint="Set TMPDIR to a short folder.",
    )


def _announce(file: Path, address: str, key: bytes) -> None:
    session = {"matteline": __version__, "pid": os.getpid(), "address": address, "key": key.hex()}

    def for_its_owner(path: str, flags: int) -> int:
        # From the start: the key must at no moment be readable for others.
        # O_EXCL refuses a file or link that someone else has laid under this name.
        return os.open(path, flags | os.O_EXCL, 0o600)

    with replacing(file) as temporary, open(temporary, "w", opener=for_its_owner) as stream:
        stream.write(json.dumps(session))
