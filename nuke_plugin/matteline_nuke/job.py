"""The job of a node's render, and what Nuke has to know of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import nuke

from . import folders, names, script
from .contract.errors import JobError
from .contract.frames import FrameRange, FrameSet
from .contract.job import Job
from .contract.settings import AUTO_PREROLL_FRAMES, MatteSettings
from .folders import matte_pattern
from .knobs import matte_settings, value
from .plate import InputPlate, plate_of, shifted

# Files of a range with frames below 0 are numbered this much higher, so that no name has a sign.
SHIFT_STEP = 10000
# Frames before a previewed one that the network is shown (docs/protocol.md).
PREVIEW_HANDLES = 6


@dataclass(frozen=True)
class RenderRequest:
    """A job, and what Nuke has to know of it.

    Attributes:
        job: What to render.
        plate: The pictures that the worker reads.
        span: The frames to render, by the script's numbers.
        handles: The frames to write where the plate is written: preroll, and the span.
        shift: Number added to the script's frames for those of the files.
        view: The view of the script.
        preview: True for one frame to look at, in a temporary folder.
        asked: The settings as the knobs have them, before the plate's colour space was filled in.
        mattes: Patterns of the garbage and hold-out mattes to write, by the names of their settings.
    """

    job: Job
    plate: InputPlate
    span: FrameRange
    handles: FrameRange
    shift: int
    view: str
    preview: bool = False
    asked: MatteSettings = field(default_factory=MatteSettings)
    mattes: Mapping[str, str] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        """True if Nuke has anything to write before the render."""
        return self.plate.written or bool(self.mattes)


def job_of(node: nuke.Node) -> Job:
    """Return the job of a render of this node now. Changes nothing.

    Raises:
        JobError: Something about the node, its input or its settings is wrong.
    """
    return request_of(node, folders.results_folder(node)).job


def request_of(node: nuke.Node, folder: str, preview: bool = False) -> RenderRequest:
    """Return the request of a render of this node into `folder`; `preview` takes the current frame alone.

    Raises:
        JobError: Something about the node, its input or its settings is wrong.
    """
    settings = asked = settings_of(node, preview)
    span = span_of(node, preview)
    # Where the plate is written, the preroll before the range has to be written too.
    available = script.input_span(node)
    if preview:
        settings = replace(settings, preroll=PREVIEW_HANDLES)
    words = {"auto": AUTO_PREROLL_FRAMES, "all": max(span.first - available.first, 0)}
    preroll = int(words.get(str(settings.preroll), settings.preroll))
    # No frame below 0 is written for the preroll of a range that has none itself.
    first = max(span.first - preroll, available.first, min(0, span.first))
    handles = FrameRange(min(first, span.first), span.last)
    shift = -(handles.first // SHIFT_STEP) * SHIFT_STEP if handles.first < 0 else 0
    why = "as asked for" if value(node, "input") == "always write" else ""
    if shift:
        why = "programs name frames below 0 in different ways"
    # With a config of the artist's own the script's need not be found.
    environ = os.environ if settings.ocio == "auto" else {**os.environ, "OCIO": settings.ocio}
    plate = plate_of(node, span, folder, environ, why, shift)
    # A matte that comes into the node wins over a file that is named.
    inputs = {name: node.input(number) for name, number in (("garbage", 1), ("holdout", 2))}
    # A person that is drawn is a hint of who is where.
    inputs["hints"] = node.input(3)
    mattes = {
        name: matte_pattern(folder, "person" if name == "hints" else name, span.last + shift)
        for name, each in inputs.items()
        if each
    }
    # The inner Writes write alpha alone, which is called A in an EXR.
    named: dict[str, Any] = {name: f"{pattern}:A" for name, pattern in mattes.items()}
    if "hints" in mattes:
        drawn = f"{str(value(node, 'person')).strip()}={mattes['hints']}"
        named["hints"] = drawn if settings.hints == "none" else f"{settings.hints}; {drawn}"
    # What the artist has chosen wins over what the Read says.
    settings = replace(
        settings,
        **named,
        colour_space=_chosen(settings.colour_space, plate.colour.space, settings.ocio),
        ocio=_chosen(settings.ocio, plate.colour.config),
    )
    job = Job(
        plate=plate.path,
        output=folder,
        frames=FrameSet((shifted(span, shift),)),
        existing="update",
        settings=settings,
    )
    # Empty takes the script's first view.
    view = script.view_of(value(node, "view").strip())
    return RenderRequest(job, plate, span, handles, shift, view, preview, asked, mattes)


def settings_of(node: nuke.Node, preview: bool = False) -> MatteSettings:
    """Return the node's settings. Raises `JobError` where the node could not show what they make."""
    # Edges that are live are not in the files too.
    live = names.LIVE if value(node, "edges_live") else {}
    settings = matte_settings(node, **live, **({"movies": ()} if preview else {}))
    # A layered EXR holds matte and foreground whatever Products says.
    files = {"layers"} if settings.layout == "layered" else set(settings.write)
    product = value(node, "product")
    if files == {"fgr"}:
        raise JobError(
            "The node needs a matte, and none will be written.", field="write", hint="Add alpha to Products."
        )
    # How Nuke reads a grey PNG is not known; in RGBA the matte is the alpha.
    if settings.format != "exr" and "rgba" not in files:
        raise JobError(
            "The node cannot show a matte that is a grey PNG.",
            field="format",
            hint="Add rgba to Products, or choose EXR as the file format.",
        )
    # Both of them show the foreground.
    if product in names.PRODUCTS[1:3] and files == {"alpha"}:
        raise JobError(
            f"The node shows '{product}', and no foreground will be written.",
            field="write",
            hint="Add fgr to Products, or choose something else under Show.",
        )
    return settings


def span_of(node: nuke.Node, preview: bool = False) -> FrameRange:
    """Return the frames of a render, by the script's numbers. Raises `JobError` where there are none."""
    custom = int(value(node, "first")), int(value(node, "last"))
    if preview:
        frame = int(nuke.frame())
        return script.frame_span(node, "custom", (frame, frame))
    return script.frame_span(node, value(node, "range"), custom)


def _chosen(setting: str, plates: str, config: str = "auto") -> str:
    """Return the artist's word, else the plate's. A name means nothing in another config than the script's."""
    if setting != "auto":
        return setting
    return plates if config == "auto" else "auto"
