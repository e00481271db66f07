"""Results in the node: every frame is looked for before the Reads and the Switch are changed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Optional

import nuke

from . import names, script
from .contract.errors import JobError, ReadError, WriteError
from .contract.frames import FrameRange, FrameSet
from .contract.job import Job
from .job import RenderRequest
from .knobs import set_value, value
from .node import inner, set_inner
from .output import apply_output
from .plate import shifted
from .sequences import is_complete, numbered, slashed
from .state import change_state, inside, not_undone, one_undo

# The frame number before the extension.
_NUMBER = re.compile(r"([0-9]+)(\.[^.]*)$")
_TEMPORARY = ", a temporary folder: save the script and render again to keep it"
# Products that hold the matte, and those that hold the foreground, the preferred one first.
_MATTES = ("alpha", "rgba", "layers")
_FOREGROUNDS = ("fgr", "rgba", "layers")


@dataclass(frozen=True)
class Result:
    """The files of a render, as plain values that can be kept in the node.

    Attributes:
        job: The job as JSON.
        first: First frame, by the script's numbers.
        last: Last frame.
        files: Pattern of the files of each product; empty until the worker has planned.
        shift: Number added to the script's frames for those of the files.
        written: True if the plate, or a garbage or hold-out matte, was written by Nuke.
        read_as: The name of the foreground's colour space; empty for raw.
        view: The view that was rendered.
        preview: True for a single frame in a temporary folder.
        asked: The settings that the node had, by name; empty for a result of an older release.
    """

    job: str
    first: int
    last: int
    files: Mapping[str, str] = field(default_factory=dict)
    shift: int = 0
    written: bool = False
    read_as: str = ""
    view: str = ""
    preview: bool = False
    asked: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, request: RenderRequest) -> Result:
        """Return the result that a request will have."""
        return cls(
            job=request.job.to_json(),
            first=request.span.first,
            last=request.span.last,
            shift=request.shift,
            written=request.writes,
            read_as=request.plate.read_as,
            view=request.view,
            preview=request.preview,
            asked=asdict(request.asked),
        )

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Optional[Result]:
        """Return what `to_data` returned; None where it is empty or of another release."""
        try:
            return cls(**data)
        except TypeError:
            return None

    def to_data(self) -> dict[str, Any]:
        """Return the result as plain JSON values."""
        return {**self.__dict__, "files": dict(self.files), "asked": dict(self.asked)}

    def planned(self, plan: Mapping[str, Any]) -> Result:
        """Return the same with the files that the worker's plan names."""
        files = {}
        for name, path in plan["outputs"].items():
            # The plan names one of a product's files; its frame number becomes a place holder.
            head, tail = os.path.split(str(path))
            tail = _NUMBER.sub(lambda match: "#" * len(match[1]) + match[2], tail)
            files[str(name)] = slashed(os.path.join(head, tail))
        return replace(self, files=files)

    def previewed(self, files: Mapping[str, str]) -> Result:
        """Return the same with a preview's files, copied here: the worker keeps its own for a short time only.

        Raises:
            WriteError: They cannot be copied.
        """
        copied = {}
        for name, path in files.items():
            pattern = f"{self.folder}/{name}.####{os.path.splitext(path)[1]}"
            target = numbered(pattern, self.first + self.shift)
            try:
                shutil.copyfile(path, target)
            except OSError as error:
                raise WriteError(
                    f"The preview cannot be copied to {target}: {error.strerror}.", path=target
                ) from None
            copied[name] = pattern
        return replace(self, files=copied)

    @property
    def span(self) -> FrameRange:
        """The frames that were asked for."""
        return FrameRange(self.first, self.last)

    @property
    def folder(self) -> str:
        """The folder of the results."""
        return Job.from_json(self.job).output

    def missing(self) -> FrameSet:
        """Return the frames of which a file is not there, or empty."""
        patterns = self.files.values()
        return FrameSet.of(
            frame
            for frame in self.span
            if not all(is_complete(numbered(each, frame + self.shift)) for each in patterns)
        )


def show_result(node: nuke.Node, result: Result) -> str:
    """Point the node's Reads at a result and use it; return a sentence about it.

    Raises:
        ReadError: Not every frame is there; then the node shows what it showed.
        JobError: The node shows the foreground, which the result lacks, or is damaged.
    """
    _must_be_whole(result)
    settings = Job.from_json(result.job).settings
    # How Nuke reads a grey PNG is not known.
    mattes = _MATTES if settings.format == "exr" else _MATTES[1:]
    matte = next((each for each in mattes if each in result.files), "")
    foreground = next((each for each in _FOREGROUNDS if each in result.files), "")
    if not matte:
        raise JobError(f"No matte was rendered to {result.folder}.", hint="Add alpha to Products.")
    if not foreground and value(node, "product") in names.PRODUCTS[1:3]:
        raise JobError("No foreground was rendered.", hint="Add fgr to Products, or change Show.")
    # Everything that can fail comes before the first Read is touched: a node never shows two renders at once.
    space = _listed_space(node, result) if foreground else ""
    # The artist pressed Render long ago; undo belongs to what was done since.
    with not_undone():
        _point(node, names.MATTE, result.files[matte], result, "")
        if foreground:
            _point(node, names.FOREGROUND, result.files[foreground], result, space)
        else:
            # Or the Read would still show the foreground of an older result.
            set_inner(node, names.FOREGROUND, file="")
        # The matte is in red of a file of its own, else in the alpha of the picture.
        channel = "rgba.red" if matte == "alpha" else "rgba.alpha"
        set_inner(node, names.MATTE_ALPHA, from0=channel)
        # Edges that are in the files are not drawn a second time.
        set_value(
            node, "baked", any(getattr(settings, each) != neutral for each, neutral in names.LIVE.items())
        )
        set_inner(node, names.UNPREMULT, disable=not _is_premultiplied(result, foreground))
        _point_people(node, result)
        # Last, when everything that it shows is in place.
        set_value(node, "use", True)
        set_value(node, "tile", f"{'preview ' if result.preview else ''}{result.span}")
    if not result.preview:
        change_state(node, shown=result.to_data())
    # Changes that cannot be undone may not count as changes of the script, and closing it would lose the link.
    root: Any = nuke.root()
    root.setModified(True)
    return _description(result)


