"""Composition of frames in memory: plate, alpha, foreground, premultiplied, or over a backdrop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from matteline.colour.display_transform import (
    Bytes,
    DisplayTransform,
    Floats,
    ViewerGrade,
    as_floats,
    values_to_display,
)
from matteline.media.frame import Pixels
from matteline.pictures.checkerboard import checkerboard
from matteline.pictures.srgb import srgb_decode
from matteline.window.viewer.footage import Footage

# Modes in the order of the number keys, with their names.
MODES: Final = {
    "plate": "Plate",
    "alpha": "Alpha",
    "fgr": "Foreground",
    "premult": "Premultiplied",
    "over": "Over",
}

_CHECKER_PIXELS: Final = 24

Frames = Mapping[str, Pixels]


@dataclass(frozen=True)
class ViewerBackdrop:
    """The picture that a person is laid over.

    Attributes:
        colour: Red, green and blue as a screen shows them, 0..1; None for the checkerboard.
        footage: Another clip, which takes precedence over the colour.
    """

    colour: tuple[float, float, float] | None = None
    footage: Footage | None = None


def roles_of(footage: Footage, mode: str) -> tuple[str, ...]:
    """Return the clips of the footage that a mode is made of; none where the mode cannot be shown."""
    have = footage.clips
    # Products that hold foreground and matte in one file.
    both = next((role for role in ("rgba", "layers") if role in have), None)
    if mode in have and mode in ("plate", "alpha", "fgr"):
        return (mode,)
    if mode in ("premult", "over") and "fgr" in have and "alpha" in have:
        return ("fgr", "alpha")
    return (both,) if both and mode != "plate" else ()


def modes_of(footage: Footage) -> list[str]:
    """Return the modes in which the footage can be shown now."""
    previewed = bool(footage.previews.frames)
    return [mode for mode in MODES if roles_of(footage, mode) or (previewed and mode != "plate")]


@dataclass(frozen=True)
class FrameParts:
    """The parts that one frame's picture is made of.

    Attributes:
        mode: The mode that was asked for, or `plate` where the frame has neither a result nor a preview.
        roles: The clips, or pictures of the preview, by their roles.
        source: `plate`, `result`, `preview`, or `missing` where the plate stands in for a result.
    """

    mode: str
    roles: tuple[str, ...]
    source: str


def parts_of(footage: Footage, mode: str, number: int) -> FrameParts:
    """Return the parts of a frame's picture in a mode, as far as the frame has them."""
    if mode == "plate":
        return FrameParts(mode, roles_of(footage, mode), "plate")
    wanted = (mode,) if mode in ("alpha", "fgr") else ("fgr", "alpha")
    if set(wanted) <= footage.previews.of(number).keys():
        return FrameParts(mode, wanted, "preview")
    roles = roles_of(footage, mode)
    if "plate" in footage.clips and not (roles and all(footage.clips[role].has(number) for role in roles)):
        return FrameParts("plate", ("plate",), "missing")
    return FrameParts(mode, roles, "result")


@dataclass(frozen=True)
class Compositor:
    """Makes pictures of one footage.

    Attributes:
        footage: Footage that the frames belong to.
        transform: Transform from its colour space to the screen.
    """

    footage: Footage
    transform: DisplayTransform

    def picture(
        self, mode: str, frames: Frames, grade: ViewerGrade, behind: Floats | None, top_left: tuple[int, int]
    ) -> Bytes:
        """Return the picture of a mode as the screen shows it.

        Args:
            mode: One of `MODES`.
            frames: Pixels by role, as `roles_of` names them, all of one size.
            grade: Exposure and gamma of the viewer.
            behind: Linear Rec.709 to lay the person over, (H, W, 3) or one colour; None for the checkerboard.
            top_left: Column and row of these pixels in the whole picture, for the checkerboard.

        Returns:
            (H, W, 4) uint8.
        """
        if mode == "plate":
            return self.transform.to_display(frames["plate"], grade)
        if mode == "alpha":
            return values_to_display(self._alpha(frames), grade)
        if mode == "fgr" and "fgr" in frames:
            return self.transform.to_display(frames["fgr"], grade)
        # Composites are made in linear light, as a compositing program makes them.
        return self.transform.light_to_display(self._composed(mode, frames, behind, top_left), grade)

    def values(self, mode: str, frames: Frames) -> Floats:
        """Return the values that a difference is taken of: alpha (H, W, 1), or linear light (H, W, 3)."""
        if mode == "alpha":
            return self._alpha(frames)[..., None]
        if mode == "plate":
            return self.transform.to_light(frames["plate"])
        return self._composed(mode, frames, np.zeros(3, np.float32), (0, 0))

    def _composed(
        self, mode: str, frames: Frames, behind: Floats | None, top_left: tuple[int, int]
    ) -> Floats:
        """Return a mode that is made of the foreground, as linear light (H, W, 3)."""
        if "fgr" in frames:
            fgr = self.transform.to_light(frames["fgr"])
        else:
            values = as_floats(_with_alpha(frames))
            colour, cover = values[..., :3], values[..., 3:]
            # Divided in stored values, before the curve: that is how the file was multiplied.
            fgr = self.transform.to_light(
                colour if self.footage.straight else colour / np.maximum(cover, 1e-6)
            )
        if mode == "fgr":
            return fgr
        alpha = self._alpha(frames)[..., None]
        if mode == "premult":
            return fgr * alpha
        if behind is None:
            (height, width), (left, top) = alpha.shape[:2], top_left
            ground = srgb_decode(checkerboard(height, width, _CHECKER_PIXELS, top=top, left=left))
        else:
            ground = self.transform.from_rec709(behind)
        return fgr * alpha + ground * (1 - alpha)

    def _alpha(self, frames: Frames) -> Floats:
        pixels = frames["alpha"] if "alpha" in frames else _with_alpha(frames)[..., 3:]
        return as_floats(pixels[..., 0]).clip(0, 1)


def _with_alpha(frames: Frames) -> Pixels:
    """Return the pixels of `rgba` or `layers`, (H, W, 4); a file without alpha is opaque."""
    pixels = next(frames[role] for role in ("rgba", "layers") if role in frames)
    if pixels.shape[2] == 4:
        return pixels
    opaque = np.full_like(pixels[..., :1], np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1)
    return np.concatenate([pixels, opaque], axis=2)


def difference(one: Floats, other: Floats) -> Floats:
    """Return the absolute difference of two pictures, (H, W, 3): of alpha, or of light.

    Args:
        one: (H, W, 1) or (H, W, 3). Where only one of the two is alpha, it is compared with every colour.
        other: The same; of another size, the upper left part that both have is compared.
    """
    height, width = min(one.shape[0], other.shape[0]), min(one.shape[1], other.shape[1])
    apart = np.abs(one[:height, :width] - other[:height, :width])
    return np.broadcast_to(apart, (height, width, 3))


def channel_only(picture: Bytes, channel: int) -> Bytes:
    """Return one of red, green and blue as a grey picture."""
    alone = picture.copy()
    alone[..., :3] = picture[..., channel, None]
    return alone
