"""How a plate's values become linear Rec.709 and back, as plain numbers that any device can apply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from matteline.colour.config import Config, Values, finite
from matteline.colour.halves import Table, every_code, every_half, tabulate
from matteline.colour.hub import Hub
from matteline.colour.primaries import REC709, Matrix, to_rec709

LUMA_2020: Final = (0.2627, 0.6780, 0.0593)
"""Luminance of linear Rec.2020 (ITU-R BT.2020)."""


@dataclass(frozen=True)
class Curve:
    """One curve for all three channels, as tables.

    Attributes:
        codes: Linear value of each 16-bit code.
        halves: Linear value of each half-precision code.
        inverse: Code of each half-precision linear value.
    """

    codes: Table
    halves: Table
    inverse: Table


@dataclass(frozen=True)
class Codec:
    """Plate values -> curve -> system gamma -> matrix -> linear Rec.709, and every step back.

    Attributes:
        matrix: (3, 3), from the plate's linear RGB to linear Rec.709.
        curve: None where the plate is linear.
        system_gamma: Exponent of BT.2020 luminance by which each channel is scaled; 1 for all but HLG.
    """

    matrix: Matrix
    curve: Curve | None = None
    system_gamma: float = 1.0

    def scaled(self, gain: float) -> Codec:
        """The same with linear values multiplied by `gain`."""
        return replace(self, matrix=self.matrix * gain)


@dataclass(frozen=True)
class OcioCodec:
    """A space that is no curve and matrix: every pixel goes through OpenColorIO, on the CPU.

    Attributes:
        config: The config that holds the space.
        name: The plate's space.
        hub: The config's way to linear Rec.709.
        gain: Linear values are multiplied by it.
    """

    config: Config
    name: str
    hub: Hub
    gain: float = 1.0

    def scaled(self, gain: float) -> OcioCodec:
        """The same with linear values multiplied by `gain`."""
        return replace(self, gain=self.gain * gain)

    def to_linear(self, values: Values) -> Values:
        """Plate values (N, 3) to linear Rec.709, float32."""
        made = self.config.convert(finite(values), self.name, self.hub.name)
        return np.asarray(made @ (self.gain * self.hub.matrix.T), np.float32)

    def from_linear(self, values: Values) -> Values:
        """Linear Rec.709 (N, 3) to plate values, float32."""
        hub = np.asarray(values @ np.linalg.inv(self.gain * self.hub.matrix).T, np.float32)
        return self.config.convert(hub, self.hub.name, self.name)


def linear(chromaticities: Sequence[float]) -> Codec:
    """Linear light of these primaries. Raises `ValueError` where they span no gamut."""
    return Codec(to_rec709(chromaticities))


def as_displayed(chromaticities: Sequence[float] = REC709) -> Codec:
    """Display-referred values taken as sRGB-encoded, whatever their curve, as the network takes them."""
    return Codec(to_rec709(chromaticities), curve_of(_srgb_decode, _srgb_encode))


def cineon() -> Codec:
    """Kodak's printing density in 10 bits (black 95, white 685, 0.002 density per code, film gamma 0.6)."""
    return Codec(np.eye(3), curve_of(_cineon_decode, _cineon_encode))


Function = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


def curve_of(decode: Function, encode: Function) -> Curve:
    """Tables of a curve given as two functions on float64 arrays."""
    halves = every_half()
    return Curve(tabulate(decode, every_code()), tabulate(decode, halves), tabulate(encode, halves))


def _srgb_decode(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    # IEC 61966-2-1, mirrored about zero so that values below black survive.
    size = np.abs(x)
    return np.copysign(np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4), x)


def _srgb_encode(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    size = np.abs(x)
    return np.copysign(np.where(size <= 0.0031308, size * 12.92, 1.055 * size ** (1 / 2.4) - 0.055), x)


_CINEON_BLACK: Final = 10 ** ((95 - 685) * 0.002 / 0.6)


def _cineon_decode(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    density = (1023 * np.minimum(x, 2.0) - 685) * 0.002 / 0.6
    return (10**density - _CINEON_BLACK) / (1 - _CINEON_BLACK)


def _cineon_encode(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    light = np.maximum(x * (1 - _CINEON_BLACK) + _CINEON_BLACK, 10 ** (-685 * 0.002 / 0.6))
    return (np.log10(light) * 0.6 / 0.002 + 685) / 1023
