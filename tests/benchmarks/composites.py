"""Moving composites with known alpha and foreground: cut-outs of real people over real backgrounds.

Everything that measures quality builds its clips here, so that figures of different levers can be compared.
A clip is the same wherever it is made: frames are computed in float32 by torch on one thread, and the path
of each person is a formula of the frame number.

Cut-outs and backgrounds lie beside the project (`footage/rgba`, `footage/backgrounds`); nothing of them is
committed or shown. `python -m tests.benchmarks.composites FOLDER` writes clips as PNG for the command.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import av
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

FOOTAGE: Final = Path(__file__).resolve().parents[3] / "shared" / "footage"

FRAMES: Final = 24

_OVERSAMPLING: Final = 2
"""People are moved on a grid this much finer than the plate and then averaged: bilinear sampling on the
plate's own grid would sharpen and blur edges by turns as they cross pixels."""


@dataclass(frozen=True)
class Composite:
    """One clip: a person who moves over a background that the camera pans across.

    Attributes:
        name: Of the clip.
        cutout: File in `footage/rgba`: a straight RGBA picture, or a movie with alpha.
        background: File in `footage/backgrounds`.
        height: Height of the person's visible part, as a share of the plate's height.
        anchor: Where the person stands. Where a cut-out's border cuts the person, that border stays outside
            the plate: `left` and `right` move along their side of the plate, `middle` walks across.
        walk: How far the person walks in 24 frames, as a share of the plate's width.
        first: First frame of a movie.
    """

    name: str
    cutout: str
    background: str
    height: float = 1.0
    anchor: Literal["left", "middle", "right"] = "middle"
    walk: float = 0.15
    first: int = 0


@dataclass(frozen=True)
class TrueFrame:
    """One frame of a composite and its truth.

    Attributes:
        plate: (H, W, 3) uint8, display-referred.
        alpha: (H, W) float32, 0..1.
        fgr: Straight foreground (H, W, 3) float32, display-referred 0..1; 0 where alpha is 0.
    """

    plate: np.ndarray
    alpha: np.ndarray
    fgr: np.ndarray


SIX: Final = (
    Composite("curls", "p_015cd10e_rgba.png", "bm2_street.jpg", height=0.95, anchor="left", walk=0.03),
    Composite("shirt", "p_07141906_rgba.png", "simpl_crissyField.jpg", height=0.9),
    Composite("denim", "p_09ba26b4_rgba.png", "simpl_room.jpg", height=0.92, walk=0.08),
    Composite("profile", "p_514ca06a_rgba.png", "vh_field.jpg", height=0.92, anchor="right", walk=0.06),
    Composite("coat", "p_819ea202_rgba.png", "bm2_street.jpg", height=0.9),
    Composite("dancer", "dancer1_alpha.webm", "simpl_curtains.jpg", walk=0.0),
)
"""The six moving composites of the quality figures, at 640x360."""

WALKERS: Final = (SIX[1], SIX[2], SIX[4])
"""Three people seen from head to thigh, for plates in which the person is small."""


def at_height(composite: Composite, share: float) -> Composite:
    """The same clip with a person of another height, as a share of the plate's."""
    return replace(composite, name=f"{composite.name}_{round(100 * share)}", height=share)


def frames(composite: Composite, width: int, height: int, count: int = FRAMES) -> Iterator[TrueFrame]:
    """The frames of a clip in order, at any size."""
    for number in range(count):
        yield frame(composite, width, height, number)


def frame(composite: Composite, width: int, height: int, number: int) -> TrueFrame:
    """One frame of a clip; frame 0 is the first."""
    person = _person(composite, width, height, number)
    behind = _behind(composite.background, width, height, number)
    alpha = person[3].clamp(0, 1)
    plate = (person[:3] + (1 - alpha) * behind).clamp(0, 1)
    straight = torch.where(alpha > 0, person[:3] / alpha.clamp(min=1e-4), 0).clamp(0, 1)
    return TrueFrame(
        plate.mul(255).round().byte().permute(1, 2, 0).contiguous().numpy(),
        alpha.numpy(),
        straight.permute(1, 2, 0).contiguous().numpy(),
    )


def empty_place(composite: Composite, width: int, height: int, count: int = FRAMES) -> list[np.ndarray]:
    """The background of a clip without its person, (H, W, 3) uint8 of each frame."""
    places = (_behind(composite.background, width, height, number) for number in range(count))
    return [
        place.clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).contiguous().numpy() for place in places
    ]


