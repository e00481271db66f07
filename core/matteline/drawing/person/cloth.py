"""Fabrics: their colours and patterns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matteline.drawing.shapes.arrays import Floats, floats, lengths
from matteline.drawing.shapes.light import Colour, decode
from matteline.drawing.shapes.noise import Noise

# Drawn from evenly, so that plain cloth is the most frequent.
_PATTERNS = ("plain", "plain", "plain", "rings", "stripes", "plaid", "dots", "camouflage", "fade", "print")


@dataclass(frozen=True)
class Cloth:
    """A fabric.

    Attributes:
        colour: Ground colour, sRGB-encoded.
        accent: Colour of the pattern, sRGB-encoded.
        pattern: One of `_PATTERNS`.
        fineness: Repeats of the pattern in a head's height.
        folds: Strength of the folds, 0 to 1.
        gloss: Strength of its highlight.
        seed: For threads and folds.
    """

    colour: Colour
    accent: Colour
    pattern: str = "plain"
    fineness: float = 5.0
    folds: float = 0.5
    gloss: float = 0.0
    seed: int = 0

    @classmethod
    def random(cls, rng: np.random.Generator, near: Colour | None = None) -> Cloth:
        """Return a random fabric; of a colour close to `near` where one is given."""
        base = random_colour(rng) if near is None else _jittered(near, rng, 0.05)
        return cls(
            colour=base,
            accent=random_colour(rng) if rng.random() < 0.5 else _jittered(base, rng, 0.12),
            pattern=str(rng.choice(_PATTERNS)),
            fineness=float(rng.uniform(2, 11)),
            folds=float(rng.uniform(0.2, 1.0)),
            gloss=float(rng.choice([0.0, 0.0, 0.0, 0.08, 0.2])),
            seed=int(rng.integers(1 << 20)),
        )

    def albedo(self, u: Floats, v: Floats) -> Floats:
        """Return the linear albedo (h, w, 3) at places of the fabric, in heights of a head."""
        share = self._share(u * self.fineness, v * self.fineness)
        one, other = decode(self.colour), decode(self.accent)
        albedo: Floats = one + share[..., None] * (other - one)
        # About 30 threads to a head's height, wavy, so that they make no moire with the pixels.
        threads = np.sin(190 * u + 2 * np.sin(31 * v)) * np.sin(210 * v)
        woven: Floats = albedo * (1 + 0.07 * threads)[..., None]
        return woven

    def fold(self, normal: Floats, u: Floats, v: Floats) -> Floats:
        """Return normals (h, w, 3) tilted by its folds."""
        noise = self._noise
        tilted = np.array(normal)
        # Folds hang: they are longer down than across.
        tilted[..., 0] += self.folds * 1.1 * (noise(u * 2.3 + v, v * 1.3 + 5) - 0.5)
        tilted[..., 1] += self.folds * 0.9 * (noise(u * 1.7 + 9, v * 2.6 - u) - 0.5)
        result: Floats = tilted / lengths(tilted)
        return result

    @cached_property
    def _noise(self) -> Noise:
        return Noise(self.seed)

    def _share(self, u: Floats, v: Floats) -> Floats:
        """Share of the accent colour, (h, w)."""
        # All patterns have a period of about 1 in units of their fineness.
        if self.pattern == "rings":
            return _soft(np.sin(6.3 * v))
        if self.pattern == "stripes":
            return _soft(np.sin(6.3 * u) - 0.3)
        if self.pattern == "plaid":
            return 0.5 * _soft(np.sin(4 * u)) + 0.5 * _soft(np.sin(4 * v))
        if self.pattern == "dots":
            return _soft(0.3 - np.hypot((u % 1) - 0.5, (v % 1) - 0.5), 0.1)
        if self.pattern == "camouflage":
            return _soft(self._noise.layered(u, v, 2) - 0.5, 0.08)
        if self.pattern == "fade":
            return np.clip(-v / self.fineness / 3, 0, 1)
        if self.pattern == "print":
            return _soft(0.25 - np.hypot(u / self.fineness, v / self.fineness + 1.5), 0.02)
        return np.zeros_like(u)


def random_colour(rng: np.random.Generator) -> Colour:
    """Return a colour of clothes, sRGB-encoded: dark, light and grey more often than bright."""
    # A third each of dark, middle and light colours; saturation leans to grey.
    value = float(rng.choice([rng.uniform(0.03, 0.25), rng.uniform(0.2, 0.8), rng.uniform(0.75, 0.98)]))
    saturation = float(rng.beta(0.9, 1.6))
    hue = rng.uniform(0, 6.0) + floats([0, 4, 2])
    # The hue circle of HSV as three ramps.
    wheel = np.clip(np.abs(hue % 6 - 3) - 1, 0, 1)
    red, green, blue = (float(each) for each in value * (1 - saturation * (1 - wheel)))
    return red, green, blue


def _jittered(colour: Colour, rng: np.random.Generator, amount: float) -> Colour:
    shift = rng.normal(0, amount)
    red, green, blue = (
        float(np.clip(each + shift + rng.normal(0, amount / 3), 0.02, 0.98)) for each in colour
    )
    return red, green, blue


def _soft(value: Floats, width: float = 0.3) -> Floats:
    step: Floats = np.clip(value / width + 0.5, 0, 1)
    return step
