"""Notes of the first look over a plate: its cuts, where its people are, and the regions to show the network.

Notes are a value. They are made once, on one machine, and every machine that renders a part of the plate takes
them from the file: so all agree, though a network's last bits differ between machines. An artist may strike out
a cut or add one; notes say then that they were edited.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional, Union

from matteline.contract.errors import JobError, ReadError, StateError
from matteline.contract.files import read_limited, write_text
from matteline.contract.frames import FrameRange
from matteline.contract.plate import Window
from matteline.contract.record import RECORD_FOLDER

NOTES_VERSION = 3
LARGEST_BYTES = 64 << 20
"""Notes of a day of film with twenty people in every frame are smaller."""

STRIDE_PIXELS = 16
"""Pixels of the network's picture to one value of its coarsest state. A region moves by multiples of these, so
that the state can be moved along."""

LEAST_STEP = STRIDE_PIXELS // 2
"""A region is enlarged no further than this: twice."""

# Limits, because notes are untrusted files: each of these would otherwise decide how much memory is taken.
MOST_PIXELS = 1 << 16
MOST_FRAMES = 1 << 24
MOST_PEOPLE = 256
MOST_REGIONS = 16

_LOOK_AGAIN = "Look at the plate again."


@dataclass(frozen=True)
class LookedFrame:
    """Findings of the first look in one frame.

    Attributes:
        number: The plate's own frame number.
        people: Boxes round people or groups of people, in pixels of the canvas; the same order on all machines.
        bright_stops: Where the brightest hundredth of the frame begins, in stops from white, in hundredths.
        unsure: Share of the people's area where alpha is neither 0 nor 1 far from any edge, in thousandths.
        flicker: Mean change of alpha since the looked frame before, where the plate stood still, in thousandths.
    """

    number: int
    people: tuple[Window, ...]
    bright_stops: float
    unsure: float = 0.0
    flicker: float = 0.0


@dataclass(frozen=True)
class Region:
    """A part of the plate shown to the network by itself, of one size throughout a segment.

    Attributes:
        width: In pixels of the canvas.
        height: In pixels of the canvas.
        step: Pixels of the canvas to `STRIDE_PIXELS` of the network's picture; places differ by multiples of it.
        places: Frame number, left and upper edge, from where on the region lies there; the first is that of
            the segment's first frame. A region may stick out of the canvas on the right and below, by less
            than a step.
    """

    width: int
    height: int
    step: int
    places: tuple[tuple[int, int, int], ...]

    @property
    def ratio(self) -> float:
        """Size of the network's picture over that of the region."""
        if self.step == STRIDE_PIXELS:
            return 1.0
        # The size of the network's picture is rounded down: 399 pixels times 16 / 21 must not give 303.
        return STRIDE_PIXELS / self.step * (1 + 2.0**-50)

    def window(self, frame: int) -> Window:
        """Return the region's place in a frame of its segment."""
        x, y = next((x, y) for first, x, y in reversed(self.places) if first <= frame)
        return Window(x, y, self.width, self.height)