def _point_people(node: nuke.Node, result: Result) -> None:
    """Point the Read of the people's Cryptomatte at the range, where the render or the artist has such files."""
    if "people" in result.files:
        set_value(node, "people_file", result.files["people"])
        apply_output(node)
    files = str(value(node, "people_file")).strip()
    if files:
        span = shifted(result.span, result.shift)
        set_inner(node, names.PEOPLE, first=span.first, last=span.last, before="black", after="black")


def create_reads(node: nuke.Node, result: Result) -> list[nuke.Node]:
    """Make Reads of a result beside a node: of the matte, and of the foreground where there is one.

    Raises:
        ReadError: Not every frame is there.
    """
    _must_be_whole(result)
    made = []
    with inside(node.parent()), one_undo("Create Read"):
        for index, name in enumerate(
            each for each in ("alpha", "fgr", "rgba", "layers") if each in result.files
        ):
            files = shifted(result.span, result.shift)
            read: Any = nuke.nodes.Read()
            read["file"].fromUserText(f"{result.files[name]} {files.first}-{files.last}")
            # Black outside of the range, as the node is.
            for knob in ("before", "after"):
                read[knob].setValue("black")
            read["raw"].setValue(name == "alpha" or not result.read_as)
            if result.shift:
                read["frame"].setValue(f"frame+{result.shift}")
            if name != "alpha" and result.read_as:
                read["colorspace"].setValue(script.listed_space(read["colorspace"], result.read_as))
                read["premultiplied"].setValue(_is_premultiplied(result, name))
            read.setXYpos(node.xpos() + 110 * (index + 1), node.ypos())
            made.append(read)
    return made


def _listed_space(node: nuke.Node, result: Result) -> str:
    """Return the foreground's colour space as the Read lists it; empty for raw. Raises `JobError`."""
    read: Any = inner(node, names.FOREGROUND)
    if not result.read_as or read is None:
        return result.read_as
    found = script.listed_space(read["colorspace"], result.read_as)
    if not found:
        raise JobError(
            f"The foreground is in {result.read_as}, which this script's colour management does not have.",
            hint="Set Input to 'always write' and render again.",
        )
    return found


def _description(result: Result) -> str:
    what = "Preview of frame" if result.preview else "Showing"
    view = f" of view {result.view}" if len(nuke.views()) > 1 else ""
    lost = "" if result.preview or not result.folder.startswith(script.temporary_folder()) else _TEMPORARY
    numbered = f", whose files are numbered {result.shift} higher," if result.shift else ""
    return f"{what} {result.span}{view}{numbered} from {result.folder}{lost}"


def _must_be_whole(result: Result) -> None:
    """Raise `ReadError` where a frame of a result is missing."""
    if not result.files:
        raise ReadError("Nothing has been rendered yet.", hint="Press Render Matte.")
    missing = result.missing()
    if len(missing):
        raise ReadError(
            f"{len(missing)} of {len(result.span)} frames are missing in {result.folder}: {missing}.",
            path=result.folder,
            frame=missing.first,
            hint="Press Render Matte, which renders what is missing.",
        )


def _point(node: nuke.Node, name: str, pattern: str, result: Result, read_as: str) -> None:
    """Point a Read at files: outside their frames it gives black, and where a file has gone it fails."""
    files = shifted(result.span, result.shift)
    read: Any = inner(node, name)
    if read is None:
        # Another name makes Nuke look at the files again.
        set_inner(node, name, file="")
    else:
        # As if the artist had typed it: so Nuke finds the format and the range of the files.
        read["file"].fromUserText(f"{pattern} {files.first}-{files.last}")
    set_inner(
        node,
        name,
        file=pattern,
        first=files.first,
        last=files.last,
        origfirst=files.first,
        origlast=files.last,
        origset=True,
        before="black",
        after="black",
        frame_mode="expression",
        frame=f"frame+{result.shift}" if result.shift else "",
        on_error="error",
        raw=not read_as,
        premultiplied=False,
    )
    if read is not None:
        # The same names may hold other pictures now.
        read["reload"].execute()
    if read_as:
        set_inner(node, name, colorspace=read_as, premultiplied=_is_premultiplied(result, "rgba"))


def _is_premultiplied(result: Result, foreground: str) -> bool:
    if foreground not in ("rgba", "layers"):
        return False
    settings = Job.from_json(result.job).settings
    # As the worker decides it: PNG is straight by its specification, EXR premultiplied by custom.
    if settings.rgba_alpha == "auto":
        return settings.format == "exr"
    return settings.rgba_alpha == "premultiplied"
