"""The shape of a head: skull, cheeks, nose, lips and chin as melted ellipsoids."""

from __future__ import annotations

from matteline.drawing.shapes.solids import Ellipsoid

SKULL = Ellipsoid((0, 0.12, -0.07), (0.335, 0.40, 0.42))


def head_solids(width: float, mouth: float) -> list[Ellipsoid]:
    """Skull, cheeks, chin, brows, nose and lips, each to be melted into those before it."""
    # From the skull outwards; nose and lips come last, since far away they are left out (`face._ROUGH`).
    w, sides = width, (-1, 1)
    drop = 0.05 * mouth
    return [
        SKULL,
        Ellipsoid((0, -0.13 - drop / 2, 0.02), (0.278 * w, 0.37, 0.30), melt=0.12),
        Ellipsoid((0, -0.385 - drop, 0.13), (0.145, 0.112, 0.145), melt=0.14),
        *(Ellipsoid((s * 0.15 * w, -0.10, 0.18), (0.12, 0.11, 0.11), melt=0.12) for s in sides),
        *(
            Ellipsoid((s * 0.10 * w, 0.095, 0.23), (0.12, 0.05, 0.10), tilt=-s * 0.1, melt=0.10)
            for s in sides
        ),
        Ellipsoid((0, -0.015, 0.315), (0.030, 0.13, 0.07), melt=0.04),
        Ellipsoid((0, -0.122, 0.365), (0.044, 0.040, 0.052), melt=0.04),
        *(Ellipsoid((s * 0.043, -0.138, 0.325), (0.032, 0.027, 0.040), melt=0.02) for s in sides),
        Ellipsoid((0, -0.225, 0.20), (0.14, 0.10, 0.13), melt=0.10),
        Ellipsoid((0, -0.247, 0.317), (0.082, 0.020, 0.030), melt=0.03),
        Ellipsoid((0, -0.293 - drop, 0.307), (0.070, 0.025, 0.034), melt=0.03),
    ]
