"""People of every kind, drawn by numpy alone, to learn matting from."""

from matteline.drawing.people.clip import draw_people, draw_place

__all__ = ["draw_people", "draw_place"]
