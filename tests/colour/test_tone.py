"""The curve of the network's picture."""

from __future__ import annotations

import pytest
import torch

from matteline.colour.levels import DIFFUSE_WHITE, SHOULDER_START
from matteline.colour.tone import ShoulderToneMap

from .conftest import CPU
from .curves import decode, encode, roll_off

LIGHTS = torch.cat([torch.zeros(1), torch.logspace(-6, 2.4, 4000, dtype=torch.float32)])


def test_the_curve_is_plain_srgb_below_the_shoulder() -> None:
    below = torch.linspace(0, DIFFUSE_WHITE, 1000)
    assert roll_off(below) == pytest.approx(encode(below), abs=1e-4)
    assert float(encode(torch.tensor(0.18))) == pytest.approx(0.46136, abs=1e-5)


def test_diffuse_white_of_hdr_lies_where_the_shoulder_starts() -> None:
    assert float(encode(torch.tensor(DIFFUSE_WHITE))) == pytest.approx(SHOULDER_START, abs=1e-4)


def test_highlights_rise_towards_white_without_reaching_it() -> None:
    shown = roll_off(LIGHTS.double())
    assert (shown.diff() > 0).all()
    assert float(shown[-1]) < 1


def test_the_shoulder_begins_without_a_corner() -> None:
    lights = decode(torch.linspace(0.85, 0.95, 2001, dtype=torch.float64))
    steps = roll_off(lights).diff()
    assert (steps.diff().abs() < 0.002 * steps[0]).all()


def test_the_shoulder_has_an_inverse() -> None:
    lights = LIGHTS[LIGHTS < 4]
    assert ShoulderToneMap(CPU).decode(roll_off(lights)) == pytest.approx(lights, rel=1e-2, abs=1e-6)


def test_the_table_is_the_curve_to_a_twentieth_of_an_eight_bit_code() -> None:
    assert (ShoulderToneMap(CPU).encode(LIGHTS) - roll_off(LIGHTS)).abs().max() < 2e-4


def test_light_below_black_is_shown_as_black() -> None:
    assert ShoulderToneMap(CPU).encode(torch.tensor([-0.1, -60.0, -0.0])).tolist() == [0, 0, 0]
