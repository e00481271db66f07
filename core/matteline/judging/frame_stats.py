"""Statistics of single frames of results: each frame is read and measured by itself."""

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
from matteline.media.file_faults import value_fault
from matteline.media.frame import Pixels
from matteline.media.plate import Plate
from matteline.media.result import read_result
from matteline.media.samples import crop_or_pad, to_float

# Longest side, in pixels, of the pictures on which changes over time are measured: grain averages out.
REDUCED_SIDE = 480

# Alpha from which a pixel belongs to the body.
BODY_ALPHA = 0.5
# Alpha from which something beside the body is a speck.
SPECK_ALPHA = 0.25
# Largest share of the body that a hole or speck takes. Larger areas are the gap of an arm, or a person.
SMALL_SHARE = 0.02
# Pixels below which a hole or speck is noise, in a frame of 1920x1080; it grows with the picture.
LEAST_PIXELS = 4
# The largest finite value of a half float.
HALF_LIMIT = 65504.0

_HD_PIXELS = 1920 * 1080


@dataclass(frozen=True)
class SmallAreas:
    """The small areas of one kind in a frame, holes or specks.

    Attributes:
        pixels: Pixels of all of them together.
        largest: Window around the largest, in pixels of the picture; None where there is none.
        mask: All of them, (H, W) bool; None where there is none.
    """

    pixels: int = 0
    largest: Window | None = None
    mask: Mask | None = None


@dataclass(frozen=True)
class FrameStats:
    """One frame of results, measured without its neighbours.

    Attributes:
        number: Number of the frame.
        missing: Products whose file is not there.
        broken: A sentence for each file that cannot be read or holds values that no matte has.
        alpha: The reduced matte, (h, w) float32, 0..1; None where it cannot be read.
        plate: The reduced plate, (h, w) float32, 0..1, by a curve that keeps highlights from dominating;
            None where it cannot be read.
        scale: Pixels of the picture along one pixel of the reduced pictures.
        coverage: Mean alpha, 0..1; None where alpha cannot be read.
        body_pixels: Pixels with an alpha of `BODY_ALPHA` or more.
        body: Where those are, (H, W) bool.
        visible: Where alpha is `SPECK_ALPHA` or more, (H, W) bool.
        holes: Small holes in the body.
        specks: Small areas beside it.
        clipped: Share of the body whose colour is at the file's limit, 0..1; None without colour.
        checksum: Of the matte as the file holds it.
    """

    number: int
    missing: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    alpha: Alpha | None = None
    plate: Alpha | None = None
    scale: int = 1
    coverage: float | None = None
    body_pixels: int = 0
    body: Mask | None = None
    visible: Mask | None = None
    holes: SmallAreas = SmallAreas()
    specks: SmallAreas = SmallAreas()
    clipped: float | None = None
    checksum: int = 0


def read_frame_stats(shot: ShotResults, plate: Plate | None) -> Iterator[FrameStats]:
    """Measure every frame that should be there, in order; one is in memory at a time."""
    numbers = tuple(shot.expected)
    for number, picture in zip(numbers, _plate_pictures(plate, numbers), strict=True):
        yield _frame_stats(shot, number, picture)


def read_alpha(shot: ShotResults, number: int) -> Pixels:
    """Return the matte of a frame as its file holds it, (H, W), of the display window. Raises `ReadError`."""
    product = shot.matte_product
    frame = read_result(shot.products[product][number], number)
    return frame.pixels[..., 0 if product == "alpha" else 3]


