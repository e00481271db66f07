"""Hard cuts of a plate, found in thumbnails of its frames.

Two pictures belong to one shot if one of them, moved or enlarged, still looks like the other: where they overlap
they correlate, however much their exposure differs. A frame begins a new shot if none of the frames just before
it looks like any of those just after it. Looking past the next frame is what tells a cut from a flash, a strobe
or a dropped frame; allowing for movement tells it from a whip pan or a zoom.

A cut within one take (a jump cut, or the same picture enlarged) is none: the background stays, and so the
network's memory of it stays right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

Thumbnail = npt.NDArray[np.uint8]
"""(48, 48, 3), sRGB-encoded, whatever the proportions of the plate."""
_Planes = npt.NDArray[np.float64]

SIDE: Final = 48
REACH_FRAMES: Final = 6
"""Frames looked at on either side of a cut. Whatever returns to the picture before it sooner is a flash."""
DELAY_FRAMES: Final = REACH_FRAMES + 1
"""Frames after one that must be known to judge it."""
HISTORY_FRAMES: Final = REACH_FRAMES + 2
"""Frames before one that must be known to judge it: two more, where the one before it is mixed of two shots."""

ALIKE: Final = 0.76
"""Least likeness of two successive frames of a shot. Cuts reach .73, whip pans and shaken cameras keep .81
(tests/benchmarks/cuts.py)."""
ALIKE_BY_CHANCE: Final = 0.82
"""The same where many pairs are tried, frames further apart or one of them enlarged: one may fit by chance."""
STILL_WEIGHT: Final = 0.5
"""Likeness credited to a frame that stands still: what moves through it changes only a part of it."""
STILL_SHARE: Final = 0.33
"""Share of the frame that stands still where a title or an inset appears. Cuts reach .2."""
ENLARGEMENTS: Final = (1.12, 1.3)
"""Factors by which a zoom may enlarge a picture from one frame to the next. A correlation forgives a tenth on
either side, so these reach 1.4."""
LEAST_OVERLAP: Final = 0.35
"""Share of the thumbnail that must overlap where one picture is moved over another: less fits by chance."""
LEAST_OVERLAP_OF_NARROW: Final = 0.7
"""The same as a share of what is left between wide black bars."""
LEAST_STEP: Final = 3.0
"""Mean difference, of 255, up to which pictures are the same: noise of dark plates reaches 2.2."""
BLANK_CONTRAST: Final = 2.5
"""Standard deviation, of 255, below which a picture shows nothing."""
SUDDEN: Final = 3.0
"""Times the next step that a step from or to a blank picture must be: the steps of a fade are alike."""
NOISE: Final = 1.0
"""Standard deviation, of 255, of what is left of a plate's noise in a thumbnail at half size."""

_HALF: Final = SIDE // 2
# Size of the Fourier transform in which a picture of half the side can be moved anywhere without wrapping.
_TRANSFORM: Final = 2 * _HALF
# Brightest level, of 255, of a black bar: video black with compression noise stays below.
_BAR_LEVEL: Final = 24
# Clipped frames at an end of the plate that may be a flash.
_FLASH_FRAMES: Final = 3
# Mean difference, of 255, of the shots on both sides of a mixed frame; what it is mixed of shows no less.
_MIXTURE: Final = 9.0


def thumbnail(picture: Tensor) -> Thumbnail:
    """Average a picture (3, h, w), float, sRGB-encoded 0..1, into a thumbnail.

    The levels are rounded, so that the last bits of a picture, which differ between machines, hardly matter.
    """
    with torch.no_grad():
        levels = adaptive_avg_pool2d(picture[None].float(), SIDE)[0].clamp(0, 1).mul(255).round()
    return levels.to(torch.uint8).permute(1, 2, 0).cpu().numpy()


