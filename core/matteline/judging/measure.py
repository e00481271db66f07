"""Measures of a frame of results among its neighbours: how the matte changes, and whether the plate does."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matteline.contract.plate import Window
from matteline.judging.components import components_of
from matteline.judging.frame_stats import FrameStats, SmallAreas, read_frame_stats
from matteline.judging.metrics import Alpha
from matteline.judging.results import ShotResults
from matteline.media.plate import Plate

# Pixels of the reduced picture, (h, w).
_Region = npt.NDArray[np.bool_]

# Share of the plate that must stand still for flicker to be measured.
LEAST_STILL = 0.05
# A pixel stands still if it changes by less than three deviations of the noise, within these limits.
_STILL_DEVIATIONS = 3.0
_STILL_LIMITS = (0.004, 0.02)
# Alpha by which a reduced pixel differs from both neighbours to be inside the box of what pops.
_POP_ALPHA = 0.2


@dataclass(frozen=True)
class Measures:
    """The figures of one frame; None where there is nothing to measure them on.

    Attributes:
        number: Number of the frame.
        missing: Products whose file is not there.
        broken: A sentence for each file that cannot be read or holds values that no matte has.
        coverage: Mean alpha, 0..1.
        change: Difference of alpha to the frame before: root mean square, times 100.
        flicker: The same where the plate stands still.
        still: Share of the picture where the plate stands still, 0..1.
        pop: Difference of alpha that both frames around share: root mean square, times 100. An edge that
            moves steadily has none, nor has what the plate explains by changing towards both as well.
        holes: Pixels of small holes in the body, as a share of the body.
        specks: Pixels of small areas beside it, as a share of the body.
        sudden_holes: Part of the holes that is body in both frames around: gaps that move are not.
        sudden_specks: Part of the specks where neither frame around has anything.
        clipped: Share of the body whose colour is at the file's limit, 0..1.
        repeats: True if the matte is the frame before's to the last pixel, and the plate, if known, is not.
        pop_box: Window around most of what pops, in pixels of the picture.
        hole_box: Window around the largest small hole.
        speck_box: Window around the largest small area beside the body.
    """

    number: int
    missing: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    coverage: float | None = None
    change: float | None = None
    flicker: float | None = None
    still: float | None = None
    pop: float | None = None
    holes: float | None = None
    specks: float | None = None
    sudden_holes: float | None = None
    sudden_specks: float | None = None
    clipped: float | None = None
    repeats: bool = False
    pop_box: Window | None = None
    hole_box: Window | None = None
    speck_box: Window | None = None


def measure(shot: ShotResults, plate: Plate | None) -> Iterator[Measures]:
    """Measure every frame that should be there, in order. Three frames are in memory at a time."""
    before: FrameStats | None = None
    for now, after in itertools.pairwise(itertools.chain(read_frame_stats(shot, plate), [None])):
        assert now is not None
        yield _measured(_comparable(now, before), now, _comparable(now, after))
        before = now


def _comparable(now: FrameStats, other: FrameStats | None) -> FrameStats | None:
    """Return the other frame if it is one number away and has a matte of the same size."""
    # Over a gap the movement of several frames would count as the change of one.
    if other is None or abs(other.number - now.number) != 1 or now.alpha is None or other.alpha is None:
        return None
    return other if other.alpha.shape == now.alpha.shape else None


def _measured(before: FrameStats | None, now: FrameStats, after: FrameStats | None) -> Measures:
    still = _still_region(before, now)
    pop, box = _pop(before, now, after, still)
    has_body = now.alpha is not None and now.body_pixels > 0
    # In the frame before and after: where the body is, for holes; where nothing is, for specks.
    around = (before, after)
    bodies = [None if each is None else each.body for each in around]
    empty = [None if each is None or each.visible is None else ~each.visible for each in around]
    return Measures(
        number=now.number,
        missing=now.missing,
        broken=now.broken,
        coverage=now.coverage,
        change=_change(before, now, None),
        flicker=None if still is None or still.mean() < LEAST_STILL else _change(before, now, still),
        still=None if still is None else float(still.mean()),
        pop=pop,
        holes=now.holes.pixels / now.body_pixels if has_body else None,
        specks=now.specks.pixels / now.body_pixels if has_body else None,
        sudden_holes=_sudden_share(now.body_pixels, now.holes, *bodies),
        sudden_specks=_sudden_share(now.body_pixels, now.specks, *empty),
        clipped=now.clipped,
        repeats=_repeats(before, now),
        pop_box=box,
        hole_box=now.holes.largest,
        speck_box=now.specks.largest,
    )


def _change(before: FrameStats | None, now: FrameStats, region: _Region | None) -> float | None:
    if before is None or before.alpha is None or now.alpha is None:
        return None
    difference = now.alpha - before.alpha
    return _rms(difference if region is None else difference[region])


def _rms(values: Alpha) -> float:
    return 100 * math.sqrt(float(np.square(values).mean(dtype=np.float64))) if values.size else 0.0


def _still_region(before: FrameStats | None, now: FrameStats | None) -> _Region | None:
    """Return the pixels where neither the plate nor any of the eight pixels around changes, noise aside."""
    if before is None or now is None or before.plate is None or now.plate is None or now.alpha is None:
        return None
    if not before.plate.shape == now.plate.shape == now.alpha.shape:
        return None
    change = np.abs(now.plate - before.plate)
    # Most of a picture stands still, so the median change is that of noise: 1.4826 of it is one deviation.
    noise = 1.4826 * float(np.median(change))
    moving = change > min(max(_STILL_DEVIATIONS * noise, _STILL_LIMITS[0]), _STILL_LIMITS[1])
    height, width = moving.shape
    padded = np.pad(moving, 1)
    near_movement: _Region = np.zeros_like(moving)
    for y, x in itertools.product(range(3), repeat=2):
        near_movement |= padded[y : y + height, x : x + width]
    return ~near_movement


def _pop(
    before: FrameStats | None, now: FrameStats, after: FrameStats | None, still_before: _Region | None
) -> tuple[float | None, Window | None]:
    """Measure what differs from both neighbours in one direction, and the window around most of it."""
    if before is None or after is None or now.alpha is None:
        return None, None
    assert before.alpha is not None and after.alpha is not None
    one, other = now.alpha - before.alpha, now.alpha - after.alpha
    shared = np.where(one * other > 0, np.minimum(np.abs(one), np.abs(other)), 0)
    still_after = _still_region(now, after)
    if still_before is not None and still_after is not None:
        # Movement to one side alone does not explain a difference from both.
        shared[~still_before & ~still_after] = 0
    elif any(each.plate is not None for each in (before, now, after)):
        return None, None  # a frame of the plate cannot be read, so what movement explains is not known
    areas = components_of(shared > _POP_ALPHA)
    if not len(areas):
        return _rms(shared), None
    box, scale = areas.box(int(np.argmax(areas.areas))), now.scale
    return _rms(shared), Window(box.x * scale, box.y * scale, box.width * scale, box.height * scale)


def _sudden_share(
    body_pixels: int, areas: SmallAreas, before: _Region | None, after: _Region | None
) -> float | None:
    """Return the share of the body that areas take where both frames around them are otherwise."""
    if before is None or after is None or not body_pixels:
        return None
    if areas.mask is None:
        return 0.0
    return float(np.count_nonzero(areas.mask & before & after)) / body_pixels


def _repeats(before: FrameStats | None, now: FrameStats) -> bool:
    # Empty mattes are all alike, and no repeats.
    if before is None or before.checksum != now.checksum or not now.body_pixels:
        return False
    if before.plate is None or now.plate is None:
        return True
    return not np.array_equal(before.plate, now.plate)