def reduced(pixels: npt.NDArray[np.float32], side: int = REDUCED_SIDE) -> tuple[npt.NDArray[np.float32], int]:
    """Average a picture over squares, so that neither side is longer than `side` pixels.

    Args:
        pixels: (H, W) or (H, W, C).
        side: Longest side of the result, in pixels.

    Returns:
        The reduced picture, and the side of a square in pixels; the picture itself and 1 where it is small
        already, or so narrow that a square does not fit in.
    """
    height, width = pixels.shape[:2]
    scale = max(math.ceil(max(height, width) / side), 1)
    rows, columns = max(height // scale, 1), max(width // scale, 1)
    if scale == 1 or min(height, width) < scale:
        return pixels, 1
    squares = pixels[: rows * scale, : columns * scale].reshape(
        rows, scale, columns, scale, *pixels.shape[2:]
    )
    return squares.mean(axis=(1, 3), dtype=np.float32), scale


def _frame_stats(shot: ShotResults, number: int, plate: Alpha | None) -> FrameStats:
    missing = tuple(name for name, files in shot.products.items() if number not in files)
    pixels, broken = _read_products(shot, number)
    product = shot.matte_product
    if product not in pixels:
        return FrameStats(number, missing, broken, plate=plate)
    stored = pixels[product][..., 0 if product == "alpha" else 3]
    if stored.dtype.kind == "f":
        # A thousandth of tolerance for filters and half floats that overshoot by rounding; NaN is outside.
        outside = np.count_nonzero(~((stored >= -1e-3) & (stored <= 1 + 1e-3)))
        if outside:
            broken = (*broken, f"Frame {number}: {outside} pixels of the matte are no numbers from 0 to 1.")
    alpha = np.clip(to_float(stored[..., None], np.float32)[..., 0], 0, 1)
    small, scale = reduced(alpha)
    body, visible = alpha >= BODY_ALPHA, alpha >= SPECK_ALPHA
    body_pixels = int(np.count_nonzero(body))
    outside_body, visible_areas = components_of(~body), components_of(visible)
    # A hole has body all around it, so what reaches the border of the picture is none.
    holes = ~outside_body.at_border() & _is_small(outside_body, body_pixels)
    # The largest visible area is the body itself; a lone one has nothing beside it.
    several = len(visible_areas) > 1
    specks = (
        _small_areas(visible_areas, _is_small(visible_areas, int(visible_areas.areas.max())))
        if several
        else SmallAreas()
    )
    return FrameStats(
        number=number,
        missing=missing,
        broken=broken,
        alpha=small,
        plate=plate,
        scale=scale,
        coverage=float(alpha.mean(dtype=np.float64)),
        body_pixels=body_pixels,
        body=body,
        visible=visible,
        holes=_small_areas(outside_body, holes),
        specks=specks,
        clipped=_clipped_share(pixels.get(shot.colour_product), body),
        # As stored: clipping and rounding could make two different mattes equal.
        checksum=zlib.crc32(stored.tobytes()),
    )


def _read_products(shot: ShotResults, number: int) -> tuple[dict[str, Pixels], tuple[str, ...]]:
    """Return the pixels of the products that can be read, and a sentence for each that cannot."""
    pixels, broken = {}, []
    for product, files in shot.products.items():
        if number not in files:
            continue
        try:
            pixels[product] = read_result(files[number], number).pixels
        except ReadError as error:
            # The error names the file as well, which would stand twice in the sentence.
            reason = error.message.partition("cannot be read: ")[2] or error.message
            broken.append(f"Frame {number}: {files[number].name} cannot be read: {reason}")
    broken += [
        f"Frame {number}: {files[number].name} {fault}."
        for product, files in shot.products.items()
        # The matte's own pixels are counted where they are measured.
        if product in pixels
        and product != shot.matte_product
        and (fault := value_fault(pixels[product], product))
    ]
    if shot.matte_product == "alpha" and "alpha" in pixels and not _is_grey(pixels["alpha"]):
        broken.append(
            f"Frame {number}: {shot.products['alpha'][number].name} is no matte: its channels differ."
        )
    # Then only the matte is measured: nothing else lies over it.
    if len({each.shape[:2] for each in pixels.values()}) > 1:
        broken.append(f"Frame {number}: its products differ in size.")
        pixels = {product: each for product, each in pixels.items() if product == shot.matte_product}
    return pixels, tuple(broken)


def _is_grey(pixels: Pixels) -> bool:
    colour = pixels[..., :3]
    # NaN counts as equal, since another sentence tells of it.
    return np.array_equal(np.broadcast_to(pixels[..., :1], colour.shape), colour, equal_nan=True)


def _is_small(areas: Components, body_pixels: int) -> Mask:
    """Return, as (len(areas),) bool, which areas are too large to be noise and too small to be meant."""
    height, width = areas.shape
    least = LEAST_PIXELS * max(height * width / _HD_PIXELS, 1)
    return (areas.areas >= least) & (areas.areas <= SMALL_SHARE * body_pixels)


def _small_areas(areas: Components, wanted: Mask) -> SmallAreas:
    if not wanted.any():
        return SmallAreas()
    largest = int(np.argmax(np.where(wanted, areas.areas, 0)))
    return SmallAreas(int(areas.areas[wanted].sum()), areas.box(largest), areas.painted_all(wanted))


def _clipped_share(colour: Pixels | None, body: Mask) -> float | None:
    """Return the share of the body in which a channel is at the largest value that its file can hold."""
    if colour is None or not body.any():
        return None
    # A 32-bit float is limited by nothing, but highlights that went through half floats stop there.
    limit = np.iinfo(colour.dtype).max if colour.dtype.kind == "u" else HALF_LIMIT
    # Any of the three channels.
    at_limit = (colour[..., :3] >= limit).any(axis=2)
    return float(np.count_nonzero(at_limit & body) / np.count_nonzero(body))


def _plate_pictures(plate: Plate | None, numbers: Sequence[int]) -> Iterator[Alpha | None]:
    """Yield the reduced plate of each frame; None where it cannot be read, which never stops a report."""
    if plate is None:
        yield from (None for _ in numbers)
    elif plate.random_access:
        for number in numbers:
            try:
                inside = number in plate.info.frames
                yield _brightness(plate, plate.frame(number).pixels) if inside else None
            except ReadError:
                yield None
    else:
        # A movie in one pass: going to each frame by itself would decode it anew from its keyframe.
        for each in plate.attempts(numbers):
            yield None if isinstance(each, ReadError) else _brightness(plate, each.pixels)


def _brightness(plate: Plate, pixels: Pixels) -> Alpha:
    """Return the plate's green channel, reduced, 0..1: enough to tell whether something moves.

    Floats are taken for linear light up to 4, and square-rooted so that equal steps look about equal.
    """
    info = plate.info
    green = to_float(crop_or_pad(pixels[..., 1:2], info.canvas, info.display_window), np.float32)[..., 0]
    if pixels.dtype.kind == "f":
        green = np.sqrt(np.clip(green, 0, 4)) / 2
    small: Alpha = reduced(green)[0]
    return small
