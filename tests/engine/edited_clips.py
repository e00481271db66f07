"""Clips whose cuts are known, and clips with what looks like a cut and is none.

Both are made of moving pictures: footage beside the project for measurements, drawn textures for tests. A seed
decides everything, so a clip that fails can be made again alone. Frames are square and small; whoever looks for
cuts sees them as thumbnails.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[Any]
"""(T, S, S, 3), sRGB-encoded, 0..255; float32 while a clip is made."""

SIDE = 96


@dataclass(frozen=True)
class EditedClip:
    """A clip and the truth about it.

    Attributes:
        frames: (T, 96, 96, 3) uint8.
        cuts: Positions of the frames that begin a shot, without the first.
    """

    frames: Frames
    cuts: tuple[int, ...]


class Material:
    """Pictures to make clips of. No picture comes twice within one clip.

    Args:
        clips: Frames of footage by name; may be empty.
        photos: Stills of any size, (H, W, 3) uint8.
        seed: Of all choices.
    """

    def __init__(self, clips: Mapping[str, Frames], photos: Sequence[Frames], seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self._clips = dict(clips)
        self._photos = list(photos)
        self._unused_clips = list(self.random.permutation(sorted(clips)))
        self._unused_photos = list(self.random.permutation(len(photos)))

    def photo(self) -> Frames:
        """A still that was not used yet."""
        return self._photos[self._unused_photos.pop()]

    def shot(self, length: int) -> Frames:
        """A piece of footage or, two times of five and where there is none left, of a still under a camera."""
        if not self._unused_clips or self.random.random() < 0.4:
            return self._under_a_camera(length)
        clip = self._clips[self._unused_clips.pop()]
        first = int(self.random.integers(0, max(1, len(clip) - length + 1)))
        piece = np.asarray(clip[first : first + length], np.float32)
        while len(piece) < length:
            piece = np.concatenate([piece, piece[::-1]])[:length]
        return piece[:, :, ::-1] if self.random.random() < 0.5 else piece

    def _under_a_camera(self, length: int) -> Frames:
        photo, random = self.photo(), self.random
        drift, shake = random.uniform(-0.8, 0.8, 2), random.uniform(0, 0.8)
        places = np.cumsum(drift + random.normal(0, shake, (length, 2)) / 2, 0)
        zooms = np.linspace(1, random.uniform(0.9, 1.1), length) * random.uniform(0.9, 1.3)
        return np.stack([view(photo, x, y, zoom) for (x, y), zoom in zip(places, zooms, strict=True)])


def view(photo: Frames, right: float, down: float, zoom: float) -> Frames:
    """The square (96, 96, 3) that a camera sees of a photo; beyond its border lies its mirror image.

    Args:
        photo: (H, W, 3).
        right: How far the camera looks to the right of the middle, in pixels of the view.
        down: The same downwards.
        zoom: 1 shows the photo's shorter side.
    """
    height, width = photo.shape[:2]
    step = min(height, width) / SIDE / zoom
    x = width / 2 + step * (np.arange(SIDE) + 0.5 - SIDE / 2) + right * min(height, width) / SIDE - 0.5
    y = height / 2 + step * (np.arange(SIDE) + 0.5 - SIDE / 2) + down * min(height, width) / SIDE - 0.5
    columns, rows = _mirrored(x, width), _mirrored(y, height)
    left, top = np.minimum(columns.astype(int), width - 2), np.minimum(rows.astype(int), height - 2)
    across, along = (columns - left)[None, :, None], (rows - top)[:, None, None]
    upper = photo[top][:, left] * (1 - across) + photo[top][:, left + 1] * across
    lower = photo[top + 1][:, left] * (1 - across) + photo[top + 1][:, left + 1] * across
    seen: Frames = (upper * (1 - along) + lower * along).astype(np.float32)
    return seen


def _mirrored(places: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    folded = np.mod(places, 2 * size - 2)
    return np.where(folded > size - 1, 2 * size - 2 - folded, folded)


def _under_a_moving_camera(photo: Frames, places: Frames, zooms: Frames, shutter: float) -> Frames:
    """Frames with motion blur: each is the mean over the time that the shutter is open."""
    made = []
    for number in range(len(places)):
        after = min(number + 1, len(places) - 1)
        move, grow = places[after] - places[number], zooms[after] / zooms[number]
        parts = int(np.clip(np.abs(move).max() / 3, 4, 16))
        open_times = shutter * np.arange(parts) / parts
        made.append(
            np.mean(
                [
                    view(photo, *(places[number] + time * move), zooms[number] * grow**time)
                    for time in open_times
                ],
                0,
            )
        )
    return np.stack(made)


def _eased(count: int) -> Frames:
    time = np.linspace(0, 1, count)
    return time * time * (3 - 2 * time)


Parts = tuple[Frames, Sequence[int]]


def _joined(material: Material, lengths: Sequence[int]) -> Parts:
    shots = [material.shot(int(length)) for length in lengths]
    return np.concatenate(shots), [int(each) for each in np.cumsum(lengths)[:-1]]


def cuts(material: Material) -> Parts:
    return _joined(material, material.random.integers(6, 30, material.random.integers(2, 5)))


def cuts_at_the_ends(material: Material) -> Parts:
    length = int(material.random.integers(8, 20))
    return _joined(material, ([1, length], [length, 1], [1, length, 1])[material.random.integers(3)])


def cuts_one_to_three_frames_apart(material: Material) -> Parts:
    return _joined(material, [10, int(material.random.integers(1, 4)), 12])


def cuts_in_the_dark(material: Material) -> Parts:
    frames, at = cuts(material)
    dark = frames * material.random.uniform(0.08, 0.2) + material.random.uniform(0, 6)
    return dark + material.random.normal(0, 1, frames.shape), at


def cuts_in_grain(material: Material) -> Parts:
    frames, at = cuts(material)
    return frames + material.random.normal(0, material.random.uniform(5, 20), frames.shape), at


def cuts_between_shaken_shots(material: Material) -> Parts:
    return np.concatenate([shaken(material)[0][:14], shaken(material)[0][:14]]), [14]


def cuts_to_and_from_black(material: Material) -> Parts:
    frames, at = _joined(material, [10, int(material.random.integers(4, 12)), 12])
    frames[at[0] : at[1]] = material.random.uniform(0, 12)
    return frames, at


def cuts_of_repeated_frames(material: Material) -> Parts:
    times = int(material.random.integers(2, 4))
    frames, at = _joined(material, [12, 12])
    return frames.repeat(times, 0), [times * each for each in at]


def cuts_with_a_mixed_frame(material: Material) -> Parts:
    """As deinterlaced footage has them; the cut counts from the first clean frame of the new shot."""
    frames, at = _joined(material, [12, 14])
    share = material.random.uniform(0.3, 0.7)
    frames[at[0] - 1] = share * frames[at[0] - 1] + (1 - share) * frames[at[0]]
    return frames, at


def cuts_between_black_bars(material: Material) -> Parts:
    frames, at = cuts(material)
    if material.random.random() < 0.5:
        bar = int(material.random.uniform(0.08, 0.2) * SIDE)
        frames[:, :bar] = frames[:, -bar:] = 0
    else:
        bar = int(material.random.uniform(0.1, 0.34) * SIDE)
        frames[:, :, :bar] = frames[:, :, -bar:] = 0
    return frames, at


def flash(material: Material) -> Parts:
    random, frames = material.random, material.shot(30)
    first, length, kind = int(random.integers(4, 18)), int(random.integers(1, 4)), random.integers(4)
    lit = slice(first, first + length)
    if kind == 0:
        frames[lit] = frames[lit] * random.uniform(2, 8) + random.uniform(0, 60)
    elif kind == 1:
        frames[lit] = 255 - random.uniform(0, 8)
    elif kind == 2:
        rows, columns = np.mgrid[:SIDE, :SIDE] - random.uniform(0, SIDE, 2)[:, None, None]
        spot = np.exp(-(rows**2 + columns**2) / 3200)[..., None]
        frames[lit] = frames[lit] * (1 + 8 * spot) + 80 * spot
    else:
        frames[lit] = frames[lit] * random.uniform(0.2, 3, 3) + random.uniform(0, 50, 3)
    if random.random() < 0.4:
        fading = np.arange(1, 6)[:, None, None, None]
        frames[first + length : first + length + 5] *= 1 + 3 * 0.5**fading
    return frames, []


def flash_at_an_end(material: Material) -> Parts:
    frames, length = material.shot(20), int(material.random.integers(1, 4))
    lit = slice(0, length) if material.random.random() < 0.5 else slice(20 - length, 20)
    frames[lit] = frames[lit] * material.random.uniform(2, 6) + material.random.uniform(0, 60)
    return frames, []


def dropped_frames(material: Material) -> Parts:
    frames, first = material.shot(24), int(material.random.integers(4, 18))
    frames[first : first + int(material.random.integers(1, 4))] = material.random.uniform(0, 14)
    return frames, []


def foreign_frames(material: Material) -> Parts:
    frames, first = material.shot(24), int(material.random.integers(4, 18))
    length = int(material.random.integers(1, 4))
    frames[first : first + length] = material.shot(length)
    return frames, []


def strobe(material: Material) -> Parts:
    random, frames = material.random, material.shot(48)
    period = int(random.integers(2, 7))
    lit, phase = int(random.integers(1, min(period, 4))), int(random.integers(period))
    tint, dark = random.uniform(0.3, 2.5, 3), random.uniform(0, 0.35)
    for number in range(48):
        frames[number] *= tint if (number + phase) % period < lit else dark
    return frames, []


def whip_pan(material: Material) -> Parts:
    """Over two to four pictures side by side, up to three quarters of the frame's width a frame."""
    random = material.random
    pictures = int(random.integers(2, 5))
    panorama = np.concatenate([view(material.photo(), 0, 0, 1) for _ in range(pictures)], 1)
    way = (pictures - 1) * SIDE * np.concatenate([np.zeros(8), _eased(random.integers(7, 16)), np.ones(8)])
    places = np.stack([way - (pictures - 1) * SIDE / 2, random.normal(0, 0.2, len(way))], 1)
    if random.random() < 0.5:
        places = places[::-1]
    return _under_a_moving_camera(panorama, places, np.ones(len(way)), 0.7), []


