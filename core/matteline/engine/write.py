"""Write: the products of a frame assembled from its matte, and stored atomically."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from matteline.contract.plate import Window
from matteline.engine.outputs import Outputs, Product
from matteline.engine.people_mattes import PeopleMattes
from matteline.engine.read import PlateFrame
from matteline.engine.restore import Restore
from matteline.matting.session import Matte
from matteline.media.cryptomatte import write_cryptomatte
from matteline.media.frame import Frame
from matteline.media.samples import to_codes
from matteline.media.writer import write_image

HALF_MAX = 65504.0
"""The largest finite half; what is beyond it would become infinite."""


@dataclass(frozen=True)
class _Pictures:
    """Pictures of one frame that products are made of, on the CPU.

    Attributes:
        alpha: (H, W) float32, 0..1.
        fgr: (H, W, 3), straight, floats or 8-bit codes; None where no product needs it.
        people: (K, H, W) float32, 0..1, everyone's matte; None where no product needs them.
    """

    alpha: Tensor
    fgr: Tensor | None
    people: Tensor | None


class ProductWriter:
    """Writer of all products of one shot. Safe to call from several threads at once.

    Args:
        outputs: Folder, names and encoding of the results.
        restore: Makes alpha and foreground.
        canvas: The pixels that every frame is delivered on.
        attributes: Metadata of the files, by product name.
        frame_attributes: Returns further metadata of the files of one frame.
        people: Makes the mattes of people; None where they are not wanted.
    """

    def __init__(
        self,
        outputs: Outputs,
        restore: Restore,
        canvas: Window,
        attributes: Mapping[str, Mapping[str, object]],
        frame_attributes: Callable[[int], Mapping[str, object]],
        people: PeopleMattes | None = None,
    ) -> None:
        self._outputs = outputs
        self._wants_fgr = any(not product.is_matte for product in outputs.products)
        self._writes_people = any(product.name == "people" or product.person for product in outputs.products)
        # Multiplying by alpha would need floats.
        self._wants_codes = all(
            product.encoding.depth == "8" and (product.name == "fgr" or product.encoding.straight_alpha)
            for product in outputs.products
            if product.name != "people"
        )
        # What is only written, and as half, comes from the device as half; what is computed with stays as it is.
        halves = (
            each.name in ("alpha", "fgr") and each.encoding.depth == "half" for each in outputs.products
        )
        self._alpha_dtype = torch.float16 if all(halves) else torch.float32
        self._restore = restore
        self._canvas = canvas
        self._attributes = attributes
        self._frame_attributes = frame_attributes
        self._people = people

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
        mattes = None
        if self._people is not None:
            # Before alpha is cut down to those who are kept: a file of people holds everyone.
            if self._writes_people:
                mattes = self._people.of_frame(frame.number, frame.picture, alpha)
            alpha = self._people.kept(frame.number, frame.picture, alpha)
        fgr = None
        if self._wants_fgr:
            plate, codes = frame.frame.pixels, self._wants_codes
            fgr = torch.from_numpy(self._restore.fgr(plate, matte, alpha, codes=codes))
        alpha = alpha.to(self._alpha_dtype).cpu()
        made_of = self._frame_attributes(frame.number)
        pictures = _Pictures(alpha, fgr, None if mattes is None else mattes.cpu())
        return tuple(
            self._write(product, frame.frame, pictures, made_of) for product in self._outputs.products
        )

    def _write(
        self,
        product: Product,
        frame: Frame,
        pictures: _Pictures,
        made_of: Mapping[str, object],
    ) -> str:
        path = self._outputs.path(product, frame.number)
        attributes = {**self._attributes[product.name], **made_of}
        if product.name == "people":
            assert self._people is not None and pictures.people is not None
            write_cryptomatte(
                path,
                pictures.people.numpy(),
                frame.header,
                names=self._people.names,
                canvas=self._canvas,
                attributes=attributes,
            )
            return str(path)
        alpha = pictures.alpha
        if product.person:
            assert self._people is not None and pictures.people is not None
            alpha = pictures.people[self._people.names.index(product.person)]
        write_image(
            path,
            _pixels(product, alpha, pictures.fgr),
            product.encoding,
            frame.header,
            channels=product.channels,
            attributes=attributes,
            canvas=self._canvas,
        )
        return str(path)


def _pixels(product: Product, alpha: Tensor, fgr: Tensor | None) -> np.ndarray:
    """Return the picture of one product, (H, W, C), in the file's own depth where torch converts faster.

    Args:
        product: The product to assemble.
        alpha: (H, W), 0..1, float32, or float16 where that is all that is written of it.
        fgr: (H, W, 3), straight, floats or 8-bit codes; None where no product needs it.
    """
    if fgr is not None and fgr.dtype == torch.uint8:
        alpha = torch.from_numpy(to_codes(alpha.numpy(), np.uint8))
    parts = _parts(product, alpha, fgr)
    if product.encoding.depth == "half":
        parts = [part.clamp(-HALF_MAX, HALF_MAX).half() for part in parts]
    if len(parts) == 1:
        return parts[0].numpy()
    # Plane after plane, as the network makes them and an EXR keeps them: interleaving would take as long as encoding.
    planes = torch.cat([part.permute(2, 0, 1) for part in parts])
    return planes.permute(1, 2, 0).numpy()


def _parts(product: Product, alpha: Tensor, fgr: Tensor | None) -> list[Tensor]:
    """Return the pictures (H, W, 1 or 3) whose channels are the product's, one after the other."""
    if product.is_matte:
        return [alpha[..., None]]
    assert fgr is not None
    if product.name == "fgr":
        return [fgr]
    colour = fgr if product.encoding.straight_alpha else fgr * alpha[..., None]
    layers = [fgr] if product.name == "layers" else []
    return [colour, alpha[..., None], *layers]