def shot_starts(thumbnails: Iterable[Thumbnail]) -> Iterator[bool]:
    """Tell of each frame in order whether it begins a shot; the first frame of all does.

    The answer for a frame comes once `DELAY_FRAMES` more have been drawn, or all. It depends on the frames from
    `HISTORY_FRAMES` before it to `DELAY_FRAMES` after it alone, and on whether the plate begins or ends among
    them. Where two shots share a mixed frame, as deinterlaced plates have it, the cut is behind it.

    Args:
        thumbnails: Of consecutive frames, from `thumbnail`.
    """
    shots = _Shots()
    judged = 0
    for each in thumbnails:
        shots.add(each)
        if len(shots) > judged + DELAY_FRAMES:
            yield shots.begins(judged)
            judged += 1
    yield from map(shots.begins, range(judged, len(shots)))


def find_cuts(thumbnails: Iterable[Thumbnail]) -> tuple[int, ...]:
    """Positions of the frames that begin a shot, ascending; the first frame of all is not among them."""
    return tuple(number for number, begins in enumerate(shot_starts(thumbnails)) if begins and number)


class _Picture:
    """A thumbnail, and what is measured of it."""

    def __init__(self, levels: Thumbnail) -> None:
        red, green, blue = np.moveaxis(levels.astype(np.float64), 2, 0)
        # Signed, because a difference of unsigned levels would wrap around below 0.
        self.levels = levels.astype(np.int16)
        # Brightness apart from two differences of colour: noise and exposure change these less.
        self.planes: _Planes = np.stack(
            [(red + 2 * green + blue) / 4, (red - blue) / 2, (2 * green - red - blue) / 4]
        )

    @cached_property
    def half(self) -> _Planes:
        """The planes at half size, (3, 24, 24)."""
        return np.asarray(self.planes.reshape(3, _HALF, 2, _HALF, 2).mean((2, 4)))

    def enlarged(self, times: float) -> _Planes:
        """The middle of the planes, enlarged, at half size."""
        place = (np.arange(_HALF) + 0.5 - _HALF / 2) * 2 / times + SIDE / 2 - 0.5
        low = np.floor(place).astype(int)
        part = place - low
        rows = self.planes[:, low] * (1 - part)[:, None] + self.planes[:, low + 1] * part[:, None]
        return np.asarray(rows[:, :, low] * (1 - part) + rows[:, :, low + 1] * part)

    @cached_property
    def contrast(self) -> float:
        """Standard deviation of brightness, of 255."""
        return float(self.half[0].std())

    @property
    def is_blank(self) -> bool:
        """Tell whether it shows nothing: black, white, or a lens cap."""
        return self.contrast < BLANK_CONTRAST

    @cached_property
    def is_clipped(self) -> bool:
        """Tell whether so much of it is white or black that it may be the flash or the dark of a strobe."""
        white, black = (self.levels.max(2) >= 250).mean(), (self.levels.min(2) <= 2).mean()
        return self.is_blank or bool(white > 0.3 or black > 0.7)

    @cached_property
    def brightness(self) -> float:
        """Mean brightness, of 255."""
        return float(self.half[0].mean())


def _step(one: _Picture, other: _Picture) -> float:
    """Mean difference of two pictures, of 255."""
    return float(np.abs(one.levels - other.levels).mean())


