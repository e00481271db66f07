"""A codec at work on a device: plate values to linear Rec.709 and back, by arithmetic and look-ups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

from matteline.colour.codec import LUMA_2020, Codec, Curve, OcioCodec
from matteline.colour.halves import HALF_MAX
from matteline.colour.lookup import look_up

_WHITE: Final = {torch.uint8: 255.0, torch.uint16: 65535.0}


class PixelCodec(Protocol):
    """The conversion of pixels between a plate's space and linear Rec.709. Never changes what it is given.

    Attributes:
        at_once: How many pixels are best given at a time.
    """

    at_once: int

    def to_linear(self, values: Tensor) -> Tensor:
        """Convert plate values (N, 3) of any plate dtype to linear Rec.709 (3, N) float32, finite."""

    def from_linear(self, linear: Tensor) -> Tensor:
        """Convert linear Rec.709 (3, N) float32 to plate values (N, 3) float32, integers as 0..1."""


def make_pixel_codec(codec: Codec | OcioCodec, device: torch.device) -> PixelCodec:
    """Make a codec ready for pixels on a device."""
    return TorchPixelCodec(codec, device) if isinstance(codec, Codec) else OcioPixelCodec(codec, device)


class TorchPixelCodec:
    """A curve and a matrix, on any device."""

    # Values between two steps then stay in the cache and out of the page tables.
    at_once = 1 << 18

    def __init__(self, codec: Codec, device: torch.device) -> None:
        self._matrix = torch.tensor(codec.matrix, dtype=torch.float32, device=device)
        self._inverse = torch.tensor(np.linalg.inv(codec.matrix), dtype=torch.float32, device=device)
        self._gamma = codec.system_gamma
        self._luma = torch.tensor(LUMA_2020, device=device)
        self._curve = None if codec.curve is None else _CurveTables.of(codec.curve, device)

    def to_linear(self, values: Tensor) -> Tensor:
        """See `PixelCodec`."""
        decoded = finite(unit_floats(values)) if self._curve is None else self._curve.decode(values)
        lights = decoded.T
        if self._gamma != 1:
            # A number below 0 has no such power.
            luminance = (self._luma @ lights).clamp(min=0)
            lights = lights * luminance ** (self._gamma - 1)
        return self._matrix @ lights

    def from_linear(self, linear: Tensor) -> Tensor:
        """See `PixelCodec`."""
        lights = self._inverse @ linear
        if self._gamma != 1:
            # Not 0, of which the negative power would be infinite.
            luminance = (self._luma @ lights).clamp(min=1e-8)
            lights = lights * luminance ** (1 / self._gamma - 1)
        values = lights.T.contiguous()
        return values if self._curve is None else look_up(self._curve.inverse, values)


@dataclass(frozen=True)
class _CurveTables:
    """A curve's tables on a device."""

    bytes: Tensor
    codes: Tensor
    halves: Tensor
    inverse: Tensor

    @classmethod
    def of(cls, curve: Curve, device: torch.device) -> _CurveTables:
        # An 8-bit code k is the 16-bit code 257 k, so every 257th entry is its table.
        tables = (curve.codes[::257].copy(), curve.codes, curve.halves, curve.inverse)
        return cls(*(torch.from_numpy(table).to(device) for table in tables))

    def decode(self, values: Tensor) -> Tensor:
        table = {torch.uint8: self.bytes, torch.uint16: self.codes}.get(values.dtype, self.halves)
        return look_up(table, values)


class OcioPixelCodec:
    """A conversion by OpenColorIO itself, on the CPU."""

    # Each call reads the config anew, which takes as long as a million pixels.
    at_once = 1 << 30

    def __init__(self, codec: OcioCodec, device: torch.device) -> None:
        self._codec = codec
        self._device = device

    def to_linear(self, values: Tensor) -> Tensor:
        """See `PixelCodec`."""
        made = self._codec.to_linear(unit_floats(values).cpu().numpy())
        return torch.from_numpy(made).to(self._device).T.contiguous()

    def from_linear(self, linear: Tensor) -> Tensor:
        """See `PixelCodec`."""
        return torch.from_numpy(self._codec.from_linear(linear.T.cpu().numpy())).to(self._device)


def unit_floats(values: Tensor) -> Tensor:
    """Return values as float32, integers as 0..1."""
    # Divided in place, into a copy, since these are whole frames.
    return values.to(torch.float32).div_(_WHITE[values.dtype]) if values.dtype in _WHITE else values.float()


def finite(values: Tensor) -> Tensor:
    """Return values with NaN as 0, and nothing beyond the greatest half."""
    return torch.nan_to_num(values, nan=0.0, posinf=HALF_MAX, neginf=-HALF_MAX)


def colour_tensor(pixels: np.ndarray) -> Tensor:
    """Return the colour channels of plate pixels (H, W, 3 or 4) as a tensor that is only ever read."""
    # torch warns of arrays that it may not write to, so those are copied.
    return torch.from_numpy(np.require(pixels, requirements=["C", "W"]))[..., :3]
