"""The network's picture of linear light: the sRGB curve, with a shoulder in place of the clip at white."""

from __future__ import annotations

from typing import Final, Protocol

import torch
from torch import Tensor

from matteline.colour.halves import every_half
from matteline.colour.levels import SHOULDER_START
from matteline.colour.lookup import look_up

_ROOM: Final = 1.0 - SHOULDER_START
# This many rooms above its start the shoulder is flat to half precision and says nothing more of the light.
_FLAT: Final = 11.0


class Look(Protocol):
    """A way from linear Rec.709 to the network's picture, and back as far as that goes."""

    def show(self, linear: Tensor) -> Tensor:
        """Linear Rec.709 (3, N) as the network sees it, 0..1."""

    def recover(self, picture: Tensor) -> Tensor:
        """Linear Rec.709 (3, N) of a picture in 0..1, as far as the picture tells."""


class Plain:
    """The sRGB curve alone, of pictures that the network sees as they are."""

    def show(self, linear: Tensor) -> Tensor:
        """See `Look`."""
        return encode(linear.clamp(0, 1))

    def recover(self, picture: Tensor) -> Tensor:
        """See `Look`."""
        return decode(picture)


class Shoulder:
    """The plain sRGB curve up to `SHOULDER_START`, then highlights rolled off towards 1.

    Above its start the curve is u / sqrt(1 + u^2) in units of the room left below white: it leaves the plain
    encoding without a corner, never quite reaches 1, and has an inverse. White itself becomes 0.971. Light is
    looked up as a half, which puts the picture off by at most 0.0002, a twentieth of an 8-bit code.
    """

    def __init__(self, device: torch.device) -> None:
        self._table = roll_off(torch.from_numpy(every_half()).to(device))

    def show(self, linear: Tensor) -> Tensor:
        """See `Look`. Values below black become black."""
        return look_up(self._table, linear)

    def recover(self, picture: Tensor) -> Tensor:
        """See `Look`. Highlights beyond about five times white are all taken for that."""
        above = ((picture - SHOULDER_START) / _ROOM).clamp(0, 1)
        above = (above / (1 - above.square()).clamp(min=1e-8).sqrt()).clamp(max=_FLAT)
        return decode(picture.clamp(0, SHOULDER_START) + _ROOM * above)


def roll_off(linear: Tensor) -> Tensor:
    """The picture of linear light, computed rather than looked up."""
    encoded = encode(linear.clamp(min=0))
    above = (encoded - SHOULDER_START).clamp(min=0) / _ROOM
    return encoded.clamp(max=SHOULDER_START) + _ROOM * above * (1 + above.square()).rsqrt()


def encode(linear: Tensor) -> Tensor:
    """The sRGB curve (IEC 61966-2-1) of values from 0 up, also beyond 1."""
    curved = 1.055 * linear.clamp(min=0) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, linear * 12.92, curved)


def decode(encoded: Tensor) -> Tensor:
    """Linear light of sRGB-encoded values from 0 up."""
    curved = ((encoded + 0.055) / 1.055).clamp(min=0) ** 2.4
    return torch.where(encoded <= 0.04045, encoded / 12.92, curved)
