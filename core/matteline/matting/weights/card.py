"""The card of a weights file: the words that matteline's own training writes into it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matteline.matting.weights.files import refusal

USUAL_LONGER_SIDE: Final = 512
"""The authors' rule: scale the plate so that its longer side has at most this many pixels."""

LONGER_SIDES: Final = range(64, 4097)
"""What a network may wish for."""

_LENGTH_BYTES: Final = 8  # a safetensors file begins with the length of its JSON header
_SHORT: Final = 300


@dataclass(frozen=True)
class Card:
    """The card of a weights file.

    Attributes:
        name: What the model is called; empty where the file does not say.
        licence: As its makers state it; empty where the file does not say.
        trained: What made it; empty where the file does not say.
        longer_side: The longer side in pixels of the reduced picture that the network was trained for.
    """

    name: str = ""
    licence: str = ""
    trained: str = ""
    longer_side: int = USUAL_LONGER_SIDE


def card_in(data: bytes, path: Path) -> Card:
    """The card of a whole weights file whose tensors have been found in order.

    Raises:
        ModelError: The file asks for a reduced picture of no possible size.
    """
    if path.suffix.lower() != ".safetensors":
        return Card()
    words = _metadata(data)
    return Card(
        name=_line(words, "name"),
        licence=_line(words, "licence"),
        trained=_line(words, "trained"),
        longer_side=_longer_side(words, path),
    )


def _metadata(data: bytes) -> Mapping[str, str]:
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    header = json.loads(data[_LENGTH_BYTES : _LENGTH_BYTES + length])
    words: Mapping[str, str] = header.get("__metadata__") or {}
    return words


def _line(words: Mapping[str, str], name: str) -> str:
    # It is shown on terminals and written into results, and comes from a file of unknown origin.
    return "".join(each for each in words.get(name, "") if each.isprintable())[:_SHORT]


def _longer_side(words: Mapping[str, str], path: Path) -> int:
    # Only its beginning is made a number below: `int` raises at more than 4300 digits.
    text = words.get("longer_side", str(USUAL_LONGER_SIDE))
    if not (text.isascii() and text.isdigit() and int(text[:6]) in LONGER_SIDES):
        why = f"asks for a reduced picture of '{text[:20]}' pixels, which is no possible size"
        raise refusal(path, why, "Train it again, or use other weights.")
    return int(text)