def write(composite: Composite, folder: Path, width: int, height: int, count: int = FRAMES) -> None:
    """Write `plate`, `pha` and `fgr` as PNG from frame 1, the layout that `matteline eval` reads."""
    for name in ("plate", "pha", "fgr"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, made in enumerate(frames(composite, width, height, count), 1):
        for name, pixels in (("plate", made.plate), ("pha", made.alpha), ("fgr", made.fgr)):
            codes = pixels if pixels.dtype == np.uint8 else np.rint(pixels * 255).astype(np.uint8)
            Image.fromarray(codes).save(folder / name / f"{number:04d}.png")


def _person(composite: Composite, width: int, height: int, number: int) -> Tensor:
    """The person alone, premultiplied (4, H, W)."""
    if composite.cutout.endswith(".webm"):
        picture = _movie(composite.cutout, composite.first + number)
        return _resized(picture, width, height) if picture.shape[1:] != (height, width) else picture
    fine = _OVERSAMPLING
    picture = _still(composite.cutout, round(composite.height * height * fine))
    turn = math.radians(1.5) * math.sin(2 * math.pi * number / FRAMES)
    x, y = _place(composite, picture.shape[2], picture.shape[1], width * fine, height * fine, number)
    # Where each pixel of the plate lies in the cut-out, turned about the middle of its lower edge.
    rows, columns = torch.meshgrid(
        torch.arange(height * fine) + 0.5, torch.arange(width * fine) + 0.5, indexing="ij"
    )
    columns, rows = columns - x, rows - y
    pivot_x, pivot_y = picture.shape[2] / 2, float(picture.shape[1])
    across, down = columns - pivot_x, rows - pivot_y
    cosine, sine = math.cos(turn), math.sin(turn)
    u = (cosine * across + sine * down + pivot_x) / picture.shape[2] * 2 - 1
    v = (cosine * down - sine * across + pivot_y) / picture.shape[1] * 2 - 1
    made = grid_sample(picture[None], torch.stack([u, v], -1)[None], align_corners=False)
    return torch.nn.functional.avg_pool2d(made, fine)[0]


def _place(
    composite: Composite, wide: int, high: int, width: int, height: int, number: int
) -> tuple[float, float]:
    """Left and upper edge of the cut-out on the plate, in pixels."""
    time = number / (FRAMES - 1)
    step = math.sin(2 * math.pi * number / 12)
    walked = composite.walk * width * (time - 0.5)
    # A cut border turns and bobs, too: it lies far enough outside never to be seen.
    hidden = 0.04 * wide
    x = {
        "left": -hidden - composite.walk * width / 2 + walked,
        "middle": (width - wide) / 2 + walked,
        "right": width - wide + hidden + composite.walk * width / 2 + walked,
    }[composite.anchor]
    return x, height - high + 0.02 * high * (1 + step) + 0.01 * high


@lru_cache(maxsize=4)
def _still(name: str, high: int) -> Tensor:
    """A cut-out's visible part, premultiplied (4, h, w), reduced to a height."""
    codes = np.asarray(Image.open(FOOTAGE / "rgba" / name).convert("RGBA"), np.float32) / 255
    seen = codes[..., 3] > 0.02
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    codes = codes[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    codes = np.concatenate([codes[..., :3] * codes[..., 3:], codes[..., 3:]], -1)
    picture = torch.from_numpy(codes.transpose(2, 0, 1).copy())
    return _resized(picture, round(picture.shape[2] * high / picture.shape[1]), high)


@lru_cache(maxsize=2)
def _decoded(name: str, count: int) -> list[Tensor]:
    """The first frames of a movie with alpha, premultiplied (4, H, W)."""
    made = []
    with av.open(str(FOOTAGE / "rgba" / name)) as container:
        # FFmpeg's own VP8 decoder drops the alpha; libvpx keeps it.
        decoder = av.CodecContext.create("libvpx", "r")
        for packet in container.demux(video=0):
            for each in decoder.decode(packet):
                rgba = torch.from_numpy(each.reformat(format="rgba").to_ndarray()).permute(2, 0, 1) / 255
                made.append(torch.cat([rgba[:3] * rgba[3:], rgba[3:]]))
                if len(made) == count:
                    return made
    return made


def _movie(name: str, number: int) -> Tensor:
    return _decoded(name, 128)[number]


def _behind(name: str, width: int, height: int, number: int) -> Tensor:
    """The background (3, H, W): the middle of the photo, panned by a thousandth of its width a frame."""
    photo = _photo(name, width, height)
    shift = (photo.shape[2] - width) / 2 + width / 1000 * (number - FRAMES / 2)
    first = math.floor(shift)
    return torch.lerp(
        photo[:, :, first : first + width], photo[:, :, first + 1 : first + 1 + width], shift - first
    )


@lru_cache(maxsize=4)
def _photo(name: str, width: int, height: int) -> Tensor:
    """A photo that covers the plate with a twentieth of its width to spare."""
    codes = np.asarray(Image.open(FOOTAGE / "backgrounds" / name).convert("RGB"), np.float32) / 255
    picture = torch.from_numpy(codes.transpose(2, 0, 1).copy())
    scale = max(1.05 * width / picture.shape[2], height / picture.shape[1])
    picture = _resized(picture, math.ceil(scale * picture.shape[2]), math.ceil(scale * picture.shape[1]))
    top = (picture.shape[1] - height) // 2
    return picture[:, top : top + height]


def _resized(picture: Tensor, width: int, height: int) -> Tensor:
    made: Tensor = interpolate(picture[None], (height, width), mode="bilinear", antialias=True)
    return made[0]


def main() -> None:
    """Write clips for the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="640x360", help="Width and height of the plates.")
    parser.add_argument("--person", type=float, help="Height of the person, as a share of the plate's.")
    parser.add_argument("--frames", type=int, default=FRAMES)
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    clips = SIX if arguments.person is None else [at_height(each, arguments.person) for each in WALKERS]
    torch.set_num_threads(1)
    for each in clips:
        write(each, arguments.folder / each.name, width, height, arguments.frames)
        print(arguments.folder / each.name)


if __name__ == "__main__":
    main()
