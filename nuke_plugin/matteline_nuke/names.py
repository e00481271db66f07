"""What knobs and inner nodes are called: scripts on disk depend on it, so names are only ever added."""

from __future__ import annotations

NODE = "MatteLine"
"""A node is called this and a number."""

FORM = 1
"""Counts up whenever the inside of the node changes; the knob `matteline_form` remembers it."""

PREFIX = "matteline_"
"""In front of every knob, so that none shadows one of Nuke's own."""

NUMBER = "number"
"""The word beside `auto` and the like that stands for a number of the artist's own."""

INPUT = "Input1"
OUTPUT = "Output1"
SHIFT = "MattelineShift"
WRITE = "MattelineWrite"
MATTE = "MattelineMatte"
FOREGROUND = "MattelineForeground"
UNPREMULT = "MattelineUnpremult"
PLATE_AND_MATTE = "MattelinePlateAndMatte"
FOREGROUND_AND_MATTE = "MattelineForegroundAndMatte"
PREMULT = "MattelinePremult"
MATTE_ALONE = "MattelineMatteAlone"
MATTE_AS = "MattelineMatteAs"
SWITCH = "MattelineSwitch"

PRODUCTS = ("plate with matte", "foreground with matte", "foreground premultiplied", "matte")
"""What the node can give; the Switch's inputs 1 to 4, in this order, behind the plate."""

RANGES = ("input", "global", "custom")
INPUTS = ("auto", "always write")


def knob_name(field: str) -> str:
    """The knob of a field of `MatteSettings`, or of one of the node's own."""
    return PREFIX + field


def number_name(field: str) -> str:
    """The knob with the number of a field that takes a word or a number."""
    return f"{PREFIX}{field}_{NUMBER}"


def word_name(field: str, word: str) -> str:
    """The check box of one word of a field that takes several."""
    return f"{PREFIX}{field}_{word}"
