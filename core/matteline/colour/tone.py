"""The network's picture of linear light: the sRGB curve, with a shoulder in place of the clip at white."""

from __future__ import annotations

from typing import Final, Protocol

import torch
from torch import Tensor

from matteline.colour.halves import every_half
from matteline.colour.levels import SHOULDER_START
from matteline.colour.lookup import look_up
from matteline.colour.shoulder import ROOM, roll_off
from matteline.pictures.srgb import srgb_decode, srgb_encode

# This many rooms above its start the shoulder is flat to half precision and says nothing more of the light.
_FLAT: Final = 11.0


class ToneMap(Protocol):
    """A way from linear Rec.709 to the network's picture, and back as far as that goes."""

    def encode(self, linear: Tensor) -> Tensor:
        """Return linear Rec.709 (3, N) as the network sees it, 0..1."""

    def decode(self, picture: Tensor) -> Tensor:
        """Return linear Rec.709 (3, N) of a picture in 0..1, as far as the picture tells."""


class SrgbToneMap:
    """The sRGB curve alone, for pictures that the network sees as they are."""

    def encode(self, linear: Tensor) -> Tensor:
        """See `ToneMap`."""
        return srgb_encode(linear.clamp(0, 1), torch.where)

    def decode(self, picture: Tensor) -> Tensor:
        """See `ToneMap`."""
        return srgb_decode(picture, torch.where)


class ShoulderToneMap:
    """The plain sRGB curve up to `SHOULDER_START`, then highlights rolled off towards 1.

    The curve is `roll_off`. Light is looked up as a half, which puts the picture off by at most 0.0002, a
    twentieth of an 8-bit code.
    """

    def __init__(self, device: torch.device) -> None:
        self._table = roll_off(torch.from_numpy(every_half()).to(device), torch.where)

    def encode(self, linear: Tensor) -> Tensor:
        """See `ToneMap`. Values below black become black."""
        return look_up(self._table, linear)

    def decode(self, picture: Tensor) -> Tensor:
        """See `ToneMap`. Highlights beyond about five times white are all taken for that."""
        above = ((picture - SHOULDER_START) / ROOM).clamp(0, 1)
        # At white the root would be 0.
        above = (above / (1 - above.square()).clamp(min=1e-8).sqrt()).clamp(max=_FLAT)
        return srgb_decode(picture.clamp(0, SHOULDER_START) + ROOM * above, torch.where)
