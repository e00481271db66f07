"""Which frames are worth a look, and why: thresholds taken from the shot itself.

`usual.py` says what stands out from a shot. Here is what each measure means when it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from matteline.contract.plate import Window
from matteline.judging.measure import Measures
from matteline.judging.usual import AROUND_FRAMES, OUTLYING, Series, Usual, median, scatter, series

EMPTY = 0.0005
"""Coverage below which a matte is empty."""

LEAST_JUMP = 0.005
LEAST_JUMP_SHARE = 0.1
"""Coverage must jump by so much of the picture, and by so much of what it was."""
LEAST_FLICKER = 0.5
LEAST_SETTLING = 0.3
LEAST_POP = 0.6
LEAST_SPOTS = 0.0002
LEAST_CLIPPED = 0.01
"""Least steps above what is usual, in the units of `Measures`."""

WARM_UP_FRAMES = 12
"""Frames in which a network settles that started without a preroll."""
SETTLED_FRAMES = 12
"""Frames that must follow, to know what is usual."""
MOST_REPEATS = 0.1
"""Where more of a shot repeats, its plate does: a change of frame rate, which is no fault of the matte."""

BROKEN, LOOK = "broken", "look"


@dataclass(frozen=True)
class Mark:
    """One reason to look at a frame.

    Attributes:
        kind: One of `KINDS`.
        sentence: For people, with the frame's number: `Frame 1042: alpha coverage jumps from 31 % to 12 %.`
        severity: `broken` where a file is missing or damaged, else `look`.
        box: Where in the picture, in pixels of the display window; None where it is everywhere.
    """

    kind: str
    sentence: str
    severity: str = LOOK
    box: Window | None = None


KINDS = (
    "missing",
    "unreadable",
    "empty",
    "coverage",
    "pop",
    "flicker",
    "repeat",
    "hole",
    "speck",
    "warm_up",
    "clipped",
)


def find_marks(measures: Sequence[Measures]) -> list[tuple[Mark, ...]]:
    """The marks of every frame, in the order of `measures`."""
    shot = _Shot(measures)
    return [tuple(_worth_telling(list(shot.marks(index)))) for index in range(len(measures))]


def _worth_telling(marks: list[Mark]) -> list[Mark]:
    """Leave out what another mark of the frame implies: an empty matte also jumps, pops and flickers."""
    implied = {"empty": {"coverage", "pop", "flicker"}, "pop": {"flicker"}, "coverage": {"flicker"}}
    kinds = {mark.kind for mark in marks}
    left_out = set().union(*(implied.get(kind, set()) for kind in kinds))
    return [mark for mark in marks if mark.kind not in left_out]


class _Shot:
    """The series of a shot, with what is usual in them."""

    def __init__(self, measures: Sequence[Measures]) -> None:
        self._all = measures
        self._coverage = series([each.coverage for each in measures])
        self._steps = scatter(np.diff(self._coverage)) if len(measures) > 1 else 0.0
        self._pop = Usual([each.pop for each in measures], LEAST_POP)
        self._flicker = Usual([each.flicker for each in measures], LEAST_FLICKER)
        self._holes = Usual([each.holes for each in measures], LEAST_SPOTS)
        self._specks = Usual([each.specks for each in measures], LEAST_SPOTS)
        self._sudden_holes = Usual([each.sudden_holes for each in measures], LEAST_SPOTS)
        self._sudden_specks = Usual([each.sudden_specks for each in measures], LEAST_SPOTS)
        self._clipped = Usual([each.clipped for each in measures], LEAST_CLIPPED)
        self._unsettled = _unsettled(measures)
        self._repeats = _blamed(measures)

    def marks(self, index: int) -> Iterator[Mark]:
        yield from _files(self._all[index])
        for find in (self._empty, self._jump, self._popping, self._flickering, self._repeating):
            yield from find(index)
        for find in (self._hole, self._speck, self._warming, self._clipping):
            yield from find(index)

    def _empty(self, index: int) -> Iterator[Mark]:
        value, around = self._coverage[index], median(self._around(index))
        if value < EMPTY and around > LEAST_JUMP:
            words = f"the matte is empty; the frames around it cover {_percent(around)}"
            yield self._mark("empty", index, words)

    def _jump(self, index: int) -> Iterator[Mark]:
        earlier = self._coverage[max(index - 3, 0) : index]
        before, value = median(earlier), self._coverage[index]
        if not len(earlier) or np.isnan(before) or np.isnan(value):
            return
        step = max(LEAST_JUMP, LEAST_JUMP_SHARE * before, OUTLYING * self._steps)
        last = earlier[-1]
        arrives = np.isnan(last) or abs(value - last) > step / 2
        if abs(value - before) > step and arrives:
            words = f"alpha coverage jumps from {_percent(before)} to {_percent(float(value))}"
            yield self._mark("coverage", index, words)

    def _popping(self, index: int) -> Iterator[Mark]:
        # Before a jump that stays, a frame differs from both sides as well; the jump says it better.
        jumps_next = index + 1 < len(self._all) and any(self._jump(index + 1))
        if self._pop.stands_out(index) and not jumps_next:
            box = self._all[index].pop_box
            words = f"something in the matte comes or goes for this frame alone{_at(box)}"
            yield self._mark("pop", index, words, box)

    def _flickering(self, index: int) -> Iterator[Mark]:
        # A frame that pops is left as well as entered; what it does is told of it alone.
        left_a_pop = index > 0 and (self._pop.stands_out(index - 1) or self._coverage[index - 1] < EMPTY)
        if self._flicker.stands_out(index) and not left_a_pop:
            value, usual = self._flicker.values[index], self._flicker.usual[index]
            words = f"the matte changes by {value:.1f} where the plate stands still; {usual:.1f} is usual"
            yield self._mark("flicker", index, words)

    def _repeating(self, index: int) -> Iterator[Mark]:
        if index in self._repeats:
            other = self._all[self._repeats[index]].number
            yield self._mark("repeat", index, f"the matte is that of frame {other} to the last pixel")

    def _hole(self, index: int) -> Iterator[Mark]:
        if self._holes.stands_out(index) or self._sudden_holes.stands_out(index):
            box, share = self._all[index].hole_box, float(self._holes.values[index])
            words = f"holes take {_percent(share)} of the body, the largest{_at(box)}"
            yield self._mark("hole", index, words, box)

    def _speck(self, index: int) -> Iterator[Mark]:
        if self._specks.stands_out(index) or self._sudden_specks.stands_out(index):
            box, share = self._all[index].speck_box, float(self._specks.values[index])
            words = f"specks beside the body are {_percent(share)} of it, the largest{_at(box)}"
            yield self._mark("speck", index, words, box)

    def _warming(self, index: int) -> Iterator[Mark]:
        if index < self._unsettled:
            words = "the matte is still settling, as after a start without preroll"
            yield self._mark("warm_up", index, words)

    def _clipping(self, index: int) -> Iterator[Mark]:
        if self._clipped.stands_out(index):
            share = float(self._clipped.values[index])
            yield self._mark("clipped", index, f"{_percent(share)} of the body is at the file's limit")

    def _around(self, index: int) -> Series:
        first = max(index - AROUND_FRAMES, 0)
        return np.delete(self._coverage[first : index + AROUND_FRAMES + 1], index - first)

    def _mark(self, kind: str, index: int, words: str, box: Window | None = None) -> Mark:
        return Mark(kind, f"Frame {self._all[index].number}: {words}.", LOOK, box)


def _files(measures: Measures) -> Iterator[Mark]:
    if measures.missing:
        where = " and ".join(measures.missing)
        sentence = f"Frame {measures.number} is missing from {where}."
        yield Mark("missing", sentence, BROKEN)
    for sentence in measures.broken:
        yield Mark("unreadable", sentence, BROKEN)


def _unsettled(measures: Sequence[Measures]) -> int:
    """How many frames from the first on change by more than later ones do: the network had not settled."""
    flicker = [each.flicker for each in measures]
    values = series(flicker if any(value is not None for value in flicker) else [m.change for m in measures])
    later = values[WARM_UP_FRAMES:]
    if len(later) < SETTLED_FRAMES or np.isnan(later).all():
        return 0
    limit = median(later) + max(LEAST_SETTLING, OUTLYING * scatter(later))
    return len(list(takewhile(lambda value: value > limit, values[1:WARM_UP_FRAMES])))


def _blamed(measures: Sequence[Measures]) -> dict[int, int]:
    """Of two frames with one matte the index of the one that is out of place, and that of the other.

    The step into the one, or out of the other, is twice the one beyond it: there a frame was overwritten.
    """
    repeats = [index for index, each in enumerate(measures) if each.repeats]
    if len(repeats) > max(MOST_REPEATS * len(measures), 1):
        return {}
    return dict(_out_of_place(measures, index) for index in repeats)


def _out_of_place(measures: Sequence[Measures], index: int) -> tuple[int, int]:
    into = _times_the_next(measures, index - 1, index - 2)
    out = _times_the_next(measures, index + 1, index + 2)
    return (index - 1, index) if into > out else (index, index - 1)


def _times_the_next(measures: Sequence[Measures], index: int, beyond: int) -> float:
    """How many times a change is the one beyond it; 0 where one of them is not known."""
    if min(index, beyond) < 0 or max(index, beyond) >= len(measures):
        return 0.0
    step, usual = measures[index].change, measures[beyond].change
    return step / usual if step is not None and usual else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def _at(box: Window | None) -> str:
    return f" at x {box.x}, y {box.y}, {box.width}x{box.height} pixels" if box else ""
