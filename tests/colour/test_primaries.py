"""Chromaticities and matrices, against OpenColorIO's own."""

from __future__ import annotations

import numpy as np
import pytest

from matteline.colour.config import Config
from matteline.colour.primaries import (
    ACES_AP0,
    ACES_AP1,
    ADOBE_RGB,
    P3_D65,
    REC709,
    REC2020,
    rec709_matrix,
    same_chromaticities,
)


@pytest.mark.parametrize(
    ("chromaticities", "name"),
    [
        (ACES_AP1, "ACEScg"),
        (ACES_AP0, "ACES2065-1"),
        (REC2020, "lin_rec2020"),
        (P3_D65, "lin_p3d65"),
        (ADOBE_RGB, "lin_adobergb"),
        (REC709, "lin_rec709"),
    ],
)
def test_matrices_are_those_of_the_aces_config(
    studio: Config, chromaticities: tuple[float, ...], name: str
) -> None:
    unit = np.eye(3, dtype=np.float32)
    assert rec709_matrix(chromaticities) == pytest.approx(
        studio.convert(unit, name, "lin_rec709").T, abs=1e-5
    )


def test_white_stays_white() -> None:
    assert rec709_matrix(ACES_AP1).sum(axis=1) == pytest.approx(np.ones(3))


def test_chromaticities_as_a_file_rounds_them_are_recognised() -> None:
    assert same_chromaticities(np.float32(ACES_AP1), ACES_AP1)
    assert not same_chromaticities(ACES_AP0, ACES_AP1)


@pytest.mark.parametrize(
    "broken",
    [
        (0.64, 0.33, 0.3, 0.6, 0.15, 0.06),
        (0.64, 0.33, 0.64, 0.33, 0.64, 0.33, 0.3127, 0.329),
        (0.64, 0.33, 0.3, 0.6, 0.15, 0.0, 0.3127, 0.329),
        (0.64, float("nan"), 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329),
    ],
    ids=["too few", "one point", "y of zero", "not a number"],
)
def test_chromaticities_that_span_no_gamut_are_refused(broken: tuple[float, ...]) -> None:
    with pytest.raises(ValueError):
        rec709_matrix(broken)
