"""Matte pictures that are arrays already, without files: a person-sized disc that moves through noise.

python examples/matte_arrays.py
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from matteline.api import MatteSettings, open_session

WIDTH, HEIGHT, FRAMES = 320, 180, 6


def pictures() -> Iterator[np.ndarray]:
    """Yield (180, 320, 3) uint8, sRGB-encoded, one for each frame."""
    noise = np.random.default_rng(1)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    for frame in range(FRAMES):
        picture = noise.integers(40, 90, (HEIGHT, WIDTH, 3), np.uint8)
        disc = (x - 80 - 20 * frame) ** 2 + (y - 90) ** 2 < 50**2
        picture[disc] = (200, 160, 140)
        yield picture


def main() -> None:
    """Print each frame's mean alpha."""
    # The session holds the recurrent state: one session for one shot, frames in order.
    session = open_session(width=WIDTH, height=HEIGHT, settings=MatteSettings(device="cpu"))
    for matte in session.mattes(pictures(), first=1001):
        print(f"frame {matte.number}: alpha {tuple(matte.alpha.shape)}, mean {float(matte.alpha.mean()):.4f}")


if __name__ == "__main__":
    main()
