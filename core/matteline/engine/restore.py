"""What the artist asked of edges and colour, between the network's matte and the files."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from matteline.colour.despill import Despill
from matteline.colour.picture import PictureTransform
from matteline.colour.screen import screen_of
from matteline.colour.space import PlateSpace
from matteline.contract.settings import MatteSettings
from matteline.engine.user_mattes import Hand
from matteline.matting.edges import EdgeTools, hold
from matteline.matting.session import Matte
from matteline.media.mask import Coverage


class Finish:
    """Edge tools, hand mattes and despill of one shot. Safe to use from several threads at once.

    Args:
        settings: What is asked.
        space: The plate's space.
        transform: The shot's way between plate and network picture.
        device: Where mattes are.
    """

    def __init__(
        self, settings: MatteSettings, space: PlateSpace, transform: PictureTransform, device: torch.device
    ) -> None:
        self._transform = transform
        self._device = device
        self._bare = settings.foreground == "network"
        self._edges = EdgeTools(settings.choke, settings.soften, settings.black_point, settings.white_point)
        screen = screen_of(settings.despill)
        self._despill = screen and Despill(screen, space, device)

    def alpha(self, matte: Matte, hand: Hand) -> Tensor:
        """The alpha to deliver, (H, W) float32, 0..1; the matte's own where nothing is asked."""
        alpha = self._edges.apply(matte.alpha)
        return hold(alpha, self._moved(hand.garbage), self._moved(hand.holdout))

    def fgr(self, plate: np.ndarray, matte: Matte, alpha: Tensor) -> np.ndarray:
        """The straight foreground to deliver with `alpha`, in the plate's own space.

        Args:
            plate: (H, W, 3 or 4), the plate's own pixels.
            matte: Of that frame, with a foreground.
            alpha: As `alpha` gave it for that matte.

        Returns:
            (H, W, 3) as `PictureTransform.restore`.
        """
        assert matte.fgr is not None
        fgr = self._coloured(plate, matte, matte.fgr, alpha)
        if self._despill:
            self._despill.remove(fgr)
        return fgr

    def _coloured(self, plate: np.ndarray, matte: Matte, predicted: Tensor, alpha: Tensor) -> np.ndarray:
        if self._bare:
            return self._transform.bare(plate=plate, fgr=predicted)
        # Moving an edge does not change how much of a pixel is the person: a choked edge lies where the plate
        # shows nothing else. But what the artist calls solid is the plate.
        cover = matte.alpha if alpha is matte.alpha else torch.maximum(matte.alpha, alpha)
        fgr = self._transform.restore(plate=plate, alpha=cover, fgr=predicted)
        if cover is not matte.alpha:
            fgr[(alpha <= 0).cpu().numpy()] = 0
        return fgr

    def _moved(self, coverage: Coverage | None) -> Tensor | None:
        return None if coverage is None else torch.from_numpy(coverage).to(self._device)
