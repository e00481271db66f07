"""The plate: the files of the Read above if they are what the artist sees, else files that Nuke writes."""

from __future__ import annotations

import os
import re
import zlib
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
from .node import inner, set_inner
from .sequences import is_complete, numbered, pattern_of
from .state import inside, not_undone

# Extensions of sequences that the worker reads.
IMAGES = (".exr", ".dpx", ".cin", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".tga", ".hdr")
# Formats whose pixels are floats, and those of 8 bits: the script says what their default is, should Nuke not.
FLOATS = (".exr", ".hdr")
EIGHT_BITS = (".jpg", ".jpeg")
# The attribute that says when a file was written, and how far into it that may stand.
_DATE = b"capDate\0string\0"
HEADER_BYTES = 1 << 16
# Classes that change no pixel.
PASSING = ("Dot", "NoOp")


@dataclass(frozen=True)
class InputPlate:
    """The pictures that the worker reads.

    Attributes:
        path: Pattern of its files.
        written: True if Nuke writes them first; then they are in the working space.
        colour: The colour space of their values.
        read_as: The name of the colour space with which a Read shows them as they are; empty for raw.
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
        return _files_of(node, above, span, environ)
    except Unusable as reason:
        path = input_pattern(folder, span.last + shift)
        return InputPlate(path, True, script.working_colour(environ), why=str(reason))


def shifted(span: FrameRange, shift: int) -> FrameRange:
    """Return the same frames by the numbers of their files."""
    return FrameRange(span.first + shift, span.last + shift)


def write_input(
    node: nuke.Node, pattern: str, span: FrameRange, view: str, shift: int, write: str = names.WRITE
) -> None:
    """Write one of the node's inputs as raw half-float EXR at full size. Main thread only.

    The script's proxy mode and the inner Write are left as they were found.

    Raises:
        JobError: Nuke cannot render the input, or the artist cancelled.
        WriteError: There is no place for it.
        ReadError: Nuke wrote without complaint, but a frame is not there.
    """
    make_folder(Path(pattern).parent)
    files = shifted(span, shift)
    # Undone in the opposite order, also when the artist cancels.
    with not_undone(), _without_proxy(), _enabled(node, pattern, shift, write), inside(node):
        try:
            # The views by position: the names of `execute` have changed between releases.
            nuke.execute(write, files.first, files.last, 1, [view])
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
        _without_times(numbered(pattern, frame), is_matte=write != names.WRITE)


def _without_times(path: str, is_matte: bool) -> None:
    """Make the file of a picture the same whenever it is written, so that the same picture is not rendered again.

    The date in an EXR's header is blanked. The worker tells mattes apart by size and time, so that a matte's file
    gets a time that is made of its content.
    """
    with open(path, "r+b") as file:
        header = file.read(HEADER_BYTES)
        place = header.find(_DATE)
        if place >= 0:
            # Name and type, then the length of the text, then the text: EXR's own form of an attribute.
            start = place + len(_DATE) + 4
            length = int.from_bytes(header[start - 4 : start], "little")
            file.seek(start)
            file.write(b"0" * max(min(length, len(header) - start), 0))
        file.seek(0)
        content = file.read() if is_matte else b""
    if is_matte:
        # Below 2 ** 30 is a date that every file system takes.
        number = zlib.crc32(content) >> 2
        os.utime(path, (number, number))


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
def _enabled(node: nuke.Node, pattern: str, shift: int, write: str) -> Iterator[None]:
    # The TimeOffset moves the script's frames to those of the files.
    set_inner(node, names.SHIFT, time_offset=shift)
    set_inner(node, write, file=pattern, disable=False)
    try:
        yield
    finally:
        # The name stays: a Write whose name is emptied may forget its file type.
        set_inner(node, write, disable=True)


def _files_of(node: nuke.Node, read: Any, span: FrameRange, environ: Mapping[str, str]) -> InputPlate:
    """Return a Read's own files as the plate. Raises `Unusable`, and `JobError` without the script's OCIO config."""
    # A Read that was never looked at knows neither its range nor the meaning of its default colour space.
    read.forceValidate()
    _must_be_untouched(read, span)
    path = _path(read, span)
    space = _space(read, os.path.splitext(path)[1].lower())
    colour = script.managed_colour(space, environ)
    if colour is None:
        raise Unusable(f"its colour space {space} is known to Nuke alone")
    foreground: Any = inner(node, names.FOREGROUND)
    # Found now, and not after hours of rendering.
    if foreground is not None and not script.listed_space(foreground["colorspace"], space):
        raise Unusable(f"no other Read can be set to its colour space {space}")
    return InputPlate(path, False, colour, space)


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
    named = [script.absolute(str(read["file"].evaluate(frame))) for frame in (span.first, span.last)]
    found = [pattern_of(each, frame) for each, frame in zip(named, (span.first, span.last))]
    if not all(found) or len({re.sub("#+", "#", each) for each in found}) > 1:
        raise Unusable("its files are not numbered like the script's frames")
    # The pattern of fewer digits fits both ends.
    path = min(found, key=len)
    if os.path.splitext(path)[1].lower() not in IMAGES:
        raise Unusable("it is not a sequence of pictures")
    # Nuke finds files in ways of its own, and says itself what it does not find.
    if not os.path.exists(named[0]):
        raise Unusable("its files are not where its name says")
    return path


def _space(read: Any, extension: str) -> str:
    """Return the name of a Read's colour space, without the role or `default` that stands for it."""
    name = script.plain_name(str(read["colorspace"].value()))
    if name != "default":
        return name
    root: Any = nuke.root()
    if extension in FLOATS:
        return script.plain_name(str(root["floatLut"].value()))
    if extension in EIGHT_BITS:
        return script.plain_name(str(root["int8Lut"].value()))
    raise Unusable("Nuke does not say which colour space its default is")