def tilt(material: Material) -> Parts:
    return whip_pan(material)[0].transpose(0, 2, 1, 3), []


def zoom(material: Material) -> Parts:
    random = material.random
    way = np.concatenate([np.zeros(6), _eased(random.integers(6, 16)), np.ones(6)])
    zooms = random.uniform(1.5, 3) ** (way if random.random() < 0.5 else way[::-1])
    return _under_a_moving_camera(material.photo(), np.zeros((len(way), 2)), zooms, 0.5), []


def shaken(material: Material) -> Parts:
    places = material.random.normal(0, material.random.uniform(2, 10), (30, 2))
    return _under_a_moving_camera(material.photo(), places, np.full(30, 1.05), 0.4), []


def dissolve(material: Material) -> Parts:
    length = int(material.random.integers(4, 40))
    share = np.concatenate([np.zeros(8), np.linspace(0, 1, length + 2)[1:-1], np.ones(8)])[
        :, None, None, None
    ]
    return material.shot(len(share)) * (1 - share) + material.shot(len(share)) * share, []


def fade(material: Material) -> Parts:
    """Out to black or white, which may last, and in again."""
    random = material.random
    share = np.concatenate([np.ones(8), np.linspace(1, 0, random.integers(4, 24))])[:, None, None, None]
    colour = 0 if random.random() < 0.7 else 255
    out = material.shot(len(share)) * share + colour * (1 - share)
    into = material.shot(len(share)) * share[::-1] + colour * (1 - share[::-1])
    return np.concatenate([out, np.full((random.integers(0, 8), SIDE, SIDE, 3), colour), into]), []


