"""From frames in memory to the picture on the screen: which clips a picture is made of, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from matteline.colour.viewer import Bytes, Floats, Grade, Shower, alpha_shown, as_floats
from matteline.media.frame import Pixels
from matteline.window.viewer.footage import Footage

MODES: Final = {
    "plate": "Plate",
    "alpha": "Alpha",
    "fgr": "Foreground",
    "premult": "Premultiplied",
    "over": "Over",
}
"""What can be shown of a shot, in the order of the number keys."""

_CHECKER_SQUARE: Final = 24
_CHECKER_LIGHT: Final = (0.105, 0.185)
"""Linear light of the two greys of the checker, about 36 and 47 percent on the screen."""

Frames = Mapping[str, Pixels]


@dataclass(frozen=True)
class Backdrop:
    """What a person is laid over.

    Attributes:
        colour: Red, green and blue as a screen shows them, 0..1; None for the checker.
        footage: Another clip, which goes before the colour.
    """

    colour: tuple[float, float, float] | None = None
    footage: Footage | None = None


def roles_of(footage: Footage, mode: str) -> tuple[str, ...]:
    """The clips of the footage that a mode is made of; empty where they are not there."""
    have = footage.clips
    both = next((role for role in ("rgba", "layers") if role in have), None)
    if mode in have and mode in ("plate", "alpha", "fgr"):
        return (mode,)
    if mode in ("premult", "over") and "fgr" in have and "alpha" in have:
        return ("fgr", "alpha")
    return (both,) if both and mode != "plate" else ()


def modes_of(footage: Footage) -> list[str]:
    """What can be shown of the footage now."""
    return [mode for mode in MODES if roles_of(footage, mode)]


@dataclass(frozen=True)
class Painter:
    """Makes pictures of one footage.

    Attributes:
        footage: Whose clips the frames are of.
        shower: How its colour comes to the screen.
    """

    footage: Footage
    shower: Shower

    def picture(
        self, mode: str, frames: Frames, grade: Grade, behind: Floats | None, top_left: tuple[int, int]
    ) -> Bytes:
        """The picture of a mode.

        Args:
            mode: Of `MODES`.
            frames: Pixels by role, as `roles_of` names them, all of one size.
            grade: Exposure and gamma of the viewer.
            behind: Linear Rec.709 to lay the person over, (H, W, 3) or one colour; None for the checker.
            top_left: Where these pixels lie in the whole picture on the screen, for the checker.

        Returns:
            (H, W, 4) uint8.
        """
        if mode == "plate":
            return self.shower.show(frames["plate"], grade)
        if mode == "alpha":
            return alpha_shown(self._alpha(frames), grade)
        if mode == "fgr" and "fgr" in frames:
            return self.shower.show(frames["fgr"], grade)
        return self.shower.show_light(self._composed(mode, frames, behind, top_left), grade)

    def values(self, mode: str, frames: Frames) -> Floats:
        """What a difference is taken of: alpha (H, W, 1), or light (H, W, 3)."""
        if mode == "alpha":
            return self._alpha(frames)[..., None]
        if mode == "plate":
            return self.shower.light(frames["plate"])
        return self._composed(mode, frames, np.zeros(3, np.float32), (0, 0))

    def _composed(
        self, mode: str, frames: Frames, behind: Floats | None, top_left: tuple[int, int]
    ) -> Floats:
        fgr = self._fgr(frames)
        if mode == "fgr":
            return fgr
        alpha = self._alpha(frames)[..., None]
        if mode == "premult":
            return fgr * alpha
        ground = _checker(alpha.shape[:2], top_left) if behind is None else self.shower.from_rec709(behind)
        return fgr * alpha + ground * (1 - alpha)

    def _fgr(self, frames: Frames) -> Floats:
        """Straight foreground as light."""
        if "fgr" in frames:
            return self.shower.light(frames["fgr"])
        values = as_floats(_both(frames))
        colour, alpha = values[..., :3], values[..., 3:]
        return self.shower.light(colour if self.footage.straight else colour / np.maximum(alpha, 1e-6))

    def _alpha(self, frames: Frames) -> Floats:
        pixels = frames["alpha"] if "alpha" in frames else _both(frames)[..., 3:]
        return as_floats(pixels[..., 0]).clip(0, 1)


def _both(frames: Frames) -> Pixels:
    pixels = next(frames[role] for role in ("rgba", "layers") if role in frames)
    if pixels.shape[2] == 4:
        return pixels
    whole = np.full_like(pixels[..., :1], np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1)
    return np.concatenate([pixels, whole], axis=2)


def _checker(size: tuple[int, ...], top_left: tuple[int, int]) -> Floats:
    left, top = top_left
    rows = (np.arange(size[0]) + top) // _CHECKER_SQUARE
    columns = (np.arange(size[1]) + left) // _CHECKER_SQUARE
    dark, light = _CHECKER_LIGHT
    odd = (rows[:, None] + columns[None]) % 2
    return np.where(odd[..., None] == 0, np.float32(light), np.float32(dark)).astype(np.float32)


def difference(one: Floats, other: Floats) -> Floats:
    """How far two pictures are apart, (H, W, 3): alpha and light as their own values."""
    height, width = min(one.shape[0], other.shape[0]), min(one.shape[1], other.shape[1])
    apart = np.abs(one[:height, :width] - other[:height, :width])
    return np.broadcast_to(apart, (height, width, 3))


def channel_only(picture: Bytes, channel: int) -> Bytes:
    """One of red, green and blue as a grey picture."""
    alone = picture.copy()
    alone[..., :3] = picture[..., channel, None]
    return alone
