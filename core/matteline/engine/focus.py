"""Regions of the plate to show the network, chosen from where the first look saw people.

The network cuts out a person best who is 300 to 500 pixels high in its picture. A plate reduced as a whole gives
that to people who fill it; others get a region round them. A region keeps its size throughout a shot, since
another scale would be another picture to the recurrent state, and it follows people by whole strides of the
network, over which the state can be moved along.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from matteline.contract.frames import FrameRange
from matteline.contract.plate import Window
from matteline.contract.shot_notes import STRIDE_PIXELS, LookedFrame, Region, Segment, ShotNotes

MOST_WIDE: Final = 1.5
MOST_HIGH: Final = 1.03
"""Most of a region in the network's picture, as multiples of the longer side that its weights were made for. At
520 rows people of any kind gain; from 600 on heads and shoulders lose again. Groups may be wider than high."""
LEAST_REDUCTION: Final = 1 / 1.6
"""Small people are enlarged up to 1.6 times: the network draws finer and steadier edges where it has more pixels to
draw them with, though the plate has no more to show."""
WORTHWHILE: Final = 1.15
"""Least gain in scale for which a part of the plate is shown instead of the whole."""
STEADY: Final = 0.85
"""What a region that stands still, or holds several groups, may lose in scale against one that does not."""
MARGIN: Final = 0.08
"""Room round people, as a part of the longer side of their box."""
MOST_REGIONS: Final = 4
MOST_COST: Final = 3.0
"""Most that the network sees in all, as a multiple of a plate of 16:9 reduced to the weights' longer side. People
who fill such a plate are shown at 2.25."""

# Cells along the longer side of a matte in which people are looked for: 20 pixels of HD.
_CELLS: Final = 96
_PRESENT: Final = 0.5
_CERTAIN: Final = 0.9
# Alpha of a person in all, as a share of the picture: of somebody a twelfth of its height.
_LEAST_SHARE: Final = 5e-4
# A box smaller than this share of the plate that is seen in one looked frame alone is taken for a mistake.
_MISTAKEN_SHARE: Final = 5e-3
_SAME_HEIGHT: Final = 1.6
# Boxes of two looked frames are of the same people if neither is so many times as high as the other, and their
# middles are no further apart than this part of their longest side.
_SAME_PLACE: Final = 0.75

Alpha = npt.NDArray[np.float32]
Track = tuple[Window, ...]
"""The pixels that must be seen of some people from each looked frame of a shot up to the next."""


def people_boxes(alpha: Alpha, width: int, height: int) -> tuple[Window, ...]:
    """Boxes round people, or groups of people who touch, from above to below and from left to right.

    Args:
        alpha: Matte of a reduced frame, (h, w), 0..1.
        width: Of the plate's canvas in pixels.
        height: Of the plate's canvas in pixels.

    Returns:
        Boxes in pixels of the canvas. They go by cells of the matte, so that the last bits of alpha hardly matter.
    """
    rows, columns = alpha.shape
    # Whole pixels, so that the padded matte divides into cells without resampling.
    cell = math.ceil(max(rows, columns) / _CELLS)
    padded = np.pad(alpha, ((0, -rows % cell), (0, -columns % cell)))
    cells = padded.reshape(padded.shape[0] // cell, cell, padded.shape[1] // cell, cell)
    most, total = cells.max((1, 3)), cells.sum((1, 3), dtype=np.float64)
    boxes = []
    for part in _connected(most >= _PRESENT):
        if most[part].max() < _CERTAIN or total[part].sum() < _LEAST_SHARE * alpha.size:
            continue
        (top, left), (bottom, right) = ([int(side) * cell for side in ends] for ends in _ends(part))
        x, y = left * width // columns, top * height // rows
        x_end, y_end = min(width, -(-right * width // columns)), min(height, -(-bottom * height // rows))
        boxes.append(Window(x, y, x_end - x, y_end - y))
    return tuple(sorted(boxes, key=lambda box: (box.y, box.x, box.height, box.width)))


_Part = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


def _ends(part: _Part) -> tuple[tuple[np.intp, np.intp], tuple[np.intp, np.intp]]:
    rows, columns = part
    return (rows.min(), columns.min()), (rows.max() + 1, columns.max() + 1)


def _connected(cells: npt.NDArray[np.bool_]) -> Iterator[_Part]:
    """Rows and columns of each group of cells that touch, corners included."""
    left = cells.copy()
    for start in np.argwhere(cells).tolist():
        if not left[start[0], start[1]]:
            continue
        left[start[0], start[1]] = False
        group, waiting = [], [start]
        while waiting:
            row, column = waiting.pop()
            group.append((row, column))
            top, first = max(row - 1, 0), max(column - 1, 0)
            near = left[top : row + 2, first : column + 2]
            waiting.extend([top + down, first + right] for down, right in np.argwhere(near).tolist())
            # Marked when it is queued, not when it is taken: a cell is reached from up to eight neighbours.
            near[:] = False
        rows, columns = np.array(group).T
        yield rows, columns


def choose_segments(notes: ShotNotes, longer_side: int = 512, *, always: bool = False) -> tuple[Segment, ...]:
    """A segment for every shot, with the regions in which its people are matted.

    Everything is computed in whole pixels from the notes, so that all machines choose the same.

    Args:
        notes: What the first look learnt; segments already in it do not count.
        longer_side: Of the picture that the weights were made for, in pixels.
        always: True for regions round all people, also where the whole plate would do.

    Returns:
        Segments in order. One without regions shows the whole plate at the size that it has without focus:
        nobody was seen, or nobody would gain.
    """
    canvas = Window(0, 0, notes.width, notes.height)
    return tuple(
        Segment(
            shot,
            _Focus(canvas, shot, [each for each in notes.looked if each.number in shot], longer_side).regions(
                always
            ),
        )
        for shot in notes.shots
    )


class _Focus:
    """The choice of regions for one shot."""

    def __init__(
        self, canvas: Window, shot: FrameRange, looked: Sequence[LookedFrame], longer_side: int
    ) -> None:
        self._canvas = canvas
        self._longer_side = longer_side
        # Places count from the shot's first frame, whichever frame was looked at first.
        self._numbers = [shot.first, *(each.number for each in looked[1:])]
        self._tracks = _tracks(looked, canvas)

    def regions(self, always: bool) -> tuple[Region, ...]:
        """Regions, coarse ones first; none for the whole plate at the size that it has without focus."""
        plate = self._of_plate(self._step(self._canvas.width, self._canvas.height))
        usual = self._of_plate(
            math.ceil(STRIDE_PIXELS * max(1, max(plate.width, plate.height) / self._longer_side))
        )
        tracks = self._joined(self._tracks)
        all_of_them = [self._region(track) for track in tracks]
        fine = [each for each in all_of_them if plate.step >= WORTHWHILE * each.step]
        if not all_of_them:
            return ()
        if always:
            return tuple(sorted(all_of_them, key=lambda region: (-region.step, region.places)))
        chosen = fine
        if len(fine) < len(all_of_them):
            chosen = [plate, *fine]
            if self._cost(chosen) > MOST_COST:
                chosen = [usual, *fine]
            if self._cost(chosen) > MOST_COST:
                chosen = [plate]
        if chosen == [plate] and usual.step < WORTHWHILE * plate.step:
            return ()
        return tuple(sorted(chosen, key=lambda region: (-region.step, region.places)))

    def _joined(self, tracks: list[Track]) -> list[Track]:
        """Tracks put together as long as that saves more than it costs, or while there are too many."""
        while len(tracks) > 1:
            regions = [self._region(track) for track in tracks]
            crowded = len(tracks) > MOST_REGIONS or self._cost(regions) > MOST_COST
            best: tuple[float, int, int] | None = None
            for one, other in combinations(range(len(tracks)), 2):
                both = self._region(_union(tracks[one], tracks[other]))
                more = self._cost([both]) - self._cost([regions[one], regions[other]])
                fits = more <= 0 and STEADY * both.step <= min(regions[one].step, regions[other].step)
                # Ties go by place in the list, so that all machines join the same two.
                if (fits or crowded) and (best is None or (more, one, other) < best):
                    best = more, one, other
            if best is None:
                break
            _, one, other = best
            joined = _union(tracks[one], tracks[other])
            tracks = [track for place, track in enumerate(tracks) if place not in (one, other)] + [joined]
        return tracks

    def _region(self, track: Track) -> Region:
        """A region that shows a track, standing still where that costs little."""
        whole = track[0]
        for box in track[1:]:
            whole = whole.union(box)
        steady = self._step(whole.width, whole.height)
        # One size for the whole shot: another scale would be another picture to the recurrent state.
        width, height = max(box.width for box in track), max(box.height for box in track)
        # The scale is chosen before the room to move in is added, which thus costs no detail.
        step = self._step(width, height)
        if STEADY * steady <= step:
            return Region(whole.width, whole.height, steady, ((self._numbers[0], whole.x, whole.y),))
        # With room to stand still in for a while: every move shows new background at one side.
        width = _room(width, whole.width, step, self._canvas.width)
        height = _room(height, whole.height, step, self._canvas.height)
        return Region(width, height, step, tuple(self._places(track, width, height, step)))

    def _places(self, track: Track, width: int, height: int, step: int) -> Iterator[tuple[int, int, int]]:
        """Where a region of a size lies, and from which frame on."""
        place: tuple[int, int] | None = None
        for number, box in zip(self._numbers, track, strict=True):
            if place is None or not Window(*place, width, height).contains(box):
                # It moves only once somebody would leave it: at every move the state has to be moved along.
                place = (
                    _start(box.x, box.width, width, step, self._canvas.width),
                    _start(box.y, box.height, height, step, self._canvas.height),
                )
                yield number, *place

    def _of_plate(self, step: int) -> Region:
        return Region(self._canvas.width, self._canvas.height, step, ((self._numbers[0], 0, 0),))

    def _step(self, width: int, height: int) -> int:
        """Pixels of the canvas to a stride of the network's picture, for a part of this size."""
        reduction = max(
            LEAST_REDUCTION, width / (MOST_WIDE * self._longer_side), height / (MOST_HIGH * self._longer_side)
        )
        return math.ceil(STRIDE_PIXELS * reduction)

    def _cost(self, regions: Sequence[Region]) -> float:
        """Pixels that the network sees of some regions, as a multiple of a usual plate."""
        seen = sum(each.width * each.height * (STRIDE_PIXELS / each.step) ** 2 for each in regions)
        return seen / (self._longer_side**2 * 9 / 16)