class _Shots:
    """Frames compared with each other, of which those that may still count are kept."""

    def __init__(self) -> None:
        self._count = 0
        self._pictures: dict[int, _Picture] = {}
        # Frames in a row ask for mostly the same pairs, and a comparison takes several Fourier transforms.
        self._are_alike = lru_cache(maxsize=8 * REACH_FRAMES**2)(self._compare)

    def __len__(self) -> int:
        return self._count

    def add(self, levels: Thumbnail) -> None:
        """Take the next frame."""
        self._pictures[self._count] = _Picture(levels)
        self._pictures.pop(self._count - DELAY_FRAMES - HISTORY_FRAMES - 1, None)
        self._count += 1

    def begins(self, number: int) -> bool:
        """Tell whether a shot begins with this frame."""
        if number == 0:
            return True
        if self._is_mixed(number):
            return False
        before = number - 2 if self._is_mixed(number - 1) else number - 1
        blank = [self._pictures[each].is_blank for each in (before, number)]
        if all(blank) or self._may_be_flash(number) or (any(blank) and not self._is_sudden(number)):
            return False
        if before == number - 1 and not any(blank) and self._goes_on(number):
            return False
        return not self._is_bridged(before, number)

    def _goes_on(self, number: int) -> bool:
        """Tell whether the frame looks like the one before it, or differs from it by movement."""
        return self._are_alike(number - 1, number) or self._is_movement(number)

    def _is_bridged(self, before: int, number: int) -> bool:
        """Tell whether a frame up to `before` looks like one from `number` on."""
        old = range(max(0, before - REACH_FRAMES + 1), before + 1)
        new = range(number, min(self._count, number + REACH_FRAMES))
        pairs = [(one, other) for one in old for other in new if other - one <= REACH_FRAMES]
        return any(
            self._are_alike(one, other)
            for one, other in pairs
            if not (self._pictures[one].is_blank or self._pictures[other].is_blank)
        )

    def _may_be_flash(self, number: int) -> bool:
        """Tell whether the frame begins or ends a flash whose other side is too far away, or beyond the plate."""
        before, after = range(number), range(number, self._count)
        if len(before) <= REACH_FRAMES and all(self._pictures[each].is_blank for each in before):
            return True
        if any(
            len(side) <= _FLASH_FRAMES and all(self._pictures[each].is_clipped for each in side)
            for side in (before, after)
        ):
            return True
        light = [self._pictures[each].brightness for each in after[: REACH_FRAMES - 1]]
        # A wholly white frame fades by little at first where the shot itself is bright.
        faded = (0.98 if self._pictures[number].is_blank else 0.9) * light[0]
        fading = all(later <= earlier for earlier, later in pairwise(light)) and light[-1] < faded
        return fading and self._pictures[number].is_clipped

    def _is_movement(self, number: int) -> bool:
        """Tell whether the frame is one of several that change as much, and movement explains the others."""
        if not 2 <= number < self._count - 1:
            return False
        step = self._step_to(number)
        less, more = sorted((self._step_to(number - 1), self._step_to(number + 1)))
        if less < 0.6 * step or more < step:
            return False
        return self._are_alike(number - 2, number - 1) and self._are_alike(number, number + 1)

    def _is_sudden(self, number: int) -> bool:
        """Tell whether the step from or to a blank picture is no part of a fade."""
        step = self._step_to(number)
        beside = number - 1 if self._pictures[number].is_blank else number + 1
        known = 1 <= beside < self._count
        return step >= LEAST_STEP and not (known and step < SUDDEN * self._step_to(beside))

    def _is_mixed(self, number: int) -> bool:
        """Tell whether the frame is a mixture of its neighbours, and those belong to two still pictures.

        In a dissolve the frames beyond the neighbours change as well.
        """
        if not 2 <= number < self._count - 2:
            return False
        old, mixed, new = (self._pictures[each] for each in (number - 1, number, number + 1))
        change = _step(old, new)
        beyond = max(self._step_to(number - 1), self._step_to(number + 2))
        if old.is_blank or new.is_blank or change < max(_MIXTURE, SUDDEN * beyond):
            return False
        whole, part = (new.planes - old.planes).ravel(), (mixed.planes - old.planes).ravel()
        share = float(part @ whole) / float(whole @ whole)
        rest = part - share * whole
        return 0.1 < share < 0.9 and float(rest @ rest) <= 0.04 * float(whole @ whole)

    def _step_to(self, number: int) -> float:
        return _step(self._pictures[number - 1], self._pictures[number])

    def _compare(self, one: int, other: int) -> bool:
        old, new = self._pictures[one], self._pictures[other]
        # Before any correlation: two equal pictures of little but noise would not correlate.
        if _step(old, new) < LEAST_STEP:
            return True
        used = _without_bars(old, new)
        still = _still_share(old, new, used)
        if still >= STILL_SHARE:
            return True
        likeness = STILL_WEIGHT * still + _correlation(old.half, new.half, used)
        if other - one > 1:
            return likeness >= ALIKE_BY_CHANCE
        if likeness >= ALIKE:
            return True
        zoomed = max(
            _correlation(before, after, used)
            for times in ENLARGEMENTS
            for before, after in ((old.enlarged(times), new.half), (old.half, new.enlarged(times)))
        )
        return STILL_WEIGHT * still + zoomed >= ALIKE_BY_CHANCE


