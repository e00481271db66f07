"""`nuke.execute`: a Write pulls its input through and leaves files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tests.nuke.fake import files
from tests.nuke.fake.clips import FrameRange, FrameRanges
from tests.nuke.fake.more_knobs import channel_names

if TYPE_CHECKING:
    from tests.nuke.fake.host import FakeNuke
    from tests.nuke.fake.nodes import Node

BUSY = "I'm already executing something else"


class Executing:
    """Attributes: `now`, whether something is; `cancel_at`, the frame at which the user gives up."""

    def __init__(self, host: FakeNuke) -> None:
        self._host = host
        self.now = False
        self.cancel_at: int | None = None
        self.frames: list[int] = []

    def execute(self, node: Node | str, *given: Any, **named: Any) -> None:
        """`nuke.execute(node, first, last, incr=1, views=[…])`, or with FrameRanges.

        Raises:
            RuntimeError: Cancelled, busy, nothing to execute, or a frame that cannot be made.
        """
        self._host.main.guard("execute")
        # A name reaches further than Python's eyes in Non-commercial Nuke.
        writer = self._host.groups[-1].node(node) if isinstance(node, str) else node
        if writer is None:
            raise RuntimeError(f"no node {node}")
        writer.see("execute")
        numbers, rest = _numbers(given)
        views = named.pop("views", rest[0] if rest else None)
        named.pop("continueOnError", None)
        if named:
            raise TypeError(f"execute has no argument {sorted(named)}")
        self._run([(writer, numbers)], views)

    def execute_multiple(
        self, nodes: Any, ranges: Any, views: list[str] | None = None, continueOnError: bool = False
    ) -> None:
        """`nuke.executeMultiple([write], [(first, last, 1)], views)`."""
        self._host.main.guard("execute")
        numbers = [frame for each in ranges for frame in FrameRange(*each)]
        self._run([(node, numbers) for node in nodes], views)

    def _run(self, work: list[tuple[Node, list[int]]], views: list[str] | None) -> None:
        if self.now:
            raise RuntimeError(BUSY)
        frame, view, self.now = self._host.frame, self._host.view, True
        try:
            for writer, numbers in work:
                self._write(writer, numbers, views)
        finally:
            self._host.frame, self._host.view, self.now = frame, view, False

    def _write(self, writer: Node, numbers: list[int], views: list[str] | None) -> None:
        if writer._class != "Write":
            raise RuntimeError(f"{writer.name()} cannot be executed")
        if writer["disable"].value():
            raise self._host.offence("what executing a disabled Write does is not known")
        self._around(writer, "BeforeRender", "beforeRender")
        for number in numbers:
            if number == self.cancel_at:
                raise RuntimeError("Cancelled")
            self._frame(writer, number, views or _views(writer))
        self._around(writer, "AfterRender", "afterRender")

    def _frame(self, writer: Node, number: int, views: list[str]) -> None:
        self._host.frame = number
        self._host.callbacks.call("BeforeFrameRender", writer)
        for view in views:
            self._host.view = view
            self._file(writer, number, view)
        self.frames.append(number)
        self._host.callbacks.call("AfterFrameRender", writer)

    def _file(self, writer: Node, number: int, view: str) -> None:
        if writer["file_type"].value() != "exr":
            raise self._host.offence(f"files of type {writer['file_type'].value()!r} are not known here")
        if not writer["raw"].value() and writer["colorspace"].value() != "default":
            raise self._host.offence("a Write that converts colour is not known here")
        path = files.numbered(self._host.expressions.filename(writer["file"], view), number)
        folder = os.path.dirname(path)
        if writer["create_directories"].value():
            os.makedirs(folder, exist_ok=True)
        if not os.path.isdir(folder):
            raise RuntimeError(f"{writer.name()}: {path}: No such file or directory")
        self._host.forget(path)
        names = channel_names(writer["channels"].value(), self._host)
        picture = self._host.pull(writer, number, view)
        files.write(path, picture, names, writer["datatype"].value(), writer["compression"].value())

    def _around(self, writer: Node, kind: str, knob: str) -> None:
        self._host.callbacks.call(kind, writer)
        text = writer[knob].value()
        if text:
            self._host.run_python(text, writer, writer[knob])


def _views(writer: Node) -> list[str]:
    return writer["views"].value().split() or list(writer.host.views)


def _numbers(given: tuple[Any, ...]) -> tuple[list[int], tuple[Any, ...]]:
    if given and isinstance(given[0], FrameRanges):
        return given[0].toFrameList(), given[1:]
    if len(given) < 2 or not all(type(each) is int for each in given[:2]):
        raise TypeError("execute needs a first and a last frame, whole numbers both")
    step = given[2] if len(given) > 2 else 1
    return list(FrameRange(given[0], given[1], step)), given[3:]
