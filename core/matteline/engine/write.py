"""From a matte to files: the foreground back in the plate's space, products assembled, written atomically."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from matteline.contract.plate import Window
from matteline.engine.outputs import Outputs, Product
from matteline.engine.restore import Finish
from matteline.engine.user_mattes import NO_USER_MATTES, Hand
from matteline.matting.session import Matte
from matteline.media.frame import Frame
from matteline.media.writer import write_image

HALF_MAX = 65504.0
"""The largest finite half; what is beyond it would become infinite."""


@dataclass(frozen=True)
class Rendered:
    """A frame of the plate together with its matte, and the artist's own mattes."""

    frame: Frame
    matte: Matte
    hand: Hand = NO_USER_MATTES


class Delivery:
    """Writes all products of one shot. Safe to call from several threads at once.

    Args:
        outputs: Where and how.
        finish: What the artist asked of edges and colour.
        canvas: The pixels every frame is delivered on.
        attributes: By product name, what its files say of themselves.
    """

    def __init__(
        self,
        outputs: Outputs,
        finish: Finish,
        canvas: Window,
        attributes: Mapping[str, Mapping[str, object]],
    ) -> None:
        self._outputs = outputs
        self._finish = finish
        self._canvas = canvas
        self._attributes = attributes

    def write(self, rendered: Rendered) -> tuple[str, ...]:
        """Write every product of one frame; returns the paths. Raises `WriteError`."""
        frame, matte = rendered.frame, rendered.matte
        alpha = self._finish.alpha(matte, rendered.hand)
        fgr = None if matte.fgr is None else torch.from_numpy(self._finish.fgr(frame.pixels, matte, alpha))
        alpha = alpha.cpu()
        return tuple(self._write(product, frame, alpha, fgr) for product in self._outputs.products)

    def _write(self, product: Product, frame: Frame, alpha: Tensor, fgr: Tensor | None) -> str:
        path = self._outputs.path(product, frame.number)
        write_image(
            path,
            _pixels(product, alpha, fgr),
            product.encoding,
            frame.header,
            channels=product.channels,
            attributes=self._attributes[product.name],
            canvas=self._canvas,
        )
        return str(path)


def _pixels(product: Product, alpha: Tensor, fgr: Tensor | None) -> np.ndarray:
    """The picture of one product, (H, W, C), in the file's own depth where torch gets there faster.

    Args:
        product: What to assemble.
        alpha: (H, W) float32, 0..1.
        fgr: (H, W, 3), straight; None where no product needs it.
    """
    picture = _assembled(product, alpha, fgr)
    if product.encoding.depth == "half":
        return picture.clamp(-HALF_MAX, HALF_MAX).half().numpy()
    return picture.numpy()


def _assembled(product: Product, alpha: Tensor, fgr: Tensor | None) -> Tensor:
    if product.name == "alpha":
        return alpha[..., None]
    assert fgr is not None
    if product.name == "fgr":
        return fgr
    colour = fgr if product.encoding.straight_alpha else fgr * alpha[..., None]
    layers = [fgr] if product.name == "layers" else []
    return torch.cat([colour, alpha[..., None], *layers], dim=2)
