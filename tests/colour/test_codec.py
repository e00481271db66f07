"""What is measured of a space, held against OpenColorIO's own answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from matteline.colour.codec import Codec, OcioCodec, cineon_codec, display_codec, linear_codec
from matteline.colour.config import Config
from matteline.colour.measure import measure_codec
from matteline.colour.pixel_codec import make_pixel_codec
from matteline.colour.primaries import REC709, REC2020
from matteline.contract.errors import ColourError

from .conftest import CAMERA_LOGS, CPU, FACILITY, ISLAND, OLD

OTHERS = [
    "ACES2065-1",
    "ACEScg",
    "CIE XYZ-D65 - Scene-referred",
    "Linear REDWideGamutRGB",
    "Linear Rec.709 (sRGB)",
    "sRGB Encoded P3-D65",
    "Gamma 2.2 Encoded AdobeRGB",
    "P3-D65 - Display",
    "Rec.2100-PQ - Display",
    "Rec.2100-HLG - Display",
]

CODES = np.random.default_rng(7).uniform(0.0, 1.0, (2000, 3)).astype(np.float32)
LIGHTS = np.exp2(np.random.default_rng(8).uniform(-10, 5.9, (2000, 3))).astype(np.float32)


def close(made: np.ndarray, wanted: np.ndarray, relative: float) -> None:
    """Every pixel lies within `relative` of its own brightest channel."""
    room = relative * np.abs(wanted).max(axis=1, keepdims=True) + 1e-5
    worst = (np.abs(made - wanted) / room).max()
    assert worst <= 1, f"{worst:.2f} times the tolerance"


@pytest.mark.slow
@pytest.mark.parametrize("name", [*CAMERA_LOGS, *OTHERS])
def test_a_measured_space_decodes_as_the_config_does(studio: Config, name: str) -> None:
    codec = measure_codec(studio, name)
    assert isinstance(codec, Codec)
    exact = (CODES * 65535).astype(np.uint16)
    made = make_pixel_codec(codec, CPU).to_linear(torch.from_numpy(exact)).T.numpy()
    close(made, studio.convert(exact / np.float32(65535), name, "lin_rec709"), 1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*CAMERA_LOGS, *OTHERS])
def test_a_measured_space_encodes_as_the_config_does(studio: Config, name: str) -> None:
    codec = measure_codec(studio, name)
    lights = studio.convert(LIGHTS, "ACEScg", "lin_rec709")
    codes = make_pixel_codec(codec, CPU).from_linear(torch.from_numpy(lights.T.copy())).numpy()
    # Colours outside a space's own gamut are negative light there, where some curves end.
    exact = studio.convert(studio.convert(lights, "lin_rec709", name), name, "lin_rec709")
    inside = (np.abs(exact - lights) < 1e-3).all(axis=1)
    assert inside.sum() > 200
    close(studio.convert(codes, name, "lin_rec709")[inside], lights[inside], 3e-3)


@pytest.mark.parametrize("name", ["ACEScc", "ADX10"])
def test_a_space_of_another_build_goes_through_the_config(studio: Config, name: str) -> None:
    codec = measure_codec(studio, name)
    assert isinstance(codec, OcioCodec)
    made = make_pixel_codec(codec, CPU).to_linear(torch.from_numpy(CODES)).T.numpy()
    assert made == pytest.approx(studio.convert(CODES, name, "lin_rec709"), rel=1e-5, abs=1e-5)


def test_eight_bit_codes_mean_the_same_as_sixteen_bit_ones() -> None:
    pixels = make_pixel_codec(cineon_codec(), CPU)
    eight = torch.arange(256, dtype=torch.uint8).view(-1, 1).expand(-1, 3)
    sixteen = torch.from_numpy((np.arange(256, dtype=np.uint16) * 257)[:, None].repeat(3, axis=1))
    assert torch.equal(pixels.to_linear(eight), pixels.to_linear(sixteen))


def test_cineon_has_its_white_at_685_and_its_black_at_95() -> None:
    codes = torch.tensor([[95.0, 685.0, 1023.0]]).T.expand(-1, 3) / 1023
    made = make_pixel_codec(cineon_codec(), CPU).to_linear(codes.contiguous())[0]
    assert made.tolist() == pytest.approx([0.0, 1.0, 13.52], abs=0.01)


def test_values_that_are_no_numbers_become_black_and_infinities_stay_finite() -> None:
    broken = torch.tensor([[float("nan"), float("inf"), -float("inf")]])
    for codec in (linear_codec(REC709), display_codec(), cineon_codec()):
        made = make_pixel_codec(codec, CPU).to_linear(broken)
        assert torch.isfinite(made).all()
        assert made[0, 0].abs() < 0.02


def test_hlg_of_another_luminance_is_brighter_by_its_system_gamma(space_of: Callable[[str], object]) -> None:
    pixels = make_pixel_codec(space_of("Rec.2100-HLG - Display").codec, CPU)  # type: ignore[attr-defined]
    half, full = pixels.to_linear(torch.tensor([[0.5, 0.5, 0.5], [1.0, 1.0, 1.0]]))[1]
    # BT.2100: code 0.5 is a twelfth of the peak in scene light, shown to the power of 1.2.
    assert float(full / half) == pytest.approx(12**1.2, rel=2e-3)


def test_a_config_with_aces_under_a_role_needs_no_known_names(config_of: Callable[[str], Config]) -> None:
    codec = measure_codec(config_of(FACILITY), "working")
    assert isinstance(codec, Codec)
    assert codec.matrix.sum(axis=1) == pytest.approx(np.full(3, 0.5), abs=1e-4)


def test_a_config_of_the_first_version_is_understood_by_its_own_srgb(
    config_of: Callable[[str], Config],
) -> None:
    codec = measure_codec(config_of(OLD), "linear")
    assert isinstance(codec, Codec)
    assert codec.matrix == pytest.approx(np.eye(3), abs=1e-4)


def test_a_matrix_before_the_curve_is_not_mistaken_for_one_after_it(
    config_of: Callable[[str], Config],
) -> None:
    assert isinstance(measure_codec(config_of(OLD), "crossed"), OcioCodec)


def test_a_config_that_relates_to_nothing_known_is_an_error_with_a_remedy(
    config_of: Callable[[str], Config],
) -> None:
    with pytest.raises(ColourError, match=r"does not say how its spaces relate to Rec\.709") as caught:
        measure_codec(config_of(ISLAND), "somewhere")
    assert "aces_interchange" in caught.value.hint


def test_primaries_of_a_plate_are_undone(studio: Config) -> None:
    codec = display_codec(REC2020)
    made = make_pixel_codec(codec, CPU).to_linear(torch.tensor([[0.0, 1.0, 0.0]]))[:, 0]
    assert made.tolist() == pytest.approx([-0.5876, 1.1329, -0.1006], abs=1e-3)
