"""The reduced picture that the network looks at: its size, and how it is made."""

from __future__ import annotations


def reduced_size(width: int, height: int, downsample_ratio: float) -> tuple[int, int]:
    """Width and height in pixels of a picture reduced by a ratio.

    Rounds down what the product is in double precision, as the resize does: 561 * (512 / 561) gives 511.
    """
    return int(width * downsample_ratio), int(height * downsample_ratio)
