"""Mutations of files and of JSON, each made by a seed alone, so that a failure can be made again."""

from __future__ import annotations

import random
from collections.abc import Callable

Data = bytearray


def mutated(data: bytes, seed: int) -> bytes:
    """Damage a file as disks, copies and attackers do."""
    chance = random.Random(seed)
    changed = bytearray(data)
    chance.choice(_MUTATIONS)(changed, chance)
    return bytes(changed)


def _flip(data: Data, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 3, 30))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _flip_header(data: Data, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 4))):
        data[chance.randrange(min(len(data), 600))] ^= 1 << chance.randrange(8)


def _huge_number(data: Data, chance: random.Random) -> None:
    at = chance.randrange(max(min(len(data), 600) - 4, 1))
    data[at : at + 4] = chance.choice((b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\0\0\0\0"))


def _zero(data: Data, chance: random.Random) -> None:
    start, length = _piece(data, chance)
    data[start : start + length] = bytes(length)


def _noise(data: Data, chance: random.Random) -> None:
    start, length = _piece(data, chance)
    data[start : start + length] = chance.randbytes(length)


def _cut_out(data: Data, chance: random.Random) -> None:
    start, length = _piece(data, chance)
    del data[start : start + length]


def _cut_off(data: Data, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _insert(data: Data, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at:at] = chance.randbytes(chance.randrange(1, 3000))


def _repeat(data: Data, chance: random.Random) -> None:
    start, length = _piece(data, chance)
    data[start:start] = data[start : start + length]


def _piece(data: Data, chance: random.Random) -> tuple[int, int]:
    length = chance.randrange(1, max(len(data) // 8, 2))
    return chance.randrange(max(len(data) - length, 1)), length


_MUTATIONS: tuple[Callable[[Data, random.Random], None], ...] = (
    *(_flip, _flip_header, _huge_number, _zero, _noise, _cut_out, _cut_off, _insert, _repeat),
)

HOSTILE: tuple[object, ...] = (
    *(None, True, -1, 0, 1.5, 1e308, 2**31, 2**63, 10**30, float("nan"), float("inf")),
    *("", " ", "x" * 5000, "../../../escaped", "/dev/zero", "a\0b", "caf\udce9", "\x1b[31m", "{}", "#" * 300),
    *(
        [],
        {},
        [[]],
        ["x"] * 1000,
        {"a": {"b": [1]}},
        "9" * 5000,
        "1-9999999999",
        "-5--9",
        "%n%s%p",
        "C:\\con",
    ),
)
"""Values that a field of JSON may hold and its reader may not expect."""


def mutated_json(value: object, seed: int) -> object:
    """Put a hostile value in the place of some value of a JSON object, however deep, or leave one out or add one."""
    chance = random.Random(seed)
    return _replaced(value, chance, depth=chance.randrange(4))


def _replaced(value: object, chance: random.Random, depth: int) -> object:
    if isinstance(value, dict) and value and depth:
        name = chance.choice(sorted(value))
        if chance.random() < 0.1:
            return {key: each for key, each in value.items() if key != name}
        if chance.random() < 0.1:
            return {**value, "added": chance.choice(HOSTILE)}
        return {**value, name: _replaced(value[name], chance, depth - 1)}
    return chance.choice(HOSTILE)
