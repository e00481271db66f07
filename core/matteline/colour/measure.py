"""Measuring what a colour space of an OCIO config is made of.

Most spaces are a curve per channel and a matrix. Those are measured from the config once per shot, so that
no pixel has to pass through OpenColorIO afterwards; what is measured is checked against the config's own
answer, and a space of another build keeps going through OpenColorIO.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from matteline.colour.codec import LUMA_2020, Codec, Curve, OcioCodec
from matteline.colour.config import Config, Values, finite
from matteline.colour.halves import HALF_MAX, every_code, every_half
from matteline.colour.primaries import REC2020, Matrix, rec709_matrix
from matteline.colour.reference_space import ReferenceSpace, find_reference_space

HLG_SYSTEM_GAMMA: Final = 1.2
"""ITU-R BT.2100: the exponent of luminance between scene and display on a 1000-nit screen."""

# Relative: a tenth of what an eye tells apart, and ten times what float arithmetic is off.
_TOLERANCE: Final = 1e-3

# One call to OpenColorIO has it all: every code and half as grey, primaries, and values to check against.
_CODES = slice(0, 65536)
_HALVES = slice(65536, 131072)
_UNIT = slice(131072, 131076)
_STEPPED = slice(131076, 131079)
_LIGHTS = slice(131079, 131143)
_COLOURS = slice(131143, 131399)
_LOW, _HIGH = 0.1, 0.9
_CODE_LIMIT: Final = 6.0


def measure_codec(config: Config, name: str) -> Codec | OcioCodec:
    """Find how a space of the config becomes linear Rec.709.

    Raises:
        ColourError: The config cannot convert it, or has no space known to be linear Rec.709 or ACES.
    """
    reference = find_reference_space(config)
    # Codes far outside 0..1 mean nothing, and in a log curve they overflow.
    halves = np.clip(every_half(), -_CODE_LIMIT, _CODE_LIMIT)
    greys = np.concatenate([every_code(), halves])[:, None].repeat(3, axis=1)
    # The three primaries, and black: an offset is no part of any model here.
    unit = np.eye(4, 3, dtype=np.float32)
    stepped = np.where(np.eye(3), _HIGH, _LOW).astype(np.float32)
    probes = np.concatenate([greys, unit, stepped, _lights(), _colours()])
    answers = reference.to_rec709(config.convert(probes, name, reference.name))
    # The simplest model first: linear light is a curve too, but a matrix alone is exact and quicker.
    found = _as_matrix(answers) or _as_curve(answers) or _as_hlg(answers)
    if found is None:
        return OcioCodec(config, name, reference)
    return found if found.curve is None else _with_inverse(found, config, name, reference)


def _lights() -> Values:
    """Return linear values to check a matrix with, highlights and a little below black among them."""
    return np.random.default_rng(1).uniform(-0.1, 60.0, (64, 3)).astype(np.float32)


def _colours() -> Values:
    """Return codes to check a curve with."""
    return np.random.default_rng(2).uniform(0.0, 1.0, (256, 3)).astype(np.float32)


def _agree(answer: Matrix, model: Matrix) -> bool:
    # Relative to the brightest channel: a dark one of a bright colour carries the rounding of the others.
    room = _TOLERANCE * np.abs(answer).max(axis=1, keepdims=True) + 1e-5
    return bool((np.abs(answer - model) <= room).all())


def _as_matrix(answers: Matrix) -> Codec | None:
    matrix = answers[_UNIT][:3].T
    black = np.abs(answers[_UNIT][3]).max() < 1e-6
    return Codec(matrix) if black and _agree(answers[_LIGHTS], _lights() @ matrix.T) else None


def _grey_curve(answers: Matrix) -> Matrix | None:
    """Return the curve where greys stay grey, as one value for each code and half; None where they do not."""
    greys = answers[: _HALVES.stop]
    return greys.mean(axis=1) if _agree(greys, greys.mean(axis=1, keepdims=True)) else None


def _read_curve(grey: Matrix, codes: Values) -> Matrix:
    """Read the curve between 16-bit codes."""
    return np.asarray(np.interp(codes, every_code(), grey[_CODES]))


def _as_curve(answers: Matrix) -> Codec | None:
    grey = _grey_curve(answers)
    if grey is None:
        return None
    low, high = _read_curve(grey, np.array([_LOW, _HIGH], np.float32))
    if high - low < 1e-6:
        return None
    # One channel high and two low, less three low ones: the column of the matrix that the channel has.
    matrix = (answers[_STEPPED] - low).T / (high - low)
    if not _agree(answers[_COLOURS], _read_curve(grey, _colours()) @ matrix.T):
        return None
    return Codec(matrix, _forward_curve(grey))


def _as_hlg(answers: Matrix) -> Codec | None:
    grey = _grey_curve(answers)
    if grey is None or grey[_CODES][-1] <= 0:
        return None
    # On grey the system gamma acts as an exponent, so its inverse lays the scene's own curve bare.
    peak = grey[_CODES][-1]
    scene = np.copysign(np.abs(grey / peak) ** (1 / HLG_SYSTEM_GAMMA), grey)
    lights = _read_curve(scene, _colours())
    display = peak * lights * (lights @ np.array(LUMA_2020))[:, None] ** (HLG_SYSTEM_GAMMA - 1)
    matrix = rec709_matrix(REC2020)
    if not _agree(answers[_COLOURS], display @ matrix.T):
        return None
    return Codec(matrix * peak, _forward_curve(scene), HLG_SYSTEM_GAMMA)


def _forward_curve(grey: Matrix) -> Curve:
    """Return a curve without its inverse, which is measured only for the model that fits."""
    table = np.clip(grey, -HALF_MAX, HALF_MAX).astype(np.float32)
    return Curve(table[_CODES], table[_HALVES], inverse=np.zeros(0, np.float32))


def _with_inverse(codec: Codec, config: Config, name: str, reference: ReferenceSpace) -> Codec:
    """Measure the code of each half-precision light by asking the config the way back."""
    assert codec.curve is not None
    lights = every_half().astype(np.float64)
    if codec.system_gamma != 1:
        # The config knows light as a display shows it: the system gamma brings grey there, and each row of the matrix
        # turns white into the peak.
        peak = codec.matrix.sum(axis=1).mean()
        lights = peak * np.copysign(np.abs(lights) ** codec.system_gamma, lights)
    grey = np.clip(lights, -HALF_MAX, HALF_MAX)[:, None].repeat(3, axis=1)
    in_reference = np.asarray(grey @ np.linalg.inv(reference.matrix).T, np.float32)
    codes = config.convert(in_reference, reference.name, name)
    return replace(codec, curve=replace(codec.curve, inverse=finite(codes.mean(axis=1))))
