"""What people see of a plate in movies."""

from __future__ import annotations

import numpy as np
import pytest

from matteline.colour.config import open_config
from matteline.colour.rec709_transform import Rec709Transform
from matteline.colour.space import PlateSpace, choose_space
from matteline.contract.plate import ColourTags


def _space(name: str, **tags: str) -> PlateSpace:
    return choose_space(
        name, tags=ColourTags(**tags), path="p", pixel_type="uint16", kind="movie", config=open_config(None)
    )


def _shown(space: PlateSpace, values: list[float], dtype: type = np.float32) -> np.ndarray:
    pixels = np.repeat(np.array(values, dtype)[None, :, None], 3, axis=2)
    return Rec709Transform(space).apply(pixels)[0, :, 1]


@pytest.mark.parametrize("name", ["sRGB", "Rec.709"])
def test_display_referred_values_pass_as_they_are(name):
    np.testing.assert_allclose(_shown(_space(name), [0, 100, 255], np.uint8), [0, 100 / 255, 1], atol=1e-7)
    np.testing.assert_allclose(_shown(_space(name), [-0.1, 0.4, 1.3, np.nan]), [0, 0.4, 1, 0], atol=1e-7)


def test_scene_linear_grey_is_encoded_and_highlights_keep_apart():
    shown = _shown(_space("ACEScg"), [0.0, 0.18, 1.0, 4.0], np.float16)
    assert shown[:2] == pytest.approx([0, 0.461], abs=0.001)
    assert 0.9 < shown[2] < shown[3] < 1


def test_white_of_another_display_stays_white():
    space = _space("auto", primaries="bt2020", transfer="bt2020-10")
    np.testing.assert_allclose(_shown(space, [0, 65535], np.uint16), [0, 1], atol=0.001)


def test_log_is_shown_as_light():
    grey = _shown(_space("ARRI LogC3 (EI800)"), [0.391])
    assert grey == pytest.approx([0.461], abs=0.003)
