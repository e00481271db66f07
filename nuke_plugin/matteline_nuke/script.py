"""Facts of the script: its folder, its frames, and the colour space of its pixels."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Optional

import nuke

from .contract.errors import JobError
from .contract.frames import FrameRange
from .sequences import slashed

# The config that matteline takes by itself; named, so that OCIO in the environment does not replace it.
BUILT_IN_CONFIG = "ocio://studio-config-latest"

# Nuke's own curves that matteline has under a name; without OCIO its working space is linear Rec.709.
NUKE_SPACES = {"linear": "lin_rec709", "sRGB": "sRGB", "rec709": "Rec.709", "Cineon": "Cineon"}

# A validated knob shows what `default` and roles stand for: `default (sRGB)`, `scene_linear (ACEScg)`.
_MEANING = re.compile(r"[a-z][a-z0-9_]* \((.+)\)")


@dataclass(frozen=True)
class PlateColour:
    """A colour space and the OCIO config that has it, as `MatteSettings` takes them."""

    space: str
    config: str


def is_saved() -> bool:
    """Tell whether the script has a file of its own."""
    # Nuke calls a script without a file so.
    return bool(nuke.root().name() != "Root")


def script_folder() -> str:
    """Return the script's folder; a temporary one of this user while it has none."""
    return os.path.dirname(nuke.root().name()) if is_saved() else f"{temporary_folder()}/unsaved"


def script_name() -> str:
    """Return the script's file name without its extension."""
    return os.path.splitext(os.path.basename(nuke.root().name()))[0] if is_saved() else "untitled"


def absolute(path: str) -> str:
    """Return a path as Nuke finds it: filtered, and a relative one in the project directory or beside the script."""
    # Studios map drives of other systems with filters; Nuke applies them to every file name.
    path = str(nuke.filenameFilter(path) or path)  # type: ignore[no-untyped-call]
    if os.path.isabs(path):
        return path
    project = str(_root_knob("project_directory").evaluate() or "").rstrip("/")
    return f"{project or script_folder()}/{path}"


def temporary_folder() -> str:
    """Return the folder for temporary files: logs, previews, and results of scripts that are not saved."""
    # Another user's folder of the same name could not be written.
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    return slashed(os.path.join(tempfile.gettempdir(), f"matteline-nuke{user}"))


def frame_span(node: nuke.Node, choice: str, custom: tuple[int, int]) -> FrameRange:
    """Return the frames to render.

    Args:
        node: Our node, whose input has a range of its own.
        choice: `input`, `global` or `custom`.
        custom: First and last frame of the custom range.

    Raises:
        JobError: The range ends before it begins, or nothing is connected.
    """
    if choice == "input":
        return input_span(node)
    if choice == "global":
        return FrameRange(int(nuke.root().firstFrame()), int(nuke.root().lastFrame()))
    return FrameRange(*custom)


def input_span(node: nuke.Node) -> FrameRange:
    """Return the range of the input. Raises `JobError` where nothing is connected."""
    above = node.input(0)
    if above is None:
        raise JobError(f"{node.fullName()} has no input.", hint="Connect the plate to it.")
    # Of the whole tree above, as Nuke shows it.
    frames = above.frameRange()
    return FrameRange(int(frames.first()), int(frames.last()))


def view_of(wanted: str) -> str:
    """Return the view to render: the wanted one, or the script's first. Raises `JobError` for an unknown one."""
    views = list(nuke.views())
    if wanted and wanted not in views:
        raise JobError(
            f"The script has no view '{wanted}'.", hint=f"Choose from: {', '.join(views)}, or leave it empty."
        )
    return wanted or views[0]


def working_colour(environ: Mapping[str, str]) -> PlateColour:
    """Return the script's working space, that of the pixels between nodes. Raises `JobError`."""
    name = plain_name(str(_root_knob("workingSpaceLUT").value()))
    return managed_colour(name, environ) or PlateColour("auto", "auto")


def managed_colour(name: str, environ: Mapping[str, str]) -> Optional[PlateColour]:
    """Return the colour space of a name in the script's colour management; None where matteline has none.

    Raises:
        JobError: The script's OCIO config is not found.
    """
    if not uses_ocio():
        return PlateColour(NUKE_SPACES[name], BUILT_IN_CONFIG) if name in NUKE_SPACES else None
    return PlateColour(name, ocio_config(environ)) if name else None


def uses_ocio() -> bool:
    """Tell whether OCIO manages the script's colours, rather than Nuke's own curves."""
    return bool(_root_knob("colorManagement").value() == "OCIO")


def ocio_config(environ: Mapping[str, str]) -> str:
    """Return the path of the script's OCIO config; `auto` where the environment names it for the worker too.

    Raises:
        JobError: It is not found. A name of a colour space, and above all a role, means something else in another
            config, and nobody would notice.
    """
    name = str(_root_knob("OCIO_config").value())
    if environ.get("OCIO"):
        # Nuke lets the environment overrule the script, and the worker reads the same variable.
        return "auto"
    if name == "custom":
        found = absolute(str(_root_knob("customOCIOConfigPath").evaluate()))
        places = [found]
    else:
        places = list(_shipped_configs(name))
        found = next((each for each in places if os.path.isfile(each)), "")
    if not os.path.isfile(found):
        raise JobError(
            f"The OCIO config '{name}' of this script was not found in {os.path.dirname(places[0])}.",
            field="ocio",
            hint="Choose the file under OCIO config and a Colour space of it, or name it in the environment variable "
            "OCIO.",
        )
    return slashed(found)


def _shipped_configs(name: str) -> Iterator[str]:
    """Yield the paths where Nuke may have a config that it ships: a folder of its own, or one file."""
    program = os.path.dirname(str(nuke.env["ExecutablePath"]))
    # From 16 on, Nuke for macOS has its data beside the folder of its program.
    resources = os.path.join(os.path.dirname(program), "Resources")
    for base in (os.path.join(program, "plugins"), os.path.join(resources, "plugins"), resources):
        configs = os.path.join(base, "OCIOConfigs", "configs")
        yield os.path.join(configs, name, "config.ocio")
        yield os.path.join(configs, f"{name}.ocio")


def plain_name(name: str) -> str:
    """Return a colour space without the role that Nuke puts before it: `ACEScg` of `scene_linear (ACEScg)`."""
    spaces = [str(each) for each in nuke.getOcioColorSpaces()] if uses_ocio() else []
    match = _MEANING.fullmatch(name)
    # A space of the config's own may have brackets in its name too.
    while match and name not in spaces:
        name = match[1]
        match = _MEANING.fullmatch(name)
    return name


def listed_space(knob: Any, name: str) -> str:
    """Return a colour space as a Read's `colorspace` lists it; empty where it does not."""
    listed = [str(each).split("\t")[0] for each in nuke.getColorspaceList(knob)]  # type: ignore[no-untyped-call]
    # Some configs list spaces below their families.
    same = [each for each in listed if name in (each, plain_name(each), each.rpartition("/")[2])]
    return next((each for each in same if not each.startswith("default")), "")


def _root_knob(name: str) -> Any:
    return nuke.root()[name]
