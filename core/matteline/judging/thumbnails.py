"""Small pictures of results for a page: the matte, and the person over a checkerboard, as data addresses."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import numpy.typing as npt

from matteline.contract.errors import ReadError
from matteline.judging.looks import read_alpha, reduced
from matteline.judging.results import ShotResults
from matteline.media.frame import Pixels
from matteline.media.png_chunks import SIGNATURE, chunk
from matteline.media.result import read_result
from matteline.media.samples import to_codes, to_float

THUMBNAIL_SIDE = 200
_CHECKER_PIXELS = 10
_CHECKER = (0.36, 0.52)

_LINEAR = ("lin", "acescg", "aces2065", "scene_linear", "raw")
"""How the names of spaces begin in which values are proportional to light."""

_Picture = npt.NDArray[np.float32]


def thumbnails(shot: ShotResults, number: int) -> list[tuple[str, str]]:
    """What can be shown of a frame: words, and a PNG as a data address. Empty where nothing can be read."""
    try:
        alpha = _small(read_alpha(shot, number)[..., None])[..., 0]
    except (ReadError, KeyError):
        return []
    pictures = [("matte", np.repeat(np.clip(alpha, 0, 1)[..., None], 3, axis=2))]
    if (over := _over(shot, number, np.clip(alpha, 0, 1))) is not None:
        pictures.append(("over a checkerboard", over))
    return [(words, _address(picture)) for words, picture in pictures]


def _over(shot: ShotResults, number: int, alpha: _Picture) -> _Picture | None:
    product = shot.colour_product
    try:
        path = shot.products[product][number]
        frame = read_result(path, number)
    except (ReadError, KeyError):
        return None
    premultiplied = product != "fgr" and path.suffix.lower() != ".png"
    said = dict(frame.header.attributes).get("matteline/alpha")
    premultiplied = premultiplied if said is None else said == "premultiplied"
    linear = frame.pixels.dtype.kind == "f" and _is_linear(shot.colour_space)
    colour = _shown(frame.pixels, linear)
    if colour.shape[:2] != alpha.shape:
        return None
    cover = alpha[..., None]
    if premultiplied and frame.pixels.dtype.kind == "f":
        colour = _shown(_straight(frame.pixels), linear)
        premultiplied = False
    over: _Picture = (colour if premultiplied else colour * cover) + (1 - cover) * _checker(alpha.shape)
    return over


def _straight(premultiplied: Pixels) -> Pixels:
    pixels = to_float(premultiplied, np.float32)
    cover = pixels[..., 3:]
    straight: Pixels = np.divide(pixels[..., :3], cover, out=np.zeros_like(pixels[..., :3]), where=cover > 0)
    return straight


def _is_linear(space: str) -> bool:
    """Whether floats of a space are to be shown by the sRGB curve: also where nothing says what they are."""
    return not space or space.lower().startswith(_LINEAR)


def _shown(pixels: Pixels, linear: bool) -> _Picture:
    """Colour as a screen shows it: linear light by the sRGB curve, all other as it is."""
    small = _small(pixels[..., :3])
    if not linear:
        return small
    light = np.clip(small, 0, 1)
    curved = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.power(light, 1 / 2.4) - 0.055)
    return curved.astype(np.float32)


def _small(pixels: Pixels) -> _Picture:
    small: _Picture = reduced(to_float(pixels, np.float32), THUMBNAIL_SIDE)[0]
    return small


def _checker(shape: tuple[int, ...]) -> _Picture:
    y, x = np.indices(shape[:2]) // _CHECKER_PIXELS
    dark, light = _CHECKER
    return np.where((x + y) % 2 == 0, dark, light).astype(np.float32)[..., None]


def _address(picture: _Picture) -> str:
    return "data:image/png;base64," + base64.b64encode(_png(to_codes(picture, np.uint8))).decode("ascii")


def _png(codes: Pixels) -> bytes:
    """An 8-bit RGB picture (H, W, 3) as a PNG file in memory; `media` writes files alone."""
    height, width = codes.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    unfiltered = np.zeros((height, 1 + width * 3), np.uint8)
    unfiltered[:, 1:] = codes.reshape(height, width * 3)
    data = zlib.compress(unfiltered.tobytes(), 6)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
