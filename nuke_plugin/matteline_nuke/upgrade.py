"""Nodes of older releases brought up to this one."""

from __future__ import annotations

import nuke

from . import names
from .contract.errors import JobError, MattelineError
from .knobs import set_value, value
from .node import rebuild
from .report import report_errors
from .results import Result, show_result
from .session import set_status
from .state import one_undo, read_state


@report_errors
def upgrade(node: nuke.Node) -> None:
    """Give a node of an older release this one's knobs and inner nodes; settings and the shown result stay.

    Raises:
        JobError: A later release made the node.
    """
    knob = node.knob(names.knob_name("form"))
    if knob is None:
        raise JobError(f"{node.fullName()} is no {names.NODE} node.")
    if int(knob.value()) > names.FORM:
        raise JobError(
            f"{node.fullName()} was made by a later release of the plug-in.",
            hint="Update the plug-in; nothing was changed.",
        )
    was_shown = bool(value(node, "use"))
    with one_undo("Upgrade"):
        rebuild(node)
        last = Result.from_data(read_state(node).last)
        try:
            words = "Upgraded." if last is None else f"Upgraded. {show_result(node, last)}."
        except MattelineError:
            # Its files are gone, or it was never finished: the new inside has nothing to show.
            words, was_shown = "Upgraded. Render again.", False
        set_value(node, "use", was_shown)
    set_status(node, words)
