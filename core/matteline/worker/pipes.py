"""The two pipes of the protocol, kept apart from all other output of this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from matteline.contract.wire import encode


class Answers:
    """Sender of messages to a client, each whole, from any thread.

    Args:
        write: Writes the bytes of one message. Raises `OSError` where the client is gone.
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._lock = threading.Lock()

    def send(self, message: Mapping[str, Any]) -> None:
        """Write one message. A client that is gone is no error here: the end of its requests says so too."""
        # Whole messages under a lock: two threads would mix their bytes, and a line would be no JSON.
        with self._lock, suppress(OSError):
            self._write(encode(message))


@dataclass(frozen=True)
class Pipes:
    """The stream of requests and the sender of answers."""

    requests: BinaryIO
    answers: Answers


def take_pipes() -> Pipes:
    """Take standard input and output for the protocol alone, for as long as the process lives.

    Whatever else is printed in it, native libraries included, goes to standard error from now on, and
    whatever reads standard input finds its end.
    """
    # Copies made by `os.dup` are not inherited: no child process can hold the protocol's pipes open.
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(2, 1)  # what is printed goes to the log
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    pipe = os.fdopen(answers, "wb")

    def write(message: bytes) -> None:
        pipe.write(message)
        # At once: a host waits for each message.
        pipe.flush()

    return Pipes(open(requests, "rb"), Answers(write))
