"""The network's picture through a view of the OCIO config, where an artist asks for one."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from matteline.colour.config import Config, Values
from matteline.colour.hub import hub_of
from matteline.colour.primaries import ACES_AP1, Matrix, to_rec709

THERE: Final = 65
BACK: Final = 33
"""Points along each edge of the cube to the picture, and of the one back."""

_TOE: Final = 2.0**-7
_TOP: Final = 128.0
_SPAN: Final = float(np.log2((_TOP + _TOE) / _TOE))


class View:
    """A `Look` that is a display and view of the config.

    ACES 2 takes seconds a frame, so the view is sampled once into two cubes: from the logarithm of
    linear AP1 to the picture, and back.

    Args:
        config: The config that holds the view.
        words: `display/view`, or `/view` on the default display.
        device: Where pictures are made.

    Raises:
        ColourError: The config has no such view, or cannot invert it.
    """

    def __init__(self, config: Config, words: str, device: torch.device) -> None:
        names = config.parse_view(words)
        self._there = torch.from_numpy(_shown(config, *names)).to(device)
        self._back = torch.from_numpy(_recovered(config, *names)).to(device)
        self._from_ap1 = torch.tensor(to_rec709(ACES_AP1), dtype=torch.float32, device=device)
        self._to_ap1 = torch.linalg.inv(self._from_ap1)

    def show(self, linear: Tensor) -> Tensor:
        """See `Look`."""
        logarithm = (self._to_ap1 @ linear).clamp_(0, _TOP).add_(_TOE).div_(_TOE).log2_().div_(_SPAN)
        return _read(self._there, logarithm)

    def recover(self, picture: Tensor) -> Tensor:
        """See `Look`."""
        light = (_read(self._back, picture.clamp(0, 1)) * _SPAN).exp2().sub_(1).mul_(_TOE)
        return self._from_ap1 @ light


def _read(cube: Tensor, place: Tensor) -> Tensor:
    """Values (3, N) of a cube (1, 3, blue, green, red) at places (3, N) in 0..1."""
    spots = (place * 2 - 1).T[None, None, None]
    return grid_sample(cube, spots, padding_mode="border", align_corners=True).view(3, -1)


def _corners(axis: Matrix) -> Values:
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    return np.stack([red, green, blue], axis=-1).reshape(-1, 3).astype(np.float32)


def _cube(values: Values | Matrix) -> Values:
    edge = round(len(values) ** (1 / 3))
    shaped = values.reshape(edge, edge, edge, 3).transpose(3, 0, 1, 2)[None]
    return np.ascontiguousarray(shaped, np.float32)


def _shown(config: Config, display: str, view: str) -> Values:
    """The picture at every step of the logarithm of linear AP1."""
    hub = hub_of(config)
    lights = _corners(_TOE * np.exp2(np.linspace(0, _SPAN, THERE)) - _TOE)
    into = to_rec709(ACES_AP1).T @ np.linalg.inv(hub.matrix).T
    made = config.through_view((lights @ into).astype(np.float32), hub.name, display, view, inverse=False)
    return _cube(made.clip(0, 1))


def _recovered(config: Config, display: str, view: str) -> Values:
    """The logarithm of linear AP1, 0..1, at every step of the picture."""
    hub = hub_of(config)
    pictures = _corners(np.linspace(0, 1, BACK))
    made = config.through_view(pictures, hub.name, display, view, inverse=True)
    lights = hub.to_rec709(made) @ np.linalg.inv(to_rec709(ACES_AP1)).T
    return _cube(np.log2((lights.clip(0, _TOP) + _TOE) / _TOE) / _SPAN)