def exposure_jump(material: Material) -> Parts:
    random, frames = material.random, (material.shot(30) / 255).clip(0, 1) ** 2.2
    stops = random.uniform(0.7, 1.6) * random.choice([-1, 1])
    frames[int(random.integers(5, 25)) :] *= 2**stops * random.uniform(0.8, 1.25, 3)
    return 255 * frames.clip(0, 1) ** (1 / 2.2), []


def passer_by(material: Material) -> Parts:
    """Something as large as the frame, or nearly, that crosses it in front of everything else."""
    random, frames = material.random, material.shot(30)
    width, top = int(random.uniform(0.5, 1.6) * SIDE), int(random.integers(0, 28))
    thing = np.concatenate([view(material.photo(), 0, 0, 1.2)] * 2, 1)[:, :width]
    if random.random() < 0.4:
        thing = thing * 0.15
    for number, left in enumerate(np.linspace(-width, SIDE, random.integers(6, 14))):
        first, last = max(0, int(left)), min(SIDE, int(left) + width)
        if last > first:
            frames[6 + number, top:, first:last] = thing[: SIDE - top, first - int(left) : last - int(left)]
    return frames, []


def insertion(material: Material) -> Parts:
    """A title, an inset or a strip of another picture that is there from one frame to the next."""
    random, frames = material.random, material.shot(26)
    first, kind = int(random.integers(5, 20)), random.integers(3)
    other = view(material.photo(), 0, 0, 1)
    if kind == 0:
        frames[first:, SIDE - int(random.uniform(0.15, 0.35) * SIDE) :] = random.uniform(0, 255, 3)
    elif kind == 1:
        height, width = (random.uniform(0.3, 0.6, 2) * SIDE).astype(int)
        top, left = int(random.integers(0, SIDE - height)), int(random.integers(0, SIDE - width))
        frames[first:, top : top + height, left : left + width] = other[:height, :width]
    else:
        width = int(random.uniform(0.15, 0.38) * SIDE)
        frames[first:, :, :width] = other[:, :width]
    return frames, []


