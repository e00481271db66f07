"""A view of the OCIO config, sampled so that a screen's 8 bits lose little and no config is asked again.

Views that treat each channel by itself, in the primaries of Rec.709, P3 or Rec.2020, become one curve. All
others become a cube that holds a colour for every combination of 256 levels a channel. The levels lie where
the view changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from matteline.colour.codec import Codec
from matteline.colour.config import Config, Values
from matteline.colour.hub import hub_of
from matteline.colour.levels import SHOULDER_START
from matteline.colour.primaries import ACES_AP1, P3_D65, REC709, REC2020, Matrix, to_rec709
from matteline.colour.space import PlateSpace

_LEVELS: Final = 256
_GRID: Final = 65
_DARKEST, _BRIGHTEST = 2.0**-10, 2.0**7
_EVEN: Final = 0.25
"""The share of the levels that lie evenly over the stops, whatever the view does to grey."""
_AS_GOOD: Final = 1.5 / 255
"""How far a curve may be from the view and still stand for it."""

Floats = npt.NDArray[np.float32]
_Shown = Callable[[Values], Values]


@dataclass(frozen=True)
class Screen:
    """How light becomes what a screen is given.

    Attributes:
        level: Light (N,) as the level of its channel, 0..255.
        to_rec709: (3, 3), from the primaries that the levels are of to linear Rec.709.
        cube: The colour of each combination of levels as four bytes, red first and red innermost; None where
            the levels are the colour.
    """

    level: Callable[[Floats], Floats] = field(repr=False)
    to_rec709: Matrix = field(repr=False)
    cube: npt.NDArray[np.uint32] | None = field(default=None, repr=False)


STORED_VALUES: Final = Screen(lambda values: 255 * values.clip(0, 1), np.eye(3))
"""The screen of a view of data, such as `Raw`: values as they are stored, clipped."""


def screen_of(space: PlateSpace, view: str | None) -> Screen:
    """Make a view ready.

    Args:
        space: Of the pixels that will be shown. Levels are of its codes where it is no curve and matrix.
        view: `display/view` of its config; None for the plain one, which is that of previews: Rec.709 and
            sRGB as they are, light by the sRGB curve with highlights rolled off.

    Raises:
        ColourError: The config has no such view, or cannot do its part.
    """
    shown_of = _through(space, view)
    if not isinstance(space.codec, Codec):
        codec = space.codec
        return _cube(lambda codes: shown_of(codec.to_linear(codes)), np.eye(3))
    if view is None:
        curve = encode if space.encoding == "display" else rolled_off
        return Screen(lambda light: 255 * curve(light).clip(0, 1), np.eye(3))
    matrix = to_rec709(ACES_AP1)
    return _curve(shown_of) or _cube(lambda light: shown_of(_in(light, matrix)), matrix)


def _through(space: PlateSpace, view: str | None) -> _Shown:
    """What the screen is given, 0..1, for linear Rec.709 (N, 3)."""
    if view is None:
        return lambda linear: rolled_off(linear).clip(0, 1)
    config: Config = space.config
    display, name = config.parse_view(view)
    hub = hub_of(config)

    def show(linear: Values) -> Values:
        values = _in(linear, np.asarray(np.linalg.inv(hub.matrix)))
        return config.through_view(values, hub.name, display, name, inverse=False).clip(0, 1)

    return show


def _curve(shown_of: _Shown) -> Screen | None:
    """The view as one curve in some primaries; None where channels depend on each other in all of them."""
    ladder = _ladder()
    some = ladder[np.random.default_rng(1).integers(0, len(ladder), (512, 3))]
    for primaries in (REC709, P3_D65, REC2020):
        matrix = to_rec709(primaries)
        shown = shown_of(_in(np.concatenate([_grey(ladder), some]), matrix))
        curve = shown[: len(ladder)].mean(axis=1)
        apart = np.abs(shown[len(ladder) :] - np.interp(some, ladder, curve))
        if apart.max() < _AS_GOOD:
            return Screen(partial(_on, steps=ladder, levels=255 * curve), matrix)
    return None


def _cube(shown_of: _Shown, matrix: Matrix) -> Screen:
    steps = _steps(shown_of)
    grid = np.interp(np.linspace(0, _LEVELS - 1, _GRID), np.arange(_LEVELS), steps).astype(np.float32)
    blue, green, red = np.meshgrid(grid, grid, grid, indexing="ij")
    colours = shown_of(np.stack([red, green, blue], axis=-1).reshape(-1, 3))
    level = partial(_on, steps=steps, levels=np.arange(_LEVELS, dtype=np.float32))
    return Screen(level, matrix, _finer(colours.reshape(_GRID, _GRID, _GRID, 3)))


def _on(light: Floats, *, steps: Floats, levels: Floats) -> Floats:
    return np.asarray(np.interp(light, steps, levels), np.float32)


def _in(light: Values, matrix: Matrix) -> Values:
    return np.asarray(light @ matrix.T, np.float32)


def _ladder() -> Floats:
    """Light from black up, evenly over the stops."""
    return np.concatenate([[0], np.geomspace(_DARKEST, _BRIGHTEST, 2047)]).astype(np.float32)


def _grey(light: Floats) -> Values:
    return np.repeat(light[:, None], 3, axis=1)


def _steps(shown_of: _Shown) -> Floats:
    """The light of 256 levels, so that a step of grey is about one code of the screen wherever that is."""
    light = _ladder()
    shown = np.maximum.accumulate(shown_of(_grey(light)).mean(axis=1))
    # Where the view is flat on grey it need not be on colours.
    even = np.arange(len(light)) / (len(light) - 1)
    place = (1 - _EVEN) * shown / max(float(shown[-1]), 1e-6) + _EVEN * even
    return np.interp(np.linspace(0, 1, _LEVELS), place, light).astype(np.float32)


def _finer(coarse: Values) -> npt.NDArray[np.uint32]:
    """A cube of 256 levels an edge by linear interpolation of a coarse one, blue outermost."""
    weights = _weights()
    by_red = np.moveaxis(np.tensordot(weights, coarse, axes=(1, 2)), 0, 2)
    by_blue = weights @ by_red.reshape(_GRID, -1)
    fine = np.full((_LEVELS, _LEVELS, _LEVELS, 4), 255, np.uint8)
    for blue, plane in enumerate(by_blue):
        colours = weights @ plane.reshape(_GRID, -1)
        fine[blue, ..., :3] = (255 * colours + 0.5).astype(np.uint8).reshape(_LEVELS, _LEVELS, 3)
    return fine.view(np.uint32).reshape(-1)


def _weights() -> Floats:
    """(256, 65): how much of each coarse step each fine one takes."""
    place = np.linspace(0, _GRID - 1, _LEVELS)
    return np.asarray(np.maximum(0, 1 - np.abs(place[:, None] - np.arange(_GRID))), np.float32)


def encode(linear: Values) -> Values:
    """The sRGB curve (IEC 61966-2-1), 0 below black."""
    light = np.maximum(linear, 0)
    curved = 1.055 * light ** (1 / 2.4) - 0.055
    return np.asarray(np.where(light <= 0.0031308, light * 12.92, curved), np.float32)


def rolled_off(linear: Values) -> Values:
    """The sRGB curve with the shoulder that `tone.roll_off` describes."""
    encoded, room = encode(linear), 1 - SHOULDER_START
    above = (encoded - SHOULDER_START).clip(0) / room
    return np.asarray(encoded.clip(None, SHOULDER_START) + room * above / np.sqrt(1 + above**2), np.float32)
