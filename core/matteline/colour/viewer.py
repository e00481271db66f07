"""Plate pixels on a screen, without torch: tables and a cube, made once and quick enough to play.

A picture is shown in two steps. Each channel is looked up as light, exposed, and put on one of 256 levels;
then the three levels are looked up in a cube that holds a colour for every combination. The levels lie
where the view changes, so that the 8 bits of a screen lose nothing that can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matteline.colour.codec import Codec
from matteline.colour.config import Config, Values
from matteline.colour.halves import every_code, every_half
from matteline.colour.hub import hub_of
from matteline.colour.levels import SHOULDER_START
from matteline.colour.space import PlateSpace

PLAIN: Final = "plain"
"""The view of previews: Rec.709 and sRGB as they are, light by the sRGB curve with highlights rolled off."""

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Codes = npt.NDArray[Any]

_LEVELS: Final = 256
_GRID: Final = 65
_DARKEST, _BRIGHTEST = 2.0**-10, 2.0**7
_EVEN: Final = 0.25
"""The share of the levels that lie evenly over the stops, whatever the view does to grey."""
_WHITE: Final = {"B": 255.0, "H": 65535.0}


@dataclass(frozen=True)
class Grade:
    """What the viewer does to a picture on its way to the screen; files never see it.

    Attributes:
        exposure_stops: Light is multiplied by two to the power of this.
        gamma: Exponent whose inverse the shown values are raised to.
    """

    exposure_stops: float = 0.0
    gamma: float = 1.0


NEUTRAL: Final = Grade()


class Shower:
    """Shows pixels of one colour space through one view. Safe to use from several threads at once.

    Making it takes up to a second where the config has to be asked.

    Args:
        space: The space of the pixels.
        view: `display/view` of the config, or `PLAIN`.

    Raises:
        ColourError: The config has no such view, or cannot do its part.
    """

    def __init__(self, space: PlateSpace, view: str = PLAIN) -> None:
        self._lights = _lights(space)
        self._matrix = space.codec.matrix if isinstance(space.codec, Codec) else np.eye(3)
        self._curve = _encode if space.encoding == "display" else _rolled_off
        self._steps: Floats | None = None
        self._cube: npt.NDArray[np.uint32] | None = None
        if view != PLAIN or not _is_a_curve(space):
            self._steps, self._cube = _cube(_View(space, view))
        self._levels_of = lru_cache(maxsize=6)(self._levels)

    def light(self, pixels: Codes) -> Floats:
        """Pixels (H, W, 3 or more) as light in the primaries of their space, (H, W, 3) float32."""
        kind, codes = _codes(pixels)
        return self._lights[kind].take(codes)

    def rec709(self, pixels: Codes) -> Floats:
        """The same in linear Rec.709."""
        return np.asarray(self.light(pixels) @ self._matrix.T, np.float32)

    def from_rec709(self, light: Floats) -> Floats:
        """Linear Rec.709 in the primaries of this space."""
        return np.asarray(light @ np.linalg.inv(self._matrix).T, np.float32)

    def show(self, pixels: Codes, grade: Grade = NEUTRAL) -> Bytes:
        """The picture of pixels as they are stored.

        Args:
            pixels: (H, W, 3 or more) uint8, uint16, float16 or float32 in the space; integers are full-scale.
            grade: Exposure and gamma of the viewer.

        Returns:
            (H, W, 4) uint8: red, green, blue and 255.
        """
        kind, codes = _codes(pixels)
        return self._shown(codes, self._levels_of(kind, grade), grade)

    def show_light(self, light: Floats, grade: Grade = NEUTRAL) -> Bytes:
        """The picture of light (H, W, 3) in the primaries of the space, as `light` returns it."""
        return self._shown(_bits(light), self._levels_of("light", grade), grade)

    def _shown(self, codes: npt.NDArray[Any], levels: npt.NDArray[np.int32], grade: Grade) -> Bytes:
        if self._cube is None:
            shown = np.empty((*codes.shape[:2], 4), np.uint8)
            shown[..., :3] = levels.astype(np.uint8).take(codes)
            shown[..., 3] = 255
        else:
            red, green, blue = (levels.take(codes[..., channel]) for channel in range(3))
            place = red + (green << 8) + (blue << 16)
            shown = self._cube.take(place).view(np.uint8).reshape(*codes.shape[:2], 4)
        return shown if grade.gamma == 1 else _gamma_table(grade.gamma).take(shown)

    def _levels(self, kind: str, grade: Grade) -> npt.NDArray[np.int32]:
        """For every code of a kind of pixels the level, 0..255, that its light is put on."""
        light = every_half() if kind == "light" else self._lights[kind]
        light = light * np.float32(2.0**grade.exposure_stops)
        if self._steps is None:
            return np.asarray(np.rint(255 * self._curve(light).clip(0, 1)), np.int32)
        place = np.interp(light, self._steps, np.arange(_LEVELS))
        return np.asarray(np.rint(place), np.int32)


def alpha_shown(alpha: Floats, grade: Grade = NEUTRAL) -> Bytes:
    """Alpha (H, W), or a difference, as a grey picture (H, W, 4) uint8: no curve, 0..1 by its own value."""
    grey = np.clip(alpha * np.float32(2.0**grade.exposure_stops), 0, 1)
    shown = np.empty((*alpha.shape, 4), np.uint8)
    shown[..., :3] = np.rint(255 * grey ** np.float32(1 / grade.gamma)).astype(np.uint8)[..., None]
    shown[..., 3] = 255
    return shown


def as_floats(pixels: Codes) -> Floats:
    """Stored values as float32, integers as 0..1."""
    white = _WHITE.get(pixels.dtype.char)
    values = pixels.astype(np.float32)
    return values if white is None else values / np.float32(white)


def linear_of(shown: Floats) -> Floats:
    """Linear light of sRGB-encoded values in 0..1 (IEC 61966-2-1)."""
    curved = ((shown + 0.055) / 1.055) ** 2.4
    return np.asarray(np.where(shown <= 0.04045, shown / 12.92, curved), np.float32)


class _View:
    """Light in the primaries of a space as the colour that a screen is given, 0..1."""

    def __init__(self, space: PlateSpace, view: str) -> None:
        self._space = space
        self._names = None if view == PLAIN else space.config.parse_view(view)
        self._hub = None if view == PLAIN else hub_of(space.config)

    def show(self, light: Values) -> Values:
        """Colours (N, 3) of light (N, 3)."""
        linear = self._linear(light)
        if self._names is None or self._hub is None:
            curve = _encode if self._space.encoding == "display" else _rolled_off
            return np.asarray(curve(linear).clip(0, 1), np.float32)
        hub = np.asarray(linear @ np.linalg.inv(self._hub.matrix).T, np.float32)
        config: Config = self._space.config
        return config.through_view(hub, self._hub.name, *self._names, inverse=False).clip(0, 1)

    def _linear(self, light: Values) -> Values:
        codec = self._space.codec
        if isinstance(codec, Codec):
            return np.asarray(_scaled(light, codec.system_gamma) @ codec.matrix.T, np.float32)
        return codec.to_linear(light)


def _scaled(light: Values, system_gamma: float) -> Values:
    if system_gamma == 1:
        return light
    luminance = (light @ np.array([0.2627, 0.6780, 0.0593], np.float32)).clip(1e-8)
    return np.asarray(light * luminance[:, None] ** (system_gamma - 1), np.float32)


def _is_a_curve(space: PlateSpace) -> bool:
    """Whether the plain view treats each channel by itself, so that no cube is needed."""
    codec = space.codec
    plain = isinstance(codec, Codec) and codec.system_gamma == 1 and np.allclose(codec.matrix, np.eye(3))
    return space.shown or plain


def _lights(space: PlateSpace) -> dict[str, Floats]:
    """Light of each code by the kind of pixels; the values themselves where the space is no curve."""
    curve = space.codec.curve if isinstance(space.codec, Codec) else None
    codes = every_code() if curve is None else curve.codes
    halves = every_half() if curve is None else curve.halves
    return {
        "B": np.asarray(codes[::257], np.float32),
        "H": np.asarray(codes, np.float32),
        "e": np.asarray(halves, np.float32),
    }


def _codes(pixels: Codes) -> tuple[str, npt.NDArray[Any]]:
    colour = pixels[..., :3]
    if colour.dtype.kind == "u":
        return str(colour.dtype.char), colour
    return "e", _bits(colour)


def _bits(values: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    """Values by their bits as halves; what no half can hold becomes infinity, the end of every table."""
    if values.dtype != np.float16:
        with np.errstate(over="ignore"):
            values = values.astype(np.float16)
    return values.view(np.uint16)


def _cube(view: _View) -> tuple[Floats, npt.NDArray[np.uint32]]:
    """The light of each level, and the colour of each combination as four bytes."""
    steps = _steps(view)
    grid = np.interp(np.linspace(0, _LEVELS - 1, _GRID), np.arange(_LEVELS), steps).astype(np.float32)
    blue, green, red = np.meshgrid(grid, grid, grid, indexing="ij")
    colours = view.show(np.stack([red, green, blue], axis=-1).reshape(-1, 3))
    return steps, _finer(colours.reshape(_GRID, _GRID, _GRID, 3))


def _steps(view: _View) -> Floats:
    """The light of 256 levels, so that a step of grey is about one code of the screen wherever that is."""
    light = np.concatenate([[0], np.geomspace(_DARKEST, _BRIGHTEST, 2047)]).astype(np.float32)
    shown = np.maximum.accumulate(view.show(np.repeat(light[:, None], 3, axis=1)).mean(axis=1))
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


def _gamma_table(gamma: float) -> Bytes:
    return np.rint(255 * np.linspace(0, 1, 256) ** (1 / gamma)).astype(np.uint8)


def _encode(linear: Values) -> Values:
    """The sRGB curve (IEC 61966-2-1), 0 below black."""
    light = np.maximum(linear, 0)
    curved = 1.055 * light ** (1 / 2.4) - 0.055
    return np.asarray(np.where(light <= 0.0031308, light * 12.92, curved), np.float32)


def _rolled_off(linear: Values) -> Values:
    """The sRGB curve with the shoulder that `tone.roll_off` describes."""
    encoded, room = _encode(linear), 1 - SHOULDER_START
    above = (encoded - SHOULDER_START).clip(0) / room
    return np.asarray(encoded.clip(None, SHOULDER_START) + room * above / np.sqrt(1 + above**2), np.float32)
