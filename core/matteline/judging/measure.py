"""What can be told of a frame of results by its neighbours: how the matte changes, and if the plate does."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matteline.contract.plate import Window
from matteline.judging.components import components_of
from matteline.judging.looks import Look, Spots, looks_at
from matteline.judging.metrics import Alpha
from matteline.judging.results import ShotResults
from matteline.media.plate import Plate

_Where = npt.NDArray[np.bool_]

LEAST_STILL = 0.05
"""Flicker is measured where at least this share of the plate stands still."""
_NOISES = 3.0
_STILL_LIMITS = (0.004, 0.02)
"""A pixel stands still if it changes by less than three times the noise, kept between these."""
_POPPED = 0.2
"""Alpha by which a reduced pixel stands out from both neighbours to be shown as part of what pops."""


@dataclass(frozen=True)
class Measures:
    """The figures of one frame; None where there is nothing to measure them on.

    Attributes:
        number: Of the frame.
        missing: Products whose file is not there.
        broken: A sentence for each file that cannot be read, or holds what no matte can hold.
        coverage: Mean alpha, 0..1.
        change: How alpha differs from the frame before: root mean square, times 100.
        flicker: The same where the plate stands still.
        still: Share of the picture where the plate stands still, 0..1.
        pop: How alpha stands out from both frames around it, alike: root mean square, times 100. An edge that
            moves steadily does not, nor what the plate explains by changing towards both as well.
        holes: Pixels of small holes in the body, as a share of the body.
        specks: Pixels of small things beside it, alike.
        sudden_holes: The part of the holes that is body in both frames around it: gaps that move are not.
        sudden_specks: The part of the specks where neither frame around it has anything.
        clipped: Share of the body whose colour is at the file's limit, 0..1.
        repeats: Whether the matte is the frame before's to the last pixel, and the plate, if known, is not.
        pop_box: Where most of it pops, in pixels of the picture.
        hole_box: The largest small hole.
        speck_box: The largest small thing beside the body.
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
    for before, now, after in _triples(looks_at(shot, plate)):
        yield _measured(_next_to(now, before), now, _next_to(now, after))


def _triples(looks: Iterable[Look]) -> Iterator[tuple[Look | None, Look, Look | None]]:
    before: Look | None = None
    for now, after in itertools.pairwise(itertools.chain(looks, [None])):
        assert now is not None
        yield before, now, after
        before = now


def _next_to(now: Look, other: Look | None) -> Look | None:
    """A neighbour that can be compared: one number away, with a matte of one size."""
    if other is None or abs(other.number - now.number) != 1 or now.alpha is None or other.alpha is None:
        return None
    return other if other.alpha.shape == now.alpha.shape else None


def _measured(before: Look | None, now: Look, after: Look | None) -> Measures:
    still = _still(before, now)
    pop, box = _pop(before, now, after, still, _still(now, after))
    there = now.alpha is not None and now.body > 0
    return Measures(
        number=now.number,
        missing=now.missing,
        broken=now.broken,
        coverage=now.coverage,
        change=_change(before, now, None),
        flicker=None if still is None or still.mean() < LEAST_STILL else _change(before, now, still),
        still=None if still is None else float(still.mean()),
        pop=pop,
        holes=now.holes.pixels / now.body if there else None,
        specks=now.specks.pixels / now.body if there else None,
        sudden_holes=_sudden(now.body, now.holes, _solid(before), _solid(after)),
        sudden_specks=_sudden(now.body, now.specks, _bare(before), _bare(after)),
        clipped=now.clipped,
        repeats=_repeats(before, now),
        pop_box=box,
        hole_box=now.holes.largest,
        speck_box=now.specks.largest,
    )


def _change(before: Look | None, now: Look, where: _Where | None) -> float | None:
    if before is None or before.alpha is None or now.alpha is None:
        return None
    difference = now.alpha - before.alpha
    return _rms(difference if where is None else difference[where])


def _rms(values: Alpha) -> float:
    return 100 * math.sqrt(float(np.square(values).mean(dtype=np.float64))) if values.size else 0.0


def _still(before: Look | None, now: Look | None) -> _Where | None:
    """Where the plate does not change, noise aside, and nothing beside it does."""
    if before is None or now is None or before.plate is None or now.plate is None or now.alpha is None:
        return None
    if not before.plate.shape == now.plate.shape == now.alpha.shape:
        return None
    change = np.abs(now.plate - before.plate)
    noise = 1.4826 * float(np.median(change))
    return ~_widened(change > min(max(_NOISES * noise, _STILL_LIMITS[0]), _STILL_LIMITS[1]))


def _widened(mask: _Where) -> _Where:
    """The mask and all pixels around it."""
    height, width = mask.shape
    padded = np.pad(mask, 1)
    wide = np.zeros_like(mask)
    for y, x in itertools.product(range(3), repeat=2):
        wide |= padded[y : y + height, x : x + width]
    return wide


def _pop(
    before: Look | None, now: Look, after: Look | None, since: _Where | None, until: _Where | None
) -> tuple[float | None, Window | None]:
    if before is None or after is None or now.alpha is None:
        return None, None
    assert before.alpha is not None and after.alpha is not None
    one, other = now.alpha - before.alpha, now.alpha - after.alpha
    alike = np.where(one * other > 0, np.minimum(np.abs(one), np.abs(other)), 0)
    if since is not None and until is not None:
        alike[~since & ~until] = 0
    elif any(each.plate is not None for each in (before, now, after)):
        return None, None  # a frame of the plate is not to be had, so what it explains is not known
    return _rms(alike), _largest(alike > _POPPED, now.scale)


def _sudden(body: int, spots: Spots, before: _Where | None, after: _Where | None) -> float | None:
    """The share of the body that spots take where both frames around them are otherwise."""
    if before is None or after is None or not body:
        return None
    if spots.mask is None:
        return 0.0
    return float(np.count_nonzero(spots.mask & before & after)) / body


def _solid(look: Look | None) -> _Where | None:
    return None if look is None else look.solid


def _bare(look: Look | None) -> _Where | None:
    return None if look is None or look.faint is None else ~look.faint


def _largest(mask: _Where, scale: int) -> Window | None:
    areas = components_of(mask)
    if not len(areas):
        return None
    box = areas.box(int(np.argmax(areas.areas)))
    return Window(box.x * scale, box.y * scale, box.width * scale, box.height * scale)


def _repeats(before: Look | None, now: Look) -> bool:
    if before is None or before.print != now.print or not now.body:
        return False
    if before.plate is None or now.plate is None:
        return True
    return not np.array_equal(before.plate, now.plate)