def repeated_frames(material: Material) -> Parts:
    return material.shot(24).repeat(int(material.random.integers(2, 5)), 0), []


def pulldown(material: Material) -> Parts:
    """Four frames of film as five of video, two of which are woven of two frames."""
    made = []
    for one, two, three, four in material.shot(24).reshape(6, 4, SIDE, SIDE, 3):
        mixed = [two.copy(), three.copy()]
        mixed[0][::2], mixed[1][::2] = three[::2], four[::2]
        made += [one, two, *mixed, four]
    return np.stack(made), []


def still_in_grain(material: Material) -> Parts:
    frames = material.shot(1).repeat(24, 0)
    return frames + material.random.normal(0, material.random.uniform(0, 12), frames.shape), []


def noise_in_the_dark(material: Material) -> Parts:
    frames = material.shot(30) * material.random.uniform(0.02, 0.12)
    return frames + material.random.normal(0, 3, frames.shape), []


def black(material: Material) -> Parts:
    frames = np.full((30, SIDE, SIDE, 3), material.random.uniform(0, 30))
    return frames + material.random.normal(0, 2, frames.shape), []


Kind = Callable[[Material], Parts]

WITH_CUTS: tuple[Kind, ...] = (
    cuts,
    cuts_at_the_ends,
    cuts_one_to_three_frames_apart,
    cuts_in_the_dark,
    cuts_in_grain,
    cuts_between_shaken_shots,
    cuts_to_and_from_black,
    cuts_of_repeated_frames,
    cuts_with_a_mixed_frame,
    cuts_between_black_bars,
)
WITHOUT_CUTS: tuple[Kind, ...] = (
    flash,
    flash_at_an_end,
    dropped_frames,
    foreign_frames,
    strobe,
    whip_pan,
    tilt,
    zoom,
    shaken,
    dissolve,
    fade,
    exposure_jump,
    passer_by,
    insertion,
    repeated_frames,
    pulldown,
    still_in_grain,
    noise_in_the_dark,
    black,
)


def edited(kind: Kind, material: Material) -> EditedClip:
    """Make one clip of a kind."""
    frames, at = kind(material)
    return EditedClip(np.rint(frames).clip(0, 255).astype(np.uint8), tuple(at))


def drawn_photos(count: int, seed: int) -> list[Frames]:
    """Pictures (128, 128, 3) uint8 of clouds, hard shapes and stripes, each with colours of its own."""
    return [_drawn_photo(np.random.default_rng([seed, number])) for number in range(count)]


def _drawn_photo(random: np.random.Generator) -> Frames:
    side = 128
    picture = np.zeros((side, side, 3))
    for cells in (2, 4, 8, 16, 32):
        coarse = random.normal(0, 1, (cells + 1, cells + 1, 3)) / math.sqrt(cells)
        place = np.linspace(0, cells, side, endpoint=False)
        low, part = place.astype(int), (place % 1)[:, None]
        rows = coarse[low] * (1 - part[..., None]) + coarse[low + 1] * part[..., None]
        picture += rows[:, low] * (1 - part) + rows[:, low + 1] * part
    y, x = np.mgrid[:side, :side]
    for _ in range(8):
        centre, size, turn = random.uniform(0, side, 2), random.uniform(8, 40, 2), random.uniform(0, math.pi)
        across = (x - centre[0]) * math.cos(turn) + (y - centre[1]) * math.sin(turn)
        along = (y - centre[1]) * math.cos(turn) - (x - centre[0]) * math.sin(turn)
        picture[(np.abs(across) < size[0]) & (np.abs(along) < size[1])] = random.normal(0, 1, 3)
    codes: Frames = (128 + 60 * picture).clip(0, 255).astype(np.uint8)
    return codes
