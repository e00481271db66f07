"""Clothes from the neck down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.drawing.person.cloth import Cloth, random_colour
from matteline.drawing.shapes.light import Colour


@dataclass(frozen=True)
class Outfit:
    """Garments. Lengths are shares: of the arm, and of the leg from the hip to the ankle.

    Attributes:
        top: Shirt, jumper or the upper part of a dress.
        bottom: Trousers or skirt.
        jacket: Worn open over the top; None for no jacket.
        sleeve: Share of the arm that the outermost sleeve covers; 0 for no sleeves.
        loose: How far clothes stand off the body, in heights of a head.
        neck_wide: Half the width of the opening for the neck.
        neck_deep: How deep it is cut in front.
        hem: Height of the top's lower edge on the trunk of an average adult.
        trousers: Share of the leg that trousers cover.
        skirt: Share of the leg that a skirt covers; 0 for none.
        flare: Half the width of the skirt's hem over that of the hips.
        tie: Colour of a tie; None for none.
        scarf: What a scarf is made of; None for none.
        shoes: Colour of the shoes.
        collar: Whether the top has one.
    """

    top: Cloth
    bottom: Cloth
    jacket: Cloth | None
    sleeve: float
    loose: float
    neck_wide: float
    neck_deep: float
    hem: float
    trousers: float
    skirt: float
    flare: float
    tie: Colour | None
    scarf: Cloth | None
    shoes: Colour
    collar: bool

    @classmethod
    def random(cls, rng: np.random.Generator, feminine: bool, near: Colour | None) -> Outfit:
        """Return random clothes, some of a colour close to `near`."""
        dress = feminine and rng.random() < 0.3
        top = Cloth.random(rng, near if near is not None and rng.random() < 0.7 else None)
        bottom = (
            top if dress else Cloth.random(rng, near if near is not None and rng.random() < 0.3 else None)
        )
        skirt = float(rng.uniform(0.35, 0.98)) if dress or (feminine and rng.random() < 0.2) else 0.0
        # The share of people with a jacket, and below of those with a tie, a scarf and a collar, are guesses.
        jacket = Cloth.random(rng) if rng.random() < 0.28 else None
        return cls(
            top=top,
            bottom=bottom,
            jacket=jacket,
            # Lengths in repeated values are the usual ones: long sleeves, long trousers.
            sleeve=1.0 if jacket else float(rng.choice([0.0, 0.27, 0.45, 0.97, 0.97, 0.97])),
            loose=float(rng.uniform(0.01, 0.1)),
            neck_wide=float(rng.uniform(0.22, 0.42 if feminine else 0.3)),
            neck_deep=float(rng.uniform(0.12, 0.5 if feminine or jacket else 0.3)),
            # A dress has its seam at the waist; shirts hang over it or not.
            hem=-2.35 if dress else float(rng.choice([-2.2, -2.6, -2.85, -2.95])),
            trousers=0.0 if skirt else float(rng.choice([0.3, 0.5, 0.97, 0.97, 0.97])),
            skirt=skirt,
            flare=float(rng.uniform(1.05, 1.9)),
            tie=random_colour(rng) if rng.random() < (0.45 if jacket else 0.05) else None,
            scarf=Cloth.random(rng) if rng.random() < 0.08 else None,
            shoes=random_colour(rng),
            collar=bool(rng.random() < 0.35),
        )
