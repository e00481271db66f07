"""Folders for results: one for each version of a node's, and temporary ones for previews."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from pathlib import Path

import nuke

from . import script
from .contract.errors import JobError, WriteError
from .contract.record import RECORD_FOLDER, read_record
from .knobs import evaluated
from .names import knob_name
from .sequences import slashed

VERSION = "{version}"
# A script may have been saved with a preview in it, so previews are kept for a week.
PREVIEW_SECONDS = 7 * 24 * 3600

# Characters that Nuke takes for Tcl or a frame number.
_TCL = '[]{}\\$#%"'
_SCRIPT_VERSION = re.compile(r"[._-]v\d+$", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def results_folder(node: nuke.Node) -> str:
    """Return the folder of the node's results, of the version that its knob says; it need not exist.

    Raises:
        JobError: The output knob is empty, or its folder has a character that Nuke would take for Tcl or a
            frame number.
    """
    return _pattern(node).replace(VERSION, f"v{int(node[knob_name('version')].value()):03d}")


def next_version(node: nuke.Node) -> int:
    """Return the version after all that are on disk, and after the node's own. Raises `JobError`."""
    head, _, tail = _pattern(node).partition(VERSION)
    parent, prefix = os.path.split(head)
    shape = re.compile(re.escape(prefix) + r"v(\d+)" + re.escape(tail.split("/")[0]))
    try:
        found = os.listdir(parent)
    except OSError:
        found = []
    versions = [int(match[1]) for name in found if (match := shape.fullmatch(name))]
    # Its own need not have been rendered: then it is free, and stays.
    own = int(node[knob_name("version")].value())
    return max(versions) + 1 if versions else own


def holds_another_plate(folder: str, plate: str) -> bool:
    """Tell whether a folder has results of another plate, such as those of a node in another script."""
    records = Path(folder).glob(f"{RECORD_FOLDER}/*.json")
    latest = [record.latest for record in map(read_record, records)]
    return any(each is not None and each.plate not in ("", plate) for each in latest)


def make(folder: str) -> None:
    """Make a folder, unless it is there. Raises `WriteError`."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise WriteError(
            f"{folder} cannot be made: {error.strerror}.", path=folder, hint="Choose another Output folder."
        ) from None


def preview_folder() -> str:
    """Make a temporary folder for a preview, and remove old ones. Raises `WriteError`."""
    try:
        parent = f"{private_folder()}/previews"
        os.makedirs(parent, exist_ok=True)
        for name in os.listdir(parent):
            folder = os.path.join(parent, name)
            if time.time() - os.path.getmtime(folder) > PREVIEW_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
        return slashed(tempfile.mkdtemp(dir=parent))
    except OSError as error:
        raise WriteError(f"No temporary folder can be made: {error.strerror}.") from None


def private_folder() -> str:
    """Make the temporary folder of this user, closed to others; return it. Raises `WriteError`."""
    # 0700: a preview is nobody else's, and on a shared machine /tmp is everybody's.
    folder = script.temporary_folder()
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise WriteError(f"{folder} cannot be made: {error.strerror}.", path=folder) from None
    return folder


def input_pattern(folder: str, last: int) -> str:
    """Return the pattern of the files to write as input of a render whose results go to `folder`."""
    # Named after node and version, so that a plate found on disk says what it was for.
    parts = [part for part in folder.split("/") if part][-2:]
    # Letters, digits, dots, hyphens and underscores are safe on every system.
    name = _UNSAFE.sub("_", "_".join(parts)) or "plate"
    return f"{folder}/input/{name}.{'#' * max(4, len(str(last)))}.exr"


def matte_pattern(folder: str, name: str, last: int) -> str:
    """Return the pattern of the files to write of a garbage or hold-out matte that comes into the node."""
    return f"{folder}/input/{name}.{'#' * max(4, len(str(last)))}.exr"


def drop_input(folder: str) -> None:
    """Remove the input that was written for a render, and the folder itself where nothing else is in it."""
    shutil.rmtree(f"{folder}/input", ignore_errors=True)
    try:
        os.rmdir(folder)
    except OSError:
        # Results are in it, which is as it should be.
        return


def _pattern(node: nuke.Node) -> str:
    """Return the Output folder with its words replaced, except that for the version. Raises `JobError`."""
    text = slashed(evaluated(node[knob_name("output")])).strip().rstrip("/")
    if not text:
        raise JobError("There is no Output folder.", field="output", hint="Choose one in the node's panel.")
    words = {
        "{script_dir}": script.script_folder(),
        # Without its version: a script that was saved under the next one goes on with the same results.
        "{script}": _SCRIPT_VERSION.sub("", _UNSAFE.sub("_", script.script_name())),
        "{node}": _UNSAFE.sub("_", node.fullName()),
    }
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    # The braces of {version} are ours, and are gone before Nuke sees the path.
    bad = sorted({each for each in text.replace(VERSION, "") if each in _TCL})
    if bad:
        raise JobError(
            f"The Output folder {text} holds {' '.join(bad)}, which Nuke takes for Tcl or a frame number.",
            field="output",
            hint="Choose another Output folder in the node's panel.",
        )
    # New Version needs a place for it.
    text = text if VERSION in text else f"{text}/{VERSION}"
    return script.absolute(text)
