"""What the viewer shows: the preview's picture, or the config's view, within the screen's 8 bits."""

from __future__ import annotations

import numpy as np
import pytest

from matteline.colour.config import open_config
from matteline.colour.display_transform import PLAIN, DisplayTransform, ViewerGrade, values_to_display
from matteline.colour.rec709_transform import Rec709Transform
from matteline.colour.reference_space import find_reference_space
from matteline.colour.space import choose_space
from matteline.contract.errors import ColourError
from matteline.contract.plate import ColourTags

CONFIG = open_config(None)


def _space(name: str):
    return choose_space(name, tags=ColourTags(), path="p", pixel_type="half", kind="still", config=CONFIG)


@pytest.mark.parametrize("name", ["sRGB", "Rec.709", "Linear Rec.709 (sRGB)", "ACEScg", "ARRI LogC4"])
def test_the_plain_view_is_that_of_previews(name):
    space = _space(name)
    noise = np.random.default_rng(1)
    grey, tint = noise.uniform(0.05, 0.6, (40, 50, 1)), noise.uniform(0.96, 1.04, (40, 50, 3))
    values = (grey * tint).astype(np.float16)
    shown = DisplayTransform(space).to_display(values)[..., :3].astype(float)
    wanted = 255 * Rec709Transform(space).apply(values)
    away = np.abs(shown - wanted)
    assert away.mean() < 0.7
    assert np.quantile(away, 0.99) < 3


def test_integers_in_srgb_pass_as_they_are():
    codes = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    np.testing.assert_array_equal(DisplayTransform(_space("sRGB")).to_display(codes)[0, :, 0], codes[0, :, 0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("view", "mean", "most"),
    [("sRGB - Display/Un-tone-mapped", 0.5, 1), ("sRGB - Display/ACES 2.0 - SDR 100 nits (Rec.709)", 0.7, 4)],
)
def test_a_view_of_the_config_is_met_within_the_bits_of_the_screen(view, mean, most):
    space, noise = _space("ACEScg"), np.random.default_rng(2)
    light = np.exp2(noise.uniform(-8, 4, (3000, 1))) * noise.uniform(0.4, 1.6, (3000, 3))
    light = light.astype(np.float16)
    reference = find_reference_space(CONFIG)
    linear = light.astype(np.float32) @ space.codec.matrix.T
    in_reference = (linear @ np.linalg.inv(reference.matrix).T).astype(np.float32)
    wanted = 255 * CONFIG.through_view(
        in_reference, reference.name, *CONFIG.parse_view(view), inverse=False
    ).clip(0, 1)
    away = np.abs(DisplayTransform(space, view).to_display(light[None])[0, :, :3] - wanted)
    assert away.mean() < mean
    assert np.quantile(away, 0.99) < most


def test_light_shown_is_the_pixels_shown():
    transform = DisplayTransform(_space("ARRI LogC3 (EI800)"))
    codes = np.random.default_rng(3).integers(5000, 40000, (20, 20, 3), np.uint16)
    apart = transform.light_to_display(transform.to_light(codes)).astype(int) - transform.to_display(codes)
    assert np.abs(apart).max() <= 2


def test_exposure_doubles_light_with_each_stop():
    transform = DisplayTransform(_space("Linear Rec.709 (sRGB)"))
    light = np.full((1, 1, 3), 0.1, np.float16)
    brighter = transform.to_display(light, ViewerGrade(exposure_stops=1))
    assert brighter[0, 0, 0] == transform.to_display(2 * light)[0, 0, 0]


def test_values_that_are_no_numbers_are_shown_as_something():
    wild = np.array([[[np.nan, np.inf, -np.inf]]], np.float32)
    for name in ("sRGB", "ACEScg"):
        assert DisplayTransform(_space(name)).to_display(wild)[0, 0].tolist()[1] == 255


def test_alpha_is_shown_by_its_own_value():
    alpha = np.array([[0.0, 0.5, 1.0, 2.0]], np.float32)
    assert values_to_display(alpha)[0, :, 0].tolist() == [0, 128, 255, 255]


def test_a_view_that_is_not_there_is_named():
    with pytest.raises(ColourError, match="no display called 'Paper'"):
        DisplayTransform(_space("sRGB"), "Paper/Print")


def test_views_begin_with_the_default_of_the_config():
    views = CONFIG.views()
    assert views[0] == "sRGB - Display/ACES 2.0 - SDR 100 nits (Rec.709)"
    assert len(views) == len(set(views))
    assert PLAIN not in views


@pytest.mark.parametrize("view", [each for each in CONFIG.views() if CONFIG.is_data_view(each)])
@pytest.mark.parametrize("name", ["ACEScg", "ARRI LogC4", "sRGB"])
def test_a_view_of_data_shows_stored_values_as_the_config_does(view, name):
    codes = np.random.default_rng(4).uniform(-0.1, 1.1, (30, 40, 3)).astype(np.float16)
    flat = codes.reshape(-1, 3).astype(np.float32)
    wanted = CONFIG.through_view(flat, CONFIG.find(name), *CONFIG.parse_view(view), inverse=False)
    shown = DisplayTransform(_space(name), view).to_display(codes)[..., :3].reshape(-1, 3)
    assert np.abs(shown - 255 * wanted.clip(0, 1)).max() <= 0.51


@pytest.mark.slow
@pytest.mark.parametrize("view", [each for each in CONFIG.views() if not CONFIG.is_data_view(each)])
def test_every_view_of_the_config_is_met(view):
    noise = np.random.default_rng(6)
    light = np.exp2(noise.uniform(-8, 3, (2000, 1))) * noise.uniform(0.4, 1.6, (2000, 3))
    light = light.astype(np.float16)
    wanted = CONFIG.through_view(
        light.astype(np.float32), CONFIG.find("ACEScg"), *CONFIG.parse_view(view), inverse=False
    )
    away = np.abs(
        DisplayTransform(_space("ACEScg"), view).to_display(light[None])[0, :, :3] - 255 * wanted.clip(0, 1)
    )
    assert away.mean() < 0.8
    # Views of HDR screens spread over more stops than a cube's levels follow closely.
    assert np.quantile(away, 0.99) < 4.5
