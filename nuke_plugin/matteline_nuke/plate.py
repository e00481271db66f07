"""The plate: the files of the Read above if they are what the artist sees, else files that Nuke writes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import nuke

from . import names, script
from .contract.errors import JobError, ReadError
from .contract.files import make_folder
from .contract.frames import FrameRange
from .folders import input_pattern
from .node import inner
from .sequences import is_complete, numbered, pattern_of
from .state import inside, not_undone

# Extensions of sequences that the worker reads.
IMAGES = (".exr", ".dpx", ".cin", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".tga", ".hdr")
# Formats whose pixels are floats, and those of 8 bits: their default colour space does not depend on the
# file.
FLOATS = (".exr", ".hdr")
EIGHT_BITS = (".jpg", ".jpeg")
# Classes that change no pixel.
PASSING = ("Dot", "NoOp")


@dataclass(frozen=True)
class InputPlate:
    """The pictures that the worker reads.

    Attributes:
        path: Pattern of its files.
        written: True if Nuke writes them first; then they are in the working space.
        colour: The colour space of their values.
        read_as: The `colorspace` of a Read that turns their values into the working space; empty for raw.
        why: The reason why they are written, for the artist; empty where they are not.
    """

    path: str
    written: bool
    colour: script.PlateColour
    read_as: str = ""
    why: str = ""


class Unusable(Exception):
    """The reason why a Read's files are not what the artist sees."""


def plate_of(
    node: nuke.Node, span: FrameRange, folder: str, environ: Mapping[str, str], why: str, shift: int
) -> InputPlate:
    """Return the plate for a render of `span` into `folder`; nothing is written yet.

    Args:
        node: Our node, whose input is the plate.
        span: Frames by the script's numbers.
        folder: Folder of the render's results.
        environ: Nuke's environment.
        why: The reason why the plate is written in any case; empty where it need not be.
        shift: Number added to the script's frames for those of written files.
    """
    try:
        if why:
            raise Unusable(why)
        above: Optional[nuke.Node] = node.input(0)
        while above is not None and above.Class() in PASSING:
            above = above.input(0)
        if above is None or above.Class() != "Read":
            raise Unusable("the input is not a Read")
        return _files_of(above, span, environ)
    except Unusable as reason:
        path = input_pattern(folder, span.last + shift)
        return InputPlate(path, True, script.working_colour(environ), why=str(reason))


def shifted(span: FrameRange, shift: int) -> FrameRange:
    """Return the same frames by the numbers of their files."""
    return FrameRange(span.first + shift, span.last + shift)


def write_input(node: nuke.Node, pattern: str, span: FrameRange, view: str, shift: int) -> None:
    """Write the node's input as raw half-float EXR at full size. Main thread only.

    The script's proxy mode and the inner Write are left as they were found.

    Raises:
        JobError: Nuke cannot render the input, or the artist cancelled.
        WriteError: There is no place for it.
        ReadError: Nuke wrote without complaint, but a frame is not there.
    """
    make_folder(Path(pattern).parent)
    # The TimeOffset moves the script's frames to those of the files.
    write, files = inner(node, names.WRITE), shifted(span, shift)
    inner(node, names.SHIFT)["time_offset"].setValue(shift)
    # Undone in the opposite order, also when the artist cancels.
    with not_undone(), inside(node), _without_proxy(), _enabled(write, pattern):
        try:
            nuke.execute(write, files.first, files.last, 1, views=[view])
        except RuntimeError as error:
            if "cancel" in str(error).lower():
                raise JobError("Cancelled while the input was written. Nothing was rendered.") from None
            raise JobError(
                f"Nuke cannot render the input of {node.fullName()}: {str(error).strip()}",
                hint="Look at the node above in a Viewer.",
            ) from None
    # Nuke may report success and leave a frame out.
    for frame in files:
        if not is_complete(numbered(pattern, frame)):
            raise ReadError(
                f"Nuke did not write frame {frame} of the input of {node.fullName()}.", frame=frame
            )


@contextmanager
def _without_proxy() -> Iterator[None]:
    proxy = nuke.root()["proxy"]
    before = proxy.value()
    proxy.setValue(False)
    try:
        yield
    finally:
        proxy.setValue(before)


@contextmanager
def _enabled(write: Any, pattern: str) -> Iterator[None]:
    write["file"].setValue(pattern)
    write["disable"].setValue(False)
    try:
        yield
    finally:
        write["disable"].setValue(True)
        write["file"].setValue("")


def _files_of(read: Any, span: FrameRange, environ: Mapping[str, str]) -> InputPlate:
    """Return a Read's own files as the plate. Raises `Unusable`."""
    _must_be_untouched(read, span)
    path = _path(read, span)
    extension = os.path.splitext(path)[1].lower()
    space, read_as = _space(read, extension)
    colour = script.managed_colour(script.plain_name(space), environ)
    if colour is None:
        raise Unusable(f"its colour space {space} is known to Nuke alone")
    return InputPlate(path, False, colour, read_as)


def _must_be_untouched(read: Any, span: FrameRange) -> None:
    """Raise `Unusable` where the Read shows anything else than its files as they are."""
    if read["disable"].value():
        raise Unusable("it is disabled")
    # An expression, an offset or a start frame shows another file than the frame's own.
    if read["frame_mode"].value() != "expression" or str(read["frame"].value()).strip():
        raise Unusable("it moves frames")
    # The worker would take the values for the colour space's, and they are not.
    if read["raw"].value() or read["premultiplied"].value():
        raise Unusable("it is set to raw or premultiplied")
    # Checkerboards and held frames are made by Nuke alone.
    if read["on_error"].value() != "error":
        raise Unusable("it puts something in place of missing frames")
    # Before and after its frames a Read holds, loops or bounces them.
    if span.first < read["first"].value() or span.last > read["last"].value():
        raise Unusable("the range goes beyond its frames")
    # A Read may have a file for each view.
    if len(nuke.views()) > 1:
        raise Unusable("the script has several views")


def _path(read: Any, span: FrameRange) -> str:
    """Return the pattern of a Read's files. Raises `Unusable`."""
    # Evaluated at both ends, because the name may hold Tcl, and its number more digits at the end.
    found = [pattern_of(str(read["file"].evaluate(frame)), frame) for frame in (span.first, span.last)]
    if not all(found) or len({re.sub("#+", "#", each) for each in found}) > 1:
        raise Unusable("its files are not numbered like the script's frames")
    # The pattern of fewer digits fits both ends.
    path = min(found, key=len)
    if os.path.splitext(path)[1].lower() not in IMAGES:
        raise Unusable("it is not a sequence of pictures")
    return path


def _space(read: Any, extension: str) -> tuple[str, str]:
    """Return a Read's colour space, and the word for another Read to treat floats the same."""
    name = str(read["colorspace"].value())
    if name != "default":
        return name, name
    if extension in FLOATS:
        return str(nuke.root()["floatLut"].value()), name
    if extension in EIGHT_BITS:
        word = str(nuke.root()["int8Lut"].value())
        return word, word
    raise Unusable("its default colour space depends on its bit depth")
