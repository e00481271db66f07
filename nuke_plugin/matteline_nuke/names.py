"""Names of knobs and inner nodes. Scripts on disk depend on them, so names are only ever added."""

from __future__ import annotations

# A node is called this and a number.
NODE = "MatteLine"

# Counts up whenever the inside of the node changes; the knob `matteline_form` keeps it.
FORM = 4

# In front of every knob, so that none shadows one of Nuke's own.
PREFIX = "matteline_"

# The word beside `auto` and the like that stands for a number of the artist's own.
NUMBER = "number"

INPUT = "Input1"
# The other inputs of the node; Nuke shows their names beside the arrows.
GARBAGE = "Garbage"
HOLDOUT = "Holdout"
PERSON = "Person"
OUTPUT = "Output1"
SHIFT = "MattelineShift"
WRITE = "MattelineWrite"
WRITE_GARBAGE = "MattelineWriteGarbage"
WRITE_HOLDOUT = "MattelineWriteHoldout"
WRITE_PERSON = "MattelineWritePerson"
MATTE = "MattelineMatte"
FOREGROUND = "MattelineForeground"
UNPREMULT = "MattelineUnpremult"
PLATE_AND_MATTE = "MattelinePlateAndMatte"
FOREGROUND_AND_MATTE = "MattelineForegroundAndMatte"
PREMULT = "MattelinePremult"
MATTE_ALPHA = "MattelineMatteAlpha"
# The Writes of mattes that come into the node, by the names of their settings.
MATTE_WRITES = {"garbage": WRITE_GARBAGE, "holdout": WRITE_HOLDOUT, "hints": WRITE_PERSON}
PEOPLE = "MattelinePeople"
PICKED = "MattelinePicked"
MATTE_OR_PEOPLE = "MattelineMatteOrPeople"
LEVELS = "MattelineLevels"
CHOKE = "MattelineChoke"
SOFTEN = "MattelineSoften"
PLATE_PREMULT = "MattelinePlatePremult"
MATTE_ALONE = "MattelineMatteAlone"
SWITCH = "MattelineSwitch"

# Outputs of the node: the Switch's inputs 1 to 5, in this order, behind the plate.
PRODUCTS = (
    "plate with matte",
    "foreground with matte",
    "foreground premultiplied",
    "matte",
    "plate premultiplied",
)

# Settings that act in the node without a render, and the values at which they do nothing.
LIVE = {"choke": 0.0, "soften": 0.0, "black_point": 0.0, "white_point": 1.0}

RANGES = ("input", "global", "custom")
INPUTS = ("auto", "always write")


def knob_name(field: str) -> str:
    """Return the name of the knob of a field of `MatteSettings`, or of one of the node's own."""
    return PREFIX + field


def number_name(field: str) -> str:
    """Return the name of the knob with the number of a field that takes a word or a number."""
    return f"{PREFIX}{field}_{NUMBER}"


def word_name(field: str, word: str) -> str:
    """Return the name of the check box of one word of a field that takes several."""
    return f"{PREFIX}{field}_{word}"
