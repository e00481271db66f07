"""Thumbnails of results for a page: the matte, and the person over a checkerboard, as data addresses."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matteline.contract.errors import ReadError
from matteline.contract.plate import Window
from matteline.judging.frame_stats import read_alpha, reduced
from matteline.judging.results import ShotResults
from matteline.media.frame import Pixels
from matteline.media.png_chunks import encode_png
from matteline.media.result import read_result
from matteline.media.samples import to_codes, to_float
from matteline.pictures.checkerboard import checkerboard
from matteline.pictures.srgb import srgb_encode

# Longest side of a thumbnail in pixels, and of one that a click makes larger.
THUMBNAIL_SIDE = 200
LARGE_SIDE = 480
_CHECKER_PIXELS = 10
# Around a box, as a share of the frame's side, so that the line hides nothing of the spot.
_BOX_MARGIN = 0.01

# How the names of colour spaces begin whose values are proportional to light.
_LINEAR = ("lin", "acescg", "aces2065", "scene_linear", "raw")

_Picture = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Thumbnails:
    """Small pictures of one frame.

    Attributes:
        pictures: A caption and a PNG as a data address for each.
        width: Of the frame itself, in pixels.
        height: Of the frame itself, in pixels.
    """

    pictures: tuple[tuple[str, str], ...] = ()
    width: int = 0
    height: int = 0

    def place(self, box: Window) -> str:
        """Return the CSS position of a box in the frame, by shares of its sides, with a margin around it."""
        left, top = box.x / self.width - _BOX_MARGIN, box.y / self.height - _BOX_MARGIN
        right = (box.x + box.width) / self.width + _BOX_MARGIN
        bottom = (box.y + box.height) / self.height + _BOX_MARGIN
        left, top, right, bottom = (min(max(each, 0.0), 1.0) for each in (left, top, right, bottom))
        return (
            f"left:{100 * left:.2f}%;top:{100 * top:.2f}%;"
            f"width:{100 * (right - left):.2f}%;height:{100 * (bottom - top):.2f}%"
        )


def thumbnails(shot: ShotResults, number: int, side: int = THUMBNAIL_SIDE) -> Thumbnails:
    """Return small pictures of a frame; none if it cannot be read.

    Args:
        shot: Its results.
        number: The frame.
        side: Longest side of a picture in pixels.
    """
    try:
        whole = read_alpha(shot, number)
    # The frame may lack a file of the product.
    except (ReadError, KeyError):
        return Thumbnails()
    alpha = np.clip(_small(whole[..., None], side)[..., 0], 0, 1)
    pictures = [("matte", np.repeat(alpha[..., None], 3, axis=2))]
    if (over := _over_checkerboard(shot, number, alpha, side)) is not None:
        pictures.append(("over a checkerboard", over))
    encoded = ((caption, encode_png(to_codes(picture, np.uint8))) for caption, picture in pictures)
    addresses = tuple(
        (caption, "data:image/png;base64," + base64.b64encode(png).decode("ascii"))
        for caption, png in encoded
    )
    return Thumbnails(addresses, whole.shape[1], whole.shape[0])


def _over_checkerboard(shot: ShotResults, number: int, alpha: _Picture, side: int) -> _Picture | None:
    """Return the person over a checkerboard, (h, w, 3), sRGB-encoded; None where colour cannot be read."""
    product = shot.colour_product
    try:
        path = shot.products[product][number]
        frame = read_result(path, number)
    except (ReadError, KeyError):
        return None
    floats = frame.pixels.dtype.kind == "f"
    # A file says of itself how its colour is meant; else by what a render writes: PNG and fgr are straight.
    stated = dict(frame.header.attributes).get("matteline/alpha")
    premultiplied = product != "fgr" and path.suffix.lower() != ".png"
    premultiplied = premultiplied if stated is None else stated == "premultiplied"
    pixels = frame.pixels
    if premultiplied and floats:
        # Divided before the curve, because the curve of a product is not the product of curves.
        values = to_float(pixels, np.float32)
        colours, cover = values[..., :3], values[..., 3:]
        pixels = np.divide(colours, cover, out=np.zeros_like(colours), where=cover > 0)
        premultiplied = False
    colour = _small(pixels[..., :3], side)
    space = shot.colour_space.lower()
    if floats and (not space or space.startswith(_LINEAR)):
        colour = srgb_encode(np.clip(colour, 0, 1))
    # Products of two sizes cannot be laid over each other; the report says so by itself.
    if colour.shape[:2] != alpha.shape:
        return None
    cover = alpha[..., None]
    behind = (1 - cover) * checkerboard(alpha.shape[0], alpha.shape[1], _CHECKER_PIXELS)
    over: _Picture = (colour if premultiplied else colour * cover) + behind
    return over


def _small(pixels: Pixels, side: int) -> _Picture:
    small: _Picture = reduced(to_float(pixels, np.float32), side)[0]
    return small
