"""From a matte to files: the foreground back in the plate's space, products assembled, written atomically."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from matteline.contract.plate import Window
from matteline.engine.finish import Finish
from matteline.engine.garbage import NO_HAND, Hand
from matteline.engine.outputs import Outputs, Product
from matteline.matting.session import Matte
from matteline.media.frame import Frame
from matteline.media.writer import write_image


@dataclass(frozen=True)
class Rendered:
    """A frame of the plate together with its matte, and the artist's own mattes."""

    frame: Frame
    matte: Matte
    hand: Hand = NO_HAND


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
        found = self._finish.alpha(matte, rendered.hand)
        alpha = found.cpu().numpy()
        fgr = None if matte.fgr is None else self._finish.fgr(frame.pixels, matte, found)
        return tuple(self._write(product, frame, alpha, fgr) for product in self._outputs.products)

    def _write(self, product: Product, frame: Frame, alpha: np.ndarray, fgr: np.ndarray | None) -> str:
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


def _pixels(product: Product, alpha: np.ndarray, fgr: np.ndarray | None) -> np.ndarray:
    """The picture of one product, (H, W, C), for alpha (H, W) and straight fgr (H, W, 3)."""
    if product.name == "alpha":
        return np.broadcast_to(alpha[..., None], (*alpha.shape, len(product.channels)))
    assert fgr is not None
    if product.name == "fgr":
        return fgr
    colour = fgr if product.encoding.straight_alpha else fgr * alpha[..., None]
    layers = [fgr] if product.name == "layers" else []
    return np.concatenate([colour, alpha[..., None], *layers], axis=2)
