"""Drawn clips of moving people with exact mattes and foregrounds: for the demo, tests and training.

numpy alone. Colours are sRGB-encoded, 0..1, as the network takes them; lengths are in heights of a head.
"""

from matteline.drawing.clip import Drawing, draw_people, draw_place
from matteline.drawing.sheet import comparison_row, contact_sheet

__all__ = ["Drawing", "comparison_row", "contact_sheet", "draw_people", "draw_place"]
