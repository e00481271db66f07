"""Drawn clips of moving people, whose mattes and foregrounds are known exactly: for demo, tests and training.

numpy alone. Colours are sRGB-encoded, 0..1, as the network sees them.
"""

from matteline.drawing.clip import Drawing, draw_clip, draw_figure
from matteline.drawing.figure import Figure, Pose
from matteline.drawing.people import draw_people, draw_place
from matteline.drawing.sheet import checkerboard, comparison_row, contact_sheet

__all__ = [
    "Drawing",
    "Figure",
    "Pose",
    "checkerboard",
    "comparison_row",
    "contact_sheet",
    "draw_clip",
    "draw_figure",
    "draw_people",
    "draw_place",
]
