"""The two pipes of the protocol, kept apart from all other output of this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from matteline.contract.wire import encode


@dataclass(frozen=True)
class Pipes:
    """The stream of requests and the stream of answers."""

    requests: BinaryIO
    answers: Answers


class Answers:
    """Sender of messages to the host, each whole, from any thread."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, message: Mapping[str, Any]) -> None:
        """Write one message. A host that is gone is no error here: the end of its requests says so too."""
        with self._lock, suppress(OSError):
            self._pipe.write(encode(message))
            self._pipe.flush()


def take_pipes() -> Pipes:
    """Take standard input and output for the protocol alone, for as long as the process lives.

    Whatever else is printed in it, native libraries included, goes to standard error from now on, and
    whatever reads standard input finds its end.
    """
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return Pipes(open(requests, "rb"), Answers(open(answers, "wb")))