def _room(size: int, way: int, step: int, canvas: int) -> int:
    """Length of a side that must hold `size` pixels, and move along a way or not."""
    if way == size:
        return size
    return min((-(-size // step) + 3) * step, canvas)


def _start(first: int, size: int, room: int, step: int, canvas: int) -> int:
    """Beginning of a side, in whole steps, with its need in the middle."""
    if room >= canvas:
        return 0
    last = -(-(canvas - room) // step) * step
    return min(max(round((first + size / 2 - room / 2) / step) * step, 0), last)


def _union(one: Track, other: Track) -> Track:
    return tuple(box.union(another) for box, another in zip(one, other, strict=True))


def _tracks(looked: Sequence[LookedFrame], canvas: Window) -> list[Track]:
    """Tracks of the people of a shot, in order of their first boxes."""
    boxes = [(place, box) for place, each in enumerate(looked) for box in each.people]
    # Each box points to an earlier one of the same people, or to itself.
    earlier = list(range(len(boxes)))

    def first_of(number: int) -> int:
        while earlier[number] != number:
            earlier[number] = earlier[earlier[number]]
            number = earlier[number]
        return number

    before = 0
    for number, (place, box) in enumerate(boxes):
        while boxes[before][0] < place - 1:
            before += 1
        for other in range(before, number):
            if boxes[other][0] == place - 1 and _are_same(boxes[other][1], box):
                one, another = sorted((first_of(other), first_of(number)))
                earlier[another] = one
    groups: dict[int, dict[int, Window]] = {}
    for number, (place, box) in enumerate(boxes):
        seen = groups.setdefault(first_of(number), {})
        seen[place] = seen[place].union(box) if place in seen else box
    return [
        _filled(seen, len(looked), canvas)
        for seen in groups.values()
        if not _is_mistake(seen, len(looked), canvas)
    ]


def _is_mistake(seen: dict[int, Window], count: int, canvas: Window) -> bool:
    """Tell whether something small was seen only once, though the frames before or after were looked at too."""
    largest = max(box.width * box.height for box in seen.values())
    return len(seen) == 1 and count > 2 and largest < _MISTAKEN_SHARE * canvas.width * canvas.height


def _filled(seen: dict[int, Window], count: int, canvas: Window) -> Track:
    """What must be seen from every looked frame to the next; who was overlooked is where he was, or will be."""
    places = sorted(seen)
    track = []
    for place in range(count):
        before = max((each for each in places if each <= place), default=places[0])
        after = min((each for each in places if each > place), default=places[-1])
        box = seen[before].union(seen[after])
        margin = math.ceil(MARGIN * max(box.width, box.height))
        x, y = max(0, box.x - margin), max(0, box.y - margin)
        x_end = min(canvas.width, box.x + box.width + margin)
        y_end = min(canvas.height, box.y + box.height + margin)
        track.append(Window(x, y, x_end - x, y_end - y))
    return tuple(track)


def _are_same(one: Window, other: Window) -> bool:
    """Tell whether boxes of two looked frames are of the same people."""
    low, high = sorted((one.height, other.height))
    right = abs(2 * one.x + one.width - 2 * other.x - other.width) / 2
    down = abs(2 * one.y + one.height - 2 * other.y - other.height) / 2
    reach = _SAME_PLACE * max(one.width, one.height, other.width, other.height)
    return high <= _SAME_HEIGHT * low and max(right, down) <= reach
