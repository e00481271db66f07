"""Samples: frames that stand for a whole plate where reading all of them would take too long."""

from __future__ import annotations

from collections.abc import Sequence


def spread(numbers: Sequence[int], count: int) -> list[int]:
    """Return at most `count` of the numbers, evenly spread, the first and the last among them."""
    if len(numbers) <= count:
        return list(numbers)
    if count == 1:
        return [numbers[0]]
    return [numbers[round(place * (len(numbers) - 1) / (count - 1))] for place in range(count)]
