"""Read protocol buffers (https://protobuf.dev/programming-guides/encoding) field by field, within bounds.

ONNX files are protocol buffers. The `onnx` package would read them, but it and its protobuf runtime weigh 25
MB, check nothing of what matters here, and clash with the protobuf that farm managers' packages bring. A
message is walked only as deep as its reader goes, and everything it yields is a view of the file's own bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

Field = tuple[int, int | memoryview]
"""A field's number and its value: an integer, or the bytes of a string, message, list or fixed number."""

# Ten groups of seven bits hold the longest number, of 64.
_MAX_VARINT_BYTES: Final = 10
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class BrokenMessage(ValueError):
    """Bytes that are no protocol buffer, or fields of another type than their message has."""


class Budget:
    """A limit to how many fields a file may have: of two bytes each, they could keep us busy for minutes."""

    def __init__(self, fields: int) -> None:
        self._left = fields

    def spend(self) -> None:
        """Count one field.

        Raises:
            BrokenMessage: There were more than allowed.
        """
        self._left -= 1
        if self._left < 0:
            raise BrokenMessage("it has too many fields")


def fields(message: memoryview, budget: Budget) -> Iterator[Field]:
    """Yield the fields of a message in their order.

    Raises:
        BrokenMessage: The bytes are no message, or hold more fields than the budget allows.
    """
    at = 0
    while at < len(message):
        budget.spend()
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise BrokenMessage(f"a field of wire type {kind}")
        if size > len(message) - at:
            raise BrokenMessage("it is cut short")
        yield number, message[at : at + size]
        at += size


def as_bytes(value: int | memoryview) -> memoryview:
    """Return a field's value where it must be bytes. Raises `BrokenMessage` where it is not."""
    if isinstance(value, int):
        raise BrokenMessage("a number where bytes belong")
    return value


def as_text(value: int | memoryview) -> str:
    """Return a field's value where it must be a string. Raises `BrokenMessage` where it is not."""
    try:
        return str(as_bytes(value), "utf-8")
    except UnicodeDecodeError as error:
        raise BrokenMessage("a name that is no text") from error


def as_integers(value: int | memoryview, budget: Budget) -> list[int]:
    """Return the signed integers of a repeated field's value, which may be one of them or many, packed."""
    if isinstance(value, int):
        return [_signed(value)]
    found, at = [], 0
    while at < len(value):
        budget.spend()
        number, at = _varint(value, at)
        found.append(_signed(number))
    return found


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the integer that begins at a byte, seven bits a byte from the lowest up, and where it ends."""
    number = 0
    for place in range(_MAX_VARINT_BYTES):
        if at + place >= len(message):
            break
        byte = message[at + place]
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return number & ((1 << 64) - 1), at + place + 1
    raise BrokenMessage("it is cut short or no protocol buffer")
