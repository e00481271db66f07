"""Hats, scarves and headphones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from matteline.drawing.person.canvas import CLOTH, PersonCanvas
from matteline.drawing.person.cloth import Cloth
from matteline.drawing.shapes.arrays import Floats, floats
from matteline.drawing.shapes.solids import Ellipsoid, Placement

KINDS = ("cap", "beanie", "hat", "headscarf", "headphones", "helmet")


@dataclass(frozen=True)
class Headwear:
    """A hat, scarf or pair of headphones.

    Attributes:
        kind: One of `KINDS`.
        cloth: Fabric that it is made of.
    """

    kind: str
    cloth: Cloth

    @classmethod
    def random(cls, rng: np.random.Generator, feminine: bool) -> Headwear | None:
        """Return random headwear, or None in three cases of four."""
        if rng.random() > 0.24:
            return None
        kind = str(rng.choice(KINDS))
        # The rest of the kinds suits anybody.
        if kind == "headscarf" and not feminine:
            kind = "cap"
        return cls(kind, replace(Cloth.random(rng), folds=0.3))

    @property
    def covers_hair(self) -> bool:
        """It leaves no room for hair that stands off."""
        return self.kind != "headphones"

    @property
    def hides_hair(self) -> bool:
        """No hair is seen at all."""
        return self.kind == "headscarf"


def draw_headwear(canvas: PersonCanvas, head: Placement, headwear: Headwear, moved: Floats) -> None:
    """Draw headwear over head and hair; arguments as `draw_hair_on`."""
    for solids in _solids(headwear.kind, float(head.turn[2, 0])):
        found = canvas.solids(solids, head, moved)
        if found is None:
            continue
        seen, points = found
        u, v = points[..., 0], points[..., 1]
        # Felt and wool have finer folds than clothes.
        shaped = replace(seen, normal=headwear.cloth.fold(seen.normal, 2 * u, 2 * v))
        canvas.paint(shaped, headwear.cloth.albedo(u, v), CLOTH, _cover(headwear.kind, points))


def _solids(kind: str, turn: float) -> list[list[Ellipsoid]]:
    """Return the parts of a kind, from back to front, each of melted solids; `turn` is the sine of the yaw."""
    # A little larger than the skull with its hair.
    dome = Ellipsoid((0, 0.2, -0.08), (0.375, 0.39, 0.45))
    if kind == "cap":
        return [[dome], [Ellipsoid((0, 0.27, 0.42), (0.28, 0.035, 0.27))]]
    if kind == "hat":
        return [[Ellipsoid((0, 0.27, -0.07), (0.68, 0.05, 0.7))], [dome]]
    if kind == "headscarf":
        return [
            [
                Ellipsoid((0, 0.1, -0.08), (0.39, 0.46, 0.45)),
                Ellipsoid((0, -0.45, -0.08), (0.33, 0.4, 0.36), melt=0.15),
                Ellipsoid((0, -0.8, -0.05), (0.48, 0.3, 0.38), melt=0.2),
            ]
        ]
    if kind == "headphones":
        # The far cushion is hidden by the head.
        sides = [
            [Ellipsoid((s * 0.36, -0.03, -0.08), (0.06, 0.12, 0.11))] for s in (-1, 1) if s * turn > -0.15
        ]
        return [[Ellipsoid((0, 0.12, -0.04), (0.4, 0.46, 0.44))], *sides]
    if kind == "helmet":
        return [[Ellipsoid((0, 0.18, -0.08), (0.45, 0.47, 0.52))]]
    return [[Ellipsoid((0, 0.17, -0.08), (0.385, 0.46, 0.465))]]


def _cover(kind: str, points: Floats) -> Floats:
    """Return the cover (h, w), 0..1, from points in the head's coordinates."""
    u, v, near = points[..., 0], points[..., 1], points[..., 2]
    if kind == "headscarf":
        return floats(
            np.where(near > 0, np.clip((np.hypot(u / 0.27, (v + 0.04) / 0.36) - 1) / 0.08, 0, 1), 1)
        )
    if kind == "headphones":
        band = np.clip(1.5 - np.abs(near + 0.04) / 0.05, 0, 1) * (v > 0.1)
        return floats(np.maximum(band, np.hypot(np.abs(u) - 0.37, v + 0.02) < 0.15))
    if kind == "hat":
        brim = np.hypot(u, near + 0.07) > 0.42
        return floats(np.maximum(np.clip((v - 0.25) / 0.03, 0, 1), brim))
    # Rims sit lower behind than in front.
    edge = {"cap": 0.2, "helmet": 0.16}.get(kind, 0.17)
    behind = 0.25 * np.clip(-near - 0.05, 0, 1)
    return floats(np.clip((v - edge + behind) / 0.03, 0, 1))
