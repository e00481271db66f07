"""Findings: the frames of a shot that are worth a look, each with its reason.

Thresholds are taken from the shot itself: `outliers.py` says by which rule. Here is what each measure means
when it is out of the ordinary.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from types import MappingProxyType

import numpy as np

from matteline.contract.plate import Window
from matteline.judging.measure import Measures
from matteline.judging.outliers import (
    NEIGHBOUR_FRAMES,
    OUTLIER_DEVIATIONS,
    OutlierTest,
    known_median,
    robust_deviation,
    to_series,
)

# Coverage below which a matte is empty.
EMPTY_COVERAGE = 0.0005

# Coverage must jump by this share of the picture, and by this share of its former value.
LEAST_JUMP = 0.005
LEAST_JUMP_SHARE = 0.1

# Least steps above what is usual in the shot, in the units of `Measures`. They were chosen on six real clips
# (docs/judging.md): below them nobody sees a fault at normal size.
LEAST_FLICKER = 0.5
LEAST_SETTLING = 0.3
LEAST_POP = 0.6
LEAST_SMALL_AREAS = 0.0002
LEAST_CLIPPED = 0.01

# First frames of a shot in which a network settles that started without a preroll.
WARM_UP_FRAMES = 12
# Frames that must follow those, to know the usual change.
SETTLED_FRAMES = 12
# Share of repeats above which the plate itself repeats, as after a change of frame rate.
MOST_REPEATS = 0.1

BROKEN, LOOK = "broken", "look"

# Kinds of findings, in the order of reports, and the title of each.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "missing": "missing",
        "unreadable": "damaged",
        "empty": "empty matte",
        "coverage": "coverage jumps",
        "pop": "one frame alone",
        "flicker": "flicker",
        "repeat": "repeated matte",
        "hole": "holes",
        "speck": "specks",
        "warm_up": "unsettled start",
        "ghost": "memory of another shot",
        "clipped": "clipped colour",
    }
)

# An empty matte also jumps, pops and flickers: only the finding that explains the others is kept.
_IMPLIED = {"empty": {"coverage", "pop", "flicker"}, "pop": {"flicker"}, "coverage": {"flicker"}}


@dataclass(frozen=True)
class Finding:
    """One reason to look at a frame.

    Attributes:
        kind: One of `KINDS`.
        sentence: For people, with the frame's number: `Frame 1042: alpha coverage jumps from 31 % to 12 %.`
        severity: `broken` where a file is missing or damaged, else `look`.
        box: Place in the picture, in pixels of the display window; None where it is everywhere.
    """

    kind: str
    sentence: str
    severity: str = LOOK
    box: Window | None = None


def find_faults(measures: Sequence[Measures], crossed_cuts: Container[int] = ()) -> list[tuple[Finding, ...]]:
    """Return the findings of every frame, in the order of `measures`.

    Args:
        measures: Of every frame, ascending.
        crossed_cuts: Frames that begin a shot, at which the network did not start anew.
    """
    checks = _ShotChecks(measures, crossed_cuts)
    found = []
    for index in range(len(measures)):
        findings = list(checks.findings(index))
        implied = set().union(*(_IMPLIED.get(each.kind, set()) for each in findings))
        found.append(tuple(each for each in findings if each.kind not in implied))
    return found


class _ShotChecks:
    """The measures of a shot as series, and a check for each kind of finding.

    Each check takes the index of a frame and yields a finding, or nothing.
    """

    def __init__(self, measures: Sequence[Measures], crossed_cuts: Container[int]) -> None:
        self._measures = measures
        self._crossed_cuts = crossed_cuts
        self._coverage = to_series([each.coverage for each in measures])
        self._coverage_steps = robust_deviation(np.diff(self._coverage)) if len(measures) > 1 else 0.0
        self._pop = OutlierTest([each.pop for each in measures], LEAST_POP)
        self._flicker = OutlierTest([each.flicker for each in measures], LEAST_FLICKER)
        self._holes = OutlierTest([each.holes for each in measures], LEAST_SMALL_AREAS)
        self._specks = OutlierTest([each.specks for each in measures], LEAST_SMALL_AREAS)
        self._sudden_holes = OutlierTest([each.sudden_holes for each in measures], LEAST_SMALL_AREAS)
        self._sudden_specks = OutlierTest([each.sudden_specks for each in measures], LEAST_SMALL_AREAS)
        self._clipped = OutlierTest([each.clipped for each in measures], LEAST_CLIPPED)
        self._unsettled = _count_unsettled(measures)
        self._repeats = _misplaced_repeats(measures)

    def findings(self, index: int) -> Iterator[Finding]:
        """Yield the findings of a frame, those of files first."""
        yield from self.files(index)
        for check in (self.empty, self.jump, self.pop, self.flicker, self.repeat):
            yield from check(index)
        for check in (self.hole, self.speck, self.warm_up, self.ghost, self.clipped):
            yield from check(index)

    def files(self, index: int) -> Iterator[Finding]:
        frame = self._measures[index]
        if frame.missing:
            sentence = f"Frame {frame.number} is missing from {' and '.join(frame.missing)}."
            yield Finding("missing", sentence, BROKEN)
        for sentence in frame.broken:
            yield Finding("unreadable", sentence, BROKEN)

    def empty(self, index: int) -> Iterator[Finding]:
        first = max(index - NEIGHBOUR_FRAMES, 0)
        neighbours = np.delete(self._coverage[first : index + NEIGHBOUR_FRAMES + 1], index - first)
        usual = known_median(neighbours)
        if self._coverage[index] < EMPTY_COVERAGE and usual > LEAST_JUMP:
            yield self._finding(
                "empty", index, f"the matte is empty; the frames around it cover {_percent(usual)}"
            )

    def jump(self, index: int) -> Iterator[Finding]:
        # The median of three frames, so that a single bad frame before does not make this one jump back.
        earlier = self._coverage[max(index - 3, 0) : index]
        before, value = known_median(earlier), self._coverage[index]
        if not len(earlier) or np.isnan(before) or np.isnan(value):
            return
        step = max(LEAST_JUMP, LEAST_JUMP_SHARE * before, OUTLIER_DEVIATIONS * self._coverage_steps)
        # Only the frame that arrives is told of: the two after it lie as far from the older median.
        last = earlier[-1]
        arrives = np.isnan(last) or abs(value - last) > step / 2
        if abs(value - before) > step and arrives:
            words = f"alpha coverage jumps from {_percent(before)} to {_percent(float(value))}"
            yield self._finding("coverage", index, words)

    def pop(self, index: int) -> Iterator[Finding]:
        # Before a jump that stays, a frame differs from both sides as well; the jump says it better.
        jumps_next = index + 1 < len(self._measures) and any(self.jump(index + 1))
        if self._pop.is_outlier(index) and not jumps_next:
            box = self._measures[index].pop_box
            words = f"something in the matte comes or goes for this frame alone{_place(box)}"
            yield self._finding("pop", index, words, box)

    def flicker(self, index: int) -> Iterator[Finding]:
        # The matte changes into a popping frame and out of it again; the frame itself tells of both.
        left_a_pop = index > 0 and (
            self._pop.is_outlier(index - 1) or self._coverage[index - 1] < EMPTY_COVERAGE
        )
        if self._flicker.is_outlier(index) and not left_a_pop:
            value, usual = self._flicker.values[index], self._flicker.usual[index]
            words = f"the matte changes by {value:.1f} where the plate stands still; {usual:.1f} is usual"
            yield self._finding("flicker", index, words)

    def repeat(self, index: int) -> Iterator[Finding]:
        if index in self._repeats:
            other = self._measures[self._repeats[index]].number
            yield self._finding("repeat", index, f"the matte is that of frame {other} to the last pixel")

    def hole(self, index: int) -> Iterator[Finding]:
        # By the sudden ones too: gaps that come and go raise what is usual, and must not hide a hole in the body.
        if self._holes.is_outlier(index) or self._sudden_holes.is_outlier(index):
            box, share = self._measures[index].hole_box, float(self._holes.values[index])
            words = f"holes take {_percent(share)} of the body, the largest{_place(box)}"
            yield self._finding("hole", index, words, box)

    def speck(self, index: int) -> Iterator[Finding]:
        if self._specks.is_outlier(index) or self._sudden_specks.is_outlier(index):
            box, share = self._measures[index].speck_box, float(self._specks.values[index])
            words = f"specks beside the body are {_percent(share)} of it, the largest{_place(box)}"
            yield self._finding("speck", index, words, box)

    def warm_up(self, index: int) -> Iterator[Finding]:
        if index < self._unsettled:
            words = "the matte is still settling, as after a start without preroll"
            yield self._finding("warm_up", index, words)

    def ghost(self, index: int) -> Iterator[Finding]:
        number = self._measures[index].number
        if number in self._crossed_cuts:
            words = (
                "the plate is cut here and the network went on: the mattes of this frame and of those after it "
                "may hold a ghost of the shot before"
            )
            yield self._finding("ghost", index, words)

    def clipped(self, index: int) -> Iterator[Finding]:
        if self._clipped.is_outlier(index):
            share = float(self._clipped.values[index])
            yield self._finding("clipped", index, f"{_percent(share)} of the body is at the file's limit")

    def _finding(self, kind: str, index: int, words: str, box: Window | None = None) -> Finding:
        return Finding(kind, f"Frame {self._measures[index].number}: {words}.", LOOK, box)


def _count_unsettled(measures: Sequence[Measures]) -> int:
    """Count the first frames that change by more than later ones, because the network had not settled."""
    flicker = [each.flicker for each in measures]
    # Without a plate the change of the whole matte has to do, which movement adds to.
    known = any(value is not None for value in flicker)
    values = to_series(flicker if known else [each.change for each in measures])
    later = values[WARM_UP_FRAMES:]
    if len(later) < SETTLED_FRAMES or np.isnan(later).all():
        return 0
    limit = known_median(later) + max(LEAST_SETTLING, OUTLIER_DEVIATIONS * robust_deviation(later))
    # The first frame has no change of its own, so as many frames settle as changes are above the limit.
    return len(list(takewhile(lambda value: value > limit, values[1:WARM_UP_FRAMES])))


def _misplaced_repeats(measures: Sequence[Measures]) -> dict[int, int]:
    """Map the index of each frame that holds another one's matte to the index of that other one.

    Of two neighbours with one matte, the wrong one is where the change beyond the pair is larger compared
    with the next change: there a frame was overwritten, and movement of two frames falls into one.
    """
    repeats = [index for index, each in enumerate(measures) if each.repeats]
    # A single one is told of in the shortest shot too.
    if len(repeats) > max(MOST_REPEATS * len(measures), 1):
        return {}

    def ratio(index: int, beyond: int) -> float:
        """Return the change at one index over the change at the next; 0 where one is not known."""
        if min(index, beyond) < 0 or max(index, beyond) >= len(measures):
            return 0.0
        step, usual = measures[index].change, measures[beyond].change
        return step / usual if step is not None and usual else 0.0

    misplaced = {}
    for index in repeats:
        is_first = ratio(index - 1, index - 2) > ratio(index + 1, index + 2)
        wrong, right = (index - 1, index) if is_first else (index, index - 1)
        misplaced[wrong] = right
    return misplaced


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def _place(box: Window | None) -> str:
    return f" at x {box.x}, y {box.y}, {box.width}x{box.height} pixels" if box else ""
