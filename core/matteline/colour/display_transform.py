"""Plate pixels on a screen, without torch: by tables that are made once, and quick enough to play."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matteline.colour.codec import LUMA_2020, Codec
from matteline.colour.display_lut import STORED_VALUES, DisplayLut, make_display_lut
from matteline.colour.halves import every_code, every_half
from matteline.colour.space import PlateSpace

PLAIN: Final = "plain"
"""The view of previews: Rec.709 and sRGB as they are, light by the sRGB curve with highlights rolled off."""

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Codes = npt.NDArray[Any]

_WHITE: Final = {"B": 255.0, "H": 65535.0}


@dataclass(frozen=True)
class ViewerGrade:
    """The viewer's own adjustment of a picture on its way to the screen; files never see it.

    Attributes:
        exposure_stops: Light is multiplied by two to the power of this.
        gamma: Exponent whose inverse the shown values are raised to.
    """

    exposure_stops: float = 0.0
    gamma: float = 1.0


NEUTRAL: Final = ViewerGrade()


class DisplayTransform:
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
        self._light_tables = _light_tables(codec)
        self._codec = codec
        self._lut = STORED_VALUES if as_data else make_display_lut(space, None if view == PLAIN else view)
        self._matrix = _lut_matrix(codec, self._lut)
        # The grade changes while a slider moves, the pixels of a clip are of one or two kinds.
        # A cache of this object: one of the method would keep every transform in memory.
        self._cached_levels = lru_cache(maxsize=6)(self._levels)

    def to_light(self, pixels: Codes) -> Floats:
        """Return pixels (H, W, 3 or more) as light in the primaries of their space, (H, W, 3) float32."""
        kind, codes = _table_codes(pixels)
        return self._light_tables[kind].take(codes)

    def to_rec709(self, pixels: Codes) -> Floats:
        """Return pixels (H, W, 3 or more) in linear Rec.709, (H, W, 3) float32."""
        light = self.to_light(pixels)
        return light if self._codec is None else np.asarray(light @ self._codec.matrix.T, np.float32)

    def from_rec709(self, light: Floats) -> Floats:
        """Return linear Rec.709 in the primaries of this space."""
        if self._codec is None:
            return light
        return np.asarray(light @ np.linalg.inv(self._codec.matrix).T, np.float32)

    def to_display(self, pixels: Codes, grade: ViewerGrade = NEUTRAL) -> Bytes:
        """Return the screen's picture of pixels as they are stored.

        Args:
            pixels: (H, W, 3 or more) uint8, uint16, float16 or float32 in the space; integers are full-scale.
            grade: Exposure and gamma of the viewer.

        Returns:
            (H, W, 4) uint8: red, green, blue and 255.
        """
        if self._matrix is not None:
            return self.light_to_display(self.to_light(pixels), grade)
        # Without a matrix each code has its level, whatever the other channels hold: one look-up less.
        kind, codes = _table_codes(pixels)
        return self._look_up(codes, self._cached_levels(kind, grade), grade)

    def light_to_display(self, light: Floats, grade: ViewerGrade = NEUTRAL) -> Bytes:
        """Return the screen's picture of light (H, W, 3) in the primaries of the space, as from `to_light`."""
        if self._codec is not None and self._matrix is not None:
            if self._codec.system_gamma != 1:
                # A number below 0 has no such power.
                luminance = (light @ np.array(LUMA_2020, np.float32)).clip(1e-8)
                scale = luminance[..., None] ** (self._codec.system_gamma - 1)
                light = np.asarray(light * scale, np.float32)
            light = light @ self._matrix
        return self._look_up(_half_bits(light), self._cached_levels("light", grade), grade)

    def _look_up(self, codes: npt.NDArray[Any], levels: npt.NDArray[np.int32], grade: ViewerGrade) -> Bytes:
        cube = self._lut.cube
        if cube is None:
            shown = np.empty((*codes.shape[:2], 4), np.uint8)
            shown[..., :3] = levels.astype(np.uint8).take(codes)
            shown[..., 3] = 255
        else:
            red, green, blue = (levels.take(codes[..., channel]) for channel in range(3))
            # One 24-bit index and one look-up of four bytes: as quick as a single channel.
            place = red + (green << 8) + (blue << 16)
            shown = cube.take(place).view(np.uint8).reshape(*codes.shape[:2], 4)
        if grade.gamma == 1:
            return shown
        # Applied after the view, and to all four channels: 255 stays 255, so alpha stays opaque.
        table = np.rint(255 * np.linspace(0, 1, 256) ** (1 / grade.gamma)).astype(np.uint8)
        return table.take(shown)

    def _levels(self, kind: str, grade: ViewerGrade) -> npt.NDArray[np.int32]:
        """Return for every code of a kind of pixels the level, 0..255, that its light is put on."""
        light = every_half() if kind == "light" else self._light_tables[kind]
        light = light * np.float32(2.0**grade.exposure_stops)
        return np.asarray(np.rint(self._lut.level(light)), np.int32)


def values_to_display(values: Floats, grade: ViewerGrade = NEUTRAL) -> Bytes:
    """Return alpha, or a difference, as a picture (H, W, 4) uint8 without any curve: 0..1 by its own value.

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
    """Return stored values as float32, integers as 0..1."""
    white = _WHITE.get(pixels.dtype.char)
    values = pixels.astype(np.float32)
    return values if white is None else values / np.float32(white)


def _lut_matrix(codec: Codec | None, lut: DisplayLut) -> Floats | None:
    """Return what light (N, 3) of a space is multiplied by for the table; None where nothing changes."""
    if codec is None:
        return None
    matrix = np.linalg.inv(lut.rec709_matrix) @ codec.matrix
    # A matrix of measured spaces is never exactly the identity; a tenth of an 8-bit code is left alone.
    unchanged = np.allclose(matrix, np.eye(3), atol=1e-4) and codec.system_gamma == 1
    return None if unchanged else np.asarray(matrix.T, np.float32)


def _light_tables(codec: Codec | None) -> dict[str, Floats]:
    """Return the light of each code by the kind of pixels; the values themselves where there is no curve."""
    curve = None if codec is None else codec.curve
    codes = every_code() if curve is None else curve.codes
    halves = every_half() if curve is None else curve.halves
    return {
        "B": np.asarray(codes[::257], np.float32),
        "H": np.asarray(codes, np.float32),
        "e": np.asarray(halves, np.float32),
    }


def _table_codes(pixels: Codes) -> tuple[str, npt.NDArray[Any]]:
    colour = pixels[..., :3]
    if colour.dtype.kind == "u":
        return str(colour.dtype.char), colour
    return "e", _half_bits(colour)


def _half_bits(values: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    """Return values by their bits as halves; what no half can hold becomes infinity, the end of every table."""
    if values.dtype != np.float16:
        with np.errstate(over="ignore"):
            values = values.astype(np.float16)
    return values.view(np.uint16)