def _still_share(old: _Picture, new: _Picture, used: _Planes) -> float:
    """Share of the picture inside its bars that does not change, measured against what the pictures show."""
    allowed = min(16.0, max(2.0, 0.3 * min(old.contrast, new.contrast)))
    still = np.abs(old.levels - new.levels).max(2) <= allowed
    quarters = still.reshape(_HALF, 2, _HALF, 2).mean((1, 3))
    return float((quarters * used).sum() / used.sum())


def _without_bars(old: _Picture, new: _Picture) -> _Planes:
    """Weights (24, 24), 0 in the black bars of a letterbox, which would make all pictures alike, else 1."""
    seen = np.maximum(old.levels, new.levels).max(2) >= _BAR_LEVEL
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    inside = np.zeros((SIDE, SIDE), bool)
    # Where hardly anything is bright the picture is dark, and no bars can be told.
    if min(len(rows), len(columns)) < SIDE // 4:
        inside[:] = True
    else:
        inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return np.asarray(inside.reshape(_HALF, 2, _HALF, 2).all((1, 3)), np.float64)


def _correlation(one: _Planes, other: _Planes, used: _Planes) -> float:
    """Greatest correlation of two pictures (3, 24, 24) over all ways to move one over the other.

    The masked normalised cross-correlation of Padfield, "Masked Object Registration in the Fourier Domain"
    (2012), its covariances and variances summed over the planes. Means are taken for each plane, so neither the
    exposure nor the tint of a picture counts.

    Args:
        one: A picture.
        other: The other picture.
        used: Weights (24, 24), 1 where the pictures are compared and 0 elsewhere.
    """
    first, first_square, first_mask = _spectra(one, used)
    second, second_square, second_mask = (each.conj() for each in _spectra(other, used))
    # A count of pixels, from which the transform deviates a little.
    count = np.round(_moved(first_mask * second_mask))
    enough = count >= min(LEAST_OVERLAP * used.size, LEAST_OVERLAP_OF_NARROW * used.sum())
    # Places without overlap are left out at the end; until then nothing may be divided by 0.
    count = np.maximum(count, 1)
    first_sum, second_sum = _moved(first * second_mask), _moved(first_mask * second)
    together = _moved((first * second).sum(0)) - (first_sum * second_sum).sum(0) / count
    first_spread = _moved(first_square * second_mask) - np.square(first_sum).sum(0) / count
    second_spread = _moved(first_mask * second_square) - np.square(second_sum).sum(0) / count
    # Noise alone must not correlate: it is added to both, brightness whole and the two differences by quarters.
    noise = 1.5 * NOISE**2 * count
    # Rounding can leave the spread of a flat overlap slightly below 0, which has no square root.
    spread = (np.maximum(first_spread, 0) + noise) * (np.maximum(second_spread, 0) + noise)
    return float(np.max(together / np.sqrt(spread), where=enough, initial=-1.0))


def _spectra(picture: _Planes, used: _Planes) -> tuple[Any, Any, Any]:
    """Fourier transforms of the planes about their means, of their squares summed, and of the weights."""
    mean = (picture * used).sum((1, 2), keepdims=True) / max(used.sum(), 1)
    centred = (picture - mean) * used
    size = (_TRANSFORM, _TRANSFORM)
    return (
        np.fft.rfft2(centred, size),
        np.fft.rfft2(np.square(centred).sum(0), size),
        np.fft.rfft2(used, size),
    )


def _moved(product: Any) -> Any:
    return np.fft.irfft2(product, (_TRANSFORM, _TRANSFORM))
