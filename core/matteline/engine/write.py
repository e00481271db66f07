"""Write: the products of a frame assembled from its matte, and stored atomically."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from matteline.contract.plate import Window
from matteline.engine.outputs import Outputs, Product
from matteline.engine.read import PlateFrame
from matteline.engine.restore import Restore
from matteline.matting.session import Matte
from matteline.media.frame import Frame
from matteline.media.writer import write_image

HALF_MAX = 65504.0
"""The largest finite half; what is beyond it would become infinite."""


class ProductWriter:
    """Writer of all products of one shot. Safe to call from several threads at once.

    Args:
        outputs: Folder, names and encoding of the results.
        restore: Makes alpha and foreground.
        canvas: The pixels that every frame is delivered on.
        attributes: Metadata of the files, by product name.
        frame_attributes: Returns further metadata of the files of one frame.
    """

    def __init__(
        self,
        outputs: Outputs,
        restore: Restore,
        canvas: Window,
        attributes: Mapping[str, Mapping[str, object]],
        frame_attributes: Callable[[int], Mapping[str, object]],
    ) -> None:
        self._outputs = outputs
        self._wants_fgr = any(product.name != "alpha" for product in outputs.products)
        self._restore = restore
        self._canvas = canvas
        self._attributes = attributes
        self._frame_attributes = frame_attributes

    def write(self, frame: PlateFrame, matte: Matte, ratio: float) -> tuple[str, ...]:
        """Write every product of one frame; returns the paths. Raises `WriteError`.

        Args:
            frame: The conditioned frame.
            matte: The matte of it, of the network or another tool.
            ratio: Size of the network's picture as a fraction of the plate, where it was largest.
        """
        assert frame.picture is not None
        matte = self._restore.refine_edges(matte, frame.picture, ratio)
        alpha = self._restore.alpha(matte, frame.user_mattes)
        fgr = None
        if self._wants_fgr:
            fgr = torch.from_numpy(self._restore.fgr(frame.frame.pixels, matte, alpha))
        alpha = alpha.cpu()
        made_of = self._frame_attributes(frame.number)
        return tuple(
            self._write(product, frame.frame, alpha, fgr, made_of) for product in self._outputs.products
        )

    def _write(
        self,
        product: Product,
        frame: Frame,
        alpha: Tensor,
        fgr: Tensor | None,
        made_of: Mapping[str, object],
    ) -> str:
        path = self._outputs.path(product, frame.number)
        write_image(
            path,
            _pixels(product, alpha, fgr),
            product.encoding,
            frame.header,
            channels=product.channels,
            attributes={**self._attributes[product.name], **made_of},
            canvas=self._canvas,
        )
        return str(path)


def _pixels(product: Product, alpha: Tensor, fgr: Tensor | None) -> np.ndarray:
    """Return the picture of one product, (H, W, C), in the file's own depth where torch converts faster.

    Args:
        product: The product to assemble.
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
