"""Time: which frames a node has, which file a Read shows at a frame, and what a node's look depends on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.nuke.fake import files

if TYPE_CHECKING:
    from tests.nuke.fake.nodes import Node

_USER_RANGE = re.compile(r"(?P<path>.*?)\s+(?P<first>-?\d+)(?:-(?P<last>-?\d+))?", re.DOTALL)
_RANGE = re.compile(r"(-?\d+)(?:-(-?\d+)(?:x(\d+))?)?")


class FrameRange:
    """`nuke.FrameRange`: both ends are in it."""

    def __init__(self, first: int, last: int, increment: int = 1) -> None:
        self._first, self._last, self._increment = int(first), int(last), int(increment)

    def first(self) -> int:
        return self._first

    def last(self) -> int:
        return self._last

    def increment(self) -> int:
        return self._increment

    def frames(self) -> int:
        return len(list(self))

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._first, self._last + 1, self._increment))


class FrameRanges:
    """`nuke.FrameRanges`: `1-10 20 -8--5x2`."""

    def __init__(self, text: str) -> None:
        self._ranges = [_parsed(word) for word in text.split()]

    def toFrameList(self) -> list[int]:
        return sorted({frame for each in self._ranges for frame in each})

    def __iter__(self) -> Iterator[FrameRange]:
        return iter(self._ranges)


def _parsed(word: str) -> FrameRange:
    match = _RANGE.fullmatch(word)
    if not match:
        raise RuntimeError(f"{word!r} is no frame range")
    first = int(match[1])
    return FrameRange(first, int(match[2] or first), int(match[3] or 1))


def frame_range(node: Node) -> FrameRange:
    """The frames that a node has something to show for."""
    kind = node._class
    if kind == "Read":
        return _read_range(node)
    if kind == "Input":
        outside = node._parent.input(node["number"].value()) if node._parent else None
        return frame_range(outside) if outside else node.host.root.frameRange()
    if kind == "Group":
        output = node.output()  # type: ignore[attr-defined]
        return frame_range(output) if output else node.host.root.frameRange()
    first = next((each for each in node._inputs if each), None)
    if first is None:
        return node.host.root.frameRange()
    found = frame_range(first)
    shift = node["time_offset"].value() if kind == "TimeOffset" else 0
    return FrameRange(found.first() + shift, found.last() + shift)


def _read_range(node: Node) -> FrameRange:
    """The script's frames at which the clip's first and last frame are shown."""
    first, last = node["first"].value(), node["last"].value()
    mode, text = node["frame_mode"].value(), node["frame"].value().strip()
    if mode == "start at" and text:
        return FrameRange(int(text), int(text) + last - first)
    if mode == "offset" and text:
        return FrameRange(first - int(text), last - int(text))
    return FrameRange(first, last)


def file_frame(node: Node, frame: int) -> int | None:
    """The number of the file that a Read shows at a frame of the script; None where it is black."""
    first, last = node["first"].value(), node["last"].value()
    mode, text = node["frame_mode"].value(), node["frame"].value().strip()
    wanted = frame
    if text and mode == "start at":
        wanted = frame - int(text) + first
    elif text and mode == "offset":
        wanted = frame + int(text)
    elif text:
        wanted = int(node.host.expressions.number(text, node, frame))
    if first <= wanted <= last:
        return wanted
    return _outside(wanted, first, last, node["before" if wanted < first else "after"].value())


def _outside(wanted: int, first: int, last: int, edge: str) -> int | None:
    if edge == "black":
        return None
    if edge == "hold":
        return first if wanted < first else last
    length = last - first + 1
    if edge == "loop":
        return first + (wanted - first) % length
    step = (wanted - first) % max(2 * length - 2, 1)
    return first + (step if step < length else 2 * length - 2 - step)


def take_user_text(node: Node, knob: str, text: str) -> str:
    """`plate.####.exr 1001-1020`: the path, with the range given to the node."""
    match = _USER_RANGE.fullmatch(text.strip())
    path = match["path"] if match else text.strip()
    if match and node._class == "Read" and knob == "file":
        first, last = int(match["first"]), int(match["last"] or match["first"])
        for name, value in (("first", first), ("last", last), ("origfirst", first), ("origlast", last)):
            node[name].setValue(value)
        _take_format(node, files.numbered(path, first))
        # A Read that an artist makes is looked at: by its panel, its thumbnail or a Viewer.
        node.validated = True
    return path


def _take_format(node: Node, path: str) -> None:
    try:
        node["format"].setValue(files.read(path, raw=True).format)
    except RuntimeError:
        return


def state_of(node: Node) -> tuple[object, ...]:
    """What a node's pixels depend on: its knobs, and those upstream."""
    looks = ("name", "label", "selected", "xpos", "ypos", "tile_color", "postage_stamp")
    knobs = tuple((name, knob.toScript()) for name, knob in node._knobs.items() if name not in looks)
    return (node._class, knobs, tuple(state_of(each) if each else None for each in node._inputs))
