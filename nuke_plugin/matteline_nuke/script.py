"""Facts of the script: its folder, its frames, and the colour space of its pixels."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import nuke

from .contract.errors import JobError
from .contract.frames import FrameRange
from .sequences import slashed

# The config that matteline takes by itself; named, so that OCIO in the environment does not replace it.
BUILT_IN_CONFIG = "ocio://studio-config-latest"

# Nuke's own curves that matteline has under a name; without OCIO its working space is linear Rec.709.
NUKE_SPACES = {"linear": "lin_rec709", "sRGB": "sRGB", "rec709": "Rec.709", "Cineon": "Cineon"}

# The roles of Nuke's and the ACES configs, as Nuke shows them in menus.
_ROLE = re.compile(
    r"(?:default|scene_linear|compositing_linear|rendering|reference|data|color_picking|matte_paint"
    r"|texture_paint|compositing_log|color_timing|aces_interchange) \((.+)\)"
)


@dataclass(frozen=True)
class PlateColour:
    """A colour space and the OCIO config that has it, as `MatteSettings` takes them."""

    space: str
    config: str


def is_saved() -> bool:
    """Tell whether the script has a file of its own."""
    return bool(nuke.root().name() != "Root")


def script_folder() -> str:
    """Return the script's folder; a temporary one of this user while it has none."""
    return os.path.dirname(nuke.root().name()) if is_saved() else f"{temporary_folder()}/unsaved"


def script_name() -> str:
    """Return the script's file name without its extension."""
    return os.path.splitext(os.path.basename(nuke.root().name()))[0] if is_saved() else "untitled"


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
    """Return the script's working space, that of the pixels between nodes."""
    name = plain_name(str(nuke.root()["workingSpaceLUT"].value()))
    return managed_colour(name, environ) or PlateColour("auto", "auto")


def managed_colour(name: str, environ: Mapping[str, str]) -> Any:
    """Return the colour space of a name in the script's colour management; None where matteline has none."""
    if not uses_ocio():
        return PlateColour(NUKE_SPACES[name], BUILT_IN_CONFIG) if name in NUKE_SPACES else None
    return PlateColour(name, ocio_config(environ)) if name else None


def uses_ocio() -> bool:
    """Tell whether OCIO manages the script's colours, rather than Nuke's own curves."""
    return bool(nuke.root()["colorManagement"].value() == "OCIO")


def ocio_config(environ: Mapping[str, str]) -> str:
    """Return the path of the script's OCIO config; `auto` where the environment names it, or nothing does."""
    root: Any = nuke.root()
    name = str(root["OCIO_config"].value())
    if environ.get("OCIO"):
        # Nuke lets the environment overrule the script, and the worker reads the same variable.
        return "auto"
    if name == "custom":
        return str(root["customOCIOConfigPath"].evaluate() or "auto")
    places = os.path.join(
        os.path.dirname(str(nuke.env["ExecutablePath"])), "plugins", "OCIOConfigs", "configs"
    )
    # Nuke ships some configs as a folder, and some as one file.
    shipped = [os.path.join(places, name, "config.ocio"), os.path.join(places, f"{name}.ocio")]
    return slashed(next((each for each in shipped if os.path.isfile(each)), "auto"))


def plain_name(name: str) -> str:
    """Return a colour space without the role that Nuke puts before it: `ACEScg` of `scene_linear (ACEScg)`."""
    match = _ROLE.fullmatch(name)
    return match[1] if match else name
