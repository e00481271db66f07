"""The nodes inside the node, as a script's text: one piece, so that a limit on Python's nodes cannot cut it short.

Every inner node has a name of its own, by which results and tests find it. `push` puts a node on Tcl's pile, and the
last one pushed is input 0 of the node that follows.
"""

from __future__ import annotations

from . import names

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
Read {{
 inputs 0
 raw true
 name {names.MATTE}
 xpos 220
 ypos 0
}}
set MattelineMatteFile [stack 0]
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
push $MattelineMatteFile
push $MattelinePlate
Copy {{
 inputs 2
 from0 rgba.red
 to0 rgba.alpha
 name {names.PLATE_AND_MATTE}
 xpos 0
 ypos 160
}}
set MattelineOverPlate [stack 0]
push $MattelineMatteFile
push $MattelineColour
Copy {{
 inputs 2
 from0 rgba.red
 to0 rgba.alpha
 name {names.FOREGROUND_AND_MATTE}
 xpos 440
 ypos 160
}}
set MattelineStraight [stack 0]
Premult {{
 name {names.PREMULT}
 xpos 440
 ypos 240
}}
set MattelinePremultiplied [stack 0]
push $MattelineMatteFile
push $MattelineMatteFile
Copy {{
 inputs 2
 from0 rgba.red
 to0 rgba.alpha
 name {names.MATTE_ALONE}
 xpos 220
 ypos 160
}}
set MattelineAlone [stack 0]
push $MattelineAlone
push $MattelineAlone
Copy {{
 inputs 2
 from0 rgba.alpha
 to0 rgba.red
 from1 rgba.alpha
 to1 rgba.green
 from2 rgba.alpha
 to2 rgba.blue
 name {names.MATTE_AS_RGB}
 xpos 220
 ypos 240
}}
push $MattelinePremultiplied
push $MattelineStraight
push $MattelineOverPlate
push $MattelinePlate
Switch {{
 inputs 5
 which {{{{"parent.{names.knob_name("use")} ? parent.{names.knob_name("product")} + 1 : 0"}}}}
 name {names.SWITCH}
 xpos 0
 ypos 320
}}
Output {{
 name {names.OUTPUT}
 xpos 0
 ypos 400
}}
"""
