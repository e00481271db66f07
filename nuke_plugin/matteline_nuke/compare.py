"""The node's settings beside those of the result that it shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import nuke

from . import names
from .contract.errors import MattelineError
from .contract.frames import FrameSet
from .contract.settings import choices
from .job import settings_of, span_of
from .knobs import set_value, value
from .output import apply_output
from .report import error_text
from .results import Result
from .state import not_undone, read_state

# Knobs that the plug-in itself writes.
_OWN = frozenset(names.knob_name(each) for each in ("state", "status", "difference", "tile", "baked", "form"))
# Knobs that act inside the node, where no expression can.
_OUTPUT = frozenset(names.knob_name(each) for each in ("channel", "people", "people_file"))


def settings_changed() -> None:
    """Say in a node of ours how its settings differ, when one has changed. Nuke calls this for every Group."""
    knob: Any = nuke.thisKnob()
    if knob is None or not knob.name().startswith(names.PREFIX) or knob.name() in _OWN:
        return
    node = nuke.thisNode()
    if node.knob(names.knob_name("difference")) is None:
        return
    if knob.name() in _OUTPUT:
        try:
            apply_output(node)
        except MattelineError as error:
            with not_undone():
                set_value(node, "status", error_text(error))
    show_difference(node)


def show_difference(node: nuke.Node) -> None:
    """Write into a node how its settings differ from those of its result, without a step to undo."""
    words = difference(node)
    if value(node, "difference") != words:
        with not_undone():
            set_value(node, "difference", words)


def difference(node: nuke.Node) -> str:
    """Return how the settings differ from those of the shown result, in a sentence; empty where there is none."""
    last = Result.from_data(read_state(node).shown)
    if last is None or not last.asked:
        return ""
    try:
        now, wanted = asdict(settings_of(node)), span_of(node)
    except MattelineError as error:
        return error_text(error)
    # Lists, because JSON has no tuples.
    changed = [
        choice.label
        for name, choice in choices().items()
        # A setting that the result does not know, because a later release added it, counts as unchanged.
        if _plain(now[name]) != _plain(last.asked.get(name, now[name])) and choice.affects != "nothing"
    ]
    lacking = FrameSet.of(frame for frame in wanted if frame not in last.span)
    words = []
    if value(node, "edges_live") and not value(node, "baked"):
        moved = any(float(value(node, each)) != neutral for each, neutral in names.LIVE.items())
        words += ["Edges live."] if moved else []
    words += [f"Frames {lacking} are not rendered, and empty."] if len(lacking) else []
    words += [f"Different from the result: {', '.join(changed)}."] if changed else []
    words += ["Render Matte updates them."] if changed or len(lacking) else []
    return " ".join(words) or "As rendered."


def _plain(found: Any) -> Any:
    return list(found) if isinstance(found, (list, tuple)) else found
