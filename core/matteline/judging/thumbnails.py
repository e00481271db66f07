"""Thumbnails of results for a page: the matte, and the person over a checkerboard, as data addresses."""

from __future__ import annotations

import base64

import numpy as np
import numpy.typing as npt

from matteline.contract.errors import ReadError
from matteline.judging.frame_stats import read_alpha, reduced
from matteline.judging.results import ShotResults
from matteline.media.frame import Pixels
from matteline.media.png_chunks import encode_png
from matteline.media.result import read_result
from matteline.media.samples import to_codes, to_float
from matteline.pictures.checkerboard import checkerboard
from matteline.pictures.srgb import srgb_encode

# Longest side of a thumbnail, in pixels.
THUMBNAIL_SIDE = 200
_CHECKER_PIXELS = 10

# How the names of colour spaces begin whose values are proportional to light.
_LINEAR = ("lin", "acescg", "aces2065", "scene_linear", "raw")

_Picture = npt.NDArray[np.float32]


def thumbnails(shot: ShotResults, number: int) -> list[tuple[str, str]]:
    """Return a caption and a PNG as a data address for each picture of a frame; none if it cannot be read."""
    try:
        alpha = np.clip(_small(read_alpha(shot, number)[..., None])[..., 0], 0, 1)
    except (ReadError, KeyError):
        return []
    pictures = [("matte", np.repeat(alpha[..., None], 3, axis=2))]
    if (over := _over_checkerboard(shot, number, alpha)) is not None:
        pictures.append(("over a checkerboard", over))
    encoded = ((caption, encode_png(to_codes(picture, np.uint8))) for caption, picture in pictures)
    return [
        (caption, "data:image/png;base64," + base64.b64encode(png).decode("ascii"))
        for caption, png in encoded
    ]


def _over_checkerboard(shot: ShotResults, number: int, alpha: _Picture) -> _Picture | None:
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
    colour = _small(pixels[..., :3])
    space = shot.colour_space.lower()
    if floats and (not space or space.startswith(_LINEAR)):
        colour = srgb_encode(np.clip(colour, 0, 1))
    if colour.shape[:2] != alpha.shape:
        return None
    cover = alpha[..., None]
    behind = (1 - cover) * checkerboard(alpha.shape[0], alpha.shape[1], _CHECKER_PIXELS)
    over: _Picture = (colour if premultiplied else colour * cover) + behind
    return over


def _small(pixels: Pixels) -> _Picture:
    small: _Picture = reduced(to_float(pixels, np.float32), THUMBNAIL_SIDE)[0]
    return small
