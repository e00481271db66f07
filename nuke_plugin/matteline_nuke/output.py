"""What knobs of the node do inside it where no expression can: the matte's channel, and the people that are kept."""

from __future__ import annotations

import re

import nuke

from . import names, script
from .contract.errors import JobError
from .knobs import evaluated, value
from .node import set_inner
from .sequences import slashed
from .state import not_undone

CHANNEL = "rgba.alpha"
_CHANNEL = re.compile(r"([A-Za-z_]\w*)\.([A-Za-z_]\w*)")
# Names with commas between; Nuke expands * and ? by the file's own list.
# The characters that are left out mean something in Tcl, by which the inner knob is set.
_NAMES = re.compile(r"[^\\\[\]{}$\"]*")


def apply_output(node: nuke.Node) -> None:
    """Bring the inside of a node in line with its knobs for the matte's channel and for people.

    Raises:
        JobError: The channel or a name cannot be one, or something is missing inside the node.
    """
    channel = str(value(node, "channel")).strip() or CHANNEL
    match = _CHANNEL.fullmatch(channel)
    if not match:
        raise JobError(
            f"The matte cannot go to '{channel}'.",
            hint="Name a layer and a channel under Matte to, such as mask.a.",
        )
    people = str(value(node, "people")).strip()
    if not _NAMES.fullmatch(people):
        raise JobError(
            f"People cannot be called {people!r}.", hint="Put names with commas between under Names."
        )
    # A knob can only name a channel that the script has.
    if match[1] not in nuke.layers() or channel not in _channels_of(match[1]):
        nuke.Layer(match[1], [*_channels_of(match[1]), channel])
    files = slashed(evaluated(node[names.knob_name("people_file")])).strip()
    with not_undone():
        set_inner(node, names.PLATE_AND_MATTE, to0=channel)
        set_inner(node, names.PICKED, matteList=people)
        set_inner(node, names.PEOPLE, file=script.absolute(files) if files else "")


def _channels_of(layer: str) -> list[str]:
    return [each for each in nuke.channels() if each.startswith(f"{layer}.")]
