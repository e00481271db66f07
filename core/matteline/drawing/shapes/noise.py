"""Smooth random patterns (value noise)."""

from __future__ import annotations

import numpy as np

from matteline.drawing.shapes.arrays import Floats

_SIDE = 64  # units after which a pattern repeats


class Noise:
    """A random field over the plane that repeats every 64 units; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        values = np.random.default_rng(seed).random((_SIDE, _SIDE), dtype=np.float32)
        # One more row and column, so that neighbours need no second modulo.
        self._values = np.pad(values, ((0, 1), (0, 1)), mode="wrap")

    def __call__(self, u: Floats, v: Floats) -> Floats:
        """Return values 0..1 at points; they change over about one unit."""
        i, j = np.floor(u), np.floor(v)
        fu, fv = u - i, v - j
        # Smoothstep instead of straight lines, or the grid would show.
        fu, fv = fu * fu * (3 - 2 * fu), fv * fv * (3 - 2 * fv)
        # One index into the flat table; its rows are one longer than a period.
        at = j.astype(np.intp) % _SIDE * (_SIDE + 1) + i.astype(np.intp) % _SIDE
        low = self._values.take(at) * (1 - fu) + self._values.take(at + 1) * fu
        at += _SIDE + 1
        high = self._values.take(at) * (1 - fu) + self._values.take(at + 1) * fu
        value: Floats = low + fv * (high - low)
        return value

    def layered(self, u: Floats, v: Floats, octaves: int) -> Floats:
        """Return the sum of ever finer and weaker copies, 0..1 and 0.5 on average."""
        total, weight = np.zeros(np.broadcast_shapes(u.shape, v.shape), np.float32), 0.0
        for octave in range(octaves):
            share = 0.5**octave
            # Shifted copies, so that their grids do not lie over one another.
            total += share * self(u * 2**octave + 17 * octave, v * 2**octave + 31 * octave)
            weight += share
        return total / np.float32(weight)
