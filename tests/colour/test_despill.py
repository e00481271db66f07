"""Despill: a screen's hue is limited, and everything else keeps its values bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from matteline.colour.config import open_config
from matteline.colour.despill import Despill
from matteline.colour.key_colour import parse_key_colour
from matteline.colour.space import PlateSpace, choose_space
from matteline.contract.errors import JobError
from matteline.contract.plate import ColourTags

CPU = torch.device("cpu")


def space(name: str) -> PlateSpace:
    return choose_space(
        name, tags=ColourTags(), path="a.exr", pixel_type="half", kind="sequence", config=open_config(None)
    )


LINEAR = "lin_rec709_scene"


def despilled(word: str, pixels: object, name: str = LINEAR, dtype: type = np.float32) -> np.ndarray:
    """Pixels (N, 3) without the spill of a screen."""
    screen = parse_key_colour(word)
    assert screen is not None
    fgr = np.array(pixels, dtype)[None]
    Despill(screen, space(name), CPU).remove(fgr)
    return fgr[0]


def decoded(word: str) -> np.ndarray:
    """`#RRGGBB` in linear light."""
    codes = np.array([int(word[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)


def test_green_falls_to_the_mean_of_red_and_blue():
    made = despilled("green", [[0.4, 0.9, 0.2], [0, 1, 0], [2, 30, 4]])
    assert np.allclose(made, [[0.4, 0.3, 0.2], [0, 0, 0], [2, 3, 4]], atol=1e-5)


def test_blue_falls_to_the_mean_of_red_and_green():
    assert np.allclose(despilled("blue", [[0.4, 0.2, 0.9]]), [[0.4, 0.2, 0.3]], atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("name", [LINEAR, "ACEScg", "ARRI LogC4", "sRGB"])
def test_what_has_no_spill_keeps_its_bits(name, dtype):
    random = np.random.default_rng(1).random((500, 3)).astype(dtype)
    greys = np.repeat(random[:, :1], 3, axis=1)
    # Far from green even when the plate's primaries are turned into others.
    warm = np.sort(random, axis=1)[:, ::-1] * np.array([1, 0.4, 1], dtype)
    for pixels in (greys, warm):
        assert despilled("green", pixels, name, dtype).tobytes() == pixels.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("word", ["green", "blue", "#2e8b3d", "#00b140", "#0047bb", "#ff00ff"])
def test_a_pixel_of_the_screens_own_colour_loses_all_of_its_hue(word):
    screen = {"green": np.eye(3)[1], "blue": np.eye(3)[2]}.get(word)
    colour = decoded(word) if screen is None else screen
    made = despilled(word, [colour * 0.7])[0]
    assert made.max() - made.min() < 1e-4 * colour.max()


@pytest.mark.parametrize("word", ["green", "blue", "#2e8b3d", "#00b1b1"])
def test_nothing_gains_spill_or_falls_below_black(word):
    pixels = np.random.default_rng(2).random((2000, 3)).astype(np.float32)
    made = despilled(word, pixels)
    screen = parse_key_colour(word)
    assert screen is not None
    axis = np.array(screen.axis)
    assert (made >= 0).all()
    assert (made @ axis <= np.maximum(pixels @ axis, 1e-3) + 1e-5).all()
    assert (made.sum(1) <= pixels.sum(1) + 0.1).all()


def test_green_and_its_hexadecimal_are_one_screen():
    assert parse_key_colour("green") == parse_key_colour("#00FF00") and parse_key_colour(
        " Blue "
    ) == parse_key_colour("#0000ff")


def test_more_spill_never_comes_out_brighter():
    greens = np.linspace(0, 1, 200, dtype=np.float32)
    pixels = np.stack([np.full(200, 0.3, np.float32), greens, np.full(200, 0.1, np.float32)], axis=1)
    made = despilled("green", pixels)
    assert (np.diff(made[:, 1]) >= -1e-6).all()
    assert made[:, 1].max() == pytest.approx(0.2, abs=1e-3)


@pytest.mark.slow
def test_spill_is_the_same_in_log_as_in_linear_light():
    random = np.random.default_rng(3).random((300, 3)).astype(np.float32) * 4
    log, linear = space("ARRI LogC4"), space(LINEAR)
    codes = log.config.convert(random, linear.name, log.name)
    made = log.config.convert(despilled("green", codes, "ARRI LogC4"), log.name, linear.name)
    assert np.allclose(made, despilled("green", random), atol=0.02, rtol=0.01)


@pytest.mark.parametrize("word", ["grean", "#12345", "#gggggg", "00ff00", "#00ff00ff"])
def test_a_word_that_is_no_colour_is_refused(word):
    with pytest.raises(JobError, match="screen colour cannot be") as caught:
        parse_key_colour(word)
    assert caught.value.field == "despill" and "#RRGGBB" in caught.value.hint


@pytest.mark.parametrize("word", ["#000000", "#808080", "#7f8080"])
def test_a_grey_screen_is_refused(word):
    with pytest.raises(JobError, match="has no hue"):
        parse_key_colour(word)


def test_no_screen_is_none():
    assert parse_key_colour("none") is None
