"""The node's knobs: those made from `MatteSettings` and `FarmSettings`, and the few of the node alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import nuke

from .contract.choices import Choice
from .contract.farm_settings import FarmSettings, farm_choices
from .contract.settings import MatteSettings, choices
from .knob_factory import knobs_of, on_same_line, with_help, with_value
from .names import FORM, INPUTS, NUMBER, PRODUCTS, RANGES, knob_name, number_name, word_name
from .script import absolute
from .sequences import pattern_of

_HAS_FRAME = re.compile(r"#|%0?[0-9]*d")

DEFAULT_OUTPUT = "{script_dir}/mattes/{script}_{node}/{version}"

_TABS = (
    ("matte", "Matte"),
    ("colour", "Colour"),
    ("edge", "Edge"),
    ("people", "People"),
    ("output", "Files"),
    ("machine", "Machine"),
)
_NOTE = "Buttons need the plug-in matteline_nuke. Without it this node shows what has been rendered."
_OUTPUT_HELP = (
    "Folder for results. {version} is that of the knob Version; {script_dir}, {script} and {node} stand for the "
    "script's folder, its name without its version, and the node's name. A relative folder starts at the project "
    "directory. Tcl in square brackets is carried out."
)
_RENDER_HELP = (
    "Renders the frames of the range that are missing, or were made with other settings or of another plate, and "
    "then shows the range. Other frames are kept as they are."
)
_VERSION_HELP = (
    "Version of the results. It changes only when you ask for it: New Version keeps what was rendered."
)
_DIFFERENCE_HELP = "The settings beside those that the shown result was made with."
_VIEW_HELP = "The view of a stereo script to render, empty for the first. Each view needs a node of its own."
_INPUT_HELP = (
    "'auto' hands over the files of the Read above when nothing was done to them, and else writes what comes "
    "in as half-float EXR; 'always write' writes it in any case."
)
_PRODUCT_HELP = "Output of the node while rendered mattes are used. The foreground needs 'fgr' in Products."
_STATUS_HELP = (
    "The last thing that this node has to say. It can be selected and copied; typing here does nothing."
)
_USE_HELP = "Shows the rendered matte; off lets the input through."
_LIVE_HELP = (
    "Black point, white point, choke and soften act in the node at once, without a render, and files have none of "
    "them. Off renders them into the files, exactly as the command does."
)
_MODEL_HELP = (
    "Lists the networks with their quality and licence. One that is not installed is fetched when you agree to its "
    "licence."
)
_PERSON_HELP = (
    "Name of the person who is drawn in the input Person, such as a Roto: a hint of who is where in the frames of "
    "the range. Keep shows that person alone."
)
_PICK_HELP = "Shows the people of the Cryptomatte file whose names are kept, instead of the whole matte."
_PEOPLE_HELP = "Names of people with commas between; * stands for anything, as in person*."
_PEOPLE_FILE_HELP = (
    "The Cryptomatte EXR files of the shot, one object for each person. They are read as raw data."
)
_CHANNEL_HELP = (
    "Channel that receives the matte of 'plate with matte', such as rgba.alpha or mask.a; the input's other channels "
    "stay. A layer that the script lacks is made."
)
_READ_HELP = (
    "Makes Reads of the last result beside the node: of the matte, and of the foreground where there is one."
)
_KEEP_HELP = "Keeps the EXR files that were written as input; they are needed no more once all is rendered."
_DEMAND_HELP = (
    "When a Write renders without a window, as in 'nuke -x', mattes that are missing are rendered first."
)
_SUBMIT_HELP = (
    "Writes the input where needed, and hands the job to the engine. For 'openjd' its bundle is written, "
    "for a runner of your choice."
)

# Before the knobs of `FarmSettings`, whose names may be those of `MatteSettings`.
FARM = "farm_"


def add_knobs(node: nuke.Node) -> None:
    """Give a node all the knobs that it does not have yet, in tabs."""
    # Knobs that are there already keep their values: so a node of an older release is brought up to date.
    for knob in all_knobs():
        if node.knob(knob.name()) is None:
            node.addKnob(knob)


def all_knobs() -> Iterable[nuke.Knob]:
    """Yield every knob, new, in the order they are shown."""
    yield from _main_tab()
    for group, label in _TABS:
        yield nuke.Tab_Knob(knob_name(f"tab_{group}"), label)
        if group == "edge":
            live = nuke.Boolean_Knob(knob_name("edges_live"), "Live", True)
            live.setFlag(nuke.STARTLINE)
            yield with_help(live, _LIVE_HELP)
        if group == "people":
            yield from _people_knobs()
        if group == "matte":
            yield _button("choose_model", "Choose Model...", _MODEL_HELP, line=True)
        for name, choice in choices().items():
            if choice.group == group:
                yield from knobs_of(name, choice, _defaults(MatteSettings)[name])
    yield from _farm_tab()


def matte_settings(node: nuke.Node, **fixed: Any) -> MatteSettings:
    """Return the settings as the knobs have them, except those that are fixed.

    Raises:
        JobError: A value is not allowed, or two contradict each other.
    """
    chosen = _values(node, "", choices(), _defaults(MatteSettings))
    return MatteSettings(**{**chosen, **fixed})


def farm_settings(node: nuke.Node) -> FarmSettings:
    """Return the settings of the Farm tab. Raises `JobError` as `matte_settings` does."""
    return FarmSettings(**_values(node, FARM, farm_choices(), _defaults(FarmSettings)))


def value(node: nuke.Node, field: str) -> Any:
    """Return the value of one of our knobs, as the artist set it."""
    return node[knob_name(field)].value()


def set_value(node: nuke.Node, field: str, new: Any) -> None:
    """Set one of our knobs."""
    node[knob_name(field)].setValue(new)


def evaluated(knob: Any) -> str:
    """Return the text of a file or string knob, its Tcl carried out; a sequence stays one."""
    # As it was typed: a file knob's value has its hashes as printf writes them.
    text = str((knob.getText() if hasattr(knob, "getText") else knob.value()) or "")
    # `%{shot}` is a Graph Scope Variable, of Nuke 16.1 and later.
    if not ("[" in text or "%{" in text) or not hasattr(knob, "evaluate"):
        return text
    # Tcl may depend on the frame, and then a sequence comes back as one of its files.
    frame = int(nuke.frame())
    found = str(knob.evaluate(frame))
    return pattern_of(found, frame) or found if _HAS_FRAME.search(text) else found


def _main_tab() -> Iterable[nuke.Knob]:
    yield nuke.Tab_Knob(knob_name("tab"), "Matteline")
    yield from _render_knobs()
    yield with_help(nuke.Enumeration_Knob(knob_name("range"), "Range", list(RANGES)), "Frames to render.")
    yield with_help(nuke.Int_Knob(knob_name("first"), "First"), "First frame of the custom range.")
    yield on_same_line(with_help(nuke.Int_Knob(knob_name("last"), "Last"), "Last frame of the custom range."))
    yield with_help(nuke.Enumeration_Knob(knob_name("input"), "Input", list(INPUTS)), _INPUT_HELP)
    yield with_help(nuke.String_Knob(knob_name("view"), "View"), _VIEW_HELP)
    yield with_help(with_value(nuke.File_Knob(knob_name("output"), "Output"), DEFAULT_OUTPUT), _OUTPUT_HELP)
    version = with_value(nuke.Int_Knob(knob_name("version"), "Version"), 1)
    version.setFlag(nuke.STARTLINE)
    yield with_help(version, _VERSION_HELP)
    yield _button("new_version", "New Version", "The next render begins a version of its own.")
    yield _button("render_all", "Render All Again", "Renders every frame of the range, whatever is there.")
    yield with_help(nuke.Boolean_Knob(knob_name("keep_input"), "Keep written input"), _KEEP_HELP)
    yield nuke.Text_Knob(knob_name("note"), "", _NOTE)
    # Kept in the script, and seen by nobody.
    for hidden in (
        nuke.String_Knob(knob_name("state"), ""),
        nuke.String_Knob(knob_name("tile"), ""),
        nuke.Boolean_Knob(knob_name("baked"), ""),
        with_value(nuke.Int_Knob(knob_name("form"), ""), FORM),
    ):
        hidden.setFlag(nuke.INVISIBLE)
        yield hidden


def _people_knobs() -> Iterable[nuke.Knob]:
    person = nuke.String_Knob(knob_name("person"), "Person input is")
    yield with_help(with_value(person, "person1"), _PERSON_HELP)
    pick = nuke.Boolean_Knob(knob_name("pick_people"), "Only these people")
    pick.setFlag(nuke.STARTLINE)
    yield with_help(pick, _PICK_HELP)
    names = nuke.String_Knob(knob_name("people"), "Names")
    yield with_help(with_value(names, "person*"), _PEOPLE_HELP)
    yield with_help(nuke.File_Knob(knob_name("people_file"), "Cryptomatte"), _PEOPLE_FILE_HELP)


def _render_knobs() -> Iterable[nuke.Knob]:
    yield _button("render", "Render Matte", _RENDER_HELP, line=True)
    yield _button("render_current", "Preview Frame", "Renders the current frame into a temporary place.")
    yield _button("cancel", "Cancel", "Stops rendering. Complete frames are kept.")
    yield _button("show_help", "Help", "Opens a page with everything that this panel can do.")
    yield _button("show", "Show Last Render", "Shows the last full render, when all its frames are there.")
    # A string can be selected and copied; a command that a status says is for a terminal.
    status = with_value(nuke.String_Knob(knob_name("status"), "Status"), "Not rendered yet.")
    status.setFlag(nuke.STARTLINE)
    yield with_help(status, _STATUS_HELP)
    difference = nuke.String_Knob(knob_name("difference"), "Settings")
    difference.setFlag(nuke.STARTLINE)
    yield with_help(difference, _DIFFERENCE_HELP)
    use = nuke.Boolean_Knob(knob_name("use"), "Use rendered matte")
    use.setFlag(nuke.STARTLINE)
    yield with_help(use, _USE_HELP)
    yield with_help(nuke.Enumeration_Knob(knob_name("product"), "Show", list(PRODUCTS)), _PRODUCT_HELP)
    channel = nuke.String_Knob(knob_name("channel"), "Matte to")
    yield with_help(with_value(channel, "rgba.alpha"), _CHANNEL_HELP)
    yield _button("create_read", "Create Read", _READ_HELP)


def _farm_tab() -> Iterable[nuke.Knob]:
    yield nuke.Tab_Knob(knob_name("tab_farm"), "Farm")
    yield with_help(nuke.Boolean_Knob(knob_name("on_demand"), "Render mattes before Writes"), _DEMAND_HELP)
    for name, choice in farm_choices().items():
        yield from knobs_of(FARM + name, choice, _defaults(FarmSettings)[name])
    yield _button("submit", "Submit to Farm", _SUBMIT_HELP, line=True)
    yield _button("write_job", "Write Job File", "Writes the job, and says the command that submits it.")
    yield _button("check", "Check Worker", "Asks the worker for its version, device and model.", line=True)
    yield _button("upgrade", "Upgrade Node", "Adds what this release of the plug-in has more.")


def _button(function: str, label: str, help: str, line: bool = False) -> nuke.Knob:
    # A script may be opened where the plug-in is missing: then the button says so, and nothing else breaks.
    command = f"import nuke, matteline_nuke; matteline_nuke.{function}(nuke.thisNode())"
    knob = nuke.PyScript_Knob(knob_name(f"do_{function}"), label, command)
    if line:
        knob.setFlag(nuke.STARTLINE)
    return with_help(knob, help)


def _defaults(kind: Any) -> dict[str, Any]:
    return {each.name: each.default for each in fields(kind)}


def _values(
    node: nuke.Node, prefix: str, described: dict[str, Choice], defaults: dict[str, Any]
) -> dict[str, Any]:
    return {name: _value(node, prefix + name, each, defaults[name]) for name, each in described.items()}


def _value(node: nuke.Node, name: str, choice: Choice, default: Any) -> Any:
    if choice.kind == "choices":
        return tuple(word for word in choice.options if node[word_name(name, word)].value())
    knob = node[knob_name(name)]
    if choice.kind in ("text", "path"):
        # Nuke's panels delete what is empty; for us that means the default.
        text = evaluated(knob).strip() or default
        is_path = choice.kind == "path" and text not in choice.options and "://" not in text
        # The worker's own folder means nothing to an artist.
        return absolute(text) if is_path else text
    found = knob.value()
    if found == NUMBER:
        found = node[number_name(name)].value()
    # A knob may hold 32 bits; the artist typed a short decimal.
    return round(found, 6) if isinstance(found, float) else found
