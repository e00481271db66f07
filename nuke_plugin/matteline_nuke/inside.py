"""The nodes inside the node, as a script's text: one piece, so that a limit on Python's nodes cannot cut it short.

Every inner node has a name of its own, by which results and tests find it. `push` puts a node on Tcl's pile, and the
last one pushed is input 0 of the node that follows.
"""

from __future__ import annotations

from . import names

# Of Nuke's Blur, whose Gaussian has a standard deviation of its size divided by 2.4 (so Natron, which copies it), for
# one pixel of the setting `soften`, whose Gaussian has half its number.
BLUR_PER_SOFTEN = 1.2


# Inputs of the node beside the plate, whose number is 0.
_NUMBERS = {names.GARBAGE: 1, names.HOLDOUT: 2, names.PERSON: 3}


def _own(field: str) -> str:
    return f"parent.{names.knob_name(field)}"


# Off where the edges are in the files already, and where there is nothing to do: then every bit stays as rendered.
_NOT_LIVE = f"!{_own('edges_live')} || {_own('baked')} || "
_NO_LEVELS = f"{_NOT_LIVE}({_own('black_point')} == 0 && {_own('white_point')} == 1)"
# An artist may drag the black point above the white point.
_WHITE_POINT = f"max({_own('white_point')}, {_own('black_point')} + 0.001)"


def _matte_writer(source: str, write: str, x: int) -> str:
    """Return the nodes that write the alpha of another input of the node, numbered like the plate's files."""
    return f"""\
Input {{
 inputs 0
 name {source}
 number {_NUMBERS[source]}
 xpos {x}
 ypos 0
}}
TimeOffset {{
 time_offset {{{{"{names.SHIFT}.time_offset"}}}}
 name {write}Shift
 xpos {x}
 ypos 80
}}
Write {{
 channels alpha
 file_type exr
 datatype "16 bit half"
 compression "Zip (1 scanline)"
 raw true
 disable true
 name {write}
 xpos {x}
 ypos 120
}}
"""


# The inner Writes are disabled, so that a render of the whole script goes past them. Reads are raw, because a colour
# transform would change mattes and the ids of people.
INSIDE = f"""\
Input {{
 inputs 0
 name {names.INPUT}
 xpos 0
 ypos 0
}}
set MattelinePlate [stack 0]
TimeOffset {{
 name {names.SHIFT}
 xpos -220
 ypos 80
}}
Write {{
 channels rgb
 file_type exr
 datatype "16 bit half"
 compression "Zip (1 scanline)"
 raw true
 disable true
 name {names.WRITE}
 xpos -220
 ypos 120
}}
{_matte_writer(names.GARBAGE, names.WRITE_GARBAGE, -440)}\
{_matte_writer(names.HOLDOUT, names.WRITE_HOLDOUT, -660)}\
{_matte_writer(names.PERSON, names.WRITE_PERSON, -880)}\
Read {{
 inputs 0
 raw true
 name {names.MATTE}
 xpos 220
 ypos 0
}}
set MattelineMatteFile [stack 0]
push $MattelineMatteFile
Copy {{
 inputs 2
 from0 rgba.red
 to0 rgba.alpha
 name {names.MATTE_ALPHA}
 xpos 220
 ypos 80
}}
set MattelineWhole [stack 0]
Read {{
 inputs 0
 raw true
 name {names.PEOPLE}
 xpos 660
 ypos 0
}}
Cryptomatte {{
 matteOutput rgba.alpha
 previewEnabled false
 name {names.PICKED}
 xpos 660
 ypos 80
}}
push $MattelineWhole
Switch {{
 inputs 2
 which {{{{"{_own("pick_people")}"}}}}
 name {names.MATTE_OR_PEOPLE}
 xpos 220
 ypos 100
}}
Grade {{
 channels alpha
 blackpoint {{{{"{_own("black_point")}"}}}}
 whitepoint {{{{"{_WHITE_POINT}"}}}}
 white_clamp true
 disable {{{{"{_NO_LEVELS}"}}}}
 name {names.LEVELS}
 xpos 220
 ypos 120
}}
FilterErode {{
 channels alpha
 size {{{{"{_own("choke")}"}}}}
 disable {{{{"{_NOT_LIVE}{_own("choke")} == 0"}}}}
 name {names.CHOKE}
 xpos 220
 ypos 160
}}
Blur {{
 channels alpha
 size {{{{"{_own("soften")} * {BLUR_PER_SOFTEN}"}}}}
 crop false
 disable {{{{"{_NOT_LIVE}{_own("soften")} == 0"}}}}
 name {names.SOFTEN}
 xpos 220
 ypos 200
}}
set MattelineMatteLive [stack 0]
Read {{
 inputs 0
 raw true
 name {names.FOREGROUND}
 xpos 440
 ypos 0
}}
Unpremult {{
 disable true
 name {names.UNPREMULT}
 xpos 440
 ypos 80
}}
set MattelineColour [stack 0]
push $MattelineMatteLive
push $MattelinePlate
Copy {{
 inputs 2
 from0 rgba.alpha
 to0 rgba.alpha
 name {names.PLATE_AND_MATTE}
 xpos 0
 ypos 240
}}
set MattelineOverPlate [stack 0]
Premult {{
 name {names.PLATE_PREMULT}
 xpos 0
 ypos 280
}}
set MattelinePlatePremultiplied [stack 0]
push $MattelineMatteLive
push $MattelineColour
Copy {{
 inputs 2
 from0 rgba.alpha
 to0 rgba.alpha
 name {names.FOREGROUND_AND_MATTE}
 xpos 440
 ypos 240
}}
set MattelineStraight [stack 0]
Premult {{
 name {names.PREMULT}
 xpos 440
 ypos 280
}}
set MattelinePremultiplied [stack 0]
push $MattelineMatteLive
push $MattelineMatteLive
Copy {{
 inputs 2
 from0 rgba.alpha
 to0 rgba.red
 from1 rgba.alpha
 to1 rgba.green
 from2 rgba.alpha
 to2 rgba.blue
 name {names.MATTE_ALONE}
 xpos 220
 ypos 280
}}
set MattelineAlone [stack 0]
push $MattelinePlatePremultiplied
push $MattelineAlone
push $MattelinePremultiplied
push $MattelineStraight
push $MattelineOverPlate
push $MattelinePlate
Switch {{
 inputs 6
 which {{{{"parent.{names.knob_name("use")} ? parent.{names.knob_name("product")} + 1 : 0"}}}}
 name {names.SWITCH}
 xpos 0
 ypos 360
}}
Output {{
 name {names.OUTPUT}
 xpos 0
 ypos 440
}}
"""
