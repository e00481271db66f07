"""The measures of a body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Build:
    """Measures in heights of the person's own head; adults are about seven and a half heads tall.

    Attributes:
        girth: Thickness of trunk and limbs over the average.
        shoulders: From the middle to a shoulder joint.
        chest: Half the width of the chest.
        waist: Half the width of the waist.
        hips: Half the width of the hips.
        bust: Size of the breasts, 0 for none.
        belly: How far the belly stands out, 0 for not at all.
        hip_height: From the head's origin down to the hip joints.
        upper_arm: Length from shoulder to elbow.
        forearm: Length from elbow to wrist.
        thigh: Length from hip to knee.
        shin: Length from knee to ankle.
    """

    girth: float = 1.0
    shoulders: float = 0.74
    chest: float = 0.66
    waist: float = 0.55
    hips: float = 0.62
    bust: float = 0.0
    belly: float = 0.0
    hip_height: float = 2.95
    upper_arm: float = 1.32
    forearm: float = 1.12
    thigh: float = 1.85
    shin: float = 1.8

    @classmethod
    def random(cls, rng: np.random.Generator, feminine: bool) -> Build:
        """Return a random build: slight to heavy, children to tall adults."""
        # Slim at 0.76, heavy at 1.5.
        girth = float(np.clip(rng.normal(1.0, 0.16), 0.76, 1.5))
        # One in ten is a child; heads of children are larger beside their bodies.
        tall = 0.66 if rng.random() < 0.1 else float(rng.normal(0.98, 0.04))
        wide = girth**0.7 * (0.72 if tall < 0.8 else 1)
        return cls(
            girth=girth * (0.75 if tall < 0.8 else 1),
            # Broader shoulders and narrower hips on men, a narrower waist on women; means of many people.
            shoulders=wide * (0.66 if feminine else 0.77),
            chest=wide * (0.58 if feminine else 0.68),
            waist=wide * (0.45 if feminine else 0.56) * (0.7 + 0.3 * girth),
            hips=wide * (0.65 if feminine else 0.6),
            bust=float(rng.uniform(0.5, 1.1)) if feminine and tall > 0.8 else 0.0,
            belly=float(np.clip(rng.normal(1.6 * (girth - 0.95), 0.15), 0, 1)),
            hip_height=0.6 + 2.35 * tall,
            upper_arm=1.32 * tall,
            forearm=1.12 * tall,
            thigh=1.85 * tall,
            shin=1.8 * tall,
        )

    def down(self, height: float) -> float:
        """Return where a height on an average adult's trunk lies on this one, in the trunk's coordinates."""
        # Neck at -0.55 and hips at -2.95 on the average; between them all heights scale alike.
        return -0.55 + (height + 0.55) * (self.hip_height - 0.55) / 2.4
