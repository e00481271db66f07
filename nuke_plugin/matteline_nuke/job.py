"""From a node to what is asked of the worker."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import nuke

from . import folders, script
from .contract.errors import JobError
from .contract.frames import FrameRange, FrameSet
from .contract.job import Job
from .contract.settings import MatteSettings
from .knobs import matte_settings, value
from .names import PRODUCTS
from .plate import Plate, moved, plate_of

AUTO_PREROLL_FRAMES = 10
"""What matteline shows its network before the first frame, unless told (docs/frames.md)."""

SHIFT_STEP = 10000
"""Files of a range with frames below 0 are numbered this much higher, so that no name has a sign."""


@dataclass(frozen=True)
class Request:
    """A job, and what Nuke has to know of it.

    Attributes:
        job: What to render.
        plate: Where its pictures come from.
        span: The frames to render, by the script's numbers.
        handles: The frames to write where the plate is written: preroll, and the span.
        shift: What is added to the script's numbers for those of the files.
        view: The view of the script.
        preview: Whether it is one frame to look at, in a temporary folder.
    """

    job: Job
    plate: Plate
    span: FrameRange
    handles: FrameRange
    shift: int
    view: str
    preview: bool = False


def job_of(node: nuke.Node) -> Job:
    """The job that a render of this node would be now. Touches nothing.

    Raises:
        JobError: Something about the node, its input or its settings is wrong.
    """
    return request_of(node, folders.next_folder(node)).job


def request_of(node: nuke.Node, folder: str, preview: bool = False) -> Request:
    """What a render of this node into `folder` asks for; `preview` takes the current frame alone.

    Raises:
        JobError: Something about the node, its input or its settings is wrong.
    """
    settings = _settings(node, preview)
    span = span_of(node, preview)
    handles = _with_preroll(node, span, settings)
    shift = -(handles.first // SHIFT_STEP) * SHIFT_STEP if handles.first < 0 else 0
    plate = plate_of(node, span, folder, os.environ, _why_written(node, shift), shift)
    settings = replace(
        settings,
        colour_space=_chosen(settings.colour_space, plate.colour.space, settings.ocio),
        ocio=_chosen(settings.ocio, plate.colour.config),
    )
    job = Job(plate=plate.path, output=folder, frames=FrameSet((moved(span, shift),)), settings=settings)
    view = script.view_of(value(node, "view").strip())
    return Request(job, plate, span, handles, shift, view, preview)


def _why_written(node: nuke.Node, shift: int) -> str:
    if shift:
        return "programs name frames below 0 in different ways"
    return "as asked for" if value(node, "input") == "always write" else ""


def _settings(node: nuke.Node, preview: bool) -> MatteSettings:
    settings = matte_settings(node, **({"movies": ()} if preview else {}))
    files = {"layers"} if settings.layout == "layered" else set(settings.write)
    product = value(node, "product")
    if files == {"fgr"}:
        raise JobError(
            "The node needs a matte, and none will be written.", field="write", hint="Add alpha to Products."
        )
    if settings.format != "exr" and "rgba" not in files:
        raise JobError(
            "The node cannot show a matte that is a grey PNG.",
            field="format",
            hint="Add rgba to Products, or choose EXR as the file format.",
        )
    if product in PRODUCTS[1:3] and files == {"alpha"}:
        raise JobError(
            f"The node shows '{product}', and no foreground will be written.",
            field="write",
            hint="Add fgr to Products, or choose something else under Show.",
        )
    return settings


def span_of(node: nuke.Node, preview: bool = False) -> FrameRange:
    """The frames that a render would make. Raises `JobError` where there are none."""
    custom = int(value(node, "first")), int(value(node, "last"))
    if preview:
        frame = int(nuke.frame())
        return script.frame_span(node, "custom", (frame, frame))
    return script.frame_span(node, value(node, "range"), custom)


def _with_preroll(node: nuke.Node, span: FrameRange, settings: MatteSettings) -> FrameRange:
    """The span, and before it the frames of the input that the network is shown first."""
    available = script.input_span(node)
    auto = {"auto": AUTO_PREROLL_FRAMES, "all": max(span.first - available.first, 0)}
    wanted = int(auto.get(str(settings.preroll), settings.preroll))
    first = max(span.first - wanted, available.first, min(0, span.first))
    return FrameRange(min(first, span.first), span.last)


def _chosen(setting: str, plates: str, config: str = "auto") -> str:
    """The artist's word, else the plate's. A name means nothing in another config than the script's."""
    if setting != "auto":
        return setting
    return plates if config == "auto" else "auto"
