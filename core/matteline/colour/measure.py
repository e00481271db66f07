"""Finding what a colour space of an OCIO config is made of.

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
from matteline.colour.hub import Hub, hub_of
from matteline.colour.primaries import REC2020, Matrix, to_rec709

HLG_SYSTEM_GAMMA: Final = 1.2
"""ITU-R BT.2100: the exponent of luminance between scene and display on a 1000-nit screen."""

_TOLERANCE: Final = 1e-3

# What one call to OpenColorIO is asked: every code and half as grey, primaries, and values to check against.
_CODES = slice(0, 65536)
_HALVES = slice(65536, 131072)
_UNIT = slice(131072, 131076)
_STEPPED = slice(131076, 131079)
_LIGHTS = slice(131079, 131143)
_COLOURS = slice(131143, 131399)
_LOW, _HIGH = 0.1, 0.9
_CODE_LIMIT: Final = 6.0


def measure(config: Config, name: str) -> Codec | OcioCodec:
    """Find how a space of the config becomes linear Rec.709.

    Raises:
        ColourError: The config cannot convert it, or has no space known to be linear Rec.709 or ACES.
    """
    hub = hub_of(config)
    made = hub.to_rec709(config.convert(_probes(), name, hub.name))
    found = _as_matrix(made) or _as_curve(made) or _as_hlg(made)
    if found is None:
        return OcioCodec(config, name, hub)
    return found if found.curve is None else _with_inverse(found, config, name, hub)


def _lights() -> Values:
    drawn = np.random.default_rng(1).uniform(-0.1, 60.0, (64, 3))
    return drawn.astype(np.float32)


def _colours() -> Values:
    drawn = np.random.default_rng(2).uniform(0.0, 1.0, (256, 3))
    return drawn.astype(np.float32)


def _probes() -> Values:
    # Codes far outside 0..1 mean nothing, and in a log curve they overflow.
    halves = np.clip(every_half(), -_CODE_LIMIT, _CODE_LIMIT)
    greys = np.concatenate([every_code(), halves])[:, None].repeat(3, axis=1)
    unit = np.eye(4, 3, dtype=np.float32)
    stepped = np.where(np.eye(3), _HIGH, _LOW).astype(np.float32)
    return np.concatenate([greys, unit, stepped, _lights(), _colours()])


def _agree(answer: Matrix, model: Matrix) -> bool:
    room = _TOLERANCE * np.abs(answer).max(axis=1, keepdims=True) + 1e-5
    return bool((np.abs(answer - model) <= room).all())


def _as_matrix(made: Matrix) -> Codec | None:
    matrix = made[_UNIT][:3].T
    black = np.abs(made[_UNIT][3]).max() < 1e-6
    return Codec(matrix) if black and _agree(made[_LIGHTS], _lights() @ matrix.T) else None


def _grey(made: Matrix) -> Matrix | None:
    """The curve where greys stay grey, as one value for each code and half."""
    greys = made[: _HALVES.stop]
    return greys.mean(axis=1) if _agree(greys, greys.mean(axis=1, keepdims=True)) else None


def _at(grey: Matrix, codes: Values) -> Matrix:
    """Read the curve between 16-bit codes."""
    return np.asarray(np.interp(codes, every_code(), grey[_CODES]))


def _as_curve(made: Matrix) -> Codec | None:
    grey = _grey(made)
    if grey is None:
        return None
    low, high = _at(grey, np.array([_LOW, _HIGH], np.float32))
    if high - low < 1e-6:
        return None
    matrix = (made[_STEPPED] - low).T / (high - low)
    if not _agree(made[_COLOURS], _at(grey, _colours()) @ matrix.T):
        return None
    return Codec(matrix, _forward(grey))


def _as_hlg(made: Matrix) -> Codec | None:
    grey = _grey(made)
    if grey is None or grey[_CODES][-1] <= 0:
        return None
    # On grey the system gamma acts as an exponent, so its inverse lays the scene's own curve bare.
    peak = grey[_CODES][-1]
    scene = np.copysign(np.abs(grey / peak) ** (1 / HLG_SYSTEM_GAMMA), grey)
    lights = _at(scene, _colours())
    display = peak * lights * (lights @ np.array(LUMA_2020))[:, None] ** (HLG_SYSTEM_GAMMA - 1)
    matrix = to_rec709(REC2020)
    if not _agree(made[_COLOURS], display @ matrix.T):
        return None
    return Codec(matrix * peak, _forward(scene), HLG_SYSTEM_GAMMA)


def _forward(grey: Matrix) -> Curve:
    table = np.clip(grey, -HALF_MAX, HALF_MAX).astype(np.float32)
    return Curve(table[_CODES], table[_HALVES], inverse=np.zeros(0, np.float32))


def _with_inverse(codec: Codec, config: Config, name: str, hub: Hub) -> Codec:
    assert codec.curve is not None
    lights = every_half().astype(np.float64)
    if codec.system_gamma != 1:
        peak = codec.matrix.sum(axis=1).mean()
        lights = peak * np.copysign(np.abs(lights) ** codec.system_gamma, lights)
    grey = np.clip(lights, -HALF_MAX, HALF_MAX)[:, None].repeat(3, axis=1)
    codes = config.convert(np.asarray(grey @ np.linalg.inv(hub.matrix).T, np.float32), hub.name, name)
    return replace(codec, curve=replace(codec.curve, inverse=finite(codes.mean(axis=1))))
