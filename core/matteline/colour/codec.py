"""The way from a plate's values to linear Rec.709 and back, as plain numbers that any device can apply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from matteline.colour.config import Config, Values, finite
from matteline.colour.halves import Table, every_code, every_half, tabulate
from matteline.colour.primaries import REC709, Matrix, rec709_matrix
from matteline.colour.reference_space import ReferenceSpace
from matteline.pictures.srgb import srgb_decode, srgb_encode

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
        """Return the same codec with linear values multiplied by `gain`."""
        return replace(self, matrix=self.matrix * gain)


@dataclass(frozen=True)
class OcioCodec:
    """A space that is no curve and matrix: every pixel goes through OpenColorIO, on the CPU.

    Attributes:
        config: The config that holds the space.
        name: The plate's space.
        reference: The config's way to linear Rec.709.
        gain: Linear values are multiplied by it.
    """

    config: Config
    name: str
    reference: ReferenceSpace
    gain: float = 1.0

    def scaled(self, gain: float) -> OcioCodec:
        """Return the same codec with linear values multiplied by `gain`."""
        return replace(self, gain=self.gain * gain)

    def to_linear(self, values: Values) -> Values:
        """Convert plate values (N, 3) to linear Rec.709, float32."""
        made = self.config.convert(finite(values), self.name, self.reference.name)
        return np.asarray(made @ (self.gain * self.reference.matrix.T), np.float32)

    def from_linear(self, values: Values) -> Values:
        """Convert linear Rec.709 (N, 3) to plate values, float32."""
        matrix = np.linalg.inv(self.gain * self.reference.matrix)
        in_reference = np.asarray(values @ matrix.T, np.float32)
        return self.config.convert(in_reference, self.reference.name, self.name)


def linear_codec(chromaticities: Sequence[float]) -> Codec:
    """Return the codec of linear light of these primaries. Raises `ValueError` where they span no gamut."""
    return Codec(rec709_matrix(chromaticities))


def display_codec(chromaticities: Sequence[float] = REC709) -> Codec:
    """Return the codec of display-referred values: taken as sRGB-encoded whatever their curve, as by the network."""
    # Mirrored about zero, so that values below black survive.
    curve = tabulate_curve(
        lambda codes: np.copysign(srgb_decode(np.abs(codes)), codes),
        lambda light: np.copysign(srgb_encode(np.abs(light)), light),
    )
    return Codec(rec709_matrix(chromaticities), curve)


_CINEON_BLACK: Final = 10 ** ((95 - 685) * 0.002 / 0.6)


def cineon_codec() -> Codec:
    """Return Kodak's printing density in 10 bits (black 95, white 685, 0.002 density per code, film gamma 0.6)."""

    def decode(codes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        # Beyond twice the scale nothing is recorded, and powers of ten would overflow.
        density = (1023 * np.minimum(codes, 2.0) - 685) * 0.002 / 0.6
        return (10**density - _CINEON_BLACK) / (1 - _CINEON_BLACK)

    def encode(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        # No darker than code 0, below which there is no logarithm.
        above = np.maximum(light * (1 - _CINEON_BLACK) + _CINEON_BLACK, 10 ** (-685 * 0.002 / 0.6))
        return (np.log10(above) * 0.6 / 0.002 + 685) / 1023

    return Codec(np.eye(3), tabulate_curve(decode, encode))


Function = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


def tabulate_curve(decode: Function, encode: Function) -> Curve:
    """Make the tables of a curve that is given as two functions on float64 arrays."""
    halves = every_half()
    return Curve(tabulate(decode, every_code()), tabulate(decode, halves), tabulate(encode, halves))
