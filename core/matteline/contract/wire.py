"""The wire format between a host and the worker: one JSON object to a line, in ASCII. docs/protocol.md says more.

ASCII, with everything else escaped, because pipes on Windows have code pages, and because file names that
are not Unicode must come back byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Union

PROTOCOL = 2
"""Counts up whenever a message changes its meaning. New messages and new fields do not change it."""

# A stream without line ends must not fill the reader's memory.
LONGEST_LINE_BYTES = 1 << 20


@dataclass(frozen=True)
class Garbled:
    """A line that is no message: why not, and how it begins."""

    why: str
    beginning: str


def encode(message: Mapping[str, Any]) -> bytes:
    """The line of a message. Values must be plain JSON values."""
    return json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def messages(stream: BinaryIO) -> Iterator[Union[dict[str, Any], Garbled]]:
    """Read messages until the stream ends; blank lines are passed over."""
    while True:
        # One byte more than allowed tells a line that is too long from one of just that length.
        line = stream.readline(LONGEST_LINE_BYTES + 1)
        if not line:
            return
        if len(line) > LONGEST_LINE_BYTES:
            # Else the middle of the long line would be read as messages of its own.
            _skip_rest(stream, line)
            yield _garbled(f"The line is longer than {LONGEST_LINE_BYTES} bytes.", line)
        elif line.strip():
            yield decode(line)


def _skip_rest(stream: BinaryIO, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = stream.readline(LONGEST_LINE_BYTES)


def decode(line: bytes) -> Union[dict[str, Any], Garbled]:
    """Read one message."""
    try:
        message = json.loads(line.decode("utf-8"))
    # Brackets nested thousands deep end in a RecursionError; bytes that are no UTF-8 in a ValueError.
    except (ValueError, RecursionError) as error:
        return _garbled(f"The line is not JSON: {error}.", line)
    return message if isinstance(message, dict) else _garbled("The line is not a JSON object.", line)


def _garbled(why: str, line: bytes) -> Garbled:
    return Garbled(why, line[:200].decode("utf-8", "replace").rstrip())