@dataclass(frozen=True)
class Segment:
    """Frames of one shot that are shown to the network in the same way.

    Attributes:
        frames: The frames.
        regions: Parts of the plate, coarse ones first; the whole plate where there are none.
    """

    frames: FrameRange
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True)
class ShotNotes:
    """Findings of the first look over a plate.

    Attributes:
        frames: The frames it went over.
        width: Of the plate's canvas, in pixels.
        height: Of the plate's canvas, in pixels.
        cuts: Frames that begin a shot, ascending; the first frame is not among them.
        found_cuts: The cuts that were found; others where an artist named the cuts.
        looked: The frames that the network saw, ascending.
        segments: All of the frames in order, none across a cut.
        hashes: Names and SHA-256 of what the notes were made from, such as plate and weights, by name.
        edited: Whether an artist changed something.

    Raises:
        JobError: Something contradicts itself or is too large.
    """

    frames: FrameRange
    width: int
    height: int
    cuts: tuple[int, ...] = ()
    found_cuts: tuple[int, ...] = ()
    looked: tuple[LookedFrame, ...] = ()
    segments: tuple[Segment, ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    edited: bool = False

    def __post_init__(self) -> None:
        _check(len(self.frames) <= MOST_FRAMES, "they cover too many frames")
        _check(
            0 < self.width <= MOST_PIXELS and 0 < self.height <= MOST_PIXELS, "the canvas has no usable size"
        )
        inner = FrameRange(self.frames.first, self.frames.last)
        _check(_ascend(self.cuts), "cuts are not in order")
        _check(all(cut in inner and cut != inner.first for cut in self.cuts), "a cut lies outside the frames")
        _check(_ascend(self.found_cuts), "found cuts are not in order")
        _check(all(cut in inner for cut in self.found_cuts), "a found cut lies outside the frames")
        _check(_ascend([each.number for each in self.looked]), "looked frames are not in order")
        for each in self.looked:
            _check(each.number in inner, "a looked frame lies outside the frames")
            _check(len(each.people) <= MOST_PEOPLE, f"too many people in frame {each.number}")
            _check(
                all(map(self._holds, each.people)),
                f"a person of frame {each.number} has no place on the canvas",
            )
        self._check_segments()

    def _check_segments(self) -> None:
        if not self.segments:
            return
        firsts = [each.frames.first for each in self.segments]
        ends = [each.frames.last + 1 for each in self.segments]
        whole = [self.frames.first, *ends[:-1]] == firsts and ends[-1] == self.frames.last + 1
        _check(whole, "segments do not follow on each other from the first frame to the last")
        _check(set(self.cuts) <= set(firsts), "a segment goes across a cut")
        for each in self.segments:
            _check(len(each.regions) <= MOST_REGIONS, f"too many regions in frames {each.frames}")
            for region in each.regions:
                self._check_region(region, each.frames)

    def _check_region(self, region: Region, frames: FrameRange) -> None:
        where = f"a region of frames {frames}"
        _check(LEAST_STEP <= region.step <= MOST_PIXELS, f"{where} has no usable step")
        numbers = [number for number, _, _ in region.places]
        _check(bool(numbers) and numbers[0] == frames.first, f"{where} has no place in the first frame")
        _check(_ascend(numbers) and numbers[-1] <= frames.last, f"the places of {where} are not in order")
        _, left, top = region.places[0]
        for _, x, y in region.places:
            aligned = (x - left) % region.step == 0 and (y - top) % region.step == 0
            _check(aligned, f"{where} moves by parts of its step")
            beyond = x + region.width - self.width, y + region.height - self.height
            inside = x >= 0 and y >= 0 and max(beyond) < region.step
            _check(inside and region.width > 0 and region.height > 0, f"{where} has no place on the canvas")

    def _holds(self, box: Window) -> bool:
        canvas = Window(0, 0, self.width, self.height)
        return box.width > 0 and box.height > 0 and canvas.contains(box)

    @property
    def shots(self) -> tuple[FrameRange, ...]:
        """The frames between cuts, in order."""
        firsts = (self.frames.first, *self.cuts)
        lasts = (*(cut - 1 for cut in self.cuts), self.frames.last)
        return tuple(FrameRange(first, last) for first, last in zip(firsts, lasts))

    def with_cuts(self, cuts: Iterable[int]) -> ShotNotes:
        """The same notes as an artist edited them; segments are to be chosen anew, and are left out.

        Raises:
            JobError: A cut lies outside the frames.
        """
        return replace(self, cuts=tuple(sorted(set(cuts))), segments=(), edited=True)

    @property
    def digest(self) -> str:
        """SHA-256 of the notes, the same for equal notes on all machines."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """The notes as one JSON object with its version."""
        data = {
            "format": _FORMAT,
            "version": NOTES_VERSION,
            "frames": str(self.frames),
            "size": [self.width, self.height],
            "cuts": list(self.cuts),
            "found_cuts": list(self.found_cuts),
            "looked": [_looked_data(each) for each in self.looked],
            "segments": [_segment_data(each) for each in self.segments],
            "hashes": dict(self.hashes),
            "edited": self.edited,
        }
        # No spaces and ASCII alone: the digest must not depend on how a machine writes JSON.
        return json.dumps(data, ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> ShotNotes:
        """Read what `to_json` wrote, trusting nothing in it.

        Raises:
            JobError: Not JSON, of another version, or with a field that is missing, unknown or not allowed.
        """
        try:
            # Python reads NaN and Infinity as well, which are no JSON.
            data = _Fields(json.loads(text, parse_constant=_refuse_constant), "the notes")
        except (ValueError, RecursionError) as error:
            raise _wrong(f"they are not JSON ({error})") from None
        if data.take("format") != _FORMAT or data.take("version") != NOTES_VERSION:
            raise JobError(
                "The notes are of another kind or version than this matteline reads.",
                field="notes",
                hint=_LOOK_AGAIN,
            )
        width, height = data.integers("size", 2)
        hashes = data.take("hashes")
        _check(
            isinstance(hashes, dict) and all(isinstance(value, str) for value in hashes.values()),
            "hashes are not names with texts",
        )
        edited = data.take("edited")
        _check(isinstance(edited, bool), "'edited' is neither true nor false")
        notes = cls(
            frames=_range(data.take("frames")),
            width=width,
            height=height,
            cuts=tuple(data.integers("cuts")),
            found_cuts=tuple(data.integers("found_cuts")),
            looked=tuple(_looked(each) for each in data.items("looked")),
            segments=tuple(_segment(each) for each in data.items("segments")),
            # Sorted, so that equal notes are equal values, whatever order the file has.
            hashes=tuple(sorted(hashes.items())),
            edited=edited,
        )
        data.finish()
        return notes


_FORMAT = "matteline shot notes"


def shot_notes_file(folder: Path, shot: str) -> Path:
    """Return the file of the notes beside a shot's results; it need not exist."""
    return folder / RECORD_FOLDER / f"{shot}.look.json"


def write_notes(path: Union[str, os.PathLike[str]], notes: ShotNotes) -> None:
    """Write notes as JSON, whole or not at all, their folder made if needed. Raises `WriteError`."""
    write_text(Path(path), f"{notes.to_json()}\n")


def read_notes(
    path: Union[str, os.PathLike[str]], *, hashes: Optional[Mapping[str, str]] = None
) -> ShotNotes:
    """Read what `write_notes` wrote.

    Args:
        path: The file.
        hashes: What the notes must have been made from; None takes them as they are.

    Raises:
        ReadError: The file cannot be read, is too large, or is no text in UTF-8.
        JobError: As `ShotNotes.from_json` says.
        StateError: The notes were made from something else.
    """
    try:
        data = read_limited(path, LARGEST_BYTES)
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror}") from None
    if len(data) > LARGEST_BYTES:
        raise _unreadable(path, "are too large")
    try:
        notes = ShotNotes.from_json(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise _unreadable(path, "are no text in UTF-8") from None
    saved, wanted = dict(notes.hashes), dict(hashes or {})
    changed = sorted(name for name, value in wanted.items() if saved.get(name) != value)
    if changed:
        raise StateError(
            f"The shot notes {os.fspath(path)} cannot be used: since they were made, other "
            f"{' and '.join(changed)} came in use.",
            path=path,
            hint=_LOOK_AGAIN,
        )
    return notes


def _unreadable(path: Union[str, os.PathLike[str]], why: str) -> ReadError:
    return ReadError(f"The shot notes {os.fspath(path)} {why}.", path=path, hint=_LOOK_AGAIN)


def _looked_data(looked: LookedFrame) -> dict[str, Any]:
    return {
        "number": looked.number,
        "people": [[box.x, box.y, box.width, box.height] for box in looked.people],
        "bright_stops": looked.bright_stops,
        "unsure": looked.unsure,
        "flicker": looked.flicker,
    }


def _looked(data: Any) -> LookedFrame:
    values = _Fields(data, "a looked frame")
    looked = LookedFrame(
        number=values.integer("number"),
        people=tuple(Window(*_integers(box, "a box", 4)) for box in values.items("people")),
        bright_stops=values.number("bright_stops"),
        unsure=values.number("unsure"),
        flicker=values.number("flicker"),
    )
    values.finish()
    return looked


def _segment_data(segment: Segment) -> dict[str, Any]:
    regions = [
        {
            "size": [each.width, each.height],
            "step": each.step,
            "places": [list(place) for place in each.places],
        }
        for each in segment.regions
    ]
    return {"frames": str(segment.frames), "regions": regions}


def _segment(data: Any) -> Segment:
    values = _Fields(data, "a segment")
    segment = Segment(_range(values.take("frames")), tuple(map(_region, values.items("regions"))))
    values.finish()
    return segment


def _region(data: Any) -> Region:
    values = _Fields(data, "a region")
    width, height = values.integers("size", 2)
    places = []
    for each in values.items("places"):
        number, x, y = _integers(each, "a place", 3)
        places.append((number, x, y))
    region = Region(width, height, values.integer("step"), tuple(places))
    values.finish()
    return region


class _Fields:
    """The fields of a JSON object, each to be taken once, and none left over."""

    def __init__(self, data: Any, name: str) -> None:
        _check(isinstance(data, dict), f"{name} should be a JSON object")
        self._data, self._name = dict(data), name

    def take(self, field: str) -> Any:
        _check(field in self._data, f"{self._name} has no '{field}'")
        return self._data.pop(field)

    def items(self, field: str) -> list[Any]:
        value = self.take(field)
        _check(isinstance(value, list), f"'{field}' of {self._name} should be a list")
        return list(value)

    def integers(self, field: str, count: Optional[int] = None) -> list[int]:
        return _integers(self.take(field), f"'{field}' of {self._name}", count)

    def integer(self, field: str) -> int:
        return _integers([self.take(field)], f"'{field}' of {self._name}", 1)[0]

    def number(self, field: str) -> float:
        value = self.take(field)
        right = isinstance(value, (int, float)) and not isinstance(value, bool)
        _check(
            right and abs(value) < 1e6 and math.isfinite(value),
            f"'{field}' of {self._name} cannot be {value!r:.50}",
        )
        return float(value)

    def finish(self) -> None:
        # A field that is passed over would be lost when the notes are written again.
        _check(not self._data, f"{self._name} has a field '{next(iter(self._data), '')}' that is not known")


def _integers(value: Any, name: str, count: Optional[int] = None) -> list[int]:
    _check(
        isinstance(value, list) and (count is None or len(value) == count),
        f"{name} should be a list of numbers",
    )
    for each in value:
        # Up to here JSON's numbers are exact, also where a program reads them as doubles; True is an int to Python.
        right = isinstance(each, int) and not isinstance(each, bool) and abs(each) < 1 << 53
        _check(right, f"{name} should be whole numbers")
    return list(value)


def _range(value: Any) -> FrameRange:
    _check(isinstance(value, str), "frames should be written as 1001-1020")
    return FrameRange.parse(value)


def _ascend(numbers: Iterable[int]) -> bool:
    listed = list(numbers)
    return all(one < other for one, other in zip(listed, listed[1:]))


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _check(right: bool, why: str) -> None:
    if not right:
        raise _wrong(why)


def _wrong(why: str) -> JobError:
    return JobError(f"The shot notes cannot be used: {why}.", field="notes", hint=_LOOK_AGAIN)
