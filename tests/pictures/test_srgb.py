"""The sRGB curve: the standard's own values, and the same for numpy and torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from matteline.pictures.srgb import srgb_decode, srgb_encode

LIGHTS = np.concatenate([[0.0, 0.0031308, 0.00313081], np.geomspace(1e-5, 60, 500)]).astype(np.float32)


@pytest.mark.parametrize(("light", "code"), [(0.0, 0.0), (0.18, 0.461356), (0.5, 0.735357), (1.0, 1.0)])
def test_values_of_the_standard(light, code):
    assert srgb_encode(np.array(light)) == pytest.approx(code, abs=1e-6)
    assert srgb_decode(np.array(code)) == pytest.approx(light, abs=1e-6)


def test_decoding_undoes_encoding():
    np.testing.assert_allclose(srgb_decode(srgb_encode(LIGHTS)), LIGHTS, rtol=1e-5)


@pytest.mark.parametrize("curve", [srgb_encode, srgb_decode])
def test_tensors_get_what_arrays_get(curve):
    of_tensor = curve(torch.from_numpy(LIGHTS), torch.where)
    assert of_tensor.dtype == torch.float32
    np.testing.assert_allclose(of_tensor.numpy(), curve(LIGHTS), rtol=1e-6)


def test_the_dtype_stays():
    assert srgb_encode(LIGHTS).dtype == srgb_decode(LIGHTS).dtype == np.float32


def test_no_value_below_black_becomes_nan():
    below = np.array([-0.5, -60.0])
    np.testing.assert_allclose(srgb_decode(srgb_encode(below)), below)
