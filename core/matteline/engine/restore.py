"""Restore: alpha and foreground to deliver, from the network's matte and the plate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from matteline.colour.despill import Despill
from matteline.colour.key_colour import parse_key_colour
from matteline.colour.picture import PictureTransform
from matteline.colour.space import PlateSpace
from matteline.contract.settings import MatteSettings
from matteline.engine.user_mattes import UserMattes
from matteline.matting.closed_form import FOR_MASKS, FOR_NETWORK, halvings, is_mask
from matteline.matting.edges import EdgeTools, hold
from matteline.matting.session import Matte
from matteline.media.mask import Coverage


class Restore:
    """Edge tools, garbage and hold-out mattes, foreground and despill of one shot. Safe in several threads at once.

    Args:
        settings: The shot's settings.
        space: The plate's space.
        transform: The shot's conversion between plate and network picture.
        device: The device that mattes are on.
    """

    def __init__(
        self, settings: MatteSettings, space: PlateSpace, transform: PictureTransform, device: torch.device
    ) -> None:
        self._fine = settings.edges == "fine"
        self._given = settings.alpha != "network"
        self._transform = transform
        self._device = device
        self._network_foreground = settings.foreground == "network"
        self._edges = EdgeTools(settings.choke, settings.soften, settings.black_point, settings.white_point)
        key_colour = parse_key_colour(settings.despill)
        self._despill = key_colour and Despill(key_colour, space, device)

    def refine_edges(self, matte: Matte, picture: Tensor, ratio: float) -> Matte:
        """Return the matte with alpha solved again round its edges, where the settings ask for it.

        Args:
            matte: The network's matte, or one of another tool.
            picture: The network's picture of the frame, (3, H, W) float32, sRGB-encoded 0..1.
            ratio: Size of what the network saw as a fraction of it.
        """
        if not self._fine:
            return matte
        if self._given and is_mask(matte.alpha):
            return replace(matte, alpha=FOR_MASKS.refine(picture, matte.alpha, 1))
        return replace(matte, alpha=FOR_NETWORK.refine(picture, matte.alpha, halvings(ratio)))

    def alpha(self, matte: Matte, user_mattes: UserMattes) -> Tensor:
        """Return the alpha to deliver, (H, W) float32, 0..1; the matte's own tensor where no tool is used."""
        alpha = self._edges.apply(matte.alpha)
        return hold(alpha, self._tensor(user_mattes.garbage), self._tensor(user_mattes.holdout))

    def fgr(self, plate: np.ndarray, matte: Matte, alpha: Tensor, *, codes: bool = False) -> np.ndarray:
        """Return the straight foreground to deliver with `alpha`, in the plate's own space.

        Args:
            plate: (H, W, 3 or 4), the plate's own pixels.
            matte: Of that frame; its foreground, if it has one, is mixed with the one estimated from the plate.
            alpha: As `alpha` gave it for that matte.
            codes: Allows 8-bit codes for an 8-bit plate, where nothing is computed with them any more.

        Returns:
            (H, W, 3) as `PictureTransform.restore`.
        """
        if self._network_foreground:
            assert matte.fgr is not None, "there is a network's foreground where one is asked for"
            fgr = self._transform.network_foreground(plate=plate, fgr=matte.fgr)
        else:
            # Moving an edge does not change how much of a pixel is the person: a choked edge lies where the
            # plate shows nothing else. But where the artist makes alpha 1, the pixel is the plate's.
            cover = matte.alpha if alpha is matte.alpha else torch.maximum(matte.alpha, alpha)
            codes = codes and plate.dtype == np.uint8 and not self._despill
            fgr = self._transform.restore(plate=plate, alpha=cover, fgr=matte.fgr, codes=codes)
            if cover is not matte.alpha:
                fgr[(alpha <= 0).cpu().numpy()] = 0
        if self._despill:
            fgr = np.array(fgr, order="C")
            self._despill.remove(fgr)
        return fgr

    def _tensor(self, coverage: Coverage | None) -> Tensor | None:
        return None if coverage is None else torch.from_numpy(coverage).to(self._device)
