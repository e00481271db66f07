"""What the script says of itself: where it lies, which frames it has, and what its pixels mean."""

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

BUILT_IN_CONFIG = "ocio://studio-config-latest"
"""The config that matteline takes by itself; named, so that OCIO in the environment does not stand in."""

NUKE_SPACES = {"linear": "lin_rec709", "sRGB": "sRGB", "rec709": "Rec.709", "Cineon": "Cineon"}
"""Nuke's own curves that matteline has under a name; without OCIO its working space is linear Rec.709."""

_ROLE = re.compile(
    r"(?:default|scene_linear|compositing_linear|rendering|reference|data|color_picking|matte_paint"
    r"|texture_paint|compositing_log|color_timing|aces_interchange) \((.+)\)"
)


@dataclass(frozen=True)
class Colour:
    """A colour space and the OCIO config it is named by, in the words of `MatteSettings`."""

    space: str
    config: str


def is_saved() -> bool:
    """Whether the script has a file of its own."""
    return bool(nuke.root().name() != "Root")


def script_folder() -> str:
    """The script's folder; a temporary one of this user while it has none."""
    return os.path.dirname(nuke.root().name()) if is_saved() else f"{temporary_folder()}/unsaved"


def script_name() -> str:
    """The script's file name without its extension."""
    return os.path.splitext(os.path.basename(nuke.root().name()))[0] if is_saved() else "untitled"


def temporary_folder() -> str:
    """A folder for what need not last: logs, previews, and results of scripts that are not saved."""
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    return slashed(os.path.join(tempfile.gettempdir(), f"matteline-nuke{user}"))


def frame_span(node: nuke.Node, choice: str, custom: tuple[int, int]) -> FrameRange:
    """The frames to render.

    Args:
        node: Its input is asked for its own range.
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
    """The frames that the input says it has. Raises `JobError` where nothing is connected."""
    above = node.input(0)
    if above is None:
        raise JobError(f"{node.fullName()} has no input.", hint="Connect the plate to it.")
    frames = above.frameRange()
    return FrameRange(int(frames.first()), int(frames.last()))


def view_of(wanted: str) -> str:
    """The view to render: the wanted one, or the script's first. Raises `JobError` for one it lacks."""
    views = list(nuke.views())
    if wanted and wanted not in views:
        raise JobError(
            f"The script has no view '{wanted}'.", hint=f"Choose from: {', '.join(views)}, or leave it empty."
        )
    return wanted or views[0]


def working_colour(environ: Mapping[str, str]) -> Colour:
    """What the pixels between nodes are: the script's working space."""
    name = plain_name(str(nuke.root()["workingSpaceLUT"].value()))
    return managed_colour(name, environ) or Colour("auto", "auto")


def managed_colour(name: str, environ: Mapping[str, str]) -> Any:
    """A colour space by the name that the script's colour management knows it by; None when we do not."""
    if not uses_ocio():
        return Colour(NUKE_SPACES[name], BUILT_IN_CONFIG) if name in NUKE_SPACES else None
    return Colour(name, ocio_config(environ)) if name else None


def uses_ocio() -> bool:
    """Whether OCIO manages the script's colours, rather than Nuke's own curves."""
    return bool(nuke.root()["colorManagement"].value() == "OCIO")


def ocio_config(environ: Mapping[str, str]) -> str:
    """The script's OCIO config as a path; `auto` where OCIO in the environment names it, or nothing does."""
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
    shipped = [os.path.join(places, name, "config.ocio"), os.path.join(places, f"{name}.ocio")]
    return slashed(next((each for each in shipped if os.path.isfile(each)), "auto"))


def plain_name(name: str) -> str:
    """A colour space without the role that Nuke may put before it: `scene_linear (ACEScg)` is `ACEScg`."""
    match = _ROLE.fullmatch(name)
    return match[1] if match else name
