"""Text that libraries hand over with their failures, made fit for a sentence.

They quote the file that they fail on, and a damaged file holds anything: bytes that are no text, control characters,
names of megabytes.
"""

from __future__ import annotations

import re
from typing import Protocol

LONGEST_WORDS = 200
"""Characters of a library's words that an error repeats: enough for any reason, and half of a sentence."""

_EXR_PREFIX = re.compile(r"^(EXR Error \(.*?\): (EXR_ERR_[A-Z_]+:? )?)+|^EXR_ERR_[A-Z_]+:? ")


class HasPendingError(Protocol):
    """Whatever keeps its last failure until it is asked for it, as OpenImageIO's objects do."""

    def geterror(self) -> str:
        """Return the failure, and forget it; empty where there is none."""


def pending_error(source: HasPendingError) -> str:
    """Take the pending error of an object of OpenImageIO, empty where there is none."""
    try:
        return str(source.geterror())
    except UnicodeDecodeError as error:
        return undecoded_text(error)


def undecoded_text(error: UnicodeDecodeError) -> str:
    """Return the text that a binding could not decode, with a mark for each byte that is no UTF-8."""
    # The bindings decode strictly, after the library has handed its text over: the bytes are only here.
    return bytes(error.object).decode("utf-8", "replace")


def one_line(words: str, longest: int = LONGEST_WORDS) -> str:
    """Return a library's words as part of a sentence: one printable line, no full stop, not too long."""
    # Control characters could turn a terminal upside down.
    printable = "".join(each if each.isprintable() else " " for each in words)
    return " ".join(printable.split())[:longest].rstrip(". ")


def first_line(words: str) -> str:
    """Return the first line of a library's words as part of a sentence, empty where there are none."""
    line = next(iter(words.strip().splitlines()), "")
    # OpenEXR names the file and itself before each reason, and its wrapper may do so once more.
    return one_line(_EXR_PREFIX.sub("", line))
