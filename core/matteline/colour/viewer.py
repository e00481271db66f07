"""Plate pixels on a screen, without torch: by tables that are made once, and quick enough to play."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matteline.colour.codec import LUMA_2020, Codec
from matteline.colour.halves import every_code, every_half
from matteline.colour.screen_view import STORED_VALUES, Screen, screen_of
from matteline.colour.space import PlateSpace

PLAIN: Final = "plain"
"""The view of previews: Rec.709 and sRGB as they are, light by the sRGB curve with highlights rolled off."""

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Codes = npt.NDArray[Any]

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

    Making it takes a second or two where the config has to be asked, and next to nothing for `PLAIN`.

    Args:
        space: The space of the pixels.
        view: `display/view` of the config, or `PLAIN`.

    Raises:
        ColourError: The config has no such view, or cannot do its part.
    """

    def __init__(self, space: PlateSpace, view: str = PLAIN) -> None:
        # A view of data shows stored values: nothing is decoded, and composites are made of them too.
        as_data = view != PLAIN and space.config.is_data_view(view)
        codec = None if as_data or not isinstance(space.codec, Codec) else space.codec
        self._lights = _lights(codec)
        self._codec = codec
        self._screen = STORED_VALUES if as_data else screen_of(space, None if view == PLAIN else view)
        self._way = _way(codec, self._screen)
        self._levels_of = lru_cache(maxsize=6)(self._levels)

    def light(self, pixels: Codes) -> Floats:
        """Pixels (H, W, 3 or more) as light in the primaries of their space, (H, W, 3) float32."""
        kind, codes = _codes(pixels)
        return self._lights[kind].take(codes)

    def rec709(self, pixels: Codes) -> Floats:
        """The same in linear Rec.709."""
        light = self.light(pixels)
        return light if self._codec is None else np.asarray(light @ self._codec.matrix.T, np.float32)

    def from_rec709(self, light: Floats) -> Floats:
        """Linear Rec.709 in the primaries of this space."""
        if self._codec is None:
            return light
        return np.asarray(light @ np.linalg.inv(self._codec.matrix).T, np.float32)

    def show(self, pixels: Codes, grade: Grade = NEUTRAL) -> Bytes:
        """The picture of pixels as they are stored.

        Args:
            pixels: (H, W, 3 or more) uint8, uint16, float16 or float32 in the space; integers are full-scale.
            grade: Exposure and gamma of the viewer.

        Returns:
            (H, W, 4) uint8: red, green, blue and 255.
        """
        if self._way is not None:
            return self.show_light(self.light(pixels), grade)
        kind, codes = _codes(pixels)
        return self._shown(codes, self._levels_of(kind, grade), grade)

    def show_light(self, light: Floats, grade: Grade = NEUTRAL) -> Bytes:
        """The picture of light (H, W, 3) in the primaries of the space, as `light` returns it."""
        if self._codec is not None and self._way is not None:
            light = _scaled(light, self._codec.system_gamma) @ self._way
        return self._shown(_bits(light), self._levels_of("light", grade), grade)

    def _shown(self, codes: npt.NDArray[Any], levels: npt.NDArray[np.int32], grade: Grade) -> Bytes:
        cube = self._screen.cube
        if cube is None:
            shown = np.empty((*codes.shape[:2], 4), np.uint8)
            shown[..., :3] = levels.astype(np.uint8).take(codes)
            shown[..., 3] = 255
        else:
            red, green, blue = (levels.take(codes[..., channel]) for channel in range(3))
            place = red + (green << 8) + (blue << 16)
            shown = cube.take(place).view(np.uint8).reshape(*codes.shape[:2], 4)
        return shown if grade.gamma == 1 else _gamma_table(grade.gamma).take(shown)

    def _levels(self, kind: str, grade: Grade) -> npt.NDArray[np.int32]:
        """For every code of a kind of pixels the level, 0..255, that its light is put on."""
        light = every_half() if kind == "light" else self._lights[kind]
        light = light * np.float32(2.0**grade.exposure_stops)
        return np.asarray(np.rint(self._screen.level(light)), np.int32)


def values_shown(values: Floats, grade: Grade = NEUTRAL) -> Bytes:
    """Alpha, or a difference, as a picture (H, W, 4) uint8 without any curve: 0..1 by its own value.

    Args:
        values: (H, W) for a grey picture, or (H, W, 3).
        grade: Exposure and gamma of the viewer.
    """
    colours = values[..., None] if values.ndim == 2 else values
    exposed = np.clip(colours * np.float32(2.0**grade.exposure_stops), 0, 1)
    shown = np.empty((*values.shape[:2], 4), np.uint8)
    shown[..., :3] = np.rint(255 * exposed ** np.float32(1 / grade.gamma)).astype(np.uint8)
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


def _way(codec: Codec | None, screen: Screen) -> Floats | None:
    """What light (N, 3) of a space is multiplied by for the screen's levels; None where nothing changes."""
    if codec is None:
        return None
    way = np.linalg.inv(screen.to_rec709) @ codec.matrix
    same = np.allclose(way, np.eye(3), atol=1e-4) and codec.system_gamma == 1
    return None if same else np.asarray(way.T, np.float32)


def _lights(codec: Codec | None) -> dict[str, Floats]:
    """Light of each code by the kind of pixels; the values themselves where there is no curve."""
    curve = None if codec is None else codec.curve
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


def _gamma_table(gamma: float) -> Bytes:
    return np.rint(255 * np.linspace(0, 1, 256) ** (1 / gamma)).astype(np.uint8)


def _scaled(light: Floats, system_gamma: float) -> Floats:
    if system_gamma == 1:
        return light
    luminance = (light @ np.array(LUMA_2020, np.float32)).clip(1e-8)
    return np.asarray(light * luminance[..., None] ** (system_gamma - 1), np.float32)
