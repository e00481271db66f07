"""Reading one frame of results, and what can be told of it by itself."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matteline.contract.errors import ReadError
from matteline.contract.plate import Window
from matteline.judging.components import Components, Mask, components_of
from matteline.judging.metrics import Alpha
from matteline.judging.results import ShotResults
from matteline.media.frame import Pixels
from matteline.media.plate import Plate
from matteline.media.result import read_result
from matteline.media.samples import placed, to_float

SMALL_SIDE = 480
"""Changes over time are measured on pictures reduced to this many pixels a side: grain averages out."""

SOLID = 0.5
"""Alpha from which a pixel belongs to the body."""
FAINT = 0.25
"""Alpha from which something beside the body is a speck."""
SMALL_SHARE = 0.02
"""Holes and specks are small: up to this share of the body. Larger are the gap of an arm, or a person."""
LEAST_PIXELS = 4
"""Holes and specks smaller than this are noise; at HD. It grows with the picture."""
HALF_LIMIT = 65504.0
"""The largest value of a half float."""

_HD_PIXELS = 1920 * 1080


@dataclass(frozen=True)
class Spots:
    """Small areas of a kind in one frame: their pixels together, where the largest lies, and all of them."""

    pixels: int = 0
    largest: Window | None = None
    mask: Mask | None = None


@dataclass(frozen=True)
class Look:
    """One frame of results by itself.

    Attributes:
        number: Of the frame.
        missing: Products whose file is not there.
        broken: A sentence for each file that cannot be read, or holds what no matte can hold.
        alpha: The reduced matte, float32; None where it cannot be had.
        plate: The reduced plate, 0..1 by a curve that keeps highlights from ruling; None likewise.
        scale: Pixels of the picture to one of the reduced pictures.
        coverage: Mean alpha, 0..1; None where alpha cannot be had.
        body: Pixels of the body.
        solid: Where the body is, at full size.
        faint: Where more than next to nothing is, at full size.
        holes: Small holes in the body.
        specks: Small things beside it.
        clipped: Share of the body whose colour is at the file's limit, 0..1; None without colour.
        print: Changes whenever any pixel of the matte does.
    """

    number: int
    missing: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    alpha: Alpha | None = None
    plate: Alpha | None = None
    scale: int = 1
    coverage: float | None = None
    body: int = 0
    solid: Mask | None = None
    faint: Mask | None = None
    holes: Spots = Spots()
    specks: Spots = Spots()
    clipped: float | None = None
    print: int = 0


def looks_at(shot: ShotResults, plate: Plate | None) -> Iterator[Look]:
    """Look at every frame that should be there, in order; one is in memory at a time."""
    numbers = tuple(shot.expected)
    for number, picture in zip(numbers, _plate_pictures(plate, numbers), strict=True):
        yield _look(shot, number, picture)


def read_alpha(shot: ShotResults, number: int) -> Pixels:
    """The matte of a frame as its file holds it, (H, W), of the display window. Raises `ReadError`."""
    product = shot.matte_product
    frame = read_result(shot.products[product][number], number)
    return frame.pixels[..., 0 if product == "alpha" else 3]


def reduced(pixels: npt.NDArray[np.float32], side: int = SMALL_SIDE) -> tuple[npt.NDArray[np.float32], int]:
    """A picture (H, W) or (H, W, C) averaged over squares, to `side` pixels at most; and their size."""
    height, width = pixels.shape[:2]
    scale = max(math.ceil(max(height, width) / side), 1)
    rows, columns = max(height // scale, 1), max(width // scale, 1)
    if scale == 1 or min(height, width) < scale:
        return pixels, 1
    squares = pixels[: rows * scale, : columns * scale].reshape(
        rows, scale, columns, scale, *pixels.shape[2:]
    )
    return squares.mean(axis=(1, 3), dtype=np.float32), scale


def _look(shot: ShotResults, number: int, plate: Alpha | None) -> Look:
    missing = tuple(name for name, files in shot.products.items() if number not in files)
    pixels, broken = _read(shot, number)
    product = shot.matte_product
    if product not in pixels:
        return Look(number, missing, broken, plate=plate)
    stored = pixels[product][..., 0 if product == "alpha" else 3]
    alpha = np.clip(to_float(stored[..., None], np.float32)[..., 0], 0, 1)
    small, scale = reduced(alpha)
    body, faint = alpha >= SOLID, alpha >= FAINT
    return Look(
        number,
        missing,
        (*broken, *_impossible(number, stored)),
        small,
        plate,
        scale,
        float(alpha.mean(dtype=np.float64)),
        int(np.count_nonzero(body)),
        body,
        faint,
        _holes(body),
        _specks(faint),
        _clipped(pixels.get(shot.colour_product), body),
        zlib.crc32(stored.tobytes()),
    )


def _read(shot: ShotResults, number: int) -> tuple[dict[str, Pixels], tuple[str, ...]]:
    """By product, the pixels of what can be read; and a sentence for what cannot."""
    pixels, broken = {}, []
    for product, files in shot.products.items():
        if number not in files:
            continue
        try:
            pixels[product] = read_result(files[number], number).pixels
        except ReadError as error:
            reason = error.message.partition("cannot be read: ")[2] or error.message
            broken.append(f"Frame {number}: {files[number].name} cannot be read: {reason}")
    if len({each.shape[:2] for each in pixels.values()}) > 1:
        broken.append(f"Frame {number}: its products differ in size.")
        pixels = {product: each for product, each in pixels.items() if product == shot.matte_product}
    return pixels, tuple(broken)


def _impossible(number: int, stored: Pixels) -> tuple[str, ...]:
    if stored.dtype.kind != "f":
        return ()
    outside = np.count_nonzero(~((stored >= -1e-3) & (stored <= 1 + 1e-3)))
    if not outside:
        return ()
    return (f"Frame {number}: {outside} pixels of the matte are no numbers from 0 to 1.",)


def _holes(body: Mask) -> Spots:
    """Small areas with body all around."""
    areas = components_of(~body)
    return _spots(areas, ~areas.at_border() & _is_small(areas, int(np.count_nonzero(body))))


def _specks(faint: Mask) -> Spots:
    """Small areas of some alpha apart from the body, which is the largest."""
    areas = components_of(faint)
    return _spots(areas, _is_small(areas, int(areas.areas.max()))) if len(areas) > 1 else Spots()


def _is_small(areas: Components, body: int) -> Mask:
    height, width = areas.shape
    least = LEAST_PIXELS * max(height * width / _HD_PIXELS, 1)
    return (areas.areas >= least) & (areas.areas <= SMALL_SHARE * body)


def _spots(areas: Components, wanted: Mask) -> Spots:
    if not wanted.any():
        return Spots()
    largest = int(np.argmax(np.where(wanted, areas.areas, 0)))
    return Spots(int(areas.areas[wanted].sum()), areas.box(largest), areas.painted_all(wanted))


def _clipped(colour: Pixels | None, body: Mask) -> float | None:
    """The share of the body in which a channel is at the largest value that its file can hold."""
    if colour is None or not body.any():
        return None
    limit = np.iinfo(colour.dtype).max if colour.dtype.kind == "u" else HALF_LIMIT
    at_limit = (colour[..., :3] >= limit).any(axis=2)
    return float(np.count_nonzero(at_limit & body) / np.count_nonzero(body))


def _plate_pictures(plate: Plate | None, numbers: Sequence[int]) -> Iterator[Alpha | None]:
    """The reduced plate of each frame; None where it cannot be had, which never stops a report."""
    if plate is None:
        yield from (None for _ in numbers)
    elif plate.random_access:
        yield from (_still(plate, number) for number in numbers)
    else:
        yield from _movie(plate, numbers)


def _still(plate: Plate, number: int) -> Alpha | None:
    try:
        return _shown(plate, plate.frame(number).pixels) if number in plate.info.frames else None
    except ReadError:
        return None


def _movie(plate: Plate, numbers: Sequence[int]) -> Iterator[Alpha | None]:
    done = 0
    try:
        for frame in plate.read(numbers):
            yield _shown(plate, frame.pixels)
            done += 1
    except ReadError:
        yield from (None for _ in numbers[done:])


def _shown(plate: Plate, pixels: Pixels) -> Alpha:
    """The plate's brightness, reduced. Floats are taken for linear light, and square-rooted for the eye."""
    info = plate.info
    green = to_float(placed(pixels[..., 1:2], info.canvas, info.display_window), np.float32)[..., 0]
    if pixels.dtype.kind == "f":
        green = np.sqrt(np.clip(green, 0, 4)) / 2
    small: Alpha = reduced(green)[0]
    return small
