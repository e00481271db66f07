"""Pictures of a preview's background: a checker, a colour, or another clip."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager

import numpy as np
import torch
from torch.nn.functional import interpolate

from matteline.colour.config import Config
from matteline.colour.rec709_transform import Rec709Transform
from matteline.colour.space import choose_space
from matteline.contract.frames import FrameSet
from matteline.contract.plate import PlateInfo
from matteline.engine.preview_background import colour_of
from matteline.media.plate import open_plate
from matteline.media.samples import crop_or_pad
from matteline.pictures.checkerboard import checkerboard

# Squares from top to bottom.
_CHECKS_DOWN = 24


@contextmanager
def backdrop(over: str, plate: PlateInfo, frames: FrameSet, config: Config) -> Iterator[Iterator[np.ndarray]]:
    """Yield for each frame the picture behind the person, (H, W, 3) float32, 0..1, of the plate's display window.

    A clip's first frame lies under the plate's first frame, and its last one is held. It is scaled to fill
    the picture, and what is too much on two sides is cut off.

    Args:
        over: `checker`, a colour, or a clip.
        plate: The plate the preview is of.
        frames: The frames of the preview, by the plate's numbers.
        config: To look up the clip's colour space.
    """
    height, width = plate.display_window.height, plate.display_window.width
    colour = colour_of(over)
    if over == "checker":
        squares = checkerboard(height, width, max(height // _CHECKS_DOWN, 1))
        yield itertools.repeat(np.repeat(squares, 3, axis=2))
    elif colour is not None:
        yield itertools.repeat(np.broadcast_to(np.array(colour, np.float32), (height, width, 3)))
    else:
        with closing(_clip(over, plate, frames, config)) as pictures:
            yield pictures


def _clip(over: str, plate: PlateInfo, frames: FrameSet, config: Config) -> Generator[np.ndarray, None, None]:
    with open_plate(over) as clip:
        info = clip.info
        transform = Rec709Transform(
            choose_space(
                "auto",
                tags=info.colour,
                path=info.path,
                pixel_type=info.pixel_type,
                kind=info.kind,
                config=config,
            )
        )
        wanted = [_under(frame - plate.frames.first, info.frames) for frame in frames]
        # Each frame once: to give one again, a movie would have to be decoded from a keyframe before it.
        reading = clip.read(dict.fromkeys(wanted))
        # A frame that is held is converted and scaled once, however many frames it lies under.
        for _, repeats in itertools.groupby(wanted):
            pixels = crop_or_pad(next(reading).pixels, info.canvas, info.display_window)
            picture = _filling(transform.apply(pixels), plate, info.pixel_aspect)
            yield from itertools.repeat(picture, len(list(repeats)))


def _under(position: int, frames: FrameSet) -> int:
    """The clip's frame at a position: gaps and the time after its end show the frame before."""
    number = min(frames.first + position, frames.last)
    return number if number in frames else max(each.last for each in frames.ranges if each.last < number)


def _filling(picture: np.ndarray, plate: PlateInfo, pixel_aspect: float) -> np.ndarray:
    """Return a picture scaled to cover the plate's display window, in the plate's own pixels, without its excess."""
    height, width = plate.display_window.height, plate.display_window.width
    squeeze = pixel_aspect / plate.pixel_aspect
    if picture.shape[:2] == (height, width) and squeeze == 1:
        return picture
    scale = max(height / picture.shape[0], width / (picture.shape[1] * squeeze))
    rows, columns = round(picture.shape[0] * scale), round(picture.shape[1] * squeeze * scale)
    planes = torch.from_numpy(picture).permute(2, 0, 1)[None]
    size = [max(rows, height), max(columns, width)]
    # Bicubic weights are negative beside an edge, so values can leave 0..1.
    scaled = interpolate(planes, size=size, mode="bicubic", antialias=True)[0].clamp(0, 1)
    return _middle(scaled.permute(1, 2, 0).numpy(), (height, width))


def _middle(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    top, left = ((have - want) // 2 for have, want in zip(picture.shape, size, strict=False))
    return picture[top : top + size[0], left : left + size[1]]
