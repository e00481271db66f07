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
from matteline.colour.config import Values
from matteline.colour.primaries import ACES_AP1, P3_D65, REC709, REC2020, Matrix, rec709_matrix
from matteline.colour.reference_space import find_reference_space
from matteline.colour.shoulder import roll_off
from matteline.colour.space import PlateSpace
from matteline.pictures.srgb import srgb_encode

_LEVELS: Final = 256
# Points along an edge of the cube that the config is asked for; 256 would be 16 million colours through ACES.
_GRID: Final = 65
# From a thousandth of white to seven stops above it.
_DARKEST, _BRIGHTEST = 2.0**-10, 2.0**7
# The share of the levels that lie evenly over the stops, whatever the view does to grey.
_EVEN: Final = 0.25
# How far a curve may be from the view and still stand for it.
_AS_GOOD: Final = 1.5 / 255

Floats = npt.NDArray[np.float32]
_ToDisplay = Callable[[Values], Values]


@dataclass(frozen=True)
class DisplayLut:
    """A table from light to the colours of a screen.

    Attributes:
        level: Light (N,) as the level of its channel, 0..255.
        rec709_matrix: (3, 3), from the primaries that the levels are of to linear Rec.709.
        cube: The colour of each combination of levels as four bytes, red first and red innermost; None where
            the levels are the colour.
    """

    level: Callable[[Floats], Floats] = field(repr=False)
    rec709_matrix: Matrix = field(repr=False)
    cube: npt.NDArray[np.uint32] | None = field(default=None, repr=False)


STORED_VALUES: Final = DisplayLut(lambda values: 255 * values.clip(0, 1), np.eye(3))
"""The table of a view of data, such as `Raw`: values as they are stored, clipped."""


def make_display_lut(space: PlateSpace, view: str | None) -> DisplayLut:
    """Make a view ready.

    Args:
        space: Of the pixels that will be shown. Levels are of its codes where it is no curve and matrix.
        view: `display/view` of its config; None for the plain one, which is that of previews: Rec.709 and
            sRGB as they are, light by the sRGB curve with highlights rolled off.

    Raises:
        ColourError: The config has no such view, or cannot do its part.
    """
    to_display = _make_view(space, view)
    if not isinstance(space.codec, Codec):
        codec = space.codec
        return _cube_lut(lambda codes: to_display(codec.to_linear(codes)), np.eye(3))
    if view is None:
        return DisplayLut(_level_srgb if space.encoding == "display" else _level_roll_off, np.eye(3))
    matrix = rec709_matrix(ACES_AP1)
    # A curve is smaller, quicker and exact, so it is tried first.
    return _curve_lut(to_display) or _cube_lut(lambda light: to_display(_multiply(light, matrix)), matrix)


def _level_srgb(light: Floats) -> Floats:
    return 255 * srgb_encode(light.clip(min=0)).clip(max=1)


def _level_roll_off(light: Floats) -> Floats:
    return 255 * roll_off(light).clip(max=1)


def _make_view(space: PlateSpace, view: str | None) -> _ToDisplay:
    """Return the function from linear Rec.709 (N, 3) to what the screen is given, 0..1."""
    if view is None:
        return lambda linear: roll_off(linear).clip(0, 1)
    config = space.config
    display, name = config.parse_view(view)
    reference = find_reference_space(config)

    def to_display(linear: Values) -> Values:
        values = _multiply(linear, np.asarray(np.linalg.inv(reference.matrix)))
        return config.through_view(values, reference.name, display, name, inverse=False).clip(0, 1)

    return to_display


def _curve_lut(to_display: _ToDisplay) -> DisplayLut | None:
    """Return the view as one curve in some primaries; None where channels depend on each other in all of them."""
    ladder = _ladder()
    # A fixed seed, so that a view is always judged by the same colours.
    some = ladder[np.random.default_rng(1).integers(0, len(ladder), (512, 3))]
    for primaries in (REC709, P3_D65, REC2020):
        matrix = rec709_matrix(primaries)
        # Greys give the curve; colours then tell whether each channel follows it on its own.
        shown = to_display(_multiply(np.concatenate([_grey(ladder), some]), matrix))
        curve = shown[: len(ladder)].mean(axis=1)
        apart = np.abs(shown[len(ladder) :] - np.interp(some, ladder, curve))
        if apart.max() < _AS_GOOD:
            return DisplayLut(partial(_interpolate, steps=ladder, levels=255 * curve), matrix)
    return None


def _cube_lut(to_display: _ToDisplay, matrix: Matrix) -> DisplayLut:
    steps = _level_steps(to_display)
    grid = np.interp(np.linspace(0, _LEVELS - 1, _GRID), np.arange(_LEVELS), steps).astype(np.float32)
    blue, green, red = np.meshgrid(grid, grid, grid, indexing="ij")
    colours = to_display(np.stack([red, green, blue], axis=-1).reshape(-1, 3))
    level = partial(_interpolate, steps=steps, levels=np.arange(_LEVELS, dtype=np.float32))
    return DisplayLut(level, matrix, _refine_cube(colours.reshape(_GRID, _GRID, _GRID, 3)))


def _interpolate(light: Floats, *, steps: Floats, levels: Floats) -> Floats:
    return np.asarray(np.interp(light, steps, levels), np.float32)


def _multiply(light: Values, matrix: Matrix) -> Values:
    return np.asarray(light @ matrix.T, np.float32)


def _ladder() -> Floats:
    """Return light from black up, evenly over the stops."""
    return np.concatenate([[0], np.geomspace(_DARKEST, _BRIGHTEST, 2047)]).astype(np.float32)


def _grey(light: Floats) -> Values:
    return np.repeat(light[:, None], 3, axis=1)


def _level_steps(to_display: _ToDisplay) -> Floats:
    """Return the light of 256 levels, so that a step of grey is about one code of the screen everywhere."""
    light = _ladder()
    # Some views fall a little at their ends, and a look-up needs steps that only rise.
    shown = np.maximum.accumulate(to_display(_grey(light)).mean(axis=1))
    # Where the view is flat on grey it need not be on colours.
    even = np.arange(len(light)) / (len(light) - 1)
    place = (1 - _EVEN) * shown / max(float(shown[-1]), 1e-6) + _EVEN * even
    return np.interp(np.linspace(0, 1, _LEVELS), place, light).astype(np.float32)


def _refine_cube(coarse: Values) -> npt.NDArray[np.uint32]:
    """Return a cube of 256 levels an edge by linear interpolation of a coarse one, blue outermost."""
    # (256, 65): how much of each coarse step each fine one takes.
    place = np.linspace(0, _GRID - 1, _LEVELS)
    weights = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(_GRID))).astype(np.float32)
    by_red = np.moveaxis(np.tensordot(weights, coarse, axes=(1, 2)), 0, 2)
    by_blue = weights @ by_red.reshape(_GRID, -1)
    # The fourth byte is alpha, and opaque.
    fine = np.full((_LEVELS, _LEVELS, _LEVELS, 4), 255, np.uint8)
    # Plane by plane: all at once in float32 would take 200 MB.
    for blue, plane in enumerate(by_blue):
        colours = weights @ plane.reshape(_GRID, -1)
        fine[blue, ..., :3] = (255 * colours + 0.5).astype(np.uint8).reshape(_LEVELS, _LEVELS, 3)
    return fine.view(np.uint32).reshape(-1)
